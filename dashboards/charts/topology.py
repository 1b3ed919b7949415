"""The topology around a root cause as a picture: rings of distance, the path of propagation drawn through.

The same neighbourhood gives the same picture. Does not know how the neighbourhood was chosen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import altair as alt

from dashboards.charts.colours import LINE, PATH, SEVERITIES
from dashboards.charts.drawing import drawn
from dashboards.plain import line

SELECTED: Final = "element"
"""The name of the selection, which holds the ids of the elements clicked."""

_TURN: Final = 2 * math.pi
_ASIDE: Final = 1.2


class Drawn(NamedTuple):
    """Where an element is drawn."""

    x: float
    y: float


def places(
    root: str, hops: dict[str, int], edges: Sequence[tuple[str, str]], path: Sequence[str]
) -> dict[str, Drawn]:
    """Return where each element goes: the root in the middle, the others on rings, near what leads to them.

    The path leaves the root to the right in a straight line.
    """
    near: dict[str, list[str]] = {name: [] for name in hops}
    for one, other in edges:
        near[one].append(other)
        near[other].append(one)
    found = {root: Drawn(0.0, 0.0)}
    angles = {root: 0.0}
    for place, name in enumerate(one for one in path if one != root and one in hops):
        found[name], angles[name] = Drawn(float(place + 1), 0.0), 0.0
    for ring in sorted({count for name, count in hops.items() if name not in found}):
        members = [name for name, count in hops.items() if count == ring and name not in found]
        members.sort(key=lambda name: (_inward(name, near, hops, angles), name))
        # The path keeps the way to the right; the others share what is left of the circle.
        gap = 0.45 if len(path) > 1 else 0.0
        for place, name in enumerate(members):
            angle = gap + (_TURN - 2 * gap) * (place + 0.5) / len(members)
            radius = ring + (0.22 * (place % 2) if len(members) > 14 else 0.0)
            found[name] = Drawn(radius * math.cos(angle), radius * math.sin(angle))
            angles[name] = angle
    return found


def _inward(name: str, near: dict[str, list[str]], hops: dict[str, int], angles: dict[str, float]) -> float:
    """Return the mean angle of what leads to an element."""
    inner = [angles[one] for one in near[name] if one in angles and hops[one] < hops[name]]
    return sum(inner) / len(inner) if inner else 0.0


def picture(neighbourhood: Any, *, words: dict[str, str], severities: dict[int, str]) -> Any:
    """Return the picture of a `Neighbourhood`: elements can be clicked, the picture moved and zoomed.

    `words` names what is shown: element, kind, alarms, worst, none.
    """
    nodes = neighbourhood.nodes
    path = neighbourhood.path
    where = places(neighbourhood.root, {one.element_id: one.hops for one in nodes}, neighbourhood.edges, path)
    steps = {frozenset(pair) for pair in pairwise(path)}
    edges = [
        {
            "x": where[one].x,
            "y": where[one].y,
            "x2": where[other].x,
            "y2": where[other].y,
            "path": frozenset((one, other)) in steps,
        }
        for one, other in neighbourhood.edges
        if one in where and other in where
    ]
    labelled = len(nodes) <= 18
    points = [
        {
            SELECTED: one.element_id,
            "name": line(one.name or one.element_id, 40),
            "label": line(one.name or one.element_id, 24)
            if labelled or one.on_path or one.element_id == neighbourhood.root or one.severity >= 5
            else "",
            "kind": line(one.element_type, 40),
            "alarms": one.alarms,
            "worst": severities.get(one.severity, words["none"]),
            "colour": SEVERITIES.get(one.severity, SEVERITIES[0]),
            "root": one.element_id == neighbourhood.root,
            "path": one.on_path,
            "x": where[one.element_id].x,
            "y": where[one.element_id].y,
        }
        for one in nodes
    ]
    far = max([1.0, *(max(abs(one.x), abs(one.y)) for one in where.values())]) + 0.4
    # A label stands centred over its element: at the edge half of it needs room beside it.
    across: Any = {"axis": None, "scale": alt.Scale(domain=[-_ASIDE * far, _ASIDE * far], nice=False)}
    up: Any = {"axis": None, "scale": alt.Scale(domain=[-far, far], nice=False)}
    links = (
        drawn(edges)
        .mark_rule()
        .encode(
            x=alt.X("x:Q", **across),
            y=alt.Y("y:Q", **up),
            x2="x2:Q",
            y2="y2:Q",
            color=alt.condition("datum.path", alt.value(PATH), alt.value(LINE)),
            strokeWidth=alt.condition("datum.path", alt.value(4), alt.value(1)),
        )
    )
    chosen = alt.selection_point(name=SELECTED, fields=[SELECTED])
    marks = (
        drawn(points)
        .mark_point(filled=True, opacity=1)
        .encode(
            x=alt.X("x:Q", **across),
            y=alt.Y("y:Q", **up),
            size=alt.condition("datum.root", alt.value(620), alt.value(230)),
            shape=alt.condition("datum.root", alt.value("diamond"), alt.value("circle")),
            color=alt.Color("colour:N", scale=None),
            stroke=alt.condition("datum.path", alt.value(PATH), alt.value("#ffffff")),
            strokeWidth=alt.condition("datum.path", alt.value(3), alt.value(1)),
            tooltip=[
                alt.Tooltip("name:N", title=words["element"]),
                alt.Tooltip("kind:N", title=words["kind"]),
                alt.Tooltip("alarms:Q", title=words["alarms"]),
                alt.Tooltip("worst:N", title=words["worst"]),
            ],
        )
        .add_params(chosen)
    )
    labels = (
        drawn(points)
        .mark_text(dy=-20, fontSize=12)
        .encode(x=alt.X("x:Q", **across), y=alt.Y("y:Q", **up), text="label:N")
    )
    return alt.layer(links, marks, labels).properties(height=380).interactive()
