"""Feedback as something to learn from: what people accepted, corrected or rejected, beside what it was on.

Two forms. Feedback on diagnoses and incidents in the store becomes a table of choices: the incident's
alarms, its candidates, and the one a person stood by. Feedback on rows of a person's own file mends the
labels of that file. Does not know how people give feedback, and makes no label of a rejection.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from finetune.formats import TableError
from finetune.table import Table
from telcollm.decider.rows import label_name
from telcollm.ports import IncidentQuery, Scope, Store
from telcollm.records import Diagnosis, Feedback, FeedbackKind, Incident
from telcollm.state import AlarmState

COLUMNS: Final = ("feedback_id", "incident_id", "given_time", "kind", "alarms", "candidates", "root_cause")
TEXT_COLUMN: Final = "alarms"
CHOICES_COLUMN: Final = "candidates"
LABEL_COLUMN: Final = "root_cause"
TIME_COLUMN: Final = "given_time"

_ON_INCIDENTS: Final = ("diagnosis", "incident")
_PAGE: Final = 200
_MOST_ALARMS: Final = 200
_MOST_CANDIDATES: Final = 8


@dataclass(frozen=True, slots=True)
class Used:
    """How much feedback there was, how much of it became rows, and why the rest did not."""

    records: int
    rows: int
    left_out: Mapping[str, int]

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.left_out.items())
        return f"{self.rows} of {self.records} feedback records used" + (f"; {reasons}" if reasons else "")


def diagnosis_table(store: Store, scope: Scope) -> tuple[Table, Used]:
    """Return one row per diagnosis that a person accepted or corrected, by time, and what was used.

    The last word on a diagnosis counts. A rejection says what is wrong, not what is right: it is counted and
    left out, as is a correction that names none of the objects concerned.

    Raises:
        TableError: no feedback can be learned from.
    """
    records = store.feedback(scope)
    last = {(one.subject_kind, one.subject_id): one for one in records}
    left_out: Counter[str] = Counter()
    if len(records) > len(last):
        left_out["overruled by a later one"] = len(records) - len(last)
    wanted: dict[str, list[Feedback]] = {}
    for one in last.values():
        if one.subject_kind not in _ON_INCIDENTS:
            left_out[f"on a {one.subject_kind}"] += 1
        elif one.kind is FeedbackKind.REJECTED:
            left_out["rejected without a correction"] += 1
        else:
            wanted.setdefault(one.subject_id, []).append(one)
    rows: list[dict[str, object]] = []
    for incident, diagnosis, about in _joined(store, scope, wanted):
        for one in about:
            row = _row(store, scope, incident, diagnosis, one)
            if isinstance(row, str):
                left_out[row] += 1
            else:
                rows.append(row)
    found = len(rows) + sum(left_out.values()) - left_out["overruled by a later one"]
    if found < len(last):
        left_out["on what the store no longer holds"] = len(last) - found
    used = Used(len(records), len(rows), +left_out)
    if not rows:
        message = (
            f"--feedback: {used}; accepted or corrected diagnoses are needed; give some in the console, "
            "or learn from a file by --data"
        )
        raise TableError(message)
    rows.sort(key=lambda row: (str(row["given_time"]), str(row["feedback_id"])))
    body = "\n".join(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows)
    digest = sha256(body.encode()).hexdigest()
    return Table(COLUMNS, tuple(rows), digest, "feedback", (str(used),)), used


def mend_labels(
    table: Table, records: Sequence[Feedback], *, id_column: str, label_column: str
) -> tuple[Table, Used]:
    """Return the table with labels as people left them, matched by `id_column`, and what was used.

    A corrected row takes the correction as its label, an accepted one stays, a rejected one is left out.

    Raises:
        TableError: there is no such column.
    """
    if id_column not in table.columns:
        message = (
            f"--id {id_column!r} is no column of {table.source}; the column that feedback's subject_id names "
            "is allowed; give one of: " + ", ".join(table.columns[:20])
        )
        raise TableError(message)
    last = {one.subject_id: one for one in records}
    left_out: Counter[str] = Counter()
    if len(records) > len(last):
        left_out["overruled by a later one"] = len(records) - len(last)
    rows: list[Mapping[str, object]] = []
    used = 0
    for row in table.rows:
        one = last.pop(label_name(row.get(id_column)), None)
        if one is None:
            rows.append(row)
        elif one.kind is FeedbackKind.CORRECTED and one.correction.strip():
            rows.append({**row, label_column: one.correction.strip()})
            used += 1
        elif one.kind is FeedbackKind.ACCEPTED:
            rows.append(row)
            used += 1
        else:
            left_out["rejected without a correction, row left out"] += 1
    if last:
        left_out["on no row of this file"] = len(last)
    outcome = Used(len(records), used, dict(left_out))
    digest = sha256(table.sha256.encode())
    for item in sorted(records, key=lambda item: item.feedback_id):
        digest.update(repr((item.feedback_id, item.kind, item.correction)).encode())
    mended = replace(
        table, rows=tuple(rows), sha256=digest.hexdigest(), notes=(*table.notes, f"feedback: {outcome}")
    )
    return mended, outcome


def _joined(
    store: Store, scope: Scope, wanted: Mapping[str, list[Feedback]]
) -> Iterator[tuple[Incident, Diagnosis, list[Feedback]]]:
    """Yield the diagnoses that feedback is on: by their own id, or the latest one of an incident."""
    if not wanted:
        return
    offset = 0
    while True:
        query = IncidentQuery(include_superseded=True, limit=_PAGE, offset=offset)
        incidents = store.incidents(scope, query)
        for incident in incidents:
            diagnoses = store.diagnoses(scope, incident.incident_id)
            for diagnosis in diagnoses:
                if about := wanted.get(diagnosis.diagnosis_id):
                    yield incident, diagnosis, about
            if diagnoses and (about := wanted.get(incident.incident_id)):
                yield incident, diagnoses[-1], about
        if len(incidents) < _PAGE:
            return
        offset += _PAGE


def _row(
    store: Store, scope: Scope, incident: Incident, diagnosis: Diagnosis, one: Feedback
) -> dict[str, object] | str:
    """Return the row that feedback on a diagnosis makes, or why it makes none."""
    named = [hypothesis.root_cause_resource for hypothesis in diagnosis.hypotheses]
    candidates = list(dict.fromkeys([*named, *incident.affected_objects]))[:_MOST_CANDIDATES]
    if len(candidates) < 2:
        return "with fewer than two candidates"
    if one.kind is FeedbackKind.ACCEPTED:
        if not named:
            return "accepting a diagnosis that names no cause"
        answer = named[0]
    else:
        meant = _named_in(one.correction, candidates)
        if meant is None:
            return "with a correction that names none of the objects"
        answer = meant
    members = store.incident_members(scope, incident.incident_id, _MOST_ALARMS)
    return {
        "feedback_id": one.feedback_id,
        "incident_id": incident.incident_id,
        "given_time": one.given_time.isoformat(),
        "kind": str(one.kind),
        "alarms": _alarms_text(members, incident),
        # In order of name: the order of the ranking would say which one the graph held for the cause.
        "candidates": json.dumps(sorted(candidates), ensure_ascii=False),
        "root_cause": answer,
    }


def _named_in(correction: str, candidates: Iterable[str]) -> str | None:
    """Return the one candidate that a person's words name; None where they name none or several."""
    text = correction.casefold()
    exact = [name for name in candidates if name.casefold() == text.strip()]
    if exact:
        return exact[0]
    within = [name for name in candidates if name.casefold() in text]
    longest = [name for name in within if not any(name != other and name in other for other in within)]
    return longest[0] if len(longest) == 1 else None


def _alarms_text(members: Sequence[AlarmState], incident: Incident) -> str:
    """Return what was raised where, in order of first raise, repeats counted."""
    if not members:
        return ", ".join(f"{problem} x{count}" for problem, count in incident.problems.items())
    counts = Counter((member.managed_object, member.problem) for member in members)
    return ", ".join(
        f"{problem} on {managed_object}" + (f" x{count}" if count > 1 else "")
        for (managed_object, problem), count in counts.items()
    )
