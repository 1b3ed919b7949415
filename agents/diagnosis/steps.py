"""Steps to take next, as runbooks word them: each cited, each marked safe or needing approval.

A step is safe only if it is known to do nothing but look. Whatever resets, restarts, blocks, changes or
locks needs approval, and so does every step that is not known to be safe. What a document says is cited,
never obeyed. Deliberately does not know what a step means: it reads words, and where in doubt it asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from telcollm.records import NextStep

MOST_STEPS: Final = 5
_CHARACTERS: Final = 240

_LOOKS: Final = (
    "check|look|read|verify|compare|inspect|list|show|measure|confirm|note|ask|see|monitor|view|watch|review|"
    "identify|find|determine|locate|observe|record|collect|query|ping|trace|examine|count|wait|call|inform|"
    "tell|notify|report|search"
)
# Steps as well, but an outcome is asked for, by whatever means.
_DEMANDS: Final = "establish|make sure|ensure that"
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
_MORE_CHANGES: Final = (
    "pull|drop|format|reformat|rm|wipe|init|type|press|open|close|cut|eject|reseat|re-seat|plug|replug|push|"
    "enter|splice|tighten|loosen|solder|weld|dig|climb|align|realign|tilt|dismantle|detach|attach|insert|"
    "connect|fit|drill|hammer|hit|bypass|deploy|redeploy|migrate|transfer|hand over|go back|revert|undo|burn|"
    "boot|truncate|alter|grant|revoke|create|recreate|add|submit|accept|approve|acknowledge|cancel|abort|"
    "terminate|suspend|resume|pause|quit|save|purge|overwrite|provision|reprovision|deprovision|register|"
    "deregister|evict|initialise|initialize|reinitialise|reinitialize|reflash|refresh|click|twist|rotate|"
    "flip|throw|turn|put|take|bring|let|engage|disengage|energise|energize|de-energise|de-energize|divert|"
    "upload|download|copy|paste|email|refill|refuel|restrict|rename|reassign|retune|invoke|trigger|activate|"
    "switch over|switchover|power up|power down|power off|power on|shutdown|shut down|poweroff|halt|commit|"
    "mv|cp|dd|mkfs|fdisk|chmod|chown|sudo|su|pkill|killall|kill -9|systemctl|iptables|crontab|echo|curl|wget|"
    "scp|ssh|telnet|tftp|bash|sh|eval|exec|tee|sed|docker|kubectl|ansible|snmpset|mkdir|rmdir|unlink|unmount|"
    "umount|conf t|wr|undeploy|untag|detune"
)
_STARTS_LOOKING: Final = re.compile(
    rf"^(?:first,? |then,? |next,? |also |now |finally,? |please )*(?:{_LOOKS})\b", re.IGNORECASE
)
_STARTS_DEMANDING: Final = re.compile(
    rf"^(?:first,? |then,? |next,? |also |now |finally,? |please )*(?:{_DEMANDS})\b", re.IGNORECASE
)
_CHANGING: Final = re.compile(rf"(?<![\w-])(?:{_CHANGES})(?![\w-])", re.IGNORECASE)
_LOOKS_CHINESE: Final = re.compile(
    r"^(?:首先|先|然后|再|接着|并|请)*(?:检查|查看|查询|确认|核对|核实|观察|记录|比较|测量|"
    r"监控|读取|了解|核查|对比|比对|检测|联系|通知|收集|分析|判断|定位|询问)"
)
_CHANGING_CHINESE: Final = re.compile(
    "重启|复位|重置|更换|替换|修改|更改|闭锁|锁定|解锁|解闭|关闭|打开|启用|禁用|停用|删除|清除|倒换|切换|升级|回退|"
    "拔出|插拔|重新|调整|设置|配置|下发|执行|恢复|清洁|断开|隔离|派"
)
_ITEM: Final = re.compile(
    r"^\s*(?:[-*•]|\(?\d{1,2}[.)、]|步骤\s*\d+\W?|step\s+\d+[:.]?)\s*(?P<step>\S.*)$", re.IGNORECASE
)
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])")


def _with_gerunds(words: str) -> str:
    """Return a pattern of these words and of their -ing forms, whichever way they are spelled."""
    forms = dict.fromkeys(words.split("|"))
    for word in tuple(forms):
        if word.isalpha():
            forms |= dict.fromkeys((f"{word}ing", f"{word.removesuffix('e')}ing", f"{word}{word[-1]}ing"))
    return "|".join(sorted(map(re.escape, forms), key=len, reverse=True))


# Bounds are letters only: "hard-reset", "reset_board" and "reset2" are resets too.
_DOING: Final = re.compile(
    rf"(?<![A-Za-z])(?:{_with_gerunds(f'{_CHANGES}|{_MORE_CHANGES}')})(?![A-Za-z])", re.IGNORECASE
)
_DOING_CHINESE: Final = re.compile(
    rf"{_CHANGING_CHINESE.pattern}|拔|插(?!损)|(?<![交转变])换|下电|上电|断电|熔接|焊接|安装|拆|卸载|停止|停机|关机|"
    "开机|按下|按压|剪断|切断|取下|移除|格式化|擦除|抹除|清空|清洗|清理|紧固|拧|写入|提交|回滚|降级|加载|导入|注销|"
    "屏蔽|强制|推送|命令|脚本|确保|环回|增大|减小|输入(?!电压|电流|电源|功率|光|侧|端|缺相|交流|是否)"
)
# How a thing stands, not what to do with it: "whether planned work is open for the site".
_STANDS_OPEN: Final = re.compile(
    r"\b(?:is|are|was|were|still) open(?=\s*(?:$|[.,;:?!)])|\s+(?:for|at|on|in|since|now|and|or)\b)",
    re.IGNORECASE,
)
_COMMAND: Final = re.compile(
    r"[`|\\]|&&|\$[({\w]|>>|>\s*[/~]|\w://|\w\([)'\"]|::|(?<!\S)--?[A-Za-z]|(?<![A-Za-z])"
    r"(?:RST|RMV|DEA|BLK|UBL|MOD|DLT|STP|STR|UIN|INH|SWP|(?!LST|DSP)[A-Z]{3} [A-Z]{3,}\s*:)(?![A-Za-z])"
)
_BEFORE_PATH: Final = re.compile(r"([A-Za-z]*)[ \t]+[/~]+[A-Za-z]")
_OBLIGES: Final = re.compile(
    r"\b(?:must|shall|should(?! be\b)|needs? to|ha(?:s|ve) to|(?:to|should) be \w+(?:ed|wn|lt))\b|"
    r"\bsee (?:to|that)\b|\bcall (?:off|in|out|up|for|back)\b|"
    r"\b[a-z](?:[\s._-]+[a-z]){2,}\b",  # A word spelled out: "r e s e t".
    re.IGNORECASE,
)
_GERUND: Final = re.compile(r"\b(?:by|before|after|while|via)\s+([a-z]+ing)\b", re.IGNORECASE)
_LOOKING_GERUND: Final = re.compile(rf"(?:{_with_gerunds(_LOOKS)}|morning|evening)", re.IGNORECASE)
# After these a new thing to do is due; after the weaker ones it may be.
_NEXT: Final = re.compile(
    r"[;。\r\n\u2028\u2029]|[.!?](?=\s)|[-=]+>|→|\bthen\b|然后|接着|随后", re.IGNORECASE
)
_FURTHER: Final = re.compile(
    r"[,:()&、\u2013\u2014]|(?<=\s)[-/](?=\s)|\b(?:and|or|but|by|to|plus|before|after|until|while)\b",
    re.IGNORECASE,
)
_DETERMINERS: Final = (
    "the|a|an|it|them|this|that|these|those|all|any|each|every|both|its|their|your|our|my|one|another|"
    "everything|they|there|some|no"
)
_STATES: Final = re.compile(rf"(?:{_DETERMINERS})\b|\d", re.IGNORECASE)
_NO_VERB: Final = re.compile(
    rf"(?:{_DETERMINERS}|{_LOOKS}|which|who|whose|what|when|where|why|how|whether|if|as|in|on|at|of|for|from|"
    "with|without|within|under|over|above|below|between|during|since|not|only|also|even|than|is|are|was|were|"
    "has|had|because|per|via|about|against|across|along|around|into|onto|near|through|up|down|such|so|again|"
    "and|or|by|to|before|after|until|while|but)$",
    re.IGNORECASE,
)
_VERB_WITH_OBJECT: Final = re.compile(
    rf"(?:[a-z]+ly\s+|also\s+|then\s+|else\s+|instead\s+)*([a-z][a-z'-]*)\s+(?:{_DETERMINERS}|him|her)\b",
    re.IGNORECASE,
)
_TELLS: Final = re.compile(r"\b(?:ask|call|inform|tell|notify|report)\b", re.IGNORECASE)
_TO: Final = re.compile(r"\bto\s+([\w'-]+)", re.IGNORECASE)
_PATH_FOLLOWS: Final = frozenset(
    "in at of under on from to the file folder directory log check read see view inspect and or is".split()
)
_HIDING: Final = frozenset(("Mn", "Me", "Cf", "Cc"))
_SIGNS: Final = frozenset("μΩΩΔ")


def needs_approval(step: str) -> bool:
    """Tell whether a step must wait for a person: unless it begins by looking, and does nothing else.

    Every further clause must begin by looking too, or neither hold a word of doing nor read like a command
    or like an order by a verb that is not known. A step that was cut for its length is not known to the end.

    >>> needs_approval("Check the rectifier's input voltage."), needs_approval("Restart the baseband.")
    (False, True)
    >>> needs_approval("Check the log, then restart the board."), needs_approval("检查电源,然后复位单板")
    (True, True)
    >>> needs_approval("Check free space: rm -rf /var/log"), needs_approval("Check the log and frob the fan.")
    (True, True)
    """
    text = _plain(step).strip()
    if len(step) >= _CHARACTERS or not (_STARTS_LOOKING.match(text) or _LOOKS_CHINESE.match(text)):
        return True
    return _holds_unknown_letters(text) or _does(text) or any(map(_orders, _clauses(text)))


def _plain(step: str) -> str:
    """Return a step without what hides a word from a reader of words: accents, wide and invisible letters."""
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKD", step)
        if letter in "\t\n\r" or unicodedata.category(letter) not in _HIDING
    ).replace("\u2019", "'")


def _holds_unknown_letters(text: str) -> bool:
    """Tell whether letters are there that are neither Latin nor Chinese: a Cyrillic e makes no known word."""
    return any(
        letter.isalpha() and not letter.isascii() and letter not in _SIGNS and not "一" <= letter <= "鿿"
        for letter in text
    )


def _does(text: str) -> bool:
    """Tell whether a word of doing, an obligation or something like a command stands anywhere in a text."""
    doing = _DOING.search(_STANDS_OPEN.sub("", text)) or _DOING_CHINESE.search(text)
    path = any(found[1].lower() not in _PATH_FOLLOWS for found in _BEFORE_PATH.finditer(text))
    gerund = any(not _LOOKING_GERUND.fullmatch(found[1]) for found in _GERUND.finditer(text))
    told = _TELLS.search(text) is not None and any(
        not (_NO_VERB.match(found[1]) or found[1][0].isdigit()) for found in _TO.finditer(text)
    )
    return bool(doing or path or gerund or told or _COMMAND.search(text) or _OBLIGES.search(text))


def _clauses(text: str) -> Iterable[tuple[str, bool]]:
    """Yield each clause after the first of a text, and whether a new thing to do is due there."""
    for number, part in enumerate(_NEXT.split(text)):
        for place, clause in enumerate(_FURTHER.split(part)):
            if (number or place) and clause.strip():
                yield clause.strip(" \t\"'"), place == 0


def _orders(clause_and_due: tuple[str, bool]) -> bool:
    """Tell whether a clause reads as an order to do what is not known to be looking."""
    clause, due = clause_and_due
    if _STARTS_LOOKING.match(clause) or _LOOKS_CHINESE.match(clause):
        return False
    verb = _VERB_WITH_OBJECT.match(clause)
    ordered = verb is not None and not (_NO_VERB.match(verb[1]) or _LOOKING_GERUND.fullmatch(verb[1]))
    return ordered or (due and not _STATES.match(clause))


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
    if start is not None and (
        _CHANGING.match(start[1]) or _STARTS_LOOKING.match(sentence) or _STARTS_DEMANDING.match(sentence)
    ):
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
