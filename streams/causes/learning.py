"""From a history to a cause graph: gather evidence, let the rule choose edges, let known edges override.

It deliberately does not know whether the graph is right: `assessment` scores it where the truth is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.causes.evidence import PairEvidence, Progress, gather
from streams.causes.history import AlarmHistory
from streams.causes.matrices import EDGE, NO_EDGE, UNKNOWN, NamedMatrix
from streams.causes.selection import Rule, candidates, choose
from telcollm.errors import SettingsError
from telcollm.graph import CauseEdge, CauseGraph, LearnedFrom, OperatingPoint, cause_graph

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

METHOD = "topological Hawkes process, likelihood gain against time-shifted chance"

SHIPPED_RULE = Rule(balanced_price=2.0, precise_price=20.0, weight_intercept=-1.977, weight_slope=0.654)
"""For everybody else's alarms: what `telcollm graph evaluate` fixes on the three public records, rounded."""


@dataclass(frozen=True)
class ChosenEdges:
    """What was chosen among all pairs of types: edges, and the ranking behind them, both (types, types)."""

    edges: Mask
    ranking: Floats


def choose_edges(
    evidence: PairEvidence, rule: Rule, point: OperatingPoint, known: Ints | None = None
) -> ChosenEdges:
    """Return the edges of an operating point; `known` (types, types), -1 where unknown, overrides.

    Known edges rank above and known non-edges below everything else.
    """
    edges = choose(evidence, rule, point)
    ranking = candidates(evidence.strength, evidence.explained, point)
    if known is not None:
        off = ~np.eye(len(known), dtype=bool)
        edges = np.where(known == UNKNOWN, edges, known == EDGE) & off
        ranking = np.where(known == EDGE, ranking.max() + 1.0, np.where(known == NO_EDGE, -1.0, ranking))
    return ChosenEdges(edges, ranking)


def learn(
    history: AlarmHistory,
    *,
    prior: NamedMatrix | None = None,
    operating_point: OperatingPoint = "balanced",
    rule: Rule = SHIPPED_RULE,
    fraction: float = 1.0,
    progress: Progress | None = None,
) -> CauseGraph:
    """Return the cause graph of a history; the same history gives the same graph, byte for byte.

    Args:
        history: the alarms to learn from; pass `history.split(fraction)[0]` to hold the rest back.
        prior: what an expert knows of pairs of types: 1 an edge, 0 none, -1 unknown. It overrides.
        operating_point: "balanced" for the best F1, "precise" for fewer edges that are rarely wrong.
        rule: what decides the number of edges.
        fraction: the part of a longer history that this one is, for the record only.
        progress: told one line at a time what is being done.

    Raises:
        SettingsError: the history holds no alarms.
    """
    if len(history) == 0:
        msg = f"history {history.name!r} holds 0 alarms, at least 1 is needed; take a larger --fraction"
        raise SettingsError(msg)
    evidence = gather(history, progress=progress)
    names = evidence.type_names
    known = None if prior is None else prior.aligned(names, UNKNOWN)
    chosen = choose_edges(evidence, rule, operating_point, known)
    weights = rule.weights(evidence.strength)
    edges = [
        CauseEdge(names[a], names[b], round(float(weights[a, b]), 4), round(float(evidence.lag_s[a, b]), 1))
        if known is None or known[a, b] == UNKNOWN
        else CauseEdge(names[a], names[b], 1.0, round(float(evidence.lag_s[a, b]), 1), "prior")
        for a, b in np.argwhere(chosen.edges).tolist()
    ]
    if prior is not None:
        edges += _edges_of_unseen_types(prior, names)
    return cause_graph(
        names,
        edges,
        method=METHOD,
        learned_from=LearnedFrom(history.name, history.sha256, len(history), fraction),
        operating_point=operating_point,
    )


def _edges_of_unseen_types(prior: NamedMatrix, seen: tuple[str, ...]) -> list[CauseEdge]:
    return [
        CauseEdge(prior.names[a], prior.names[b], 1.0, 0.0, "prior")
        for a, b in np.argwhere(prior.values == EDGE).tolist()
        if a != b and not {prior.names[a], prior.names[b]} <= set(seen)
    ]
