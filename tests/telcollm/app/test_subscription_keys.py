"""Laws of subscriptions and of the keys that made them: nobody is told by a key that opens nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from telcollm.access import Caller, Role
from telcollm.app.notifier import Notifier
from telcollm.app.services import accounts, subscriptions
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING
from telcollm.store.accounts import ApiKey
from tests.telcollm.app.listeners import URL, Wire, subscribe, tell
from tests.telcollm.app.places import NORTH, Hand, caller

ADMIN = caller(Role.ADMINISTRATOR)


def holder(workplace: Workplace, *, days: int = 1) -> tuple[ApiKey, Caller]:
    """A key, and who asks by it, as the API sees them."""
    key, text = accounts.make_key(
        workplace, ADMIN, "robot", roles=(Role.NOC_ENGINEER,), scope=NORTH, days=days
    )
    return key, accounts.bearer(workplace, text)


def test_a_subscription_ends_with_the_key_that_made_it(workplace: Workplace) -> None:
    key, robot = holder(workplace)
    _, other = holder(workplace)
    made, _ = subscriptions.subscribe(workplace, robot, "ticket", URL)
    subscriptions.subscribe(workplace, other, "ticket", f"{URL}/other")
    tell(workplace, "waiting")

    accounts.revoke_key(workplace, ADMIN, key.key_id)

    tell(workplace, "later")
    wire = Wire()
    assert Notifier(workplace, wire).deliver_once() == 2
    assert {url for url, _, _ in wire.sent} == {f"{URL}/other"}
    assert wire.ids == ["waiting", "later"]
    ended = [
        one for one in workplace.stores.audit.entries(EVERYTHING, 50) if one.action == "subscription ended"
    ]
    assert [(one.actor, one.subject) for one in ended] == [(ADMIN.name, made.subscription_id)]


def test_a_key_that_is_revoked_while_events_are_sent_ends_them_there(workplace: Workplace) -> None:
    key, robot = holder(workplace)
    subscriptions.subscribe(workplace, robot, "ticket", URL)
    tell(workplace, "e1", "e2", "e3")
    wire = Wire()

    def send(url: str, body: bytes, signature: str) -> int:
        accounts.revoke_key(workplace, ADMIN, key.key_id)
        return wire(url, body, signature)

    Notifier(workplace, send).deliver_once()
    assert wire.ids == ["e1"]


def test_a_subscription_ends_when_its_key_expires(workplace: Workplace, clock: Hand) -> None:
    _, robot = holder(workplace, days=1)
    made, _ = subscriptions.subscribe(workplace, robot, "ticket", URL)
    wire = Wire()
    notifier = Notifier(workplace, wire)
    clock.passed_s += timedelta(days=1).total_seconds() - 1
    tell(workplace, "e1")
    assert notifier.deliver_once() == 1
    clock.passed_s += 1
    tell(workplace, "e2")
    assert notifier.deliver_once() == 0 and wire.ids == ["e1"]
    assert workplace.subscriptions.subscriptions() == []
    (entry,) = workplace.stores.audit.entries(EVERYTHING, 1)
    assert (entry.action, entry.subject) == ("subscription ended", made.subscription_id)
    assert "expired at 2026-01-02" in entry.detail


def test_who_was_let_in_before_the_key_was_revoked_subscribes_to_nothing_that_is_told(
    workplace: Workplace,
) -> None:
    key, robot = holder(workplace)
    accounts.revoke_key(workplace, ADMIN, key.key_id)
    subscriptions.subscribe(workplace, robot, "ticket", URL)
    tell(workplace, "e1")
    wire = Wire()
    assert Notifier(workplace, wire).deliver_once() == 0 and wire.tries == 0
    assert workplace.subscriptions.subscriptions() == []


def test_a_removed_account_takes_the_subscriptions_of_its_keys_along(workplace: Workplace) -> None:
    accounts.add_account(
        workplace, ADMIN, "robot", "correct horse battery", roles=(Role.NOC_ENGINEER,), scope=NORTH
    )
    _, robot = holder(workplace)
    subscriptions.subscribe(workplace, robot, "ticket", URL)
    subscribe(workplace)
    accounts.remove_account(workplace, ADMIN, "robot")
    assert [one.created_by for one in workplace.subscriptions.subscriptions()] == ["eva"]
    ended = [one.detail for one in workplace.stores.audit.entries(EVERYTHING, 50) if "ended" in one.action]
    assert ended == [f"with {robot.name}"]


def test_a_name_without_an_account_ends_nothing_and_no_trail_says_so(workplace: Workplace) -> None:
    _, robot = holder(workplace)
    subscriptions.subscribe(workplace, robot, "ticket", URL)
    with pytest.raises(TelcollmError, match="not known"):
        accounts.remove_account(workplace, ADMIN, "robot")
    assert [one.created_by for one in workplace.subscriptions.subscriptions()] == [robot.name]
    assert not any("ended" in one.action for one in workplace.stores.audit.entries(EVERYTHING, 50))
