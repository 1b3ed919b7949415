"""What a tool answers, one call of a run, and the budgets that bound both. Does not know any one tool."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class ToolStatus(StrEnum):
    """The one way in which a tool answers."""

    FOUND = "found"
    NOTHING_FOUND = "nothing found"
    FAILED = "failed"
    NEEDS_APPROVAL = "needs approval"


class ToolAnswer(msgspec.Struct, Generic[T], frozen=True):
    """What a tool found; `searched` says where and over which interval, `why` what went wrong.

    `ids` are those of every record shown in `value`. `total` counts what there is, `shown` what `value` holds
    of it, and `next_page` asks for the rest; `complete` is False where `total` is a lower bound. `repeated`:
    this run had asked the same before, and this is the first answer again.
    """

    status: ToolStatus
    value: T | None = None
    searched: str = ""
    why: str = ""
    ids: tuple[str, ...] = ()
    total: int = 0
    shown: int = 0
    next_page: str = ""
    complete: bool = True
    repeated: bool = False


class ToolCall(msgspec.Struct, frozen=True):
    """One call of a run: what was asked, what came back, and how long it took, in seconds."""

    name: str
    arguments: dict[str, Any]
    answer: ToolAnswer[Any]
    seconds_s: float = 0.0


class ToolBudget(msgspec.Struct, frozen=True):
    """How much one run may ask for, and how long and how large an answer may be.

    `calls` and `run_s` bound a run, a repeated call costing neither; `call_s` bounds a call, `answer_bytes`
    the JSON of an answer's value, `items` what it lists, and `rows` what is read from the store for it.
    """

    calls: Annotated[int, msgspec.Meta(ge=1)] = 60
    run_s: Annotated[float, msgspec.Meta(gt=0)] = 120.0
    call_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    answer_bytes: Annotated[int, msgspec.Meta(ge=1_000)] = 8_000
    items: Annotated[int, msgspec.Meta(ge=1)] = 50
    rows: Annotated[int, msgspec.Meta(ge=1)] = 5_000
