"""Tools over what is known beyond one network's records: the cause graph and the knowledge base.

Does not know incidents.
"""

from __future__ import annotations

from typing import Final

from agents.tools.arguments import OfProblems, Question
from agents.tools.found import CauseFact, Found, Passage
from agents.tools.sources import Finding, Sources, counted, named
from telcollm.errors import TelcollmError
from telcollm.graph import CauseEdge
from telcollm.identity import derive_id

MOST_PASSAGES: Final = 20
_PASSAGE_CHARACTERS: Final = 1_200


def find_causes(sources: Sources, asked: OfProblems) -> Finding:
    """Return the edges of the cause graph that end in or start from the problems, the heaviest first.

    Raises:
        TelcollmError: no graph has been learned.
    """
    graph = sources.graph
    if graph is None:
        message = (
            "causes: there is no cause graph; one learned from alarms is needed; run telcollm graph learn"
        )
        raise TelcollmError(message)
    searched = (
        f"causes and effects of {named(asked.problems, 'problem')} in the cause graph {graph.sha256[:12]}"
    )
    unknown = [name for name in asked.problems if not graph.knows(name)]
    if unknown:
        searched += f"; it does not know {named(unknown, 'of them', 3)}"
    edges: dict[tuple[str, str], CauseEdge] = {}
    for name in asked.problems:
        for edge in (*graph.causes_of(name), *graph.effects_of(name)):
            edges[edge.cause, edge.effect] = edge
    ranked = sorted(edges.values(), key=lambda edge: (-edge.weight, edge.cause, edge.effect))
    items = tuple(
        CauseFact(
            edge_id=derive_id("edge", graph.sha256, edge.cause, edge.effect),
            cause=sources.text(edge.cause, 200),
            effect=sources.text(edge.effect, 200),
            weight=edge.weight,
            lag_s=edge.lag_s,
            provenance=edge.provenance,
        )
        for edge in ranked
    )
    counts = {"cause": counted([item.cause for item in items])} if items else {}
    return Finding(Found(items, counts), searched)


def find_knowledge(sources: Sources, asked: Question) -> Finding:
    """Return the passages that the caller's roles may read and that answer the question, the best first.

    Raises:
        TelcollmError: there is no knowledge base.
    """
    if sources.library is None:
        message = "knowledge: there is no knowledge base; documents are needed; see telcollm knowledge add"
        raise TelcollmError(message)
    searched = f"the knowledge base for {sources.text(asked.question, 120)!r}"
    hits = sources.library.search(
        asked.question, scope=sources.scope, roles=sources.roles, limit=MOST_PASSAGES
    )
    items = tuple(
        Passage(
            chunk_id=hit.chunk.chunk_id,
            document_id=hit.document.document_id,
            citation=sources.text(hit.citation, 300),
            source=sources.text(hit.document.source, 200),
            text=sources.text(hit.chunk.text, _PASSAGE_CHARACTERS),
            score=round(hit.score, 5),
        )
        for hit in hits
    )
    return Finding(Found(items), searched, complete=len(hits) < MOST_PASSAGES)
