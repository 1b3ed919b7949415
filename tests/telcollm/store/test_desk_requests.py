from __future__ import annotations

import pytest

from telcollm.state import DeskRequest
from telcollm.store.opening import Stores
from tests.telcollm.store.desk_examples import care_message, kpi, line, reply, route, ticket
from tests.telcollm.store.examples import NOON_MS, at, feedback, incident, request


def waiting(stores: Stores, *lanes: str, limit: int = 9) -> list[str]:
    return [one.request_id for one in stores.store.pending_desk_requests(lanes, limit)]


def test_requests_wait_in_their_lanes_in_order_and_are_queued_once(stores: Stores) -> None:
    asked = [DeskRequest(f"r{number}", f"route:t/{number % 2}", b"\x00body") for number in range(4)]
    with stores.store.transaction() as transaction:
        transaction.put_desk_requests(asked)
        transaction.put_desk_requests(reversed(asked))
        transaction.put_requests([request("diagnosis")])
    assert waiting(stores, "route:t/0", "route:t/1") == ["r0", "r1", "r2", "r3"]
    assert waiting(stores, "route:t/1", limit=1) == ["r1"]
    assert waiting(stores) == waiting(stores, "t/0") == []
    (found,) = stores.store.pending_desk_requests(["route:t/0"], 1)
    assert (found.lane, found.body) == ("route:t/0", b"\x00body")
    assert stores.store.pending_counts(["route:t/0"])["requests"] == 2


def test_a_request_is_taken_by_one_and_never_again(stores: Stores) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_desk_requests([DeskRequest(name, "route:t/0", b"") for name in "abc"])
        assert transaction.take_requests(["a", "none", "a"]) == {"a"}
        assert transaction.take_requests([]) == set()
    with stores.store.transaction() as transaction:
        assert transaction.take_requests(["a", "b"]) == {"b"}
        transaction.put_desk_requests([DeskRequest("a", "route:t/0", b"")])
    assert waiting(stores, "route:t/0") == ["c"]


def test_what_a_transaction_that_fails_wrote_is_gone(stores: Stores) -> None:
    class Crash(Exception):
        pass

    with pytest.raises(Crash), stores.store.transaction() as transaction:
        transaction.put_desk_requests([DeskRequest("a", "route:t/0", b"")])
        transaction.put_kpis([kpi()])
        transaction.put_logs([line()])
        transaction.put_tickets([ticket(related_entity=("cell-7",))])
        transaction.put_care_messages([care_message()])
        transaction.put_routes([route()])
        transaction.put_replies([reply()])
        transaction.put_feedback(feedback())
        raise Crash
    with stores.database.reading() as connection:
        counts = {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
            for name in ("requests", "kpis", "logs", "tickets", "ticket_entities", "care_messages")
        }
    assert set(counts.values()) == {0}


def test_message_ids_are_those_of_the_tenants_conversation_in_the_order_sent(stores: Stores) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_care_messages(
            [care_message("m1", sent_time=at(2)), care_message("m2"), care_message("m3", tenant="bell")]
        )
        assert transaction.message_ids([("acme", "c1"), ("acme", "c2")]) == {("acme", "c1"): ["m2", "m1"]}
        assert transaction.message_ids([]) == {}


def test_replies_that_hold_tell_on_which_incidents_they_rest(stores: Stores) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_replies(
            [reply("p1", incident_id="i1"), reply("p2", incident_id="i2", withdrawn=True), reply("p3")]
        )
        transaction.put_incidents([incident("i1", 3), incident("i2")])
        assert transaction.replied_on(["i1", "i2", "i3", ""]) == {"i1"}
        assert transaction.current_incidents(["i1", "i9", ""]) == [incident("i1", 3)]
        assert transaction.current_incidents([]) == []
        decided_ms = NOON_MS + 2 * 60_000
        assert (transaction.replied_since(decided_ms), transaction.replied_since(decided_ms + 1)) == (
            True,
            False,
        )
        transaction.put_replies([reply(name, withdrawn=True) for name in ("p1", "p2", "p3")])
        assert not transaction.replied_since(0)
