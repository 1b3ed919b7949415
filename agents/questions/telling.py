"""Sentences of one answer as they are drafted: kept only where every record they cite was seen in this run.

Does not know which sentences a question needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from agents.questions.answer import Cited
from agents.questions.phrases import Phrases, time_text
from agents.tools import ToolAnswer, Toolbox, ToolStatus
from telcollm.records import NextStep

_MOST_CITED = 12


class Telling:
    """What an answer has come to so far; `tools` is the only place it looks things up."""

    def __init__(self, tools: Toolbox, phrases: Phrases, zone: tzinfo) -> None:
        self.tools = tools
        self.phrases = phrases
        self.zone = zone
        self.sentences: list[Cited] = []
        self.next_steps: list[NextStep] = []
        self.dropped = 0
        self.searched: list[str] = []
        self.failures: list[str] = []

    def say(self, name: str, ids: Sequence[str], **slots: Any) -> None:
        """Add a sentence that rests on records; dropped and counted where one of them was not seen."""
        wanted = tuple(dict.fromkeys(ids))[:_MOST_CITED]
        if not wanted or not self.tools.seen_ids.issuperset(wanted):
            self.dropped += 1
            return
        cited = Cited(self.phrases.say(name, **slots), wanted)
        if cited not in self.sentences:
            self.sentences.append(cited)

    def found(self, answer: ToolAnswer[Any]) -> Any:
        """Return the value of an answer where something was found; else None, noting what was searched."""
        if answer.status is ToolStatus.FOUND:
            return answer.value
        if answer.status is ToolStatus.NOTHING_FOUND:
            if answer.searched and answer.searched not in self.searched:
                self.searched.append(answer.searched)
        elif answer.why not in self.failures:
            self.failures.append(answer.why)
        return None

    def when(self, time: datetime | None) -> str:
        """Return a time as it is shown."""
        return self.phrases.say("unknown time") if time is None else time_text(time, self.zone)

    @property
    def grounding(self) -> float | None:
        """The share of drafted sentences that were kept; None where none was drafted."""
        drafted = len(self.sentences) + self.dropped
        return len(self.sentences) / drafted if drafted else None
