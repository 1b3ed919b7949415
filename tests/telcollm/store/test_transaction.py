from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcollm.errors import FencedError
from telcollm.ports import EVERYTHING, IncidentQuery, Store, StoreTransaction
from telcollm.records import Link
from telcollm.state import AlarmState, Progress, SentMark, Suppression
from tests.telcollm.store.desk_examples import care_message, kpi, line, reply, route, ticket
from tests.telcollm.store.examples import (
    NOON_MS,
    alarm,
    at,
    component,
    dead_letter,
    diagnosis,
    element,
    feedback,
    incident,
    message,
    planned_work,
    request,
)

each_example = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
fresh = itertools.count()


def stored(store: Store, alarm_id: str) -> AlarmState:
    (found,) = store.alarm_states(EVERYTHING, [alarm_id])
    return found


def write_everything(transaction: StoreTransaction) -> None:
    transaction.fence([Progress("alarms", 0, 1, 43, b"state")])
    transaction.put_alarms(
        [alarm(), alarm("a2", suppressed=Suppression.TOO_LATE), alarm("a3", boundary=True)]
    )
    transaction.clear_alarms(0, [("key of a1", NOON_MS + 1)])
    transaction.put_components([component(), component("i0", merged_into="i1")])
    transaction.put_incidents([incident(), incident("i0", superseded_by="i1")])
    transaction.put_component_incidents([(0, "i0", "i1")])
    transaction.put_requests([request()])
    transaction.put_diagnoses([diagnosis()])
    transaction.finish_requests(["r1"])
    transaction.put_outbox([message(), message("m2")])
    transaction.finish_outbox(["m1"], [SentMark("alarms/0", "incidents", 2, 9)])
    transaction.put_dead_letters([dead_letter()])
    transaction.put_kpis([kpi()])
    transaction.put_logs([line()])
    transaction.put_tickets([ticket(related_entity=("cell-7",))])
    transaction.put_routes([route()])
    transaction.put_care_messages([care_message()])
    transaction.put_replies([reply()])


def test_same_commit_again_changes_nothing(store: Store, dump: Callable[[], Any]) -> None:
    store.claim("alarms", 0)
    for round_number in range(2):
        with store.transaction() as transaction:
            write_everything(transaction)
        store.put_topology([element()])
        store.put_planned_work([planned_work()])
        store.put_feedback(feedback())
        store.mark_dead_letters_replayed([("elsewhere", 0, 7)])
        if round_number == 0:
            first = dump()
    assert dump() == first
    # The knowledge base, customers and whatever is about people have doors of their own.
    assert {table for table in first if not first[table]} == {
        *("chunks", "documents", "customers", "customer_services"),
        *("accounts", "api_keys", "switches", "subscriptions", "operator_actions", "audit", "audit_head"),
    }


def test_nothing_of_a_block_that_raises_is_kept(store: Store, dump: Callable[[], Any]) -> None:
    store.claim("alarms", 0)
    before = dump()
    with pytest.raises(KeyError, match="crash"), store.transaction() as transaction:
        write_everything(transaction)
        raise KeyError("crash")  # noqa: EM101
    assert dump() == before


def test_claim_raises_the_epoch_and_tells_how_far_the_last_owner_came(store: Store) -> None:
    assert store.claim("alarms", 3) == Progress("alarms", 3, 1, None, b"")
    with store.transaction() as transaction:
        transaction.fence([Progress("alarms", 3, 1, 17, b"windows")])
    assert store.claim("alarms", 3) == Progress("alarms", 3, 2, 17, b"windows")
    assert store.claim("alarms", 4) == Progress("alarms", 4, 1, None, b"")


def test_old_epoch_is_refused_and_nothing_of_its_transaction_is_kept(
    store: Store, dump: Callable[[], Any]
) -> None:
    mine = store.claim("alarms", 0)
    other = store.claim("alarms", 1)
    store.claim("alarms", 0)
    before = dump()
    with pytest.raises(FencedError, match=r"alarms/0: owner_epoch=1 .* claim it anew"):
        with store.transaction() as transaction:
            transaction.put_alarms([alarm()])
            transaction.put_outbox([message()])
            transaction.fence([other, mine])
    assert dump() == before


def test_partition_that_was_never_claimed_is_refused(store: Store) -> None:
    with pytest.raises(FencedError, match="alarms/9"), store.transaction() as transaction:
        transaction.fence([Progress("alarms", 9, 0, 1)])


