"""Laws of subscriptions and of alarms in lists, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from telcollm.ports import EVERYTHING, Scope
from telcollm.state import OutboxMessage
from telcollm.store.alarm_listing import AlarmQuery, find_alarms
from telcollm.store.opening import Stores, open_stores
from telcollm.store.subscriptions import Subscription, SubscriptionStore
from tests.telcollm.store.examples import NOON, NOON_MS, alarm, at, message


@pytest.fixture
def stores(store_url: str) -> Iterator[Stores]:
    opened = open_stores(store_url, clock=lambda: NOON)
    yield opened
    opened.close()


def event(name: str, lane: str) -> OutboxMessage:
    return OutboxMessage(name, lane, "AlarmCreateEvent", "acme", b"{}")


def test_events_wait_once_each_in_lanes_of_their_own_until_the_subscription_ends(stores: Stores) -> None:
    kept = SubscriptionStore(stores.database)
    with stores.store.transaction() as transaction:
        transaction.put_outbox([message("m1")])
    made = Subscription("sub-1", "alarm", "https://noc.example/", Scope(("acme",)), "eva", NOON)
    kept.put(made)
    assert kept.subscriptions() == [made] and kept.subscription("sub-1") == made
    assert kept.subscription("sub-2") is None
    for _ in range(2):
        kept.queue([event("e1", made.lane), event("e2", made.lane)], queued_ms=NOON_MS, cursor=1)
    waiting = stores.store.pending_outbox([made.lane], 10)
    assert [one.message_id for one in waiting] == ["e1", "e2"]
    with stores.store.transaction() as transaction:
        transaction.put_outbox([message("m2")])
    cursor, found = kept.follow("incidents", 10, overlap=0)
    assert (cursor, [one.value for one in found], found[0].queued_ms) == (
        1,
        [b'{"incidentId":"i1"}'],
        NOON_MS,
    )
    assert len(kept.follow("incidents", 10, overlap=5)[1]) == 2
    kept.remove(made)
    assert kept.subscriptions() == [] and stores.store.pending_outbox([made.lane], 10) == []


WANTED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["a3", "a2", "a1"]),
    ({"limit": 1, "offset": 1}, ["a2"]),
    ({"managed_object": "cell-8"}, ["a2"]),
    ({"severities": (6,)}, ["a3"]),
    ({"cleared": True}, ["a3"]),
    ({"cleared": False}, ["a2", "a1"]),
    ({"since": at(1)}, ["a3", "a2"]),
    ({"until": at(1)}, ["a1"]),
]


def test_alarms_are_listed_by_what_was_asked_for(stores: Stores) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_alarms(
            [
                alarm("a1"),
                alarm("a1", 1, home=False),
                alarm("a2", managed_object="cell-8", raised_ms=NOON_MS + 60_000),
                alarm("a3", severity=6, raised_ms=NOON_MS + 120_000, cleared_ms=NOON_MS + 130_000),
            ]
        )
    for wanted, ids in WANTED:
        found, total = find_alarms(stores.database, EVERYTHING, AlarmQuery(**wanted))
        assert [one.alarm_id for one in found] == ids
        assert total == (3 if "limit" in wanted else len(ids))
    assert find_alarms(stores.database, Scope(("rival",)), AlarmQuery()) == ([], 0)
