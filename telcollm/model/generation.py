"""Text after a batch of rows: free, token by token, or as JSON by fillers, all rows together.

It does not know prompts or adapters. The likeliest token is taken always: the same rows, the same text.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from telcollm.model.filling import Ask, Filler, JsonTokens
from telcollm.model.port import FinishReason, JsonValue
from telcollm.model.rows import Rows
from telcollm.model.schema import Node


@dataclass(frozen=True, slots=True)
class Written:
    """What was written after one row: its tokens, and text and value where they followed a schema."""

    tokens: Sequence[int]
    finish_reason: FinishReason
    text: str = ""
    value: JsonValue = None


def write_text(rows: Rows, end_tokens: Collection[int], max_new_tokens: int) -> list[Written]:
    """Tokens after each row, until one that ends the text (left out) or `max_new_tokens`."""
    count = len(rows.lengths)
    written: list[list[int]] = [[] for _ in range(count)]
    reasons: list[FinishReason] = ["length"] * count
    places = list(range(count))
    ended: set[int] = set()
    while True:
        following = rows.logits.argmax(dim=-1).tolist()
        growth: list[list[int]] = [[] for _ in places]
        for row, place in enumerate(places):
            if place in ended:
                continue
            if following[row] in end_tokens:
                ended.add(place)
                reasons[place] = "stop"
                continue
            written[place].append(following[row])
            growth[row] = [following[row]]
            if len(written[place]) >= max_new_tokens:
                ended.add(place)
        if len(ended) == count:
            return [Written(ids, reason) for ids, reason in zip(written, reasons, strict=True)]
        open_rows = [row for row, place in enumerate(places) if place not in ended]
        if 2 * len(open_rows) <= len(places):  # rows that ended are carried along until they are half
            rows = rows.select(open_rows)
            places = [places[row] for row in open_rows]
            growth = [growth[row] for row in open_rows]
        rows.extend([ids if place not in ended else [] for ids, place in zip(growth, places, strict=True)])


def write_json(
    rows: Rows, node: Node, tokens: JsonTokens, max_new_tokens: int, token_budget: int
) -> list[Written]:
    """One value of the node after each row, as text and decoded."""
    fillers = [Filler(tokens, max_new_tokens) for _ in rows.lengths]
    running = [filler.fill(node) for filler in fillers]
    start = list(rows.lengths)
    values: list[JsonValue] = [None] * len(running)
    requests: list[Any] = [None] * len(running)

    def step(row: int, answer: Any) -> None:
        try:
            requests[row] = running[row].send(answer)
        except StopIteration as end:
            values[row], requests[row] = end.value, None

    for row in range(len(running)):
        step(row, None)
    while any(request is not None for request in requests):
        asking = [row for row, request in enumerate(requests) if isinstance(request, Ask)]
        if asking:
            branches = [request.branches if isinstance(request, Ask) else () for request in requests]
            found = rows.log_likelihoods(branches, token_budget)
            for row in asking:
                step(row, [sum(scores) for scores in found[row]])
            continue
        growth = [request or () for request in requests]
        rows.extend(growth)
        for row, ids in enumerate(growth):
            if ids:
                step(row, rows.logits[row])
    texts = [json.dumps(value, ensure_ascii=False) for value in values]
    return [
        Written(
            range(rows.lengths[row] - start[row]), "length" if fillers[row].cut else "stop", texts[row], value
        )
        for row, value in enumerate(values)
    ]
