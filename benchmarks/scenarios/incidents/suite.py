"""The incident suite: how its cases are made, which variants there are, and what a right answer is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from benchmarks.scenarios.case import Answer, Case, Part, Said
from benchmarks.scenarios.folder import CaseFolder
from benchmarks.scenarios.incidents.baselines import earliest, highest, hops_to_core, severest
from benchmarks.scenarios.incidents.cases import NOTHING, CasePlan, case_id_of, choose_cases, placed
from benchmarks.scenarios.incidents.opening import open_variant
from benchmarks.scenarios.incidents.runbooks import keep_runbooks
from benchmarks.scenarios.incidents.stored import DATABASE, fill_database
from benchmarks.scenarios.incidents.stream import (
    TENANT,
    Row,
    alarm_rows,
    correlate,
    keep_incidents,
    kept_incidents,
    topology_of,
    works_of,
    write_heard,
)
from benchmarks.scenarios.incidents.systems import PlainSystem
from benchmarks.scenarios.simulated import operator_folder, rows_of, table_plan
from benchmarks.scenarios.suite import Measure, Options, Scores, System, Tell
from streams.component import Snapshot
from streams.simulator.catalogue import FAULT_KINDS
from streams.simulator.tables import TablePlan
from streams.simulator.tables_split import SplitRule
from telcollm import graph as graphs
from telcollm.settings import Settings
from telcollm.store.opening import open_stores
from telcollm.topology import Topology

GRAPH: Final = "graph.json"
WITHOUT, WITH = "incidents-rules.bin", "incidents-graph.bin"
_ROOT: Final = Path(__file__).resolve().parents[3]
_CORRELATION: Final = ("correlation", "component", "life", "event")
_BASELINES: Final = ("earliest", "severest", "highest")
_WARM_UP: Final = timedelta(hours=13)
_AFTER: Final = timedelta(hours=8)


class IncidentSuite:
    """Incidents of the training plan's operator; `root` keeps the graph, learned once for both parts."""

    name = "incidents"
    headline = "exact"
    measures: Mapping[str, Measure] = MappingProxyType(
        {
            "exact": Measure(
                "first, it names an object of the true cause and a problem this fault raised there"
            ),
            "object": Measure("first, it names an object of the true cause"),
            "named": Measure("the text names an object of the true cause, or the kind of fault"),
            "top_3": Measure("one of its hypotheses is on an object of the true cause"),
            "grounded": Measure("exact, and all that the hypothesis claims was verified, path included"),
            "kind": Measure("where it names a kind of fault, that is the true one"),
            "some_fault": Measure("first, it names an object of this fault's cause or of another's in there"),
            "reachable": Measure("an exact answer was among the incident's candidates: the most it can be"),
            "exact_reachable": Measure("exact, where an exact answer was among the candidates"),
            "abstained": Measure("it says that the evidence singles out no cause", better="neither"),
            "false_abstention": Measure("of those where its lead was exact, it abstained", better="lower"),
            "exact_answered": Measure("of those where it did not abstain, exact"),
            "quiet_abstained": Measure("of incidents that no fault is behind, it abstained"),
            "claims_verified": Measure("share of all claims that were verified"),
            "grounding": Measure("the diagnosis's own grounding score"),
            "claims": Measure("claims of the hypothesis", better="neither"),
            "steps": Measure("it names steps to take, cited"),
            "step_right": Measure("where it cites runbooks, one is that of the true kind"),
            "quiet_steps": Measure("of incidents that no fault is behind, it names steps", better="lower"),
        }
    )
    variants: Mapping[str, str] = MappingProxyType(
        {
            "earliest": "plain: the first alarm of the incident (correlated with the graph)",
            "severest": "plain: the most severe alarm",
            "highest": "plain: the alarm nearest the core of the network",
            "rules": "topology and time alone, no cause graph, alarms alone as evidence",
            "rules-graph": "and the cause graph learned on the training period",
            "telemetry": "and KPIs, logs and announced work as evidence: what a worker does without a model",
            "knowledge": "and runbooks, for the steps to take next",
            "untuned": "telemetry, and the untuned base model's choice among the candidates",
            "tuned": "telemetry, and deciders: --decider root_cause=NAME, --decider fault_kind=NAME",
            "led": "tuned, and the choice among the candidates leads the diagnosis, and the kind the steps",
        }
    )

    def __init__(self, plan: TablePlan | None = None, cases: CasePlan | None = None) -> None:
        """Take another operator than the training plan's, and other numbers of cases: for tests."""
        self._own_plan = plan
        self._cases = cases or CasePlan()

    @property
    def _plan(self) -> TablePlan:
        return self._own_plan or table_plan()

    def recipe(self, part: Part) -> Mapping[str, Any]:
        """Return the plan, the numbers of cases, and a digest of the code that correlates."""
        own = Path(__file__).parent
        files = [_ROOT / "streams" / f"{name}.py" for name in _CORRELATION]
        files += [own / f"{name}.py" for name in ("cases", "stored", "runbooks")]
        return {
            **self._graph_recipe(),
            "part": part,
            "cases": asdict(self._cases),
            "code": _digest(files),
        }

    def _graph_recipe(self) -> dict[str, Any]:
        own = Path(__file__).parent
        files = [*(_ROOT / "streams" / "causes").glob("*.py"), own / "learning.py", own / "stream.py"]
        plan = json.loads(json.dumps(asdict(self._plan), default=str))
        return {"plan": plan, "graph_code": _digest(files)}

    def make(self, folder: CaseFolder, part: Part, tell: Tell) -> None:
        """Make the cases: correlate the part twice, without and with the learned graph."""
        operator = self._operator(folder.root.parent.parent, tell)
        plan = self._plan
        simulated = plan.simulation
        rule = SplitRule(simulated.duration_s)
        taught = simulated.origin + timedelta(seconds=rule.train_ratio * simulated.duration_s)
        tested = taught + timedelta(seconds=rule.validation_ratio * simulated.duration_s)
        ended = simulated.origin + timedelta(seconds=simulated.duration_s) + _AFTER
        began, until = (tested, ended) if part == "test" else (taught, tested + _AFTER)
        topology, works = topology_of(operator), works_of(operator)
        fault_of = {row["alarm_id"]: row["fault_id"] for row in rows_of(operator, "truth/alarms")}
        faults = rows_of(operator, "truth/faults")
        graph = self._graph(folder, operator, topology, fault_of, faults, rule, tell)
        graphs.save(graph, folder.inputs / GRAPH)
        rows = alarm_rows(operator, began - _WARM_UP, until)
        tell(f"correlating {len(rows):,} alarms without a graph")
        plain = correlate(rows, plan.windows, topology, works, None)
        tell(f"correlating {len(rows):,} alarms with the graph")
        causal = correlate(rows, plan.windows, topology, works, graph)
        chosen = choose_cases(
            part,
            plain,
            rows,
            fault_of,
            faults,
            origin=simulated.origin,
            began=began,
            rule=rule,
            plan=self._cases,
        )
        incidents: list[Snapshot] = []
        members: set[str] = set()
        for name, heard in ((WITHOUT, plain), (WITH, causal)):
            by_case = {
                case_id_of(one.anchor): heard.incidents[heard.alarms[one.anchor].component_id]
                for one in chosen
            }
            keep_incidents(folder.inputs / name, by_case)
            incidents += list(by_case.values())
        for snapshot in incidents:
            members.update(group.alarm_id for group in snapshot.groups)
        tell("writing logs, KPIs and runbooks")
        fill_database(
            folder.inputs / DATABASE,
            operator,
            simulated,
            alarms=(causal.alarms[name] for name in sorted(members)),
            works=works,
            incidents=incidents,
            since=began - timedelta(hours=3),
            until=until,
        )
        stores = open_stores(f"sqlite:///{folder.inputs / DATABASE}")
        try:
            stores.store.put_topology(topology.elements.values())
            keep_runbooks(stores, folder.inputs / "runbooks", TENANT)
        finally:
            stores.close()
        folder.write(
            (Case(case_id_of(one.anchor), {"alarm": one.anchor}) for one in chosen),
            (one.answer for one in chosen),
        )

    def _operator(self, data: Path, tell: Tell) -> Path:
        """Return the folder of the operator's tables; that of a plan of one's own lies apart."""
        if self._own_plan is None:
            return operator_folder(data, tell)
        from streams.simulator.tables import Tables

        return write_heard(Tables(self._own_plan), data / "operator-own")

    def _graph(
        self,
        folder: CaseFolder,
        operator: Path,
        topology: Topology,
        fault_of: Mapping[str, str],
        faults: list[dict[str, Any]],
        rule: SplitRule,
        tell: Tell,
    ) -> graphs.CauseGraph:
        """Return the graph learned on the training period: the same for both parts, so learned once."""
        simulated = self._plan.simulation
        recipe = json.dumps(self._graph_recipe(), sort_keys=True).encode()
        path = folder.root.parent.parent / f"graph-{hashlib.sha256(recipe).hexdigest()[:12]}.json"
        if path.is_file():
            return graphs.load(path)
        from benchmarks.scenarios.incidents.learning import learned_graph

        kinds = {fault["fault_id"]: fault["kind"] for fault in faults}
        tests = {
            fault["fault_id"]
            for fault in faults
            if placed(fault, simulated.origin, rule, kinds).split != "train"
        }
        taught = simulated.origin + timedelta(seconds=rule.train_ratio * simulated.duration_s)
        rows: list[Row] = list(alarm_rows(operator, simulated.origin, taught))
        tell(f"learning the cause graph of {len(rows):,} alarms: some minutes, once")
        graph = learned_graph(
            rows,
            topology,
            self._plan.windows,
            unseen_vendor=rule.unseen_vendor,
            left_out={row["alarm_id"] for row in rows if fault_of.get(row["alarm_id"]) in tests},
            tell=tell,
        )
        graphs.save(graph, path)
        return graph

    def system(self, variant: str, inputs: Path, options: Options, settings: Settings, tell: Tell) -> System:
        """Return a variant over the stored incidents.

        Raises:
            NotAvailable: a decider or the base model is not here.
        """
        graph = None if variant == "rules" else graphs.load(inputs / GRAPH)
        incidents = kept_incidents(inputs / (WITHOUT if graph is None else WITH))
        if variant in _BASELINES:
            picks: dict[str, Callable[..., Any]] = {"earliest": earliest, "severest": severest}
            if variant == "highest":
                stores = open_stores(f"sqlite:///{inputs / DATABASE}")
                try:
                    from telcollm.ports import EVERYTHING

                    picks["highest"] = highest(hops_to_core(Topology(stores.store.topology(EVERYTHING))))
                finally:
                    stores.close()
            return PlainSystem(incidents, picks[variant], {"decided_by": variant})
        return open_variant(variant, inputs / DATABASE, incidents, graph, options, settings, tell)

    def score(self, answer: Answer, said: Said) -> Scores:
        """Return the scores of one case; of those that no fault is behind, only whether it abstained."""
        return score(answer, said)


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def score(answer: Answer, said: Said) -> Scores:
    """Return the scores of what was said of an incident: a pure function of the two."""
    truth, told = answer.truth, said.outcome
    found: dict[str, float | None] = {
        "abstained": float(said.abstained) if "confidence" in told else None,
        "claims": told.get("claims"),
        "grounding": told.get("grounding"),
    }
    if told.get("all_claims"):
        found["claims_verified"] = max(0.0, 1.0 - told["all_unverified"] / told["all_claims"])
    if told.get("kind") is not None:
        found["kind"] = float(told["kind"] == truth["kind"])
    if truth["kind"] == NOTHING:
        found["quiet_abstained"] = found["abstained"]
        found["quiet_steps"] = float(bool(told["steps"])) if "steps" in told else None
        return found
    objects = set(truth["objects"])
    pairs = {(name, problem) for name, problem in truth["pairs"] if name in objects}
    root = tuple(told["root"]) if told["root"] else None
    exact = root in pairs
    reachable = any(tuple(one) in pairs for one in told["candidates"])
    others = {name for other in truth["others"] for name in other["objects"]}
    found |= {
        "exact": float(exact),
        "object": float(root is not None and root[0] in objects),
        "named": float(any(_speaks(said.text, name) for name in objects) or found.get("kind") == 1.0),
        "top_3": float(any(name in objects for name in told["named"])),
        "some_fault": float(root is not None and root[0] in objects | others),
        "reachable": float(reachable),
        "exact_reachable": float(exact) if reachable else None,
    }
    if "unverified" in told:
        found["grounded"] = float(exact and told["unverified"] == [] and bool(told["claims"]))
        found["false_abstention"] = float(said.abstained) if exact else None
        found["exact_answered"] = None if said.abstained else float(exact)
        found["steps"] = float(bool(told["steps"]))
        if told["steps"]:
            title = FAULT_KINDS[truth["kind"]].title
            found["step_right"] = float(any(_cites(citation, title) for citation in told["steps"]))
    return found


def _speaks(text: str, name: str) -> bool:
    """Tell whether a text names an object, not a longer name that holds it.

    >>> _speaks("LOS on NE-1.", "NE-1"), _speaks("LOS on NE-12.", "NE-1")
    (True, False)
    """
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _cites(citation: str, title: str) -> bool:
    """Tell whether a citation is of a passage under this title.

    >>> _cites("Fibre cable cut > What to do (lines 6-9, version 1)", "Fibre cable cut")
    True
    >>> _cites("Fibre cable cut again > What to do (lines 6-9, version 1)", "Fibre cable cut")
    False
    """
    return re.match(rf"{re.escape(title)} (?:>|\()", citation) is not None
