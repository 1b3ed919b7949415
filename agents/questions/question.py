"""A question as it was understood: its language, what it wants, about which objects, of which time.

The text is untrusted: nothing is taken from it but a kind of question, names that exist, and a time.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, tzinfo
from typing import Final, Literal

import msgspec

from agents.questions.calendar import Span
from agents.questions.intents import Intent, find_intent, is_order
from agents.questions.objects import Mention, Names, blank
from agents.questions.times import find_time

Language = Literal["en", "zh"]
LONGEST: Final = 1_000
"""Characters of a question; what is longer is no question."""

_INCIDENT: Final = re.compile(r"(?<![a-z0-9])inc-[0-9a-z]{2,32}(?![0-9a-z])")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


class Question(msgspec.Struct, frozen=True):
    """What was understood. `bad_time` is what the calendar has to say against the time that was named."""

    text: str
    language: Language
    intent: Intent | None
    mentions: tuple[Mention, ...] = ()
    incident_ids: tuple[str, ...] = ()
    span: Span | None = None
    present: bool = False
    order: bool = False
    bad_time: str = ""

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects that are asked about, each once."""
        return tuple(dict.fromkeys(name for mention in self.mentions for name in mention.objects))

    @property
    def unknown(self) -> tuple[Mention, ...]:
        """What looks like a name and is none, or not only one."""
        return tuple(mention for mention in self.mentions if not mention.objects)


def language_of(text: str) -> Language:
    """Return the language of a text: Chinese where it has Chinese characters beside names.

    >>> language_of("小区1042怎么了"), language_of("why did cell 1042 drop")
    ('zh', 'en')
    """
    return "zh" if _CHINESE.search(text) else "en"


def understand(text: str, names: Names, now: datetime, zone: tzinfo) -> Question:
    """Return what a question of at most `LONGEST` characters asks, against a given now and time zone."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    language = language_of(plain)
    incidents = list(_INCIDENT.finditer(plain))
    rest = blank(plain, [found.span() for found in incidents])
    strong = names.strong(rest)
    rest = blank(rest, [(one.start, one.end) for one in strong])
    bad_time = ""
    try:
        told = find_time(rest, now, zone)
    except ValueError as error:
        told, bad_time = None, str(error)
    if told is not None:
        rest = blank(rest, told.words)
    weak = names.weak(rest)
    rest = blank(rest, [(one.start, one.end) for one in weak])
    return Question(
        text=text,
        language=language,
        intent=find_intent(rest),
        mentions=tuple(sorted([*strong, *weak], key=lambda one: one.start)),
        incident_ids=tuple(dict.fromkeys(found[0] for found in incidents)),
        span=None if told is None or told.present else told.span,
        present=told is not None and told.present,
        order=is_order(plain) and find_intent(rest) not in (Intent.WHY, Intent.KNOWLEDGE),
        bad_time=bad_time,
    )
