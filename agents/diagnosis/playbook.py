"""The diagnosis playbook: candidates ranked by graph and topology, facts by tools, sentences over evidence.

Graph and rules decide; a model's opinion is kept beside them until one has been promoted. A claim whose
evidence does not exist in the store is dropped and counted. KPIs, logs and changes settle what alarms leave
open; they never move a confidence. Does not know how candidates are ranked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from agents.diagnosis.calibration import Calibration
from agents.diagnosis.evidence import EvidenceSource, Sign
from agents.diagnosis.finder import Found, Kinds, StepFinder
from agents.diagnosis.shape import shape_of
from agents.tools import ToolAnswer, alarms_by_id, topology_path
from telcollm.errors import TelcollmError
from telcollm.ports import Scope, Store
from telcollm.records import Claim, DecidedBy, Diagnosis, Hypothesis, Mode, Verdict
from telcollm.settings import DiagnosisSettings
from telcollm.state import AlarmState, Candidate, DiagnosisRequest, MemberGroup
from telcollm.topology import Topology

_LOG = logging.getLogger(__name__)

PLAYBOOK_VERSION = "graph-3"
_MAX_CLAIM_EVIDENCE = 12
_SLACK_MS = 2_000
_NO_STEPS = "No steps are given:"


class GraphDiagnoser:
    """Diagnoses by cause graph, topology and time; implements `telcollm.ports.Diagnoser`."""

    def __init__(
        self,
        store: Store,
        topology: Topology,
        settings: DiagnosisSettings,
        *,
        has_graph: bool,
        evidence: EvidenceSource | None = None,
        steps: StepFinder | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        """Take where to look beside alarms and for steps to take, and when a diagnosis is sure enough.

        Without a `calibration` the setting `abstain_below` says when.
        """
        self._store = store
        self._topology = topology
        self._settings = settings
        self._has_graph = has_graph
        self._evidence = evidence
        self._steps = steps
        self._calibration = calibration
        self._sure_from = settings.abstain_below if calibration is None else calibration.threshold

    def diagnose(
        self, requests: Sequence[DiagnosisRequest], *, decided_time: datetime, kinds: Sequence[Kinds] = ()
    ) -> list[Diagnosis]:
        """Return one diagnosis a request, in order; where nothing can be said it abstains.

        `kinds` are what a decider takes each request's kind of fault for, for the steps to take next.
        """
        wanted: dict[str, set[str]] = {}
        for request in requests:
            ids = wanted.setdefault(request.incident.tenant, set())
            ids.update(group.alarm_id for group in request.groups)
        answers = {
            tenant: alarms_by_id(self._store, Scope(tenants=(tenant,)), sorted(ids))
            for tenant, ids in wanted.items()
        }
        signs = self._signs(requests, decided_time)
        return [
            self._one(
                request,
                answers[request.incident.tenant],
                signs[place],
                decided_time,
                kinds[place] if kinds else (),
            )
            for place, request in enumerate(requests)
        ]

    def _signs(
        self, requests: Sequence[DiagnosisRequest], at: datetime
    ) -> Sequence[Mapping[str, Sequence[Sign]]]:
        """Return what was found beside alarms; without it, a diagnosis rests on alarms and the topology."""
        if self._evidence is not None:
            try:
                return self._evidence.signs(requests, self._settings.max_hypotheses, at)
            except TelcollmError as error:
                _LOG.warning("diagnosed without KPIs, logs and changes: %s", error)
        return [{} for _ in requests]

    def _one(
        self,
        request: DiagnosisRequest,
        answer: ToolAnswer[dict[str, AlarmState]],
        signs: Mapping[str, Sequence[Sign]],
        decided_time: datetime,
        kinds: Kinds,
    ) -> Diagnosis:
        incident = request.incident
        facts = _borne_out(request.groups, answer.value or {})
        dropped = 0
        hypotheses: list[Hypothesis] = []
        for candidate in request.candidates[: self._settings.max_hypotheses]:
            hypothesis, lost = self._hypothesis(candidate, request, facts, signs)
            dropped += lost
            if hypothesis is not None:
                hypotheses.append(hypothesis)
        hypotheses = [_weighed(one, hypotheses, signs) for one in hypotheses]
        kept = sum(len(one.claims) for one in hypotheses)
        best = hypotheses[0] if hypotheses else None
        confidence = self._confidence(request, hypotheses)
        abstained = best is None or confidence < self._sure_from
        found = self._next_steps(request, best, decided_time, kinds)
        return Diagnosis(
            tenant=incident.tenant,
            region=incident.region,
            diagnosis_id=f"dia-{incident.incident_id.rpartition('-')[2]}-{incident.revision}",
            incident_id=incident.incident_id,
            incident_revision=incident.revision,
            decided_time=decided_time,
            hypotheses=tuple(hypotheses),
            summary=_summary(request, best, abstained) + _without_steps(found.why),
            abstained=abstained,
            missing=self._missing(request, answer.why) if abstained else (),
            confidence=confidence,
            decided_by=DecidedBy.GRAPH if self._has_graph else DecidedBy.RULE,
            prompt_version=PLAYBOOK_VERSION,
            dropped_claims=dropped,
            grounding=round(kept / (kept + dropped), 6) if kept + dropped else None,
            next_steps=found.steps,
            mode=Mode(incident.mode),
        )

    def abstaining(self, request: DiagnosisRequest, diagnosis: Diagnosis, why: Sequence[str]) -> Diagnosis:
        """Return a diagnosis of the request as one that abstains, `why` first among what is missing."""
        best = diagnosis.hypotheses[0] if diagnosis.hypotheses else None
        return msgspec.structs.replace(
            diagnosis,
            abstained=True,
            summary=_summary(request, best, True) + _kept_reason(diagnosis.summary),
            missing=(*why, *(diagnosis.missing or self._missing(request, ""))),
        )

    def _confidence(self, request: DiagnosisRequest, hypotheses: Sequence[Hypothesis]) -> float:
        """Return how sure the diagnosis is: the lead's share, or what was learned of diagnoses like it."""
        if not hypotheses:
            return 0.0
        best = hypotheses[0]
        if self._calibration is None:
            return best.confidence
        pairs = {group.alarm_id: (group.managed_object, group.problem) for group in request.groups}
        others = [one.alarm_id for one in request.candidates if one.alarm_id != best.root_cause_alarm]
        lead = (best.root_cause_resource, best.root_cause_problem)
        return self._calibration.confidence(
            shape_of(
                best.confidence,
                [lead, *(pairs[name] for name in others if name in pairs)],
                claims=len(best.claims),
                verdict=best.verdict.value,
                named=len({one.root_cause_resource for one in hypotheses}),
            )
        )

    def _next_steps(
        self, request: DiagnosisRequest, best: Hypothesis | None, decided_time: datetime, kinds: Kinds
    ) -> Found:
        """Return runbook steps for the incident's problems, the likeliest first, or why there are none."""
        if self._steps is None or best is None:
            return Found()
        problems = [best.root_cause_problem, *(group.problem for group in request.groups)]
        incident = request.incident
        return self._steps.steps(incident.tenant, problems, decided_time, kinds, region=incident.region)

    def _hypothesis(
        self,
        candidate: Candidate,
        request: DiagnosisRequest,
        facts: dict[str, AlarmState],
        signs: Mapping[str, Sequence[Sign]],
    ) -> tuple[Hypothesis | None, int]:
        """Return the candidate with the claims that stand, and how many did not."""
        root = next((group for group in request.groups if group.alarm_id == candidate.alarm_id), None)
        if root is None or candidate.alarm_id not in facts:
            return None, 1
        others = [group for group in request.groups if group.alarm_id != candidate.alarm_id]
        drafts = [_first_claim(root), *_effect_claims(candidate, root, others, has_graph=self._has_graph)]
        path, path_claim = self._path(root, [group for group in others if group.alarm_id in facts])
        if path_claim:
            drafts.append(path_claim)
        found = signs.get(root.managed_object, ())
        drafts += [Claim(text=sign.text, evidence=sign.ids, against=sign.against) for sign in found]
        read = {one for sign in found for one in sign.ids}
        claims = [claim for claim in drafts if all(one in facts or one in read for one in claim.evidence)]
        return (
            Hypothesis(
                root_cause_resource=root.managed_object,
                root_cause_alarm=root.alarm_id,
                root_cause_problem=root.problem,
                confidence=candidate.share,
                verdict=_verdict(candidate, root, others),
                claims=tuple(claims),
                path=path,
                explained_alarms=candidate.explained,
            ),
            len(drafts) - len(claims),
        )

    def _path(self, root: MemberGroup, others: Sequence[MemberGroup]) -> tuple[tuple[str, ...], Claim | None]:
        """Return the path to the farthest other object that the topology bears out, and the claim on it."""
        longest: tuple[str, ...] = ()
        evidence = ""
        seen = {root.managed_object}
        for other in others:
            if other.managed_object in seen or len(seen) > _MAX_CLAIM_EVIDENCE:
                continue
            seen.add(other.managed_object)
            answer = topology_path(self._topology, root.managed_object, other.managed_object, root.raised_ms)
            if answer.value and len(answer.value) > len(longest):
                longest, evidence = answer.value, other.alarm_id
        if not longest:
            return (), None
        text = f"The topology links them: {' - '.join(longest)}."
        return longest, Claim(text=text, evidence=(root.alarm_id, evidence))

    def _missing(self, request: DiagnosisRequest, failure: str) -> tuple[str, ...]:
        """Return what would have to be known for a diagnosis."""
        missing = []
        if failure:
            missing.append(f"the alarms of this incident could not be read: {failure}")
        if not self._has_graph:
            missing.append("a cause graph: run telcollm graph learn on past alarms")
        elif not any(candidate.edges for candidate in request.candidates):
            problems = ", ".join(sorted({group.problem for group in request.groups})[:5])
            missing.append(f"a known cause among the problems {problems}")
        unknown = sorted({group.managed_object for group in request.groups} - set(self._topology.elements))
        if unknown:
            missing.append(f"the topology around {', '.join(unknown[:5])}")
        if len(request.candidates) > 1 and not missing:
            missing.append("a sign that tells the first candidates apart: KPIs, logs or the order of events")
        return tuple(missing)


