"""What a question wants, by the words it uses: a typed playbook, so that no text in a question can steer it.

Does not know objects, times or answers.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """The kinds of question that are answered."""

    WHY = "why"
    STATUS = "status"
    HAPPENED = "what happened"
    OPEN_INCIDENTS = "open incidents"
    AFFECTED = "who is affected"
    CHANGED = "what changed"
    HEALTHY = "is it healthy"
    SIMILAR = "similar incidents"
    KNOWLEDGE = "knowledge"
    HANDOVER = "handover"


_WORDS: Final[tuple[tuple[Intent, str], ...]] = (
    (
        Intent.HANDOVER,
        r"\bhand[- ]?over\b|\bshift (?:summary|report)\b|\bsummar\w+ (?:of )?(?:the|my|our|last) shift\b"
        r"|交接|交班|接班",
    ),
    (
        Intent.SIMILAR,
        r"\bsimilar\b|\b(?:like|as) (?:this|it|that)\b.*\bbefore\b|\b(?:seen|had) (?:this|it|that)\b"
        r"|\bhappened before\b|\bpast incidents\b|类似|相似|以前.{0,4}(?:有|出现|发生|遇到)过",
    ),
    (
        Intent.WHY,
        r"\bwhy\b|\bwhat (?:has )?caused\b|\broot cause\b|\breasons?\b|\bcauses? of\b"
        r"|为什么|为何|为啥|原因|根因|怎么(?:会|就)?(?:掉|断|中断|退服|挂)",
    ),
    (
        Intent.KNOWLEDGE,
        r"\bhow (?:do|can|should|to|would)\b|\bwhat (?:do|does|should)\b.*\b(?:mean|do|check)\b"
        r"|\bmeaning of\b|\bwhat is an? |\bexplain\b|\bprocedure\b|\brunbook\b"
        r"|\bsteps (?:to|for)\b|\binstructions? for\b"
        r"|怎么(?:处理|解决|修|办|排查|清除|恢复)|如何|什么意思|步骤|手册|规程|预案",
    ),
    (
        Intent.AFFECTED,
        r"\baffect\w*\b|\bimpact\w*\b|\bwhich (?:customers?|services?|users?)\b|\bcustomers? (?:on|of|at)\b"
        r"|\bservices? (?:on|of|at)\b|影响|哪些(?:客户|用户|业务)",
    ),
    (
        Intent.CHANGED,
        r"\bchang\w+\b|\bplanned work\b|\bmaintenance\b|\bupgrade[ds]?\b"
        r"|变更|改动|割接|计划(?:工作|作业|内)|施工|升级",
    ),
    (
        Intent.HAPPENED,
        r"\bwhat(?:'s| has| have| was| is|)? (?:happen\w*|went on|been going on)\b|\bhappened\b|\btimeline\b"
        r"|发生了?什么|出了?什么|经过",
    ),
    (
        Intent.HEALTHY,
        r"\bhealth\w*\b|\b(?:is|are|was) .*\b(?:ok|okay|fine|up|down|working|alright|normal|stable|dead)\b"
        r"|健康|正常|好吗|还好|有没有(?:问题|告警|故障)|有(?:问题|告警|故障)吗",
    ),
    (
        Intent.OPEN_INCIDENTS,
        r"\b(?:which|what|list|show|any|all|how many|open|current|active)\b.*\bincidents?\b"
        r"|\b(?:open|active|current) (?:problems?|faults?)\b"
        r"|未(?:解决|关闭|恢复|结)|(?:哪些|多少|什么|所有|列出|当前|现在).{0,6}(?:故障|事件)",
    ),
    (
        Intent.STATUS,
        r"\bwhat(?:'s| is| are|) (?:wrong|up|going on|the (?:problems?|matter|status|issues?|state))\b"
        r"|\bstatus\b|\b(?:any|which|what|show) (?:active )?(?:alarms?|problems?|issues?|faults?)\b"
        r"|\balarms? (?:on|at|of)\b|怎么了|怎么样|怎么回事|什么(?:问题|告警|情况|状况)|状态|告警|咋(?:了|样)",
    ),
)
_COMPILED: Final = tuple((intent, re.compile(words)) for intent, words in _WORDS)
_ORDER: Final = re.compile(
    r"^\W*(?:please |can you |could you |请|帮我|麻烦)*"
    r"(?:restart|reset|reboot|lock|unlock|block|delete|remove|close|clear|send|approve|change|set|disable|"
    r"enable|switch|shut|dispatch|roll back|重启|复位|闭锁|解锁|删除|关闭|发送|批准|修改|下发|派)"
)


def find_intent(text: str) -> Intent | None:
    """Return what `text` (lower case, NFKC) asks for; None where it asks for nothing that is answered.

    >>> find_intent("why did cell 1042 drop last night?")
    <Intent.WHY: 'why'>
    >>> find_intent("有哪些客户受影响")
    <Intent.AFFECTED: 'who is affected'>
    """
    return next((intent for intent, words in _COMPILED if words.search(text)), None)


def is_order(text: str) -> bool:
    """Tell whether a text starts with an order to do something, rather than a question.

    >>> is_order("please restart cell 1042"), is_order("why did cell 1042 restart?")
    (True, False)
    """
    return _ORDER.match(text) is not None
