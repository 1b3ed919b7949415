"""Laws of tools: exactly one answer, found, nothing found with what was searched, or failed with why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.tools import ToolStatus, alarms_by_id, topology_path
from telcollm.errors import TransientError
from telcollm.ports import EVERYTHING, Scope, Store
from telcollm.records import Link, TopologyElement
from telcollm.state import AlarmState
from telcollm.store import open_store
from telcollm.topology import Topology
from tests.telcollm.store.examples import alarm


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    with opened.transaction() as transaction:
        transaction.put_alarms([alarm("a1"), alarm("a2"), alarm("b1", tenant="bell")])
    yield opened
    opened.close()


class Silent:
    """A store whose database does not answer."""

    def alarm_states(self, *given: Any) -> list[AlarmState]:
        message = "the database did not answer; it must be up; try again"
        raise TransientError(message)


def test_alarms_that_exist_are_found_by_id(store: Store) -> None:
    answer = alarms_by_id(store, EVERYTHING, ["a1", "a2", "gone"])
    assert (answer.status, answer.searched, answer.why) == (ToolStatus.FOUND, "3 alarm ids", "")
    assert answer.value is not None and set(answer.value) == {"a1", "a2"}


def test_nothing_found_says_what_was_searched(store: Store) -> None:
    answer = alarms_by_id(store, EVERYTHING, ["gone", "lost"])
    assert (answer.status, answer.value, answer.searched) == (ToolStatus.NOTHING_FOUND, None, "2 alarm ids")


def test_an_alarm_of_another_tenant_is_not_found(store: Store) -> None:
    assert alarms_by_id(store, Scope(tenants=("acme",)), ["b1"]).status is ToolStatus.NOTHING_FOUND
    assert alarms_by_id(store, Scope(tenants=("bell",)), ["b1"]).status is ToolStatus.FOUND


def test_a_failure_is_an_answer_that_says_why() -> None:
    answer = alarms_by_id(Silent(), EVERYTHING, ["a1"])  # type: ignore[arg-type]
    assert (answer.status, answer.value) == (ToolStatus.FAILED, None)
    assert answer.why == "the database did not answer; it must be up; try again"
    assert answer.searched == "1 alarm ids"


TWELVE = datetime(2026, 1, 1, 12, tzinfo=UTC)
TWELVE_MS = int(TWELVE.timestamp() * 1000)
NETWORK = Topology(
    TopologyElement(
        tenant="t",
        element_id=f"n{number}",
        links=(Link(target=f"n{number + 1}", valid_to=TWELVE if number == 1 else None),),
    )
    for number in range(6)
)


def test_a_path_is_found_only_while_its_links_are_valid() -> None:
    before = topology_path(NETWORK, "n0", "n3", TWELVE_MS - 1)
    assert (before.status, before.value) == (ToolStatus.FOUND, ("n0", "n1", "n2", "n3"))
    after = topology_path(NETWORK, "n0", "n3", TWELVE_MS)
    assert (after.status, after.value) == (ToolStatus.NOTHING_FOUND, None)
    assert after.searched == f"paths of up to 4 links from n0 to n3 as of {TWELVE_MS} ms"


def test_a_path_longer_than_asked_for_is_not_found() -> None:
    assert topology_path(NETWORK, "n2", "n6", TWELVE_MS).status is ToolStatus.FOUND
    assert topology_path(NETWORK, "n2", "n6", TWELVE_MS, 3).status is ToolStatus.NOTHING_FOUND
    assert topology_path(NETWORK, "n2", "nowhere", TWELVE_MS).status is ToolStatus.NOTHING_FOUND
