"""Incidents and diagnoses as people read them in a terminal, and as scripts read them in JSON.

Does not know where they come from. What networks and vendors wrote is shown as it is, never obeyed:
no markup, no control character of it reaches the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from telcollm import codec
from telcollm.records import SEVERITY_RANK, DecidedBy, Diagnosis, Hypothesis, Incident
from telcollm.state import AlarmState

_SEVERITIES = {rank: name for name, rank in SEVERITY_RANK.items()}
_SHORT_ID = 12
_STYLES = {"CRITICAL": "bold red", "MAJOR": "red", "MINOR": "yellow", "WARNING": "cyan"}


def plain(text: str, style: str = "") -> Text:
    r"""Return `text` for a terminal, its control characters written out.

    >>> plain("a\x1b[31m [bold]b").plain
    'a\\x1b[31m [bold]b'
    """
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return Text(shown, style=style)


def time_text(time: datetime) -> str:
    """Return a time in UTC, to the second.

    >>> time_text(datetime(2026, 1, 1, 12, 0, 0, 5, UTC))
    '2026-01-01 12:00:00Z'
    """
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _ms_text(time_ms: int | None) -> str:
    return "" if time_ms is None else time_text(datetime.fromtimestamp(time_ms / 1000, UTC))


def _severity(name: str) -> Text:
    return Text(name, style=_STYLES.get(name, ""))


def evidence_ids(hypothesis: Hypothesis) -> list[str]:
    """Return the ids that the hypothesis cites, each once, in the order of its claims."""
    return list(dict.fromkeys(one for claim in hypothesis.claims for one in claim.evidence))


def _cause(resource: str, problem: str) -> Text:
    return plain(f"{resource}: {problem}" if problem else resource)


def incident_table(incidents: Sequence[Incident], diagnoses: Mapping[str, Diagnosis]) -> Table:
    """Return a table of incidents with what their latest diagnoses say, 80 columns wide.

    Ids are cut to a beginning that `telcollm incidents show` takes; `evid.` counts the alarms cited.
    """
    table = Table("incident", "status", "last event", "alarms", "root cause", "conf.", "evid.", box=SIMPLE)
    for column in table.columns:
        column.no_wrap = column.header != "root cause"
    table.columns[4].overflow = "fold"
    for place in (3, 5, 6):
        table.columns[place].justify = "right"
    for incident in incidents:
        cause, confidence, evidence = _conclusion(incident, diagnoses.get(incident.incident_id))
        table.add_row(
            plain(incident.incident_id[:_SHORT_ID]),
            incident.status.value if not incident.superseded_by else "superseded",
            f"{incident.last_event_time:%m-%d %H:%M}",
            f"{incident.active_alarms}/{incident.alarm_count}",
            cause,
            confidence,
            evidence,
        )
    return table


def _conclusion(incident: Incident, diagnosis: Diagnosis | None) -> tuple[Text, str, Text]:
    if diagnosis is None:
        cause = _cause(incident.root_cause_resource, incident.root_cause_problem)
        return cause, f"{incident.confidence:.2f}" if cause.plain else "", Text("not diagnosed yet", "dim")
    if not diagnosis.hypotheses:
        return Text("abstains", "dim"), f"{diagnosis.confidence:.2f}", Text("")
    first = diagnosis.hypotheses[0]
    cause = _cause(first.root_cause_resource, first.root_cause_problem)
    if diagnosis.abstained:
        cause = Text.assemble(("abstains; lead ", "dim"), cause)
    ids = evidence_ids(first)
    return cause, f"{first.confidence:.2f}", plain(str(len(ids)))


def incident_page(
    incident: Incident, diagnoses: Sequence[Diagnosis], members: Sequence[AlarmState]
) -> RenderableType:
    """Return all of one incident: fields, latest diagnosis, shadow, history, members."""
    parts: list[RenderableType] = [_fields(incident)]
    if diagnoses:
        latest = diagnoses[-1]
        parts += [_diagnosis(latest), *_shadow(latest)]
        if len(diagnoses) > 1:
            parts.append(_history(diagnoses))
    else:
        parts.append(Text("not diagnosed yet", "dim"))
    parts.append(_members(incident, members))
    return Group(*parts)


def _pairs(rows: Sequence[tuple[str, str | Text]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, value in rows:
        text = value if isinstance(value, Text) else plain(value)
        if text.plain:
            grid.add_row(Text(name, "bold"), text)
    return grid


def _fields(incident: Incident) -> Table:
    objects = ", ".join(incident.affected_objects[:8])
    more = f" and {len(incident.affected_objects) - 8} more" if len(incident.affected_objects) > 8 else ""
    return _pairs(
        [
            ("incident", incident.incident_id),
            ("superseded by", incident.superseded_by),
            ("status", f"{incident.status.value}, revision {incident.revision}"),
            ("window", "complete" if incident.window_complete else "still open: provisional"),
            ("tenant, region", ", ".join(filter(None, (incident.tenant, incident.region)))),
            ("severity", _severity(incident.perceived_severity.value)),
            ("opened", time_text(incident.opened_time)),
            ("last event", time_text(incident.last_event_time)),
            ("alarms", f"{incident.alarm_count}, {incident.active_alarms} active"),
            ("objects", objects + more),
            ("services", ", ".join(incident.affected_service)),
            ("description", incident.description),
            ("reason", incident.reason),
            ("tickets", ", ".join(incident.trouble_ticket)),
            ("mode", incident.mode.value),
        ]
    )


def _diagnosis(diagnosis: Diagnosis) -> Group:
    decided = ", ".join(
        filter(
            None, (diagnosis.decided_by.value, diagnosis.model, diagnosis.adapter, diagnosis.prompt_version)
        )
    )
    dropped = str(diagnosis.dropped_claims or "")
    heading = _pairs(
        [
            ("diagnosis", f"{diagnosis.diagnosis_id} of revision {diagnosis.incident_revision}"),
            ("decided", f"{time_text(diagnosis.decided_time)} by {decided}"),
            ("confidence", f"{diagnosis.confidence:.2f}{', abstains' if diagnosis.abstained else ''}"),
            ("summary", diagnosis.summary),
            ("missing", "; ".join(diagnosis.missing)),
            ("dropped claims", dropped),
        ]
    )
    table = Table("#", "root cause", "alarm", "conf.", "verdict", "explains", "path", title="hypotheses")
    claims = Table("#", "claim", "evidence", title="evidence")
    for number, hypothesis in enumerate(diagnosis.hypotheses, 1):
        table.add_row(
            str(number),
            _cause(hypothesis.root_cause_resource, hypothesis.root_cause_problem),
            plain(hypothesis.root_cause_alarm),
            f"{hypothesis.confidence:.2f}",
            hypothesis.verdict.value,
            str(hypothesis.explained_alarms),
            plain(" → ".join(hypothesis.path)),
        )
        for claim in hypothesis.claims:
            claims.add_row(str(number), plain(claim.text), plain(", ".join(claim.evidence)))
    return Group(Text(""), heading, *(part for part in (table, claims) if part.row_count))


def _shadow(diagnosis: Diagnosis) -> list[RenderableType]:
    shadow = diagnosis.shadow
    if shadow is None:
        return []
    shares = ", ".join(f"{share:.2f}" for share in shadow.probabilities)
    said = "agrees" if shadow.agrees else "disagrees"
    led = diagnosis.decided_by is DecidedBy.MODEL
    return [
        _pairs(
            [
                ("shadow", f"{shadow.model} {said}; it {'leads' if led else 'decides nothing'}"),
                ("adapter", shadow.adapter),
                ("probabilities", f"{shares} over the candidates as the graph ranks them" if shares else ""),
                ("fault kinds", ", ".join(f"{name} {chance:.2f}" for name, chance in shadow.fault_kinds)),
                (
                    "prompt",
                    ", ".join(filter(None, (shadow.prompt_version, f"{shadow.prompt_tokens} tokens"))),
                ),
                ("asked with", shadow.asked_with),
            ]
        )
    ]


def _history(diagnoses: Sequence[Diagnosis]) -> Table:
    table = Table("revision", "decided", "by", "root cause", "conf.", title="history")
    for diagnosis in diagnoses:
        first = diagnosis.hypotheses[0] if diagnosis.hypotheses and not diagnosis.abstained else None
        table.add_row(
            str(diagnosis.incident_revision),
            time_text(diagnosis.decided_time),
            diagnosis.decided_by.value,
            _cause(first.root_cause_resource, first.root_cause_problem) if first else Text("abstains", "dim"),
            f"{diagnosis.confidence:.2f}",
        )
    return table


def _members(incident: Incident, members: Sequence[AlarmState]) -> Table:
    caption = f"{len(members)} of {incident.alarm_count}" if len(members) < incident.alarm_count else None
    table = Table(
        "alarm", "raised", "cleared", "severity", "object", "problem", title="alarms", caption=caption
    )
    table.columns[0].overflow = "fold"
    for member in members:
        table.add_row(
            plain(member.alarm_id),
            _ms_text(member.raised_ms),
            _ms_text(member.cleared_ms),
            _severity(_SEVERITIES.get(member.severity, str(member.severity))),
            plain(member.managed_object),
            plain(member.problem),
        )
    return table


def incident_json(incident: Incident, diagnoses: Sequence[Diagnosis], members: Sequence[AlarmState]) -> str:
    """Return all of one incident as JSON: the records as they are on the wire."""
    return _dumps(
        {
            "incident": codec.to_wire(incident),
            "diagnoses": [codec.to_wire(diagnosis) for diagnosis in diagnoses],
            "members": [_member_wire(member) for member in members],
        }
    )


def incidents_json(total: int, incidents: Sequence[Incident], diagnoses: Mapping[str, Diagnosis]) -> str:
    """Return a page of incidents as JSON, each beside its latest diagnosis (null without one)."""
    rows = [
        {
            "incident": codec.to_wire(incident),
            "diagnosis": codec.to_wire(diagnoses[incident.incident_id])
            if incident.incident_id in diagnoses
            else None,
        }
        for incident in incidents
    ]
    return _dumps({"total": total, "incidents": rows})


def _member_wire(member: AlarmState) -> dict[str, Any]:
    return {
        "alarmId": member.alarm_id,
        "managedObject": member.managed_object,
        "problem": member.problem,
        "severity": _SEVERITIES.get(member.severity, str(member.severity)),
        "raisedMs": member.raised_ms,
        "clearedMs": member.cleared_ms,
        "alarm": codec.decode_object(member.body) if member.body else None,
    }


def _dumps(value: Any) -> str:
    # In ASCII, so that no control character reaches a terminal here either.
    return json.dumps(value, indent=1)