def test_alarm_comes_back_as_it_was_put(store: Store) -> None:
    odd = alarm(
        "odd",
        partition=3,
        key="k\x00\ue000" + "\U0001f4f6" * 9000,
        managed_object="nul \x00 in it " + "\U0001f4f6" * 1000,
        problem="",
        cleared_ms=NOON_MS + 5,
        component_id="i1",
        suppressed=Suppression.SHELVED,
        facts=3,
        boundary=True,
        changed_ms=(NOON_MS + 1, NOON_MS + 2),
        append_ms=NOON_MS + 3,
        offset=2**40,
        mode="replay",
        body=bytes(range(256)),
    )
    with store.transaction() as transaction:
        transaction.put_alarms([odd])
    assert store.alarm_states(EVERYTHING, ["odd", "absent"]) == [odd]
    assert store.alarms_on(EVERYTHING, [odd.managed_object], NOON_MS, NOON_MS + 1, 9) == [odd]


def test_later_write_of_an_alarm_counts_but_facts_never_fall(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_alarms([alarm(facts=3, severity=3), alarm(facts=2, severity=6, component_id="i9")])
    found = stored(store, "a1")
    assert (found.facts, found.severity, found.component_id) == (3, 6, "i9")


def test_empty_body_leaves_the_stored_one(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_alarms([alarm(body=b"whole"), alarm(body=b"")])
    assert stored(store, "a1").body == b"whole"
    with store.transaction() as transaction:
        transaction.put_alarms([alarm(body=b"newer")])
    assert stored(store, "a1").body == b"newer"


@each_example
@given(clears=st.lists(st.none() | st.integers(0, 9), min_size=1, max_size=6), split=st.integers(0, 6))
def test_known_clear_is_never_taken_back_in_any_order(
    store: Store, clears: list[int | None], split: int
) -> None:
    name = f"x{next(fresh)}"
    for part in (clears[:split], clears[split:]):
        with store.transaction() as transaction:
            transaction.put_alarms(
                [alarm(name, cleared_ms=None if clear is None else NOON_MS + clear) for clear in part]
            )
    known = [clear for clear in clears if clear is not None]
    assert stored(store, name).cleared_ms == (NOON_MS + min(known) if known else None)


@each_example
@given(order=st.permutations(["raise", "late", "clear", "change"]))
def test_clear_by_key_holds_whatever_is_written_after_it(store: Store, order: list[str]) -> None:
    name = f"y{next(fresh)}"
    with store.transaction() as transaction:
        transaction.put_alarms([alarm(name)])
    for step in order:
        with store.transaction() as transaction:
            if step == "clear":
                transaction.clear_alarms(0, [(f"key of {name}", NOON_MS + 4)])
            elif step == "late":
                transaction.put_alarms([alarm(name, suppressed=Suppression.TOO_LATE, severity=1)])
            else:
                transaction.put_alarms([alarm(name, severity=4)])
    found = stored(store, name)
    assert (found.cleared_ms, found.suppressed, found.severity) == (
        NOON_MS + 4,
        Suppression.NONE,
        found.severity,
    )
    assert found.severity in (4, 5)


def test_clear_reaches_only_open_home_alarms_of_its_key_raised_no_later(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_alarms(
            [
                alarm("before", key="k", raised_ms=NOON_MS - 1),
                alarm("same", key="k"),
                alarm("after", key="k", raised_ms=NOON_MS + 1),
                alarm("closed", key="k", cleared_ms=NOON_MS - 9, raised_ms=NOON_MS - 10),
                alarm("other", key="l"),
                alarm("copied", partition=1, key="k", home=False),
                alarm("copied", partition=0, key="m"),
            ]
        )
        transaction.clear_alarms(0, [("k", NOON_MS), ("unknown", NOON_MS)])
    names = ["before", "same", "after", "closed", "other"]
    cleared = {found.alarm_id: found.cleared_ms for found in store.alarm_states(EVERYTHING, names)}
    assert cleared == {
        "before": NOON_MS,
        "same": NOON_MS,
        "after": None,
        "closed": NOON_MS - 9,
        "other": None,
    }
    (copy,) = store.load_partition(1, 0).alarms
    assert copy.cleared_ms is None


def test_alarm_that_is_too_late_changes_nothing_known_but_an_open_clear(store: Store) -> None:
    late = alarm(
        suppressed=Suppression.TOO_LATE,
        severity=1,
        facts=9,
        cleared_ms=NOON_MS + 8,
        component_id="",
        body=b"l",
    )
    with store.transaction() as transaction:
        transaction.put_alarms([alarm(component_id="i1")])
        transaction.put_alarms([late, alarm("new", suppressed=Suppression.TOO_LATE)])
    assert stored(store, "a1") == alarm(component_id="i1", cleared_ms=NOON_MS + 8)
    assert stored(store, "new").suppressed is Suppression.TOO_LATE
    with store.transaction() as transaction:
        late.cleared_ms = NOON_MS + 2
        transaction.put_alarms([late])
    assert stored(store, "a1").cleared_ms == NOON_MS + 8


def test_members_are_the_home_alarms_of_the_named_components_in_order(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_alarms(
            [
                alarm("b", component_id="i1"),
                alarm("a", component_id="i1"),
                alarm("first", component_id="i2", raised_ms=NOON_MS - 1, partition=1),
                alarm("copy", component_id="i1", home=False),
                alarm("twin", component_id="i1", partition=1),
                alarm("alone"),
            ]
        )
        found = transaction.members([(0, "i1"), (1, "i2"), (0, ""), (5, "absent")])
    assert [member.alarm_id for member in found] == ["first", "a", "b", "copy"]


def test_partition_loads_what_is_open_unresolved_or_recent_and_nothing_else(store: Store) -> None:
    old = {"raised_ms": NOON_MS - 10, "cleared_ms": NOON_MS - 5}
    with store.transaction() as transaction:
        transaction.put_alarms(
            [
                alarm("open", raised_ms=NOON_MS - 20),
                alarm("recent", cleared_ms=NOON_MS + 1),
                alarm("unresolved", component_id="going", **old),
                alarm("resolved", component_id="gone", **old),
                alarm("merged", component_id="merged", **old),
                alarm("elsewhere", partition=1),
                alarm("copy", home=False, raised_ms=NOON_MS - 15, component_id="quiet"),
            ]
        )
        transaction.put_components(
            [
                component("going"),
                component("gone", resolved=True, complete=True),
                component("merged", merged_into="going"),
                component("quiet", resolved=True),
                component("elsewhere", partition=1),
            ]
        )
    loaded = store.load_partition(0, NOON_MS)
    assert [found.alarm_id for found in loaded.alarms] == ["open", "copy", "merged", "unresolved", "recent"]
    assert loaded.components == [component("going"), component("quiet", resolved=True)]


def test_more_ids_than_one_statement_holds_are_all_found(store: Store) -> None:
    many = [alarm(f"n{number:05}", component_id=f"c{number:05}") for number in range(1203)]
    with store.transaction() as transaction:
        transaction.put_alarms(many)
        assert transaction.members([(0, found.component_id) for found in many]) == many
    assert store.alarm_states(EVERYTHING, [found.alarm_id for found in reversed(many)]) == many


def test_topology_planned_work_and_feedback_come_back_with_fields_nobody_knew(store: Store) -> None:
    unknown = {"vendorField": {"deep": [1, "two", None]}}
    elements = [element("b", extra=unknown), element("a", tenant="other")]
    works = [planned_work("w2", extra=unknown), planned_work("w1", start_time=at(-9))]
    given_back = [feedback("f2", extra=unknown), feedback("f1", given_time=at(1))]
    store.put_topology(elements)
    store.put_planned_work(works)
    for one in given_back:
        store.put_feedback(one)
    assert store.topology(EVERYTHING) == elements[::-1]
    assert store.planned_work(EVERYTHING) == works[::-1]
    assert store.feedback(EVERYTHING) == given_back[::-1]
    store.put_topology([element("b", links=(Link(target="router-2"),))])
    assert [link.target for one in store.topology(EVERYTHING) for link in one.links] == [
        "router-1",
        "router-2",
    ]


def test_empty_writes_do_nothing(store: Store, dump: Callable[[], Any]) -> None:
    before = dump()
    with store.transaction() as transaction:
        transaction.put_alarms([])
        transaction.put_incidents([])
        transaction.put_outbox([])
        transaction.finish_outbox([], [])
        assert transaction.members([]) == []
        assert transaction.linked_components([]) == []
    assert dump() == before
    assert store.incidents(EVERYTHING, IncidentQuery()) == []
