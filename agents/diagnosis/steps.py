"""Steps to take next, as runbooks word them: each cited, each marked safe or needing approval.

Reading, looking and checking are safe. Whatever resets, restarts, blocks, changes or locks needs approval,
and so does every step that is not known to be safe. What a document says is cited, never obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from telcollm.records import NextStep

MOST_STEPS: Final = 5
_CHARACTERS: Final = 240

_LOOKS: Final = (
    "check|look|read|verify|compare|inspect|list|show|measure|confirm|note|ask|see|monitor|view|watch|review|"
    "identify|find|determine|locate|observe|record|collect|query|ping|trace|examine|count|wait|call|inform|"
    "tell|notify|report|search|establish|make sure|ensure that"
)
_CHANGES: Final = (
    "reset|resets|resetting|restart|restarts|restarting|reboot|rebooting|reload|reloading|block|blocking|"
    "unblock|lock|locking|unlock|unlocking|change|changing|replace|replacing|swap|swapping|switch|switching|"
    "delete|deleting|remove|removing|disable|disabling|enable|enabling|configure|configuring|reconfigure|"
    "power-cycle|power cycle|powering|upgrade|upgrading|downgrade|roll back|rollback|clear|clearing|"
    "set|setting|shut|shutting|isolate|isolating|deactivate|activate|move|moving|install|reinstall|repair|"
    "clean|cleaning|adjust|adjusting|restore|restoring|force|forcing|erase|write|update|updating|unplug|"
    "disconnect|reconnect|reroute|re-route|fail over|failover|turn off|turn on|dispatch|send|increase|"
    "decrease|reduce|raise|lower|apply|run|execute|issue|start|stop|kill|drain|flush|toggle|bounce|cut over"
)
_STARTS_LOOKING: Final = re.compile(
    rf"^(?:first,? |then,? |next,? |also |now |finally,? |please )*(?:{_LOOKS})\b", re.IGNORECASE
)
_CHANGING: Final = re.compile(rf"(?<![\w-])(?:{_CHANGES})(?![\w-])", re.IGNORECASE)
_LOOKS_CHINESE: Final = re.compile(
    r"^(?:首先|先|然后|再|接着|并|请)*(?:检查|查看|查询|确认|核对|核实|观察|记录|比较|测量|"
    r"监控|读取|了解|联系|通知|收集|分析|判断|定位|询问)"
)
_CHANGING_CHINESE: Final = re.compile(
    "重启|复位|重置|更换|替换|修改|更改|闭锁|锁定|解锁|解闭|关闭|打开|启用|禁用|停用|删除|清除|倒换|切换|升级|回退|"
    "拔出|插拔|重新|调整|设置|配置|下发|执行|恢复|清洁|断开|隔离|派"
)
_ITEM: Final = re.compile(
    r"^\s*(?:[-*•]|\(?\d{1,2}[.)、]|步骤\s*\d+\W?|step\s+\d+[:.]?)\s*(?P<step>\S.*)$", re.IGNORECASE
)
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])")


def needs_approval(step: str) -> bool:
    """Tell whether a step must wait for a person: unless it begins by looking, and does nothing else.

    >>> needs_approval("Check the rectifier's input voltage."), needs_approval("Restart the baseband.")
    (False, True)
    >>> needs_approval("Check the log, then restart the board."), needs_approval("检查电源,然后复位单板")
    (True, True)
    """
    looks = _STARTS_LOOKING.match(step) or _LOOKS_CHINESE.match(step)
    return looks is None or bool(_CHANGING.search(step) or _CHANGING_CHINESE.search(step))


def steps_in(text: str) -> list[str]:
    r"""Return the steps a passage lists: its numbered or dashed lines, else its sentences that say to do one.

    >>> steps_in("If mains fail:\n1. Check the battery.\n2. Restart the rectifier.")
    ['Check the battery.', 'Restart the rectifier.']
    >>> steps_in("Batteries last 4 hours. Check the generator first.")
    ['Check the generator first.']
    """
    lines = [found["step"].strip() for line in text.splitlines() if (found := _ITEM.match(line))]
    if lines:
        return [line[:_CHARACTERS] for line in lines]
    sentences = (" ".join(part.split()) for part in _SENTENCES.split(text))
    return [part[:_CHARACTERS] for part in sentences if part and _says_to_do(part)]


def _says_to_do(sentence: str) -> bool:
    start = re.match(r"(?:first,? |then,? |next,? )*([\w-]+(?: [\w-]+)?)", sentence, re.IGNORECASE)
    if start is not None and (_CHANGING.match(start[1]) or _STARTS_LOOKING.match(sentence)):
        return True
    chinese = _CHANGING_CHINESE.search(sentence)
    return _LOOKS_CHINESE.match(sentence) is not None or (chinese is not None and chinese.start() <= 2)


def steps_from(passages: Iterable[tuple[str, str, str]], most: int = MOST_STEPS) -> tuple[NextStep, ...]:
    """Return the steps of passages, given as (chunk id, where it stands, text), in their order."""
    found: dict[str, NextStep] = {}
    for chunk_id, source, text in passages:
        for step in steps_in(text):
            found.setdefault(
                step,
                NextStep(
                    text=step, citations=(chunk_id,), source=source, needs_approval=needs_approval(step)
                ),
            )
    return tuple(found.values())[:most]
