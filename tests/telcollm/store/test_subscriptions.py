"""Laws of subscriptions and of alarms in lists, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import argon2
import pytest

from telcollm.access import Role
from telcollm.ports import EVERYTHING, Scope
from telcollm.state import OutboxMessage
from telcollm.store.accounts import AccountStore
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


def subscribed(stores: Stores, *holders: str) -> list[Subscription]:
    """One subscription of each holder, with an event that waits for it."""
    kept = SubscriptionStore(stores.database)
    made = [
        Subscription(f"sub-{place}", "alarm", "https://noc.example/", Scope(), holder, NOON)
        for place, holder in enumerate(holders)
    ]
    for one in made:
        kept.put(one)
        kept.queue([event(f"e-{one.subscription_id}", one.lane)], queued_ms=NOON_MS)
    return made


def waiting(stores: Stores, made: list[Subscription]) -> list[str]:
    return [one.message_id for one in stores.store.pending_outbox([one.lane for one in made], 10)]


def test_what_a_key_subscribed_to_ends_with_it_and_nothing_else(stores: Stores) -> None:
    accounts = AccountStore(stores.database)
    keys = [
        accounts.make_key(
            "robot", roles=(Role.NOC_ENGINEER,), scope=Scope(), at=NOON, expires=NOON + timedelta(days=1)
        )[0]
        for _ in range(2)
    ]
    made = subscribed(stores, keys[0].caller.name, keys[1].caller.name, "robot", keys[0].caller.name)

    accounts.revoke_key(keys[0].key_id, at=NOON)

    left = SubscriptionStore(stores.database).subscriptions()
    assert [one.created_by for one in left] == [keys[1].caller.name, "robot"]
    assert waiting(stores, made) == ["e-sub-1", "e-sub-2"]


def test_what_an_accounts_keys_subscribed_to_ends_with_it_and_nobody_elses(stores: Stores) -> None:
    accounts = AccountStore(stores.database, hasher=argon2.PasswordHasher(1, 8, 1))
    accounts.add("eva", "correct horse battery", roles=(Role.NOC_ENGINEER,), scope=Scope(), at=NOON)
    key, _ = accounts.make_key(
        "eva", roles=(Role.NOC_ENGINEER,), scope=Scope(), at=NOON, expires=NOON + timedelta(days=1)
    )
    made = subscribed(stores, key.caller.name, "eva", "evan")

    accounts.remove("eva", at=NOON)

    left = SubscriptionStore(stores.database).subscriptions()
    assert [one.created_by for one in left] == ["eva", "evan"]
    assert waiting(stores, made) == ["e-sub-1", "e-sub-2"]


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
