"""What of a message is about its matter: its clauses, weighed by how the writer stands to each.

What is quoted from others, dismissed or ruled out counts for nothing, and what is told as the reason counts
for less than what is asked. Does not know intents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agents.care.text import folded

_QUOTED: Final = re.compile(r"\"[^\"]{0,300}\"|“[^”]{0,300}”|「[^」]{0,300}」|『[^』]{0,300}』")
_BREAK: Final = re.compile(r"[.!?;,:。！？；，：…\n]+|\s-+\s")
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？…;；\n])\s*")

_DISMISSED: Final = re.compile(
    r"forget (?:that|it|about)|no longer the (?:point|matter)|\bsorted\b|that(?:'?s| is) not it"
    r"|not about that|not my matter|wrong menu|not why|other story|different (?:case|matter)"
    r"|all done|over now"
    r"|that is done|(?:his|her|their) business|never mind"
    r"|别管|不说这个|不是这个|另一回事|不相干|过去了|跟我无关|不用管|当我没说|已经(?:解决|处理)"
)
"""Clauses that take back what stands just before them."""

_RULED_OUT: Final = re.compile(
    r"^(?:i )?(?:do not|don'?t|didn'?t) (?:want|mean|need)\b|^(?:it'?s|it is) not\b"
    r"|^not (?:a|an|about|the|to)\b"
    r"|\bno \w+ needed\b|^(?:just|only) a question|^no (?:outage|fault|complaint|problem)\b"
    r"|works? (?:here|otherwise)\b"
    r"|\bis fine\b|\bwas right\b|(?:colleague|bot|menu) (?:thought|said|understood)"
    r"|^不是|^并非|没想|不要退|不用师傅|^没断|网是好的|没问题|^就问|^只问"
    r"|(?:同事|机器人|菜单)(?:说|以为|听)|不对$"
)
"""Clauses that say what the matter is not."""

_REASON: Final = re.compile(
    r"^(?:background|reason|because|after|since|it all began|first it was|the story|why i write|story was)\b"
    r"|^(?:起因|原因|来由|开头|最早|就因为|因为|自从)"
)
"""Clauses that begin a reason."""

_HENCE: Final = re.compile(r"^(?:that'?s why|that is why|hence|so now|therefore)\b|^(?:所以|这才|因此)")
"""Clauses that make a reason of what stands just before them."""

_OTHERS: Final = re.compile(
    r"^(?:my |a )?(?:neighbou?r|son|daughter|brother|sister|colleague|friend)\b"
    r".{0,20}\b(?:says|has|left|ports|wants)"
    r"|^(?:last (?:year|month)|in (?:may|june|july|august)|had that too|earlier|this morning i wrote)\b"
    r"|^(?:我弟|我哥|我姐|朋友|邻居|儿子|同事)(?!.{0,6}也)|^(?:去年|上个?月|之前我?写|早上我?写)"
)
"""Clauses about others, or about other days."""

REASON_WEIGHT: Final = 0.45
OTHERS_WEIGHT: Final = 0.3


@dataclass(frozen=True, slots=True)
class Clause:
    """A folded clause, and in 0-1 how much it is about the matter."""

    text: str
    weight: float


def clauses(text: str) -> list[Clause]:
    """Return the clauses of a message in order, each with its weight.

    >>> [clause.weight for clause in clauses("the bill is fine, that is not it. my internet is slow")]
    [0.0, 0.0, 1.0]
    """
    found: list[Clause] = []
    for sentence in _SENTENCE.split(_QUOTED.sub(" ", folded_lines(text))):
        found += _weighed([part.strip() for part in _BREAK.split(sentence) if part and part.strip()])
    return found


def folded_lines(text: str) -> str:
    """Return a text folded line by line, so that a new line still ends a sentence."""
    return "\n".join(filter(None, map(folded, text.splitlines())))


def _weighed(parts: list[str]) -> list[Clause]:
    weights = [1.0] * len(parts)
    for place, part in enumerate(parts):
        if _DISMISSED.search(part):
            weights[place] = 0.0
            if place:
                weights[place - 1] = 0.0
        elif _RULED_OUT.search(part):
            weights[place] = 0.0
        elif _HENCE.search(part):
            weights[place] = 0.0
            if place:
                weights[place - 1] *= REASON_WEIGHT
        elif _REASON.search(part):
            weights[place] = REASON_WEIGHT
            if place + 1 < len(parts) and len(part) <= 24:
                weights[place + 1] = REASON_WEIGHT
        elif _OTHERS.search(part):
            weights[place] = OTHERS_WEIGHT
    return [Clause(part, weight) for part, weight in zip(parts, weights, strict=True)]
