"""Laws of a diagnosis that a decider leads: its choice first, claims checked as ever, doubt abstains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from agents.diagnosis import GraphDiagnoser
from agents.diagnosis.leading import Leading, led_order
from streams.advice import AdviceDesk, advice_request
from telcollm.ports import EVERYTHING, Store
from telcollm.records import DecidedBy, Diagnosis, Shadow
from telcollm.settings import DiagnosisSettings
from telcollm.state import DiagnosisRequest
from telcollm.store import open_store
from tests.agents.test_diagnosis import DECIDED, NETWORK, request
from tests.telcollm.store.examples import alarm

SECOND = Shadow(
    model="plain", probabilities=(0.1, 0.7, 0.1), adapter="window-root-cause@1", prompt_version="w-1, facts-1"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    with opened.transaction() as transaction:
        transaction.put_alarms(
            alarm(group.alarm_id, managed_object=group.managed_object, problem=group.problem)
            for group in request().groups
        )
    yield opened
    opened.close()


def diagnoser(store: Store) -> GraphDiagnoser:
    return GraphDiagnoser(store, NETWORK, DiagnosisSettings(), has_graph=True)


def decided(store: Store, asked: DiagnosisRequest) -> Diagnosis:
    (found,) = diagnoser(store).diagnose([asked], decided_time=DECIDED)
    return found


def test_the_deciders_choice_leads_with_its_own_confidence_and_name(store: Store) -> None:
    asked = request()
    before = decided(store, asked)
    after = Leading(diagnoser(store))(asked, before, SECOND)
    chosen = asked.candidates[1]
    assert after.hypotheses[0].root_cause_alarm == chosen.alarm_id != before.hypotheses[0].root_cause_alarm
    assert (after.confidence, after.decided_by) == (0.7, DecidedBy.MODEL)
    assert (after.model, after.adapter, after.shadow) == ("plain", "window-root-cause@1", SECOND)
    assert (after.diagnosis_id, after.decided_time) == (before.diagnosis_id, before.decided_time)
    assert not after.abstained and chosen.managed_object in after.summary


def test_every_claim_of_it_stands_on_alarms_of_the_store(store: Store) -> None:
    asked = request()
    known = {group.alarm_id for group in asked.groups}
    after = Leading(diagnoser(store))(asked, decided(store, asked), SECOND)
    cited = {one for each in after.hypotheses for claim in each.claims for one in claim.evidence}
    assert cited and cited <= known


def test_where_none_of_the_candidates_is_likely_it_abstains(store: Store) -> None:
    asked = request()
    unsure = msgspec.structs.replace(SECOND, probabilities=(0.05, 0.15, 0.1))
    after = Leading(diagnoser(store))(asked, decided(store, asked), unsure)
    assert after.abstained and after.hypotheses[0].root_cause_alarm == asked.candidates[1].alarm_id


def test_without_an_opinion_on_the_root_cause_the_graph_has_decided(store: Store) -> None:
    asked = request()
    before = decided(store, asked)
    kinds = Shadow(model="plain", probabilities=(), fault_kinds=(("fibre_cut", 0.9),))
    after = Leading(diagnoser(store))(asked, before, kinds)
    assert after == msgspec.structs.replace(before, shadow=kinds)


def test_candidates_that_were_not_asked_about_come_last_in_the_graphs_order() -> None:
    candidates = request().candidates
    led = led_order(candidates, (0.2,))
    assert [one.alarm_id for one in led] == [one.alarm_id for one in candidates]
    assert [one.share for one in led] == [0.2, 0.0, 0.0]


def test_the_desk_keeps_the_led_diagnosis_once(store: Store) -> None:
    class Second:
        def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
            return [SECOND for _ in requests]

        def counters(self) -> Mapping[str, float]:
            return {}

    asked = request()
    with store.transaction() as transaction:
        transaction.put_diagnoses([decided(store, asked)])
        transaction.put_requests([advice_request(asked)])
    desk = AdviceDesk(
        store,
        Second(),
        lanes=lambda: [asked.lane],
        batch_size=lambda: 4,
        prompt_tokens=lambda: 512,
        allowed=lambda: True,
        conclude=Leading(diagnoser(store)),
    )
    assert (desk.serve_once(), desk.serve_once()) == (1, 0)
    (kept,) = store.diagnoses(EVERYTHING, asked.incident.incident_id)
    assert kept.decided_by is DecidedBy.MODEL
    assert kept.hypotheses[0].root_cause_alarm == asked.candidates[1].alarm_id
