"""A case of a suite: what is asked, the hidden answer, what was said of it, and how right that was.

Deliberately does not know suites, nor where cases lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

Part = Literal["validation", "test"]
"""What a suite is developed on, and what is reported once."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the system is handed of one case: nothing in it, the id included, tells the answer.

    `inputs` is plain JSON, or names what lies in the folder of inputs.
    """

    case_id: str
    inputs: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hidden answer of one case, read by the scorer alone.

    Cases of one `group` are not independent (tickets of one fault, turns of one conversation): they are drawn
    together when intervals are taken. `slices` are what figures are also shown by, {"language": "zh"}.
    """

    case_id: str
    truth: dict[str, Any]
    group: str = ""
    slices: dict[str, str] = {}


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the system said of one case. `outcome` is plain JSON, what the scorer reads.

    `text` is what a person would read, shown on the comparison page; it may be hostile, and is escaped
    there. `tokens` counts those that a model read and wrote. `abstained` is for systems that may decline.
    `seconds` is for a system that checks its own words in `answer` as well: what the job itself took.
    """

    case_id: str
    outcome: dict[str, Any]
    text: str = ""
    tokens: int = 0
    abstained: bool = False
    seconds: float | None = None


class Scored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of results: what was said of a case, how right it was, how long it took."""

    case_id: str
    group: str
    correct: bool
    seconds: float
    tokens: int
    abstained: bool
    scores: dict[str, float | None]
    outcome: dict[str, Any]
    truth: dict[str, Any]
    text: str = ""
    slices: dict[str, str] = {}


def chosen(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """Return all cases, or the same `limit` of them for every variant: by a hash of the id, in their order.

    A smaller limit gives a part of a larger one's, so that results of both can be paired.

    >>> cases = [Case(str(number)) for number in range(9)]
    >>> few, more = chosen(cases, 3), chosen(cases, 5)
    >>> len(few), all(one in more for one in few)
    (3, True)
    """
    from hashlib import blake2b

    if limit is None or limit >= len(cases):
        return list(cases)
    ranked = sorted(cases, key=lambda case: blake2b(case.case_id.encode(), digest_size=8).digest())
    kept = {case.case_id for case in ranked[: max(limit, 0)]}
    return [case for case in cases if case.case_id in kept]
