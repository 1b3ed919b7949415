"""The variants of the incident suite: the worker's own ranking, playbook and advisers over stored incidents.

A variant is handed incidents by case id and a database; nothing of it knows what is true.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from agents.diagnosis import GraphDiagnoser
from agents.diagnosis.leading import Leading
from benchmarks.scenarios.case import Case, Said
from benchmarks.scenarios.incidents.baselines import Pick
from benchmarks.scenarios.incidents.verification import faults_in
from streams.advice import wants_advice
from streams.component import Snapshot
from streams.incident import IncidentWriter
from telcollm.ports import Adviser
from telcollm.records import Diagnosis, Shadow
from telcollm.state import Candidate, DiagnosisRequest
from telcollm.store.opening import Stores
from telcollm.topology import Topology

_LISTED: Final = 24


class PlainSystem:
    """Names a group of the incident by a rule of thumb, always, and claims nothing."""

    def __init__(self, incidents: Mapping[str, Snapshot], pick: Pick, identity: Mapping[str, str]) -> None:
        self._incidents = incidents
        self._pick = pick
        self.identity = identity

    def answer(self, case: Case) -> Said:
        """Return the group that the rule picks."""
        groups = self._incidents[case.case_id].groups
        found = self._pick(groups)
        return Said(
            case.case_id,
            {
                "root": [found.managed_object, found.problem],
                "named": [found.managed_object],
                "candidates": [[one.managed_object, one.problem] for one in groups[:_LISTED]],
                "kind": None,
            },
            f"{found.problem} on {found.managed_object}",
        )

    def close(self) -> None:
        """Let go of nothing."""


class DiagnosisSystem:
    """Diagnoses an incident as the worker does; where there is an adviser, its choice is the answer.

    The worker keeps an adviser's choice in shadow until it is promoted: this says what it would be worth.
    With `leading` the diagnosis is made anew with that choice in the lead.
    """

    def __init__(
        self,
        incidents: Mapping[str, Snapshot],
        writer: IncidentWriter,
        diagnoser: GraphDiagnoser,
        stores: Stores,
        topology: Topology,
        identity: Mapping[str, str],
        *,
        adviser: Adviser | None = None,
        leading: Leading | None = None,
        prompt_tokens: int = 512,
    ) -> None:
        self._incidents = incidents
        self._writer = writer
        self._diagnoser = diagnoser
        self._stores = stores
        self._topology = topology
        self._adviser = adviser
        self._leading = leading
        self._prompt_tokens = prompt_tokens
        self.identity = identity

    def answer(self, case: Case) -> Said:
        """Return the diagnosis of the case's incident; the checks of its claims are not in its time."""
        began_s = time.monotonic()
        tokens_before = self._tokens()
        incident, candidates = self._writer.write(self._incidents[case.case_id])
        request = DiagnosisRequest(
            request_id=f"{incident.incident_id}:{incident.revision}",
            lane="scenarios/0",
            incident=incident,
            groups=self._incidents[case.case_id].groups,
            candidates=candidates,
            append_ms=0,
        )
        decided = incident.last_event_time + timedelta(minutes=15)
        diagnosis = self._diagnoser.diagnose([request], decided_time=decided)[0]
        shadow = None
        if self._adviser is not None and wants_advice(request):
            shadow = self._adviser.advise([request], prompt_tokens=self._prompt_tokens)[0]
            if self._leading is not None:
                (diagnosis,) = self._leading([(request, diagnosis, shadow)], decided_time=decided)
        seconds = time.monotonic() - began_s
        wrong = faults_in(diagnosis, request, self._stores, self._topology)
        root = _chosen(candidates, shadow)
        return Said(
            case.case_id,
            _outcome(diagnosis, candidates, root, shadow, wrong),
            _text(diagnosis, root, shadow),
            tokens=self._tokens() - tokens_before,
            abstained=diagnosis.abstained,
            seconds=seconds,
        )

    def _tokens(self) -> int:
        if self._adviser is None:
            return 0
        counters = self._adviser.counters()
        return int(counters.get("tokens_in", 0) + counters.get("tokens_out", 0))

    def close(self) -> None:
        """Let go of the database."""
        self._stores.close()


def _chosen(candidates: Sequence[Candidate], shadow: Shadow | None) -> Candidate | None:
    """Return the likeliest candidate: by the adviser where it said so, else as ranked."""
    if not candidates:
        return None
    if shadow is None or not shadow.probabilities:
        return candidates[0]
    best = max(range(len(shadow.probabilities)), key=shadow.probabilities.__getitem__)
    return candidates[best]


def _outcome(
    diagnosis: Diagnosis,
    candidates: Sequence[Candidate],
    root: Candidate | None,
    shadow: Shadow | None,
    wrong: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    own = next((one for one in diagnosis.hypotheses if root and one.root_cause_alarm == root.alarm_id), None)
    kinds = [label for label, _ in shadow.fault_kinds] if shadow else []
    return {
        "root": [root.managed_object, root.problem] if root else None,
        "named": [one.root_cause_resource for one in diagnosis.hypotheses],
        "candidates": [[one.managed_object, one.problem] for one in candidates[:_LISTED]],
        "confidence": round(diagnosis.confidence, 4),
        "kind": kinds[0] if kinds else None,
        "claims": len(own.claims) if own else 0,
        "verdict": own.verdict.value if own else None,
        "unverified": sorted(wrong[own.root_cause_alarm]) if own else None,
        "all_unverified": sum(len(one) for one in wrong.values()),
        "all_claims": sum(len(one.claims) for one in diagnosis.hypotheses),
        "grounding": diagnosis.grounding,
        "steps": [step.source for step in diagnosis.next_steps],
    }


def _text(diagnosis: Diagnosis, root: Candidate | None, shadow: Shadow | None) -> str:
    lines = [diagnosis.summary]
    if shadow is not None and root is not None:
        lines.append(f"{shadow.adapter or shadow.model} would say: {root.problem} on {root.managed_object}.")
        if shadow.fault_kinds:
            lines.append(f"Kind of fault: {shadow.fault_kinds[0][0]}.")
    for one in diagnosis.hypotheses:
        where = f"{one.root_cause_problem} on {one.root_cause_resource}"
        lines.append(f"{where}, {one.confidence:.0%}, {one.verdict.value}:")
        lines += [f"- {'against: ' if claim.against else ''}{claim.text}" for claim in one.claims]
    lines += [f"Missing: {one}." for one in diagnosis.missing]
    lines += [f"Next: {step.text} [{step.source}]" for step in diagnosis.next_steps]
    return "\n".join(lines)
