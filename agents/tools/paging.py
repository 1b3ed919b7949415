"""Pages of a finding: as much as the budget allows, with a token that asks for the rest.

A token means nothing to its holder, and belongs to one question. Does not know what is found.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from agents.tools.answer import ToolAnswer, ToolBudget, ToolStatus
from agents.tools.arguments import ArgumentError
from agents.tools.sources import Finding
from telcollm.identity import derive_id

_TOKEN = msgspec.json.Decoder(tuple[int, str])


def question_id(tool: str, arguments: bytes) -> str:
    """Return what names one question: a tool and its encoded arguments, the page left out."""
    return derive_id("ask", tool, arguments.decode())


def write_token(offset: int, question: str) -> str:
    """Return the token of the page that begins at item `offset`."""
    return base64.urlsafe_b64encode(msgspec.json.encode((offset, question))).decode().rstrip("=")


def read_token(token: str, question: str) -> int:
    """Return where the page begins.

    Raises:
        ArgumentError: the token is damaged or belongs to another question.

    >>> read_token(write_token(40, "ask-1"), "ask-1"), read_token("", "ask-1")
    (40, 0)
    """
    if not token:
        return 0
    try:
        offset, asked = _TOKEN.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        offset, asked = -1, ""
    if offset < 0 or asked != question:
        message = (
            f"page={token[:60]!r} is no page of this question; the next_page of an answer to the same "
            "question is allowed; ask without a page for the first"
        )
        raise ArgumentError(message)
    return offset


def page_of(finding: Finding, offset: int, question: str, budget: ToolBudget) -> ToolAnswer[Any]:
    """Return the answer that shows the finding from item `offset` on, within the budget.

    The value's JSON keeps to `budget.answer_bytes`: items that do not fit wait for the next page, one that is
    too large alone is left out and said to be, and counts give way to items.
    """
    items = finding.value.items
    if not items and not finding.own_ids:
        return ToolAnswer(ToolStatus.NOTHING_FOUND, searched=finding.searched, complete=finding.complete)
    bare = _within(msgspec.structs.replace(finding.value, items=()), budget.answer_bytes // 2)
    room = budget.answer_bytes - len(msgspec.json.encode(bare)) - len('"items":[],')
    end, why = offset, ""
    for item in items[offset : offset + budget.items]:
        size = len(msgspec.json.encode(item)) + 1
        if size > room:
            break
        room -= size
        end += 1
    shown = items[offset:end]
    if not shown and offset < len(items):
        end = offset + 1
        why = (
            f"item {end} alone is larger than the budget of {budget.answer_bytes} bytes; more answer_bytes "
            "are needed to see it; the next page goes on after it"
        )
    ids = dict.fromkeys([*finding.own_ids, *(one for item in shown for one in item.record_ids)])
    return ToolAnswer(
        ToolStatus.FOUND,
        msgspec.structs.replace(bare, items=shown),
        finding.searched,
        why,
        tuple(ids),
        total=len(items),
        shown=len(shown),
        next_page=write_token(end, question) if end < len(items) else "",
        complete=finding.complete,
    )


def _within(value: Any, most_bytes: int) -> Any:
    """Return the value with its counts cut until it fits; other fields are bounded by whoever made it."""
    most = 10
    while getattr(value, "counts", None) and len(msgspec.json.encode(value)) > most_bytes and most:
        most //= 2
        cut = {name: dict(list(numbers.items())[:most]) for name, numbers in value.counts.items()}
        value = msgspec.structs.replace(value, counts=cut)
    return value