def _borne_out(groups: Sequence[MemberGroup], known: Mapping[str, AlarmState]) -> dict[str, AlarmState]:
    """Return the alarms that the store has as the members say: of that problem, on that object.

    An id that belongs to something else proves nothing, however real that is.
    """
    said = {group.alarm_id: (group.managed_object, group.problem) for group in groups}
    return {
        name: state
        for name, state in known.items()
        if said.get(name) == (state.managed_object, state.problem)
    }


def _first_claim(root: MemberGroup) -> Claim:
    times = "" if root.repeats == 1 else f", {root.repeats} times"
    return Claim(text=f"{root.managed_object} raised {root.problem}{times}.", evidence=(root.alarm_id,))


def _effect_claims(
    candidate: Candidate, root: MemberGroup, others: Sequence[MemberGroup], *, has_graph: bool
) -> list[Claim]:
    """Return a claim on what followed, by the cause graph where there is one, and one on what came first."""
    effects = {effect for _, effect in candidate.edges}
    followed = [
        group
        for group in others
        if group.problem in effects and group.raised_ms >= root.raised_ms - _SLACK_MS
    ]
    claims = []
    if followed:
        named = ", ".join(dict.fromkeys(group.problem for group in followed))
        evidence = (root.alarm_id, *(group.alarm_id for group in followed[:_MAX_CLAIM_EVIDENCE]))
        alarms = "1 alarm" if len(followed) == 1 else f"{len(followed)} alarms"
        text = f"In the cause graph {root.problem} leads to {named}; {alarms} of these followed."
        if not has_graph:
            text = f"After it {alarms} of other problems followed: {named}."
        claims.append(Claim(text=text, evidence=evidence))
    later = [group for group in others if group.raised_ms > root.raised_ms]
    if others and len(later) == len(others):
        after_s = (min(group.raised_ms for group in later) - root.raised_ms) / 1000
        nearest = min(later, key=lambda group: (group.raised_ms, group.alarm_id))
        text = f"It came first; the next alarm followed after {after_s:g} s."
        claims.append(Claim(text=text, evidence=(root.alarm_id, nearest.alarm_id)))
    return claims


