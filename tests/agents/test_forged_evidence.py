"""Laws against forged evidence and contradictory alarms: neither changes what a diagnosis comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from agents.diagnosis import GraphDiagnoser
from streams.component import component_id_of
from streams.correlation import Correlator
from streams.event import AlarmEvent, EventKind
from streams.incident import IncidentWriter
from streams.ranking import rank
from telcollm.graph import CauseEdge, LearnedFrom, cause_graph
from telcollm.ports import Store
from telcollm.records import Diagnosis, Link, TopologyElement
from telcollm.settings import DiagnosisSettings
from telcollm.state import DiagnosisRequest, MemberGroup
from telcollm.store import open_store
from telcollm.topology import Topology
from tests.telcollm.store.examples import NOON_MS, alarm, incident

DECIDED = datetime(2026, 1, 2, tzinfo=UTC)
GRAPH = cause_graph(
    ["POWER", "LOSS", "DOOR"],
    [CauseEdge("POWER", "LOSS", 0.9)],
    method="by hand",
    learned_from=LearnedFrom("the tests"),
)
NETWORK = Topology(
    TopologyElement(tenant="acme", element_id=f"n{number}", links=(Link(target=f"n{number + 1}"),))
    for number in range(4)
)
TRUE = (
    MemberGroup("a1", "n1", "POWER", 5, NOON_MS, NOON_MS, 1),
    MemberGroup("a2", "n2", "LOSS", 5, NOON_MS + 2_000, NOON_MS + 2_000, 1),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The incident's own alarms; one of another incident, and one of another tenant, on the same object."""
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('forged') / 'telcollm.db'}")
    with opened.transaction() as transaction:
        transaction.put_alarms(
            [
                *(
                    alarm(one.alarm_id, managed_object=one.managed_object, problem=one.problem)
                    for one in TRUE
                ),
                alarm("other", managed_object="n9", problem="DOOR"),
                alarm("theirs", tenant="bell", managed_object="n3", problem="LOSS"),
            ]
        )
    yield opened
    opened.close()


def diagnose(store: Any, groups: Sequence[MemberGroup]) -> Diagnosis:
    ordered = tuple(sorted(groups, key=lambda item: (item.raised_ms, item.alarm_id)))
    asked = DiagnosisRequest(
        "inc-1:4",
        "events/0",
        incident("inc-1", 4, affected_objects=("n1", "n2"), alarm_count=2),
        ordered,
        rank(TRUE, GRAPH, NETWORK),
        NOON_MS,
    )
    diagnoser = GraphDiagnoser(store, NETWORK, DiagnosisSettings(), has_graph=True)
    (found,) = diagnoser.diagnose([asked], decided_time=DECIDED)
    return found


def decided(found: Diagnosis) -> tuple[Any, ...]:
    """What a diagnosis comes to: who is blamed, how surely, and whether it says so."""
    return (
        [(one.root_cause_alarm, one.confidence) for one in found.hypotheses],
        found.abstained,
        found.confidence,
        found.decided_by,
    )


def cited(found: Diagnosis) -> set[str]:
    return {name for one in found.hypotheses for claim in one.claims for name in claim.evidence}


FORGED = [
    pytest.param(MemberGroup("made-up", "n3", "LOSS", 6, NOON_MS + 3_000, NOON_MS, 1), id="an id made up"),
    pytest.param(MemberGroup("theirs", "n3", "LOSS", 6, NOON_MS + 3_000, NOON_MS, 1), id="another tenant's"),
    pytest.param(MemberGroup("other", "n3", "LOSS", 6, NOON_MS + 3_000, NOON_MS, 1), id="another incident's"),
    pytest.param(
        MemberGroup("a1' OR 1=1 --", "n3", "LOSS", 6, NOON_MS + 3_000, NOON_MS, 1), id="an id with SQL in it"
    ),
]


