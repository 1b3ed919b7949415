from __future__ import annotations

import msgspec

from telcollm.ports import Store
from telcollm.state import SentMark
from tests.telcollm.store.examples import dead_letter, message, request


def test_messages_leave_in_the_order_they_were_queued_and_only_once(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_outbox([message("m3"), message("m1", lane="alarms/1"), message("m2", headers=())])
    with store.transaction() as transaction:
        transaction.put_outbox([message("m1", lane="alarms/0", value=b"other"), message("m0")])

    def waiting(*lanes: str, limit: int = 9) -> list[str]:
        return [one.message_id for one in store.pending_outbox(lanes, limit)]

    assert waiting("alarms/0", "alarms/1") == ["m3", "m1", "m2", "m0"]
    assert waiting("alarms/0", "alarms/1", limit=2) == ["m3", "m1"]
    assert waiting("alarms/1") == ["m1"]
    assert waiting("alarms/2") == []
    whole = store.pending_outbox(["alarms/0"], 9)
    assert [msgspec.structs.replace(one, sequence=0) for one in whole] == [
        message("m3"),
        message("m2", headers=()),
        message("m0"),
    ]
    assert [one.sequence for one in whole] == sorted({one.sequence for one in whole})
    with store.transaction() as transaction:
        transaction.finish_outbox(["m3", "m0", "absent"], [])
        transaction.put_outbox([message("m3")])
    assert waiting("alarms/0", "alarms/1") == ["m1", "m2"]


def test_marks_are_those_given_last(store: Store) -> None:
    for offset in (5, 9, 3):
        with store.transaction() as transaction:
            transaction.finish_outbox([], [SentMark("b/0", "incidents", 1, offset)])
    with store.transaction() as transaction:
        transaction.finish_outbox(
            [], [SentMark("a/0", "incidents", 0, 1), SentMark("b/0", "diagnoses", 1, 2)]
        )
    assert store.sent_marks(["b/0", "a/0", "none"]) == [
        SentMark("a/0", "incidents", 0, 1),
        SentMark("b/0", "diagnoses", 1, 2),
        SentMark("b/0", "incidents", 1, 3),
    ]


def test_requests_wait_whole_in_order_until_they_are_done(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_requests([request("r2"), request("r1"), request("r3", lane="alarms/1")])
        transaction.put_requests([request("r2", append_ms=1)])
    found = store.pending_requests(["alarms/0", "alarms/1"], 9)
    assert [msgspec.structs.replace(one, sequence=0) for one in found] == [
        request("r2"),
        request("r1"),
        request("r3", lane="alarms/1"),
    ]
    assert [one.request_id for one in store.pending_requests(["alarms/0", "alarms/1"], 2)] == ["r2", "r1"]
    with store.transaction() as transaction:
        transaction.finish_requests(["r2", "absent"])
        transaction.put_requests([request("r2")])
    assert [one.request_id for one in store.pending_requests(["alarms/0"], 9)] == ["r1"]


def test_counts_tell_what_waits_in_the_lanes(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_outbox([message(f"m{number}", lane=f"alarms/{number % 2}") for number in range(5)])
        transaction.put_requests([request("r1"), request("r2")])
        transaction.finish_outbox(["m0"], [])
        transaction.finish_requests(["r1"])
    assert store.pending_counts(["alarms/0"]) == {"outbox": 2, "requests": 1}
    assert store.pending_counts(["alarms/0", "alarms/1", "alarms/0"]) == {"outbox": 4, "requests": 1}
    assert store.pending_counts([]) == {"outbox": 0, "requests": 0}


def test_dead_letters_are_listed_by_where_they_lay_until_they_are_replayed(store: Store) -> None:
    letters = [dead_letter(9), dead_letter(7, value=b"\x00{"), dead_letter(8, topic="kpis", key=None)]
    with store.transaction() as transaction:
        transaction.put_dead_letters(letters)
    assert store.dead_letters() == [letters[1], letters[0], letters[2]]
    assert store.dead_letters("alarms", limit=1, offset=1) == [letters[0]]
    store.mark_dead_letters_replayed([("alarms", 0, 7), ("alarms", 0, 1000)])
    with store.transaction() as transaction:
        transaction.put_dead_letters([dead_letter(7, value=b"\x00{", reason="told better")])
    assert store.dead_letters() == [letters[0], letters[2]]
    assert [one.reason for one in store.dead_letters("alarms", include_replayed=True)] == [
        "told better",
        letters[0].reason,
    ]
    assert (store.count_dead_letters(), store.count_dead_letters("kpis")) == (2, 1)
    assert store.count_dead_letters("alarms", include_replayed=True) == 2
