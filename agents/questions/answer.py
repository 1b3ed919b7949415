"""An answer: sentences that each cite records, or the reason why there is none. Knows no tool."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from agents.tools import ToolCall
from telcollm.records import NextStep


class Declined(StrEnum):
    """Why a question is not answered."""

    OUT_OF_SCOPE = "out of scope"
    UNKNOWN_OBJECT = "unknown object"
    NO_OBJECT = "no object"
    NO_PERMISSION = "no permission"
    NOTHING_FOUND = "nothing found"
    BAD_TIME = "bad time"
    FAILED = "failed"


class Cited(msgspec.Struct, frozen=True):
    """One sentence and the ids of the records it rests on: never empty."""

    text: str
    ids: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered. `declined` says why not, in the language of the question; `reason` is its kind.

    `suggestions` are names that may have been meant, `searched` what was looked through, `steps` the calls of
    tools. `grounding` is the share of drafted sentences whose records were seen; the others are left out and
    counted in `dropped`.
    """

    language: str
    intent: str = ""
    objects: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    sentences: tuple[Cited, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    declined: str = ""
    reason: Declined | None = None
    suggestions: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    dropped: int = 0
    grounding: float | None = None
    decided_by: str = "rule"
    model: str = ""
    steps: tuple[ToolCall, ...] = ()

    @property
    def text(self) -> str:
        """The answer as one text, or why there is none."""
        if self.declined:
            return self.declined
        return ("" if self.language == "zh" else " ").join(sentence.text for sentence in self.sentences)
