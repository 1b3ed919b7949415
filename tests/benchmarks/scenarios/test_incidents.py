"""Laws of the incident suite: what is asked, what is hidden, what counts as right; and a small run of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from benchmarks.scenarios.case import Answer, Said, Scored
from benchmarks.scenarios.folder import CaseFolder
from benchmarks.scenarios.incidents.baselines import earliest, highest, hops_to_core, severest
from benchmarks.scenarios.incidents.cases import NOTHING, CasePlan
from benchmarks.scenarios.incidents.suite import IncidentSuite, score
from benchmarks.scenarios.incidents.verification import faults_in
from benchmarks.scenarios.making import made_folder
from benchmarks.scenarios.running import ask, scored
from benchmarks.scenarios.suite import NotAvailable, Options
from streams.simulator.plan import SimulationPlan
from streams.simulator.tables import TablePlan
from telcollm.decider.shelf import resolve
from telcollm.decider.spec import read_spec, write_spec
from telcollm.records import Claim, DecidedBy, Diagnosis, Hypothesis, Link, TopologyElement, Verdict
from telcollm.settings import Settings
from telcollm.state import DiagnosisRequest, MemberGroup
from telcollm.store.opening import open_stores
from telcollm.topology import Topology
from tests.telcollm.store.examples import NOON, NOON_MS, alarm, incident

PLAN: Final = TablePlan(
    simulation=SimulationPlan(seed=3, elements=200, days=1.0, faults_per_day=260.0, works_per_day=2.0)
)
TRUTH: Final[dict[str, Any]] = {
    "kind": "fibre_cut",
    "objects": ["span-1", "span-2"],
    "pairs": [["span-1", "LOS"], ["cell-9", "CELL DOWN"]],
    "others": [{"kind": "mains_failure", "objects": ["psu-4"]}],
}


def silent(text: str) -> None:
    del text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> CaseFolder:
    suite = IncidentSuite(PLAN, CasePlan(faults=8, quiet=3, unseen_dialect=4))
    return made_folder(suite, "test", tmp_path_factory.mktemp("scenarios"), silent)


def run(folder: CaseFolder, variant: str, options: Options | None = None) -> list[Scored]:
    suite = IncidentSuite(PLAN)
    system = suite.system(
        variant, folder.inputs, options or Options(), Settings(home=folder.root / "home"), silent
    )
    try:
        told = ask(system, folder.cases(), lambda: 0.0)
    finally:
        system.close()
    return scored(suite, told, folder.answers())


def test_a_small_run_diagnoses_every_case_with_claims_that_are_verified(folder: CaseFolder) -> None:
    lines = run(folder, "rules-graph")
    assert len(lines) >= 10
    assert {line.slices["behind"] for line in lines} == {"fault", "nothing"}
    for line in lines:
        assert line.outcome["root"] is not None
        assert line.outcome["all_unverified"] == 0
        assert line.text
        asked = {name for name, value in line.scores.items() if value is not None}
        assert ("exact" in asked) == (line.slices["behind"] == "fault")
    assert any(line.scores.get("exact") == 1.0 for line in lines)


def test_every_variant_is_asked_the_same_cases(folder: CaseFolder) -> None:
    wanted = [case.case_id for case in folder.cases()]
    for variant in ("rules", "highest", "knowledge"):
        assert [line.case_id for line in run(folder, variant)] == wanted


def test_what_the_system_is_handed_names_no_fault_and_no_kind(folder: CaseFolder) -> None:
    answers = folder.answers()
    handed = (folder.inputs / "cases.jsonl").read_text()
    for case in folder.cases():
        assert set(case.inputs) == {"alarm"}
        truth = answers[case.case_id].truth
        assert truth["kind"] not in handed
    for name in ("incidents-rules.bin", "incidents-graph.bin"):
        kept = (folder.inputs / name).read_bytes()
        assert b"fault_id" not in kept
        assert not any(answer.truth["kind"].encode() in kept for answer in answers.values())


def test_the_answers_are_not_needed_to_answer(folder: CaseFolder) -> None:
    suite = IncidentSuite(PLAN)
    hidden = folder.root / "answers.jsonl"
    aside = hidden.rename(folder.root / "aside")
    try:
        system = suite.system("rules", folder.inputs, Options(), Settings(home=folder.root), silent)
        try:
            assert len(ask(system, folder.cases(), lambda: 0.0)) == len(folder.cases())
        finally:
            system.close()
    finally:
        aside.rename(hidden)


def test_a_variant_whose_decider_is_missing_is_not_available(folder: CaseFolder) -> None:
    options = Options(deciders={"fault_kind": str(folder.root / "no-such-decider")})
    with pytest.raises(NotAvailable, match="no decider of windows"):
        run(folder, "tuned", options)


def test_the_weights_of_a_decider_stand_beside_its_figures(folder: CaseFolder, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    decider = shutil.copytree(resolve("window-root-cause", settings), tmp_path / "window-root-cause")
    told = []
    for temperature in (1.0, 2.0):
        write_spec(msgspec.structs.replace(read_spec(decider), temperature=temperature), decider)
        options = Options(deciders={"root_cause": str(decider)})
        system = IncidentSuite(PLAN).system("tuned", folder.inputs, options, settings, silent)
        told.append(system.identity)
        system.close()
    assert told[0]["root_cause"] == told[1]["root_cause"]
    assert told[0]["weights_root_cause"] != told[1]["weights_root_cause"]


def said(**changes: Any) -> Said:
    outcome = {
        "root": ["span-1", "LOS"],
        "named": ["span-1", "cell-9"],
        "candidates": [["cell-9", "CELL DOWN"], ["span-1", "LOS"]],
        "confidence": 0.7,
        "kind": None,
        "claims": 2,
        "unverified": [],
        "all_unverified": 0,
        "all_claims": 4,
        "grounding": 1.0,
        "steps": [],
        **changes,
    }
    text = outcome.pop("text", "The likeliest cause is LOS on span-1.")
    return Said("c", outcome, text, abstained=outcome.pop("abstained", False))


def scores(answer: Said, **truth: Any) -> dict[str, float | None]:
    return dict(score(Answer("c", {**TRUTH, **truth}), answer))


def test_a_perfect_answer_scores_one_in_everything() -> None:
    found = scores(said(kind="fibre_cut"))
    for name in ("exact", "object", "named", "top_3", "grounded", "kind", "reachable", "exact_answered"):
        assert found[name] == 1.0, name


def test_exact_is_the_object_and_a_problem_that_the_fault_raised_there() -> None:
    assert scores(said(root=["span-1", "HIGH TEMPERATURE"]))["exact"] == 0.0
    assert scores(said(root=["span-1", "HIGH TEMPERATURE"]))["object"] == 1.0
    assert scores(said(root=["cell-9", "CELL DOWN"]))["exact"] == 0.0
    assert scores(said(root=["psu-4", "MAINS"]))["some_fault"] == 1.0
    assert scores(said(root=None))["exact"] == 0.0


def test_a_right_cause_with_a_claim_that_is_not_so_is_not_grounded() -> None:
    found = scores(said(unverified=["cites alm-7, which is not there"], all_unverified=1))
    assert (found["exact"], found["grounded"], found["claims_verified"]) == (1.0, 0.0, 0.75)
    assert scores(said(claims=0))["grounded"] == 0.0
    assert scores(said(unverified=None))["grounded"] == 0.0


def test_a_longer_name_is_not_the_name_that_it_holds() -> None:
    assert scores(said(text="LOS on span-12."))["named"] == 0.0
    assert scores(said(text="LOS on span-2!"))["named"] == 1.0


def test_abstaining_is_false_only_where_the_lead_was_exact() -> None:
    assert scores(said(abstained=True))["false_abstention"] == 1.0
    assert scores(said(abstained=True))["exact_answered"] is None
    assert scores(said(abstained=True, root=["cell-9", "CELL DOWN"]))["false_abstention"] is None
    quiet = scores(said(abstained=True), kind=NOTHING, objects=[], pairs=[], others=[])
    assert quiet["quiet_abstained"] == 1.0
    assert quiet["quiet_steps"] == 0.0
    assert "exact" not in quiet


def group(name: str, problem: str, after_ms: int, severity: int) -> MemberGroup:
    return MemberGroup(f"a-{name}", name, problem, severity, NOON_MS + after_ms, NOON_MS + after_ms, 1)


def test_plain_baselines_pick_the_first_the_worst_and_the_one_nearest_the_core() -> None:
    core = TopologyElement(tenant="acme", element_id="core", element_type="core_router")
    near = TopologyElement(tenant="acme", element_id="near", links=(Link(target="core", kind="ip"),))
    far = TopologyElement(tenant="acme", element_id="far", links=(Link(target="near", kind="ip"),))
    aside = TopologyElement(tenant="acme", element_id="aside", links=(Link(target="core", kind="place"),))
    hops = hops_to_core(Topology([core, near, far, aside]))
    assert hops == {"core": 0, "near": 1, "far": 2}
    groups = [group("far", "A", 0, 4), group("near", "B", 10, 3), group("aside", "C", 20, 6)]
    assert earliest(groups).managed_object == "far"
    assert severest(groups).managed_object == "aside"
    assert highest(hops)(groups).managed_object == "near"


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[Any]:
    """What is wrong with a hypothesis on n1, given the claims and the path that it makes."""
    stores = open_stores(f"sqlite:///{tmp_path / 'telcollm.db'}")
    with stores.store.transaction() as transaction:
        transaction.put_alarms(
            [
                alarm("a1", managed_object="n1", problem="LOS", raised_ms=NOON_MS),
                alarm("a2", managed_object="n2", problem="DOWN", raised_ms=NOON_MS + 1),
                alarm("a9", managed_object="n9", problem="DOOR", raised_ms=NOON_MS),
            ]
        )
    groups = (
        MemberGroup("a1", "n1", "LOS", 5, NOON_MS, NOON_MS, 1),
        MemberGroup("a2", "n2", "DOWN", 5, NOON_MS + 1, NOON_MS + 1, 1),
    )
    request = DiagnosisRequest("r", "l", incident("i-1"), groups, (), 0)
    topology = Topology(
        [
            TopologyElement(tenant="acme", element_id="n1", links=(Link(target="n2"),)),
            TopologyElement(tenant="acme", element_id="n2"),
        ]
    )

    def check(claims: tuple[Claim, ...], path: tuple[str, ...] = (), problem: str = "LOS") -> list[str]:
        one = Hypothesis(
            root_cause_resource="n1",
            root_cause_alarm="a1",
            root_cause_problem=problem,
            confidence=0.8,
            verdict=Verdict.OPEN,
            claims=claims,
            path=path,
        )
        diagnosis = Diagnosis(
            tenant="acme",
            diagnosis_id="d",
            incident_id="i-1",
            incident_revision=1,
            decided_time=NOON,
            hypotheses=(one,),
            decided_by=DecidedBy.GRAPH,
        )
        return faults_in(diagnosis, request, stores, topology)["a1"]

    yield check
    stores.close()


def test_claims_over_the_incidents_own_alarms_and_links_are_verified(checked: Any) -> None:
    assert checked((Claim(text="n1 raised LOS.", evidence=("a1", "a2")),), ("n1", "n2")) == []


@pytest.mark.parametrize(
    ("claims", "path", "problem", "fault"),
    [
        ((Claim(text="n1 raised LOS.", evidence=("a-forged",)),), (), "LOS", "which is not there"),
        ((Claim(text="n9 raised DOOR.", evidence=("a9",)),), (), "LOS", "which is not there"),
        ((Claim(text="n1 raised LOS.", evidence=()),), (), "LOS", "cites nothing"),
        ((Claim(text="the door is open.", evidence=("a2",)),), (), "LOS", "speaks of another object"),
        ((), ("n1", "n9"), "LOS", "no link joins n1 and n9"),
        ((), (), "FIRE", "is no alarm of FIRE"),
    ],
)
def test_what_is_not_so_is_found(
    checked: Any, claims: tuple[Claim, ...], path: tuple[str, ...], problem: str, fault: str
) -> None:
    assert any(fault in one for one in checked(claims, path, problem))


def test_the_recipe_is_plain_and_another_number_of_cases_is_another_one() -> None:
    suite, other = IncidentSuite(PLAN), IncidentSuite(PLAN, CasePlan(faults=9))
    assert json.loads(json.dumps(suite.recipe("test"))) == suite.recipe("test")
    assert suite.recipe("test") != suite.recipe("validation")
    assert suite.recipe("test") != other.recipe("test")
