"""Laws of what people did: kept once, in order, and seen only within a scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telcollm.ports import EVERYTHING, Scope
from telcollm.store.actions import ActionKind, ActionStore, OperatorAction
from telcollm.store.database import open_database

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def action(kind: ActionKind, minutes: float = 0, **changes: Any) -> OperatorAction:
    fields: dict[str, Any] = {
        "tenant": "acme",
        "region": "north",
        "subject_id": "i1",
        "actor": "eva",
        "at": NOON + timedelta(minutes=minutes),
    }
    return OperatorAction(kind=kind, **{**fields, **changes})


@pytest.fixture
def actions(store_url: str) -> Iterator[ActionStore]:
    database = open_database(store_url)
    yield ActionStore(database)
    database.close()


def test_an_action_that_is_told_twice_is_kept_once(actions: ActionStore) -> None:
    once = action(ActionKind.COMMENTED, detail="called the site; nobody's there\x00")
    actions.put([once])
    actions.put([once])
    assert actions.actions(EVERYTHING, "i1") == [once]


def test_the_latest_action_of_the_kinds_asked_for_counts(actions: ActionStore) -> None:
    first, second = action(ActionKind.ACKNOWLEDGED, 1), action(ActionKind.UNACKNOWLEDGED, 2)
    actions.put([second, action(ActionKind.COMMENTED, 3, detail="x"), first])
    kinds = [ActionKind.ACKNOWLEDGED, ActionKind.UNACKNOWLEDGED]
    assert actions.latest(EVERYTHING, ["i1", "i2"], kinds) == {"i1": second}
    assert actions.latest(EVERYTHING, ["i1"], kinds[:1]) == {"i1": first}
    assert [one.kind for one in actions.actions(EVERYTHING, "i1")] == [
        ActionKind.COMMENTED,
        ActionKind.UNACKNOWLEDGED,
        ActionKind.ACKNOWLEDGED,
    ]


def test_what_was_done_elsewhere_is_not_seen(actions: ActionStore) -> None:
    actions.put([action(ActionKind.ACKNOWLEDGED), action(ActionKind.ASSIGNED, tenant="rival", detail="bob")])
    north = Scope(("acme",), ("north",))
    assert [one.tenant for one in actions.actions(north, "i1")] == ["acme"]
    assert actions.latest(Scope(("acme",), ("south",)), ["i1"], list(ActionKind)) == {}
    assert [one.tenant for one in actions.since(north, NOON)] == ["acme"]
    assert actions.since(EVERYTHING, NOON + timedelta(minutes=1)) == []
