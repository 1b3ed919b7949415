"""Laws of a worker's desks: those of the topics it reads, the same as for people, under the same switch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telcollm.app.desks import open_desks
from telcollm.app.workplace import Workplace, open_workplace
from telcollm.settings import Settings, SourceSettings
from tests.telcollm.store.desk_examples import care_message, ticket
from tests.telcollm.store.examples import at, incident


def settings(home: Path, *kinds: Any) -> Settings:
    sources = tuple(SourceSettings(topic=kind, kind=kind, tenant="acme") for kind in kinds)
    return Settings(home=home, sources=sources)


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    opened = open_workplace(settings(tmp_path, "alarms", "tickets", "care"))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("kinds", "has"),
    [(("alarms",), (False, False)), (("tickets",), (True, False)), (("care", "kpis"), (False, True))],
)
def test_a_worker_has_the_desks_of_the_topics_it_reads(tmp_path: Path, kinds: Any, has: Any) -> None:
    workplace = open_workplace(settings(tmp_path, *kinds))
    router, suggester = open_desks(workplace)
    assert (router is not None, suggester is not None) == has
    workplace.close()


@pytest.mark.parametrize("stopped", [False, True])
def test_tickets_are_routed_and_customers_answered(workplace: Workplace, stopped: bool) -> None:
    if stopped:
        workplace.switch.set(stopped=True, by="ann", at=at(0))
    router, suggester = open_desks(workplace)
    assert router is not None and suggester is not None
    tickets = [ticket("t1"), ticket("t2", description="Customer reports no dial tone")]
    routes = router.route(tickets, decided_time=at(1))
    assert [route.subject_id for route in routes] == ["t1", "t2"]
    conversation = [care_message(text="My internet does not work since this morning")]
    (reply,) = suggester.suggest([conversation], decided_time=at(1))
    assert (reply.conversation_id, reply.tenant) == ("c1", "acme") and reply.text
    assert suggester.incident_changed(incident(), decided_time=at(1)) == []
