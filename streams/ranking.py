"""Ranking of root-cause candidates by cause graph, topology and time, before any model is asked.

A candidate explains another member as far as a chain of cause edges leads from its problem to the other's,
the objects are near each other, and it came first. Does not know how sure is sure enough: `agents` does.
Source: the scoring follows the noisy-or reading of a causal graph (Pearl 1988, ch. 4) with one hidden step.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from streams.correlation import Neighbourhood
from telcollm.graph import CauseGraph
from telcollm.state import Candidate, MemberGroup

MAX_MEMBERS = 24
"""Ranking looks at this many groups, the earliest: it is quadratic, and a storm must not stall it."""

_SAME_OBJECT, _NEIGHBOUR, _FAR = 1.0, 0.8, 0.4
_SLACK_MS = 2_000
_BEFORE_CAUSE = 0.35
_UNEXPLAINED = 0.05
_FIRST = 0.1
_ALONE = _FIRST + _UNEXPLAINED
_UNSEEN = 0.1


def rank(
    groups: Sequence[MemberGroup], graph: CauseGraph | None, topology: Neighbourhood
) -> tuple[Candidate, ...]:
    """Return the groups as candidates, likeliest first; what their shares leave to 1 is an unseen cause's.

    Ties go to the earlier, then to the lesser alarm id, so that equal evidence gives equal answers.
    """
    members = groups[:MAX_MEMBERS]
    if not members:
        return ()
    if len(members) == 1:
        only = members[0]
        share = round(_ALONE / (_ALONE + _UNSEEN), 6)
        return (Candidate(only.alarm_id, only.managed_object, only.problem, share, 1),)
    near = {
        group.managed_object: frozenset(topology.neighbours(group.managed_object, group.raised_ms))
        for group in members
    }
    first_ms = min(group.raised_ms for group in members)
    scores: list[float] = []
    explained: list[int] = []
    edges: list[tuple[tuple[str, str], ...]] = []
    blamed = [0.0] * len(members)
    for cause in members:
        strengths: list[float] = []
        reached = 0
        used: list[tuple[str, str]] = []
        for place, effect in enumerate(members):
            if effect is cause:
                continue
            strength = _strength(cause, effect, graph)
            if strength <= 0.0:
                continue
            if cause.managed_object != effect.managed_object:
                strength *= _NEIGHBOUR if effect.managed_object in near[cause.managed_object] else _FAR
            else:
                strength *= _SAME_OBJECT
            if cause.raised_ms > effect.raised_ms + _SLACK_MS:
                strength *= _BEFORE_CAUSE
            strengths.append(strength)
            blamed[place] = max(blamed[place], strength)
            if strength > _UNEXPLAINED:
                reached += 1
                if cause.problem != effect.problem and len(used) < MAX_MEMBERS:
                    used.append((cause.problem, effect.problem))
        scores.append(fsum(strengths))
        explained.append(reached + 1)
        edges.append(tuple(sorted(set(used))))
    weights = []
    for place, group in enumerate(members):
        early = _FIRST if group.raised_ms <= first_ms + _SLACK_MS else 0.0
        weights.append((scores[place] + early + _UNEXPLAINED) * (1.0 - 0.8 * blamed[place]))
    whole = fsum(weights) + _UNSEEN
    ranked = sorted(
        range(len(members)),
        key=lambda place: (-round(weights[place], 9), members[place].raised_ms, members[place].alarm_id),
    )
    return tuple(
        Candidate(
            alarm_id=members[place].alarm_id,
            managed_object=members[place].managed_object,
            problem=members[place].problem,
            share=round(weights[place] / whole, 6),
            explained=explained[place],
            edges=edges[place],
        )
        for place in ranked
    )


def _strength(cause: MemberGroup, effect: MemberGroup, graph: CauseGraph | None) -> float:
    """Return how strongly one group's problem brings about the other's, in 0-1."""
    if cause.problem == effect.problem:
        return 0.3
    if graph is None:
        return 0.2
    direct = graph.weight(cause.problem, effect.problem)
    indirect = 0.0
    for step in graph.effects_of(cause.problem):
        if step.effect != effect.problem and step.weight > direct:
            indirect = max(indirect, step.weight * graph.weight(step.effect, effect.problem))
    return max(direct, 0.7 * indirect)
