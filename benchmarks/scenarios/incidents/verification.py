"""Whether what a diagnosis claims is so: looked up anew in the database, by other ways than the playbook's.

An alarm must be one of the incident's, a KPI sample, a log line or a work one of the hypothesis's object, and
each link of a path one of the topology's. Deliberately does not know what is true of the incident.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from telcollm.identity import kpi_id, log_id
from telcollm.ports import Scope
from telcollm.records import Claim, Diagnosis, Hypothesis
from telcollm.state import AlarmState, DiagnosisRequest
from telcollm.store.opening import Stores
from telcollm.topology import Topology

_AROUND_MS: Final = 8 * 3_600_000
_MOST: Final = 100_000


def faults_in(
    diagnosis: Diagnosis, request: DiagnosisRequest, stores: Stores, topology: Topology
) -> dict[str, list[str]]:
    """Return, by root-cause alarm, what is wrong with each hypothesis; an empty list where nothing is."""
    scope = Scope(tenants=(request.incident.tenant,))
    asked = [group.alarm_id for group in request.groups]
    alarms = {state.alarm_id: state for state in stores.store.alarm_states(scope, asked)}
    return {
        one.root_cause_alarm: list(
            _wrong(one, request, alarms, _beside(one, request, stores, scope), topology)
        )
        for one in diagnosis.hypotheses
    }


def _wrong(
    one: Hypothesis,
    request: DiagnosisRequest,
    alarms: Mapping[str, AlarmState],
    beside: frozenset[str],
    topology: Topology,
) -> list[str]:
    root = alarms.get(one.root_cause_alarm)
    found = []
    if root is None or (root.managed_object, root.problem) != (
        one.root_cause_resource,
        one.root_cause_problem,
    ):
        found.append(f"{one.root_cause_alarm} is no alarm of {one.root_cause_problem} there")
    found += [f"{claim.text!r} cites nothing" for claim in one.claims if not claim.evidence]
    found += [
        f"{claim.text!r} cites {name}, which is not there"
        for claim in one.claims
        for name in claim.evidence
        if name not in alarms and name not in beside
    ]
    found += [
        f"{claim.text!r} speaks of another object"
        for claim in one.claims
        if not _speaks_of(claim, one, alarms)
    ]
    raised_ms = root.raised_ms if root else request.groups[0].raised_ms
    for near, far in zip(one.path, one.path[1:], strict=False):
        if far not in topology.neighbours(near, raised_ms):
            found.append(f"no link joins {near} and {far}")
    return found


def _speaks_of(claim: Claim, one: Hypothesis, alarms: Mapping[str, AlarmState]) -> bool:
    """Tell whether the alarms a claim cites are of the problem and object that it begins with."""
    if not claim.evidence or claim.evidence[0] not in alarms:
        return True
    first = alarms[claim.evidence[0]]
    if claim.evidence[0] == one.root_cause_alarm:
        return True
    return first.managed_object in claim.text or first.problem in claim.text


def _beside(one: Hypothesis, request: DiagnosisRequest, stores: Stores, scope: Scope) -> frozenset[str]:
    """Return the ids of all samples, lines and works of the object about the time of the incident."""
    since_ms = request.groups[0].raised_ms - _AROUND_MS
    until_ms = max(group.raised_ms for group in request.groups) + _AROUND_MS
    name = [one.root_cause_resource]
    samples = stores.telemetry.kpis(scope, name, since_ms=since_ms, until_ms=until_ms, limit=_MOST)
    lines = stores.telemetry.logs(scope, name, since_ms=since_ms, until_ms=until_ms, limit=_MOST)
    works = stores.store.planned_work(scope)
    return frozenset(
        (
            *(kpi_id(sample) for sample in samples),
            *(log_id(line) for line in lines),
            *(work.planned_work_id for work in works if one.root_cause_resource in work.managed_objects),
        )
    )
