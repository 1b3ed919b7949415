"""A conversation read: its language, what its last message is after, where in the matter it stands.

A short answer ("yes", "the second one") keeps the matter of the turns before. Orders to the desk's systems
are set aside first. Does not know records or scripts' texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.care.book import UNCLEAR, ScriptBook
from agents.care.condition import NO_SIGN, SIGN
from agents.care.intent import THRESHOLD, IntentGuess, PhraseIntents
from agents.care.language import language_of
from agents.care.orders import sift
from agents.care.stage import stage_of
from agents.care.text import folded
from telcollm.records import CareMessage, DecidedBy

_GB: Final = re.compile(
    r"(\d{1,4}(?:[.,]\d{1,2})?|\b(?:one|two|three|four|five|ten|twenty|a)\b) ?"
    r"(?:gb?|gigs?|gigabytes?)(?![a-z])|(\d{1,4}|[一二两三四五六七八九十])\s*个?gb?(?![a-z])"
)
_WORDS: Final = {
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "ten": 10,
    "twenty": 20,
}
MOST_REFUEL_GB: Final = 2.0
_FAINT: Final = 0.55
"""A message less like any phrase than this, after a question, is an answer to it."""
_CUSTOMER: Final = "customer"


@dataclass(frozen=True, slots=True)
class Reading:
    """What is understood of the last message of a conversation."""

    message: CareMessage
    language: str
    intent: str
    confidence: float
    abstained: bool
    stage: str
    sign: str
    asked_gb: str
    orders: str
    set_aside: tuple[str, ...]
    text: str
    desk_said: str
    decided_by: DecidedBy = DecidedBy.RULE


class Reader:
    """Reads conversations by the operator's phrases; a decider's guess may take the place of theirs."""

    def __init__(self, book: ScriptBook) -> None:
        self.phrases = PhraseIntents(book)
        self._by_sign: dict[str, str] = {}
        for intent in book.intents:
            for script in book.of(intent):
                for sign in script.when.get(SIGN, ()):
                    if sign != NO_SIGN:
                        self._by_sign.setdefault(sign, intent)

    def read(self, messages: Sequence[CareMessage], *, known_language: Sequence[str] = ()) -> Reading | None:
        """Return the reading of a conversation in the order sent; None where the desk has the last word."""
        if not messages or messages[-1].author != _CUSTOMER:
            return None
        last = messages[-1]
        own = [message for message in messages if message.author == _CUSTOMER]
        language = language_of(
            [sift(message.text).text for message in own],
            [*known_language, *(one.language for one in own[::-1])],
        )
        sifted = sift(last.text)
        orders = "none" if not sifted.set_aside else "some" if sifted.text else "only"
        matter, stage, desk_said = self._follow(messages, language)
        sign = self.phrases.sign(sifted.text)
        if sign in self._by_sign and (matter.abstained or matter.intent == UNCLEAR):
            # What a phone shows tells what the matter is, where nothing else does.
            matter = IntentGuess(self._by_sign[sign], THRESHOLD, False)
        return Reading(
            message=last,
            language=language,
            intent=matter.intent,
            confidence=matter.confidence,
            abstained=matter.abstained,
            stage=stage,
            sign=sign,
            asked_gb=asked_gb(sifted.text),
            orders=orders,
            set_aside=sifted.set_aside,
            text=sifted.text,
            desk_said=desk_said,
            decided_by=matter.decided_by,
        )

    def _follow(self, messages: Sequence[CareMessage], language: str) -> tuple[IntentGuess, str, str]:
        """Return the matter, the stage and the desk's last words after all turns."""
        matter: IntentGuess | None = None
        stage, desk_said = "first", ""
        said_before = ""
        for message in messages:
            if message.author != _CUSTOMER:
                desk_said = message.text
                continue
            text = sift(message.text).text
            guess = self.phrases.guess(text, language)
            place = stage_of(text, desk_said)
            said_before, desk_said = desk_said, ""
            if matter is None or (matter.intent == UNCLEAR and place == "first"):
                matter, stage = guess, "first"
            elif place == "first" and guess.abstained:
                matter = _fading(matter)
            elif place == "first" or _is_new(guess, matter, place):
                matter, stage = guess, "first"
            else:
                matter, stage = _carried(matter, guess), place
        return matter or IntentGuess(UNCLEAR, 0.0, True), stage, said_before


def _is_new(guess: IntentGuess, matter: IntentGuess, place: str) -> bool:
    """Tell whether a message after a question opens a matter of its own instead of answering."""
    if matter.intent == UNCLEAR:
        return guess.intent != UNCLEAR or guess.strength > _FAINT
    # Thanks after a question go with the answer, unless they are all that is said.
    if guess.intent == "thanks":
        return place == "answer" and not guess.abstained
    if guess.abstained or guess.intent in (UNCLEAR, matter.intent):
        return False
    return place == "answer" and guess.strength > _FAINT


def _carried(matter: IntentGuess, guess: IntentGuess) -> IntentGuess:
    """Return a matter after an answer to a question on it."""
    if guess.intent != matter.intent:
        return _fading(matter)
    return replace(matter, confidence=max(matter.confidence, guess.confidence))


def _fading(matter: IntentGuess) -> IntentGuess:
    """Return a matter carried on by a message that does not name it: a little less sure."""
    return replace(matter, confidence=round(matter.confidence * 0.97, 4))


def asked_gb(text: str) -> str:
    """Return "over", "within" or "none": whether more data is asked for than may be added.

    >>> asked_gb("add 5 GB please"), asked_gb("加2个G"), asked_gb("slow again")
    ('over', 'within', 'none')
    """
    amounts = []
    for found in _GB.finditer(folded(text)):
        written = (found[1] or found[2]).replace(",", ".")
        amounts.append(float(_WORDS.get(written, 0) or written))
    if not amounts:
        return "none"
    return "over" if max(amounts) > MOST_REFUEL_GB else "within"
