"""The tool over alarms. Does not know incidents, nor what alarms mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from agents.tools.arguments import AroundObjects
from agents.tools.found import AlarmFact, Found
from agents.tools.network import around
from agents.tools.sources import Finding, Sources, counted, interval, milliseconds, named
from telcollm import codec
from telcollm.errors import DecodeError
from telcollm.records import SEVERITY_RANK, Alarm
from telcollm.state import AlarmState

_SEVERITIES: Final = {rank: name for name, rank in SEVERITY_RANK.items()}


def find_alarms(sources: Sources, asked: AroundObjects) -> Finding:
    """Return home alarms raised on the objects or near them in [since, until), in order of raise."""
    reached = around(sources.network, asked.objects, asked.since, asked.hops)
    searched = f"alarms on {named(asked.objects)} {interval(asked.since, asked.until)}"
    if asked.hops:
        searched += f", and on {len(reached) - len(asked.objects)} elements within {asked.hops} links"
    since_ms, until_ms = milliseconds(asked.since), milliseconds(asked.until)
    states = sources.stores.store.alarms_on(
        sources.scope, list(reached), since_ms, until_ms, sources.rows + 1
    )
    complete = len(states) <= sources.rows
    if not complete:
        states = states[: sources.rows]
        searched += f"; the first {sources.rows} were read"
    items = tuple(alarm_fact(sources, state, reached[state.managed_object][0]) for state in states)
    return Finding(Found(items, count_alarms(items)), searched, complete)


def alarm_fact(sources: Sources, state: AlarmState, hops: int = 0) -> AlarmFact:
    """Return an alarm as it is told, with the text of the notification where that can be read."""
    return AlarmFact(
        alarm_id=state.alarm_id,
        managed_object=state.managed_object,
        problem=sources.text(state.problem, 200),
        severity=_SEVERITIES.get(state.severity, "INDETERMINATE"),
        raised_time=_instant(state.raised_ms),
        cleared_time=None if state.cleared_ms is None else _instant(state.cleared_ms),
        suppressed=state.suppressed.value,
        text=_text(sources, state.body),
        hops=hops,
    )


def count_alarms(items: tuple[AlarmFact, ...]) -> dict[str, dict[str, int]]:
    """Return how many alarms there are by problem, object, severity and state."""
    return {
        "problem": counted([item.problem for item in items]),
        "managed_object": counted([item.managed_object for item in items]),
        "severity": counted([item.severity for item in items]),
        "state": counted(["active" if item.cleared_time is None else "cleared" for item in items]),
    }


def _text(sources: Sources, body: bytes) -> str:
    try:
        return sources.text(codec.decode(body, Alarm).additional_text, 200) if body else ""
    except (DecodeError, msgspec.DecodeError):
        return ""


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
