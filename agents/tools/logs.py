"""The tool over logs: the shapes of lines, mined by Drain, and how often each came, not what they mean.

Source: He et al., Drain: An Online Log Parsing Approach with Fixed Depth Tree, ICWS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agents.tools.arguments import OverInterval
from agents.tools.found import Found, LogTemplate
from agents.tools.masking import mask
from agents.tools.sources import Finding, Sources, counted, interval, milliseconds, named
from telcollm.errors import MissingExtraError
from telcollm.identity import log_id
from telcollm.records import LogLine

_LIKENESS: Final = 0.5
"""The share of words in which lines of one shape agree."""

_EXAMPLES: Final = 3
_OBJECTS: Final = 8


@dataclass
class _Shape:
    """The lines of one shape in the interval, and how many came before it."""

    lines: list[LogLine] = field(default_factory=list)
    before: int = 0


def find_log_templates(sources: Sources, asked: OverInterval) -> Finding:
    """Return the shapes of lines written in [since, until): new ones first, then the most frequent.

    New: none came in the interval of equal length just before.
    """
    earlier = asked.since - (asked.until - asked.since)
    lines, all_lines = _read(sources, asked.objects, milliseconds(asked.since), milliseconds(asked.until))
    past, all_past = _read(sources, asked.objects, milliseconds(earlier), milliseconds(asked.since))
    searched = (
        f"log lines of {named(asked.objects)} {interval(asked.since, asked.until)}, and from "
        f"{earlier.isoformat()} on to compare"
    )
    if not (all_lines and all_past):
        searched += f"; the first {sources.rows} of each were read"
    shapes = _mine(sources, past, lines)
    items = [_template(template, shape) for template, shape in shapes.items() if shape.lines]
    items.sort(key=lambda item: (item.before > 0, -item.lines, item.template))
    counts = {
        "lines": {"in the interval": len(lines), "in the interval before": len(past)},
        "managed_object": counted([line.managed_object for line in lines]),
        "shapes": counted(["new" if item.before == 0 else "seen before" for item in items]),
    }
    return Finding(Found(tuple(items), counts), searched, all_lines and all_past)


def _read(
    sources: Sources, objects: Sequence[str], since_ms: int, until_ms: int
) -> tuple[list[LogLine], bool]:
    lines = sources.stores.telemetry.logs(
        sources.scope, objects, since_ms=since_ms, until_ms=until_ms, limit=sources.rows + 1
    )
    return lines[: sources.rows], len(lines) <= sources.rows


def _mine(sources: Sources, past: Sequence[LogLine], lines: Sequence[LogLine]) -> dict[str, _Shape]:
    """Return the shapes by template; the same lines give the same shapes, however they were stored."""
    masked: dict[tuple[str, str], str] = {}
    for line in (*past, *lines):
        key = (line.managed_object, line.text)
        if key not in masked:
            masked[key] = mask(line.text, line.managed_object, sources.guard.hide)
    miner = _miner()
    # In order of text, not of time: Drain's shapes hang on the order it sees lines in.
    numbers = {text: miner.add_log_message(text)[0].cluster_id for text in sorted(set(masked.values()))}
    templates = {cluster.cluster_id: cluster.get_template() for cluster in miner.clusters}
    shapes: dict[str, _Shape] = {}
    for number, line in enumerate((*past, *lines)):
        template = templates[numbers[masked[line.managed_object, line.text]]]
        shape = shapes.setdefault(template or "(an empty line)", _Shape())
        if number < len(past):
            shape.before += 1
        else:
            shape.lines.append(line)
    return shapes


def _template(template: str, shape: _Shape) -> LogTemplate:
    names = counted([line.managed_object for line in shape.lines], _OBJECTS)
    return LogTemplate(
        template=template,
        lines=len(shape.lines),
        before=shape.before,
        first_time=shape.lines[0].logged_time,
        last_time=shape.lines[-1].logged_time,
        objects=tuple(names),
        severities=tuple(sorted({line.severity for line in shape.lines if line.severity})[:_OBJECTS]),
        examples=tuple(dict.fromkeys(log_id(line) for line in shape.lines[:_EXAMPLES])),
    )


def _miner() -> Any:
    try:
        from drain3.drain import Drain
    except ImportError as error:
        raise MissingExtraError(package="drain3", extra="agents") from error
    return Drain(depth=4, sim_th=_LIKENESS, max_children=100)
