"""Laws of evidence beside alarms: KPIs, logs and work settle what alarms leave open, in few queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from agents.diagnosis import GraphDiagnoser
from agents.diagnosis.evidence import StoreEvidence
from agents.diagnosis.finder import StepFinder
from streams.ranking import rank
from telcollm.errors import TransientError
from telcollm.graph import LearnedFrom, cause_graph
from telcollm.guard import Guard
from telcollm.knowledge.document import Chunk, Document
from telcollm.ports import Scope
from telcollm.records import KpiSample, LogLine, Verdict
from telcollm.settings import DiagnosisSettings
from telcollm.state import DiagnosisRequest, MemberGroup
from telcollm.store.documents import StoredChunk
from telcollm.store.opening import Stores, open_stores
from telcollm.topology import Topology
from tests.telcollm.store.examples import NOON, NOON_MS, alarm, at, incident, planned_work

GUARD = Guard(b"0123456789abcdef")
KEPT = ("n1", "n2")
GRAPH = cause_graph(["DOOR", "ODD"], [], method="by hand", learned_from=LearnedFrom("the tests"))


def kpi(name: str, minutes: float, value: float, kind: str = "call_drop_ratio", **changes: Any) -> KpiSample:
    fields: dict[str, Any] = {"tenant": "acme", "granularity_s": 900, **changes}
    return KpiSample(managed_object=name, kpi=kind, sampled_time=at(minutes), value=value, **fields)


def past(name: str, value: float) -> Iterator[KpiSample]:
    """The same hours of the four weeks before, nearly constant."""
    for week in range(1, 5):
        for quarter in range(-4, 6):
            yield kpi(name, quarter * 15 - week * 7 * 24 * 60, value + 0.0001 * (quarter % 3))


def line(name: str, minutes: float, text: str, **changes: Any) -> LogLine:
    return LogLine(tenant="acme", managed_object=name, logged_time=at(minutes), text=text, **changes)


@pytest.fixture
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    opened = open_stores(f"sqlite:///{tmp_path_factory.mktemp('evidence') / 'telcollm.db'}")
    with opened.store.transaction() as transaction:
        transaction.put_alarms(
            alarm(f"a{number}", managed_object=name, problem=problem, raised_ms=NOON_MS)
            for number, (name, problem) in enumerate([("n1", "DOOR"), ("n2", "ODD")])
        )
    yield opened
    opened.close()


def request(number: int = 0, shift_ms: int = 0) -> DiagnosisRequest:
    groups = tuple(
        MemberGroup(f"a{place}", name, problem, 5, NOON_MS + shift_ms, NOON_MS + shift_ms, 1)
        for place, (name, problem) in enumerate([("n1", "DOOR"), ("n2", "ODD")])
    )
    told = incident(f"inc-{number}", 1, affected_objects=KEPT, alarm_count=2)
    return DiagnosisRequest(f"r{number}", "events/0", told, groups, rank(groups, GRAPH, Topology()), NOON_MS)


def diagnose(stores: Stores, **changes: Any) -> dict[str, Any]:
    evidence = StoreEvidence(stores.store, stores.telemetry, GUARD)
    diagnoser = GraphDiagnoser(
        stores.store, Topology(), DiagnosisSettings(), has_graph=True, evidence=evidence, **changes
    )
    (found,) = diagnoser.diagnose([request()], decided_time=at(1))
    assert found.dropped_claims == 0 and found.grounding == 1.0
    return {one.root_cause_resource: one for one in found.hypotheses}


def test_without_telemetry_alarms_decide_alone(stores: Stores) -> None:
    assert {one.verdict for one in diagnose(stores).values()} == {Verdict.OPEN}


def test_a_kpi_that_left_its_normal_supports_the_hypothesis_of_its_object_alone(stores: Stores) -> None:
    stores.telemetry.put_kpis([*past("n1", 0.01), kpi("n1", -5, 0.4), kpi("n1", 10, 0.5)])
    stores.telemetry.put_kpis([*past("n2", 0.01), kpi("n2", -5, 0.01), kpi("n2", 10, 0.01)])
    found = diagnose(stores)
    assert (found["n1"].verdict, found["n2"].verdict) == (Verdict.SUPPORTED, Verdict.OPEN)
    (claim,) = [one for one in found["n1"].claims if "call_drop_ratio" in one.text]
    assert "above its normal of 0.01" in claim.text and not claim.against
    assert all(one.startswith("kpi-") for one in claim.evidence)
    (other,) = [one for one in found["n2"].claims if "call_drop_ratio" in one.text]
    assert other.against and other.text == "1 KPI of n2 stayed within what is normal: call_drop_ratio."


def test_signs_on_both_objects_leave_both_open(stores: Stores) -> None:
    for name in KEPT:
        stores.telemetry.put_kpis([*past(name, 0.01), kpi(name, -5, 0.4), kpi(name, 10, 0.5)])
    assert {one.verdict for one in diagnose(stores).values()} == {Verdict.OPEN}


def test_a_new_line_in_the_log_is_told_without_what_varies_and_without_identities(stores: Stores) -> None:
    stores.telemetry.put_logs(
        [
            line("n1", -40, "login of admin7", severity="warning"),
            line("n1", 1, "login of admin8", severity="warning"),
            line("n1", 1, "rectifier 3 failed, call +49 170 1234567", severity="err"),
            line("n1", 2, "rectifier 4 failed, call +49 170 1234567", severity="err"),
            line("n1", 2, "self test passed", severity="notice"),
        ]
    )
    found = diagnose(stores)["n1"]
    (claim,) = [one for one in found.claims if "log" in one.text]
    assert claim.text.startswith("New in the log of n1: rectifier") and "(2 lines)" in claim.text
    shape = claim.text.removeprefix("New in the log of n1").removesuffix(" (2 lines).")
    assert not any(letter.isdigit() for letter in shape)
    assert all(one.startswith("log-") for one in claim.evidence)


def test_planned_work_that_had_just_ended_is_cited_and_older_work_is_not(stores: Stores) -> None:
    stores.store.put_planned_work(
        [
            planned_work("w1", managed_objects=("n1",), start_time=at(-120), end_time=at(-30)),
            planned_work("w2", managed_objects=("n2",), start_time=at(-500), end_time=at(-300)),
            planned_work("w3", managed_objects=("n2",), start_time=at(-60), end_time=at(60), tenant="bell"),
        ]
    )
    found = diagnose(stores)
    assert [one.text for one in found["n1"].claims if "w1" in one.evidence] == [
        "Planned work w1 on n1 had ended 30 min before."
    ]
    assert not any("Planned work" in one.text for one in found["n2"].claims)


def test_another_tenants_telemetry_is_no_evidence(stores: Stores) -> None:
    stores.telemetry.put_kpis(
        kpi(one.managed_object, (one.sampled_time - NOON) / timedelta(minutes=1), one.value, tenant="bell")
        for one in [*past("n1", 0.01), kpi("n1", -5, 0.4), kpi("n1", 10, 0.5)]
    )
    assert {one.verdict for one in diagnose(stores).values()} == {Verdict.OPEN}


class Counting:
    """Telemetry that counts how often it is asked."""

    def __init__(self, inner: Any = None) -> None:
        self.asked = 0
        self._inner = inner

    def kpis(self, *given: Any, **named: Any) -> list[KpiSample]:
        self.asked += 1
        return self._inner.kpis(*given, **named) if self._inner else []

    def logs(self, *given: Any, **named: Any) -> list[LogLine]:
        self.asked += 1
        return self._inner.logs(*given, **named) if self._inner else []


def test_a_batch_costs_two_queries_a_stretch_without_telemetry_and_never_more_than_three_stretches(
    stores: Stores,
) -> None:
    for apart_ms, queries in ((1_000, 2), (86_400_000, 6)):
        telemetry: Any = Counting()
        evidence = StoreEvidence(stores.store, telemetry, GUARD)
        evidence.signs([request(number, number * apart_ms) for number in range(200)], 3, at(1))
        assert telemetry.asked == queries


def test_while_no_telemetry_was_ever_found_it_is_looked_for_every_half_minute_only(stores: Stores) -> None:
    telemetry: Any = Counting(stores.telemetry)
    evidence = StoreEvidence(stores.store, telemetry, GUARD)
    for seconds in range(0, 60, 5):
        evidence.signs([request()], 3, NOON + timedelta(seconds=seconds))
    assert telemetry.asked == 4
    stores.telemetry.put_logs([line("n1", 1, "rectifier failed")])
    evidence.signs([request()], 3, NOON + timedelta(seconds=90))
    asked = telemetry.asked
    (found,) = evidence.signs([request()], 3, NOON + timedelta(seconds=91))
    assert telemetry.asked == asked + 2 and "n1" in found


def test_with_telemetry_a_batch_costs_no_more_queries_than_one_request(stores: Stores) -> None:
    stores.telemetry.put_kpis([*past("n1", 0.01), kpi("n1", -5, 0.4), kpi("n1", 10, 0.5)])
    asked = []
    for count in (1, 100):
        telemetry: Any = Counting(stores.telemetry)
        found = StoreEvidence(stores.store, telemetry, GUARD).signs(
            [request(n) for n in range(count)], 3, at(1)
        )
        assert all("n1" in one for one in found)
        asked.append(telemetry.asked)
    assert asked[0] == asked[1] <= 12


def test_evidence_that_cannot_be_read_is_done_without(stores: Stores) -> None:
    class Silent:
        def signs(self, requests: Sequence[DiagnosisRequest], most: int, at: datetime) -> list[Any]:
            message = "the database did not answer; it must be up; try again"
            raise TransientError(message)

    diagnoser = GraphDiagnoser(
        stores.store, Topology(), DiagnosisSettings(), has_graph=True, evidence=Silent()
    )
    (found,) = diagnoser.diagnose([request()], decided_time=at(1))
    assert len(found.hypotheses) == 2


class Shelf:
    """A library of one runbook, that counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def readable(self, *, scope: Scope, roles: Sequence[str]) -> list[StoredChunk]:
        self.reads += 1
        document = Document(
            document_id="doc-1",
            tenant="acme",
            source="door.md",
            title="Door open, odd",
            sha256="",
            added_time=NOON,
        )
        chunk = Chunk(
            chunk_id="chk-1",
            document_id="doc-1",
            version=1,
            number=1,
            headings=(),
            text="1. Check the camera.\n2. Reset the door contact.",
            place="lines 1-3",
        )
        return [StoredChunk(document, chunk, None)]


def test_steps_are_cited_marked_and_looked_up_once_for_many_incidents(stores: Stores) -> None:
    shelf = Shelf()
    diagnoser = GraphDiagnoser(
        stores.store, Topology(), DiagnosisSettings(), has_graph=False, steps=StepFinder(shelf)
    )
    requests = [request(number) for number in range(20)]
    found = diagnoser.diagnose(requests, decided_time=at(1))
    assert shelf.reads == 1
    assert [(one.text, one.needs_approval, one.citations) for one in found[0].next_steps] == [
        ("Check the camera.", False, ("chk-1",)),
        ("Reset the door contact.", True, ("chk-1",)),
    ]
    diagnoser.diagnose(requests, decided_time=at(10))
    assert shelf.reads == 2