def _verdict(candidate: Candidate, root: MemberGroup, others: Sequence[MemberGroup]) -> Verdict:
    """Supported: it explains at least half of the others. Contradicted: all of them came before it."""
    if others and all(group.raised_ms + _SLACK_MS < root.raised_ms for group in others):
        return Verdict.CONTRADICTED
    if others and candidate.edges and 2 * (candidate.explained - 1) >= len(others):
        return Verdict.SUPPORTED
    return Verdict.OPEN


def _weighed(
    one: Hypothesis, hypotheses: Sequence[Hypothesis], signs: Mapping[str, Sequence[Sign]]
) -> Hypothesis:
    """Return the hypothesis with the verdict that KPIs, logs and changes leave it.

    What alarms leave open is supported where its object alone shows signs; what they support is open again
    where another's object shows signs and its own was measured and normal.
    """
    named = {other.root_cause_resource for other in hypotheses} - {one.root_cause_resource}
    own = signs.get(one.root_cause_resource, ())
    shows = any(not sign.against for sign in own)
    others_show = any(not sign.against for name in named for sign in signs.get(name, ()))
    if one.verdict is Verdict.OPEN and shows and not others_show:
        return msgspec.structs.replace(one, verdict=Verdict.SUPPORTED)
    if one.verdict is Verdict.SUPPORTED and others_show and own and not shows:
        return msgspec.structs.replace(one, verdict=Verdict.OPEN)
    return one


def _kept_reason(summary: str) -> str:
    """Return what a summary said of missing steps, to be said again."""
    _, said, why = summary.rpartition(f" {_NO_STEPS} ")
    return f"{said}{why}" if said else ""


def _without_steps(why: str) -> str:
    """Return the sentence that says why no steps are given, none where there is nothing to say."""
    return f" {_NO_STEPS} {why}." if why else ""


def _summary(request: DiagnosisRequest, best: Hypothesis | None, abstained: bool) -> str:
    incident = request.incident
    count = "1 alarm" if incident.alarm_count == 1 else f"{incident.alarm_count} alarms"
    where = f"{len(incident.affected_objects)} object{'s' if len(incident.affected_objects) != 1 else ''}"
    if best is None:
        return f"{count} on {where}: no cause could be named."
    likeliest = f"{best.root_cause_problem} on {best.root_cause_resource}"
    if abstained:
        return f"{count} on {where}: the evidence does not single out a cause; the first lead is {likeliest}."
    return f"{count} on {where}: the likeliest cause is {likeliest}."
