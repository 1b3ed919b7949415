from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telcollm.ports import EVERYTHING, IncidentQuery, Store
from telcollm.records import TicketStatus
from telcollm.state import SentMark
from telcollm.store.opening import Stores
from tests.telcollm.store.desk_examples import care_message, kpi, line, ticket
from tests.telcollm.store.examples import (
    NOON_MS,
    alarm,
    at,
    component,
    dead_letter,
    diagnosis,
    feedback,
    incident,
    message,
    request,
)

DAY = 24 * 60


def test_old_telemetry_is_forgotten_and_what_people_said_is_not(stores: Stores) -> None:
    stores.telemetry.put_kpis([kpi(0), kpi(DAY)])
    stores.telemetry.put_logs([line(0), line(DAY)])
    stores.tickets.put([ticket(status=TicketStatus.CLOSED)])
    stores.care.put_messages([care_message()])
    assert stores.store.prune(at(DAY)) == 2
    ever = {"since_ms": 0, "until_ms": NOON_MS * 2, "limit": 9}
    assert [one.sampled_time for one in stores.telemetry.kpis(EVERYTHING, ["cell-7"], **ever)] == [at(DAY)]
    assert [one.logged_time for one in stores.telemetry.logs(EVERYTHING, ["cell-7"], **ever)] == [at(DAY)]
    assert stores.tickets.ticket(EVERYTHING, "t1") is not None
    assert len(stores.care.conversation(EVERYTHING, "c1")) == 1


def test_only_what_is_over_and_old_is_forgotten(store: Store, dump: Callable[[], Any]) -> None:
    over = {"status": TicketStatus.RESOLVED}
    with store.transaction() as transaction:
        transaction.put_outbox([message("sent"), message("waiting")])
        transaction.finish_outbox(["sent"], [SentMark("alarms/0", "incidents", 0, 1)])
        transaction.put_requests([request("done"), request("undone")])
        transaction.finish_requests(["done"])
        transaction.put_dead_letters([dead_letter(1), dead_letter(2)])
        transaction.put_incidents(
            [
                incident("over", **over),
                incident("going"),
                incident("lost", superseded_by="over"),
                incident("fresh", last_event_time=at(DAY), **over),
            ]
        )
        transaction.put_components(
            [
                component("over", resolved=True),
                component("part", 1, resolved=True),
                component("going"),
                component("fresh", resolved=True),
                component("over", 2, resolved=True),
            ]
        )
        transaction.put_component_incidents([(1, "part", "over"), (2, "over", "fresh")])
        cleared = {"cleared_ms": NOON_MS + 1}
        transaction.put_alarms(
            [
                alarm("a-over", component_id="over", **cleared),
                alarm("a-part", 1, component_id="part", **cleared),
                alarm("a-going", component_id="going", **cleared),
                alarm("a-fresh", component_id="fresh", **cleared),
                alarm("a-twin", 2, component_id="over", **cleared),
                alarm("a-alone", **cleared),
                alarm("a-alone-open"),
            ]
        )
        transaction.put_diagnoses([diagnosis("d-over", "over"), diagnosis("d-going", "going")])
    store.mark_dead_letters_replayed([("alarms", 0, 1)])
    store.put_feedback(feedback())
    before = dump()
    assert store.prune(at(0)) == 0
    assert dump() == before

    rows = sum(map(len, before.values()))
    gone = store.prune(at(DAY))
    after = dump()
    # The objects of a deleted incident go with it and are not counted.
    assert rows - sum(map(len, after.values())) == gone + 2
    assert [one.message_id for one in store.pending_outbox(["alarms/0"], 9)] == ["waiting"]
    assert [one.request_id for one in store.pending_requests(["alarms/0"], 9)] == ["undone"]
    assert [one.offset for one in store.dead_letters(include_replayed=True)] == [2]
    listed = store.incidents(EVERYTHING, IncidentQuery(include_superseded=True))
    assert {one.incident_id for one in listed} == {"going", "fresh"}
    kept = {row[0] for row in after["alarms"]}
    assert kept == {"a-going", "a-fresh", "a-twin", "a-alone-open"}
    assert {row[:2] for row in after["components"]} == {("going", 0), ("fresh", 0), ("over", 2)}
    assert {row[0] for row in after["diagnoses"]} == {"d-going"}
    assert len(after["feedback"]) == len(after["sent_marks"]) == 1
    assert {len(after["outbox"]), len(after["requests"])} == {1}
    assert store.prune(at(DAY)) == 0