@pytest.mark.parametrize("forged", FORGED)
def test_forged_evidence_is_never_cited_and_changes_nothing_that_is_decided(
    store: Store, forged: MemberGroup
) -> None:
    plain, found = diagnose(store, TRUE), diagnose(store, (*TRUE, forged))
    assert decided(found) == decided(plain)
    assert cited(found) == cited(plain) == {"a1", "a2"}
    assert found.dropped_claims > plain.dropped_claims == 0
    assert all("n3" not in one.path for one in found.hypotheses)


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_root_cause_is_no_hypothesis(store: Store, forged: MemberGroup) -> None:
    first = msgspec.structs.replace(forged, problem="POWER", raised_ms=NOON_MS - 5_000)
    asked = DiagnosisRequest(
        "inc-1:4",
        "events/0",
        incident("inc-1", 4, affected_objects=("n1", "n2"), alarm_count=3),
        (first, *TRUE),
        rank((first, *TRUE), GRAPH, NETWORK),
        NOON_MS,
    )
    diagnoser = GraphDiagnoser(store, NETWORK, DiagnosisSettings(), has_graph=True)
    (found,) = diagnoser.diagnose([asked], decided_time=DECIDED)
    assert first.alarm_id not in {one.root_cause_alarm for one in found.hypotheses}
    assert first.alarm_id not in cited(found)
    assert found.dropped_claims >= 1


def test_an_alarm_that_the_store_has_of_another_problem_is_no_evidence(store: Store) -> None:
    told = (TRUE[0], msgspec.structs.replace(TRUE[1], problem="DOOR"))
    assert cited(diagnose(store, told)) == {"a1"}


def event(kind: EventKind, name: str, problem: str, at_ms: int, severity: int = 5) -> AlarmEvent:
    cleared = NOON_MS + at_ms if kind is EventKind.CLEAR else None
    return AlarmEvent(
        kind,
        f"alm-{name}{problem}",
        f"{name}|{problem}",
        "acme",
        "north",
        "ems",
        name,
        problem,
        severity,
        NOON_MS + at_ms,
        NOON_MS if kind is EventKind.CLEAR else NOON_MS + at_ms,
        cleared,
        False,
        "live",
    )


def blamed(events: Sequence[AlarmEvent]) -> tuple[tuple[str, str, float], ...]:
    """Whom the incident that the events come to blames, and how surely."""
    correlator = Correlator(0, gap_ms=60_000, graph=GRAPH, topology=NETWORK)
    for one in events:
        correlator.step(one)
    writer = IncidentWriter(
        topic="events",
        graph=GRAPH,
        topology=NETWORK,
        neighbourhood_of=lambda name: name,
        services_of=NETWORK.services,
    )
    (told,) = correlator.finish()
    assert told.component_id == component_id_of("alm-n1POWER")
    return tuple((one.managed_object, one.problem, one.share) for one in writer.write(told)[1])


RAISES = (event(EventKind.RAISE, "n1", "POWER", 0), event(EventKind.RAISE, "n2", "LOSS", 2_000))


@pytest.mark.parametrize(
    "contradicting",
    [
        pytest.param(event(EventKind.CLEAR, "n1", "POWER", -5_000), id="a clear from before its raise"),
        pytest.param(event(EventKind.CLEAR, "n1", "POWER", 1), id="a clear the instant after"),
        pytest.param(event(EventKind.CLEAR, "n3", "LOSS", 1_000), id="a clear of what was never raised"),
        pytest.param(event(EventKind.CLEAR, "n1", "LOSS", 1_000), id="a clear of another problem"),
        pytest.param(event(EventKind.RAISE, "n1", "POWER", 0, severity=1), id="the same raise as a warning"),
        pytest.param(event(EventKind.RAISE, "n1", "POWER", 0, severity=6), id="the same raise as critical"),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["told first", "told last"])
def test_contradictory_alarms_change_neither_whom_an_incident_blames_nor_how_surely(
    contradicting: AlarmEvent, first: bool
) -> None:
    events = (contradicting, *RAISES) if first else (*RAISES, contradicting)
    assert blamed(events) == blamed(RAISES)
    assert blamed(RAISES)[0][:2] == ("n1", "POWER")


def test_severities_that_contradict_each_other_change_no_verdict(store: Store) -> None:
    told = [
        tuple(
            msgspec.structs.replace(one, severity=severity) for one, severity in zip(TRUE, pair, strict=True)
        )
        for pair in ((1, 6), (6, 1), (3, 3))
    ]
    found = [diagnose(store, groups) for groups in told]
    assert len({str(decided(one)) for one in found}) == 1
    assert len({tuple(item.verdict for item in one.hypotheses) for one in found}) == 1
