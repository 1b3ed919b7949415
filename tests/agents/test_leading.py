"""Laws of a diagnosis that a decider leads: its choice first, claims checked as ever, doubt abstains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from agents.diagnosis import GraphDiagnoser
from agents.diagnosis.leading import Leading, doubts_of, led_order
from telcollm.ports import Scope, Store
from telcollm.records import DecidedBy, Diagnosis, Shadow
from telcollm.settings import DiagnosisSettings
from telcollm.state import AlarmState, DiagnosisRequest, MemberGroup
from telcollm.topology import Topology
from tests.agents.test_diagnosis import DECIDED, NETWORK, ROWS, request
from tests.telcollm.store.conftest import open_at, postgres_schema, store_url
from tests.telcollm.store.conftest import store as empty_store
from tests.telcollm.store.examples import alarm, incident

__all__ = ["empty_store", "open_at", "postgres_schema", "store_url"]

LATER = DECIDED + timedelta(minutes=1)
SECOND = Shadow(
    model="plain",
    probabilities=(0.1, 0.7, 0.1),
    adapter="window-root-cause@1",
    prompt_version="w-1, facts-1",
    none_of_these=0.1,
    sure_from=0.6,
)


@pytest.fixture
def store(empty_store: Store) -> Store:
    """A store, of either kind, with the alarms of the request."""
    put(empty_store, request().groups)
    return empty_store


def put(store: Store, groups: Sequence[MemberGroup]) -> None:
    with store.transaction() as transaction:
        transaction.put_alarms(
            alarm(group.alarm_id, managed_object=group.managed_object, problem=group.problem)
            for group in groups
        )


def diagnoser(store: Any, topology: Topology = NETWORK) -> GraphDiagnoser:
    return GraphDiagnoser(store, topology, DiagnosisSettings(), has_graph=True)


def decided(store: Store, asked: DiagnosisRequest) -> Diagnosis:
    (found,) = diagnoser(store).diagnose([asked], decided_time=DECIDED)
    return found


def led(store: Store, asked: DiagnosisRequest, shadow: Shadow, topology: Topology = NETWORK) -> Diagnosis:
    before = decided(store, asked)
    (found,) = Leading(diagnoser(store, topology))([(asked, before, shadow)], decided_time=LATER)
    return found


def test_the_deciders_choice_leads_with_its_own_confidence_and_name(store: Store) -> None:
    asked = request()
    before = decided(store, asked)
    after = led(store, asked, SECOND)
    chosen = asked.candidates[1]
    assert after.hypotheses[0].root_cause_alarm == chosen.alarm_id != before.hypotheses[0].root_cause_alarm
    assert (after.confidence, after.decided_by) == (0.7, DecidedBy.MODEL)
    assert (after.model, after.adapter, after.shadow) == ("plain", "window-root-cause@1", SECOND)
    assert not after.abstained and after.missing == () and chosen.managed_object in after.summary


def test_it_keeps_its_id_and_is_later_than_what_it_replaces(store: Store) -> None:
    asked = request()
    before = decided(store, asked)
    after = led(store, asked, SECOND)
    assert (after.diagnosis_id, after.incident_revision) == (before.diagnosis_id, before.incident_revision)
    assert after.decided_time == LATER
    (slow,) = Leading(diagnoser(store))(
        [(asked, before, SECOND)], decided_time=DECIDED - timedelta(seconds=3)
    )
    assert slow.decided_time == before.decided_time + timedelta(milliseconds=1)


def test_every_claim_of_it_stands_on_alarms_of_the_store(store: Store) -> None:
    asked = request()
    known = {group.alarm_id for group in asked.groups}
    after = led(store, asked, SECOND)
    cited = {one for each in after.hypotheses for claim in each.claims for one in claim.evidence}
    assert cited and cited <= known


def test_where_none_of_the_candidates_is_likely_it_abstains(store: Store) -> None:
    asked = request()
    unsure = msgspec.structs.replace(
        SECOND, probabilities=(0.05, 0.15, 0.1), none_of_these=0.0, sure_from=0.0
    )
    after = led(store, asked, unsure)
    assert after.abstained and after.hypotheses[0].root_cause_alarm == asked.candidates[1].alarm_id


@pytest.mark.parametrize(("share", "abstains"), [(0.599, True), (0.6, False)])
def test_below_the_deciders_own_threshold_it_abstains_and_says_what_would_do(
    store: Store, share: float, abstains: bool
) -> None:
    asked = request()
    assert DiagnosisSettings().abstain_below < share
    after = led(store, asked, msgspec.structs.replace(SECOND, probabilities=(0.1, share, 0.1)))
    assert (after.abstained, after.confidence, after.decided_by) == (abstains, share, DecidedBy.MODEL)
    if not abstains:
        assert after.missing == ()
        return
    chosen = asked.candidates[1]
    assert after.summary.endswith(
        "the evidence does not single out a cause; "
        f"the first lead is {chosen.problem} on {chosen.managed_object}."
    )
    assert after.missing == (
        "more to go by: the decider gives the lead that stands 59.9%, and is taken at its word from 60.0% on",
        "a sign that tells the first candidates apart: KPIs, logs or the order of events",
    )


@pytest.mark.parametrize(("none", "abstains"), [(0.46, True), (0.45, False), (0.1, False)])
def test_where_none_of_these_is_the_deciders_answer_it_abstains_and_says_so(
    store: Store, none: float, abstains: bool
) -> None:
    said = msgspec.structs.replace(
        SECOND, probabilities=(0.05, 0.45, 0.04), none_of_these=none, sure_from=0.0
    )
    after = led(store, request(), said)
    assert after.abstained is abstains
    told = "an alarm of what began it: the decider gives 46.0% to a cause beyond the candidates"
    assert (told in after.missing) is abstains


def test_what_the_playbook_misses_is_said_after_what_the_decider_misses(store: Store) -> None:
    after = led(
        store, request(), msgspec.structs.replace(SECOND, probabilities=(0.1, 0.2, 0.1)), topology=Topology()
    )
    assert len(after.missing) == 2
    assert after.missing[0].startswith("more to go by: the decider gives the lead that stands 20.0%")
    assert after.missing[1] == "the topology around n1, n2, n3"


def test_a_decider_that_never_reached_its_precision_leads_to_no_answer() -> None:
    never = msgspec.structs.replace(SECOND, none_of_these=0.0, sure_from=1.01)
    assert doubts_of(1.0, never) == ("a surer decider: this one never proved precise enough to lead",)


def test_without_an_opinion_on_the_root_cause_the_graph_has_decided(store: Store) -> None:
    asked = request()
    kinds = Shadow(model="plain", probabilities=(), fault_kinds=(("fibre_cut", 0.9),))
    assert led(store, asked, kinds) == msgspec.structs.replace(decided(store, asked), shadow=kinds)


def test_where_nothing_that_the_decider_names_stands_the_graph_has_decided(store: Store) -> None:
    asked = request()
    before = decided(store, asked)
    put(store, [msgspec.structs.replace(group, problem="OTHER") for group in asked.groups])
    (after,) = Leading(diagnoser(store))([(asked, before, SECOND)], decided_time=LATER)
    assert after == msgspec.structs.replace(before, shadow=SECOND)


def test_candidates_that_were_not_asked_about_come_last_in_the_graphs_order() -> None:
    candidates = request().candidates
    first = led_order(candidates, (0.2,))
    assert [one.alarm_id for one in first] == [one.alarm_id for one in candidates]
    assert [one.share for one in first] == [0.2, 0.0, 0.0]


class Counting:
    """The store, and how often alarms were asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = 0

    def alarm_states(self, scope: Scope, alarm_ids: Sequence[str]) -> list[AlarmState]:
        self.reads += 1
        return self._store.alarm_states(scope, alarm_ids)


def test_a_batch_is_led_in_one_read_as_one_by_one(store: Store) -> None:
    shadows = [
        SECOND,
        msgspec.structs.replace(SECOND, probabilities=(0.1, 0.2, 0.3)),
        Shadow(model="plain", probabilities=()),
        msgspec.structs.replace(SECOND, none_of_these=0.9),
    ]
    opinions = []
    for number, shadow in enumerate(shadows):
        asked = request(ROWS[: 2 + number % 2], incident=incident(f"inc-{number}", 4))
        opinions.append((asked, decided(store, asked), shadow))
    counting = Counting(store)
    batch = Leading(diagnoser(counting))(opinions, decided_time=LATER)
    assert counting.reads == 1
    assert batch == [led(store, asked, shadow) for asked, _, shadow in opinions]
    assert [one.abstained for one in batch] == [False, True, opinions[2][1].abstained, True]
    assert Leading(diagnoser(counting))([], decided_time=LATER) == []
