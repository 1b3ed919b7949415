"""Where in a matter a message stands: it opens it, answers a question, takes an offer or turns it down.

Told by what the desk said last and by words of consent and refusal. Does not know matters.
"""

from __future__ import annotations

import re
from typing import Final

from agents.care.matter import folded_lines

_OFFER: Final = re.compile(
    r"\b(?:shall|may|should) (?:i|we|my|a)\b|\bi can (?:offer|give|split|extend)|\bwould you like\b"
    r"|\bwould\b.{0,40}\b(?:be fair|help|change it)\b|\b(?:agreed|interested)\b|is that (?:ok|all right)"
    r"|would that be fine|do you (?:want that|agree)|, ok\b"
    r"|要不要|需要(?:我|给|安排|现在)|需要.{0,12}吗|(?:行|可以|好|同意|考虑|要)吗|行不行|给您.{0,12}吗|要给您|(?:分三期|延\d+天)"
    r"|给您(?:办|约|换|安排|这样|开|补|订)|(?:让|请).{1,4}给您回电|(?:现在|马上|要).{0,12}吗"
)
_QUESTION: Final = re.compile(
    r"[?？]|吗|呢|哪|何|几|什么|怎么|多少"
    r"|^(?:which|what|when|where|how|is|are|do|does|did|have|has|can|could|since when)\b"
)
_UNSURE: Final = re.compile(
    r"not sure|don'?t know|what do you mean|^(?:hm|well|wait|one moment)\b|how (?:much|long)|\bwhy\b"
    r"|不清楚|不知道|啥意思|什么意思|多少|多久|为啥|为什么|等下|稍等|等一下"
)
_NO: Final = re.compile(
    r"^(?:no|nope|nah|never|rather not|i don'?t (?:think so|want)|not (?:really|now|needed))\b"
    r"|^(?:still|it is) (?:the same|no change|not)"
    r"|^(?:不(?!好意思)|没有|没(?!错)|别|算了|还是(?:老样子|不)|仍)"
)
_YES: Final = re.compile(
    r"^(?:yes|yep|yeah|sure|ok|okay|please do|go (?:on|ahead)|agreed|exactly|right|fine|gladly"
    r"|that(?:'?s| is) (?:right|it|fine|ok))\b"
    r"|^(?:是(?![在从\d])|对(?!面)|嗯|好(?!一阵|久|像|几)|行|没错|可以|同意|麻烦了|就这么办|要的|办吧)"
)
_LEAD: Final = re.compile(
    r"^(?:hi|hello|hey|good (?:day|evening|morning)|sorry|you(?:r)?|您好|你好|喂|在)[,，!！. ]+"
)


def stage_of(text: str, desk_said: str) -> str:
    """Return "first", "answer", "accepted" or "declined" for a message, by what the desk said just before.

    >>> stage_of("yes please", "Shall I book it?"), stage_of("no", "Is it on?")
    ('accepted', 'answer')
    >>> stage_of("不用了", "需要我为您申请补卡吗"), stage_of("my net is down", "")
    ('declined', 'first')
    """
    said, own = folded_lines(desk_said), _LEAD.sub("", folded_lines(text))
    if not said or not (_QUESTION.search(said) or _OFFER.search(said)):
        return "first"
    if not _OFFER.search(said) or _UNSURE.search(own):
        return "answer"
    if _NO.search(own):
        return "declined"
    return "accepted" if _YES.search(own) else "answer"


def asks_to_go_on(desk_said: str) -> bool:
    """Tell whether the desk's words ask for an answer at all."""
    said = folded_lines(desk_said)
    return bool(_QUESTION.search(said) or _OFFER.search(said))
