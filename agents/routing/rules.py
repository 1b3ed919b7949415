"""Rules: which team, priority, severity and type the words of a ticket and its objects speak for.

What is found is told by word. Confidence is a share of the words found, bounded by the policy: it is no
probability that was ever measured. Does not know deciders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

from agents.routing.policy import RoutingPolicy

_DOUBT: Final = 1.0
"""What speaks for none of the teams, in words: one word alone makes nobody sure."""

_TOP: Final = 3
N = TypeVar("N", bound=str)


@dataclass(frozen=True, slots=True)
class RuledTeam:
    """The team that rules name ("" where none does), how sure, the likeliest three, and what spoke for it."""

    team: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    words: tuple[tuple[str, float], ...]


def ruled_team(text: str, object_types: Iterable[str], policy: RoutingPolicy) -> RuledTeam:
    """Return the team that most words and object types of the policy speak for.

    >>> from agents.routing.policy import TeamRule
    >>> rules = {"power": TeamRule(words=("batter*",)), "ran": TeamRule(words=("cell*",))}
    >>> policy = RoutingPolicy(teams=rules)
    >>> ruled_team("battery low at 3", [], policy).alternatives
    (('power', 0.25),)
    """
    types = {one.casefold() for one in object_types}
    found: dict[str, list[tuple[str, float]]] = {}
    for team, rule in policy.teams.items():
        said: list[tuple[str, float]] = [(word, 1.0) for word in words_found(text, rule.words)]
        said += [(f"object type {one}", 2.0) for one in rule.object_types if one.casefold() in types]
        if said:
            found[team] = said
    scores = {team: sum(weight for _, weight in said) for team, said in found.items()}
    whole = sum(scores.values()) + _DOUBT
    # Teams of one score go by name, so that the order of the file decides nothing.
    order = sorted(scores, key=lambda team: (-scores[team], team))
    alternatives = tuple((team, policy.rules_confidence * scores[team] / whole) for team in order[:_TOP])
    if not alternatives:
        return RuledTeam("", 0.0, (), ())
    team, confidence = alternatives[0]
    return RuledTeam(team, confidence, alternatives, tuple(found[team]))


def first_spoken(text: str, named: Mapping[N, Sequence[str]]) -> tuple[str, str]:
    """Return the first name one of whose words the text has, and that word; two empty texts where none.

    >>> first_spoken("line is slow", {"outage": ("down",), "degradation": ("slow*",)})
    ('degradation', 'slow*')
    """
    for name, words in named.items():
        if spoken := words_found(text, words):
            return str(name), spoken[0]
    return "", ""


def words_found(text: str, words: Sequence[str]) -> list[str]:
    """Return which of the words the text has, in their order; `*` at an end stands for any letters.

    >>> words_found("Batteries low, 市电停了", ["batter*", "low", "lo", "市电"])
    ['batter*', 'low', '市电']
    """
    folded = text.casefold()
    return [word for word in words if _pattern(word).search(folded)]


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    folded = word.casefold()
    stem = re.escape(folded.rstrip("*"))
    # Chinese does not part its words, so only ASCII words must stand alone.
    before = r"(?<![a-z0-9])" if folded[:1].isascii() else ""
    after = r"(?![a-z0-9])" if folded[-1:].isascii() and not folded.endswith("*") else ""
    return re.compile(before + stem + after)
