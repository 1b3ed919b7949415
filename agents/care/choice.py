"""Which script answers a case, within the policy: its text filled, or the rule that forbids it.

Pure: case and reading in, answer out. Does not know where they come from, nor ids and times of replies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from agents.care.book import UNCLEAR, Script, ScriptBook
from agents.care.condition import holds
from agents.care.policy import Policy, Rule
from agents.care.slots import Filled, Slot, fill


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a filled script, the words of a rule, or nothing at all (an empty text).

    `text` ends with the next question, where there is one.
    """

    text: str = ""
    next_question: str = ""
    script: Script | None = None
    rule: Rule | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


def choose(
    book: ScriptBook,
    policy: Policy,
    traits: Mapping[str, str],
    slots: Mapping[str, Slot],
    *,
    intent: str,
    text: str,
    language: str,
    zone: tzinfo,
) -> Answer:
    """Return the answer to a customer who is after `intent` and wrote `text`.

    A script whose slots have no record each is passed over for the next one. What policy forbids to ask for
    is refused before any script is chosen, what it forbids to do or say after.
    """
    if rule := policy.against_request(traits, intent, text):
        return _refusal(rule, language)
    for name in dict.fromkeys((intent, UNCLEAR)):
        for script in book.of(name):
            if not holds(script.when, traits):
                continue
            filled = _filled(script, slots, language, zone)
            if filled is None:
                continue
            question = script.next_question.get(language, "")
            if rule := policy.against_reply(traits, script.does, f"{filled.text}\n{question}"):
                return _refusal(rule, language)
            said = _joined(filled.text, question, language)
            return Answer(said, question, script, None, filled.values, filled.sources)
    return Answer()


def _filled(script: Script, slots: Mapping[str, Slot], language: str, zone: tzinfo) -> Filled | None:
    """Return the fullest wording of a script whose slots all have a record; None where there is none."""
    wordings = (fill(wording, slots, language, zone) for wording in script.text.get(language, ()))
    return next((filled for filled in wordings if filled is not None), None)


def _refusal(rule: Rule, language: str) -> Answer:
    question = rule.next_question.get(language, "")
    return Answer(_joined(rule.says.get(language, ""), question, language), question, None, rule)


def _joined(text: str, question: str, language: str) -> str:
    """Return a text with its question; Chinese sentences stand without a blank between."""
    return f"{text}{'' if language == 'zh' else ' '}{question}" if question else text
