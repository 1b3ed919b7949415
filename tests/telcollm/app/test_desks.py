"""Laws of a worker's desks: those of the topics it reads, the same as for people, under the same switch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telcollm.app.desks import open_desks
from telcollm.app.workplace import Workplace, open_workplace
from telcollm.errors import SettingsError
from telcollm.settings import CareSettings, RoutingSettings, Settings, SourceSettings
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


def test_a_worker_routes_and_answers_by_the_operator_s_own_files(tmp_path: Path) -> None:
    policy, scripts, rules = tmp_path / "routing.yaml", tmp_path / "scripts", tmp_path / "rules.yaml"
    rules.write_text("rules: []\n", encoding="utf-8")
    policy.write_text("teams: {night_watch: {words: [lantern]}}\n", encoding="utf-8")
    scripts.mkdir()
    (scripts / "own.yaml").write_text(
        """
intents:
  - id: lantern
    about: A lantern that is out
    phrases: {en: [the lantern is out, my lantern does not burn], zh: [灯笼灭了, 灯笼不亮]}
  - {id: unclear, about: Anything else, phrases: {en: [help me], zh: [帮帮我]}}
scripts:
  - {id: light_it, intent: lantern, text: {en: [We send the lamplighter.], zh: [我们派人去点灯。]}}
  - {id: ask, intent: unclear, text: {en: [Tell us more.], zh: [请说详细些。]}}
""",
        encoding="utf-8",
    )
    own = Settings(
        home=tmp_path,
        sources=(SourceSettings(kind="tickets"), SourceSettings(topic="care", kind="care")),
        routing=RoutingSettings(policy_path=policy),
        care=CareSettings(scripts_paths=(scripts,), policy_paths=(rules,)),
    )
    workplace = open_workplace(own)
    router, suggester = open_desks(workplace)
    assert router is not None and suggester is not None
    [route] = router.route([ticket("t1", description="The lantern at the gate is out")], decided_time=at(1))
    assert (route.team, workplace.teams()) == ("night_watch", ("night_watch",))
    [reply] = suggester.suggest([[care_message(text="the lantern is out")]], decided_time=at(1))
    assert (reply.script_id, reply.text) == ("light_it", "We send the lamplighter.")
    workplace.close()
    foreign = own.model_copy(update={"care": CareSettings(scripts_paths=(scripts,))})
    workplace = open_workplace(foreign)
    _, suggester = open_desks(workplace)
    assert suggester is not None
    with pytest.raises(SettingsError, match="policy_paths"):
        suggester.suggest([[care_message(text="the lantern is out")]], decided_time=at(1))
    workplace.close()


def test_a_file_of_scripts_that_is_not_there_says_so_and_waits(tmp_path: Path) -> None:
    lost = Settings(
        home=tmp_path,
        sources=(SourceSettings(topic="care", kind="care"),),
        care=CareSettings(scripts_paths=(tmp_path / "lost.yaml",)),
    )
    workplace = open_workplace(lost)
    _, suggester = open_desks(workplace)
    assert suggester is not None
    with pytest.raises(SettingsError, match=r"lost\.yaml"):
        suggester.suggest([[care_message(text="my internet is down")]], decided_time=at(1))
    workplace.close()
