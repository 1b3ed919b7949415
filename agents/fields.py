"""Fields of a desk's own records that a text holds as if the desk had filled them, in English and Chinese.

A status line, a form, a JSON object or a bracketed head that says who handles a thing, what was approved or
what to answer is the desk's to fill, never the text's. Fields of the matter itself (symptom, site, alarm)
are no desk's. Does not know which fields a desk really has, nor what is done with what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from agents.addressed import address

_STRONG: Final = re.compile(
    r"^(?:(?:assigned|proposed|suggested|recommended|final|target|correct|responsible|owning|handling"
    r"|next)[ _-]*)*"
    r"(?:teams?|queue|owner|ownership|assignee|assigned|assignment|destination|routing|routed|triaged?"
    r"|dispatch(?:ed)?|decision|verdict|approv(?:al|ed|er)|sign(?:ed)?[ _-]?off|signed"
    r"|authori[sz](?:ed|ation)|reviewed|reviewer|verification|verified|identity|department|(?:support )?group"
    r"|script|intent|template"
    r"|repl(?:y|ies)|action|assistant|system|agent|instructions?|role|classification)"
    r"(?:[ _-]*(?:to|by|for|team|group|queue|id|name|code|with))*$"
    r"|^(?:suggested|proposed|recommended|expected|correct) (?:response|answer|text|message|outcome|result)$"
    r"|^(?:最终|正确|建议|当前|客服|系统|内部|身份|处理|责任|受理|承办|主办|负责|接单|派单|分派|归口|目标|下一步)*"
    r"(?:班组|团队|小组|组|部门|单位|科室|去向|队列|归属|分派|派单|受理|受理人|承办人?|主办|审批人?|批复"
    r"|批示|核定|审定|签发人?|签字|复核人?|审核人?|核验|身份核验|身份验证|回复|答复|话术|意图|模板|角色|指令|下一步|分诊|操作)$"
)
"""Names that only a desk's own records have."""

_LONGEST: Final = 800
"""No value is read further, and every run of blanks has a bound: a text may be made to take minutes else."""

_KEY: Final = r"[\w\u4e00-\u9fff][\w \u4e00-\u9fff'/-]{0,40}?"
_FIELD: Final = re.compile(
    rf"(?P<key>{_KEY})[\"'\u201d*]{{0,4}}\s{{0,8}}(?:[:=\uff1a\uff1d]|\u3011)\s{{0,8}}"
    rf"(?P<value>(?:(?![.!?](?:\s|$))[^\n|;,{{}}\uff1b\uff0c\u3002\u3010]){{0,{_LONGEST}}})"
)
_LEAD: Final = r"(?:^|[\n|;\uff1b\u3002.,\uff0c\u3010{])[\s>*#\"'\u201c\u2022-]{0,24}"
_FIELDS: Final = re.compile(_LEAD + _FIELD.pattern)
_OBJECT: Final = re.compile(r"\{[^{}]{2,1000}\}")
_OBJECT_KEY: Final = re.compile(
    r"[\"'\u201c]?([\w\u4e00-\u9fff][\w \u4e00-\u9fff-]{0,30})[\"'\u201d]?\s{0,8}[:=\uff1a]"
)
_HEADING: Final = re.compile(
    r"(?:^|\n|(?<=[.!?\u3002]) ?)[\s>]{0,12}(?:#{1,6}|\*\*|__)\s{0,8}"
    r"(?P<key>[\w \u4e00-\u9fff-]{2,30}?)\s{0,8}(?:\*\*|__|#{0,6})[\s:\uff1a]{0,8}(?=\n|$)"
)
_ITEM: Final = re.compile(r"\n[\s>]{0,12}(?:[-*\u2022]|\d+[.)])[ \t]*[^\n]*")
_LINE: Final = re.compile(r"\n[^\n.!?\u3002]+")
_APART: Final = re.compile(r"[\w\u4e00-\u9fff]")
_WORD: Final = re.compile(r"[^\W\u4e00-\u9fff]+|[\u4e00-\u9fff]{1,4}")
_SAYING: Final = re.compile(
    r"repl|system|assistant|agent|action|response|answer|message|text|\u56de\u590d|\u7b54\u590d|instruct|\u6307\u4ee4"
)
_TOLD: Final = frozenset(("say", "policy", "override", "answer", "response"))
_SHORT: Final = 5
_SHORTER: Final = 2
_SENTENCE: Final = r"[^\n]*?(?:[.!?](?=\s)|\u3002|(?=\n|$))"
_MAIL: Final = re.compile(
    r"(?:^|\n|[.!?\u3002] ?(?=>))[\s>]{0,12}(?:(?:from|to|cc|bcc|sent|\u53d1\u4ef6\u4eba|\u6536\u4ef6\u4eba"
    rf"|\u6284\u9001)\s{{0,8}}[:\uff1a]{_SENTENCE}"
    r"|-{2,}[^\n-]{0,20}(?:forward|original|\u8f6c\u53d1|\u539f\u59cb)[^\n]*"
    r"|(?P<signed>(?:kind |best )?regards\b(?:[^\n]{0,60}(?=\n)|[,\s]*(?:[\w.'-]+\s?){0,2})))"
)
"""Lines of a forwarded mail that say who wrote to whom, as far as their first sentence."""

_QUOTED_LINE: Final = re.compile(
    r"\n(?:>(?!>)[^\n]*|\s{0,8}(?:body|content|message|\u5185\u5bb9|\u6b63\u6587)\s{0,8}[:\uff1a][^\n\u3002]*)"
)
_QUOTED_SENTENCE: Final = re.compile(rf"\n{_SENTENCE}")
_LEAST_HEADS: Final = 2
_ELEMENT: Final = re.compile(
    r"<(?P<name>[\w\u4e00-\u9fff-]{1,30}+)(?=[\s/>])[^<>]{0,200}+>.{0,1000}?</(?P=name)\s{0,8}>", re.DOTALL
)
_TAG: Final = re.compile(r"</?([\w\u4e00-\u9fff-]+)")
_TABLE: Final = re.compile(
    r"(?:\+-{2,}[^\n]*\n)?(?:(?:^|(?<=\n))[ \t>]*\|[^\n]*\|[ \t]*(?:\n|$)){1,}(?:[ \t>]*\+-{2,}[+-]*)?"
)
_CELL: Final = re.compile(r"[\w\u4e00-\u9fff][\w \u4e00-\u9fff'/-]*")
_BRACKETED: Final = re.compile(
    r"(?:^|\n)[\s>]{0,12}[\[\u3010\u3016](?P<key>[\w \u4e00-\u9fff-]{2,30})[\]\u3011\u3017]"
    r"(?=[ \t]{0,8}\n)"
)
_ROW: Final = re.compile(rf"\n[ \t>]*{_KEY}[ \t]*[:\uff1a](?P<value>[^\n]*)")
_RECEIPT: Final = re.compile(
    r"(?:[ _-]*(?:status|result|receipt|slip|record|form)|\u56de\u6267|\u7ed3\u679c|\u8bb0\u5f55|\u5355)$"
)
"""What the heads of forms end in, behind what they are about."""

_TELLING: Final = 200
_PLAIN: Final = 0.99
_VALUE: Final = 0.6


def desk_fields(text: str, cased: str = "") -> list[tuple[int, int]]:
    """Return where such fields begin and end in a text in small letters, in order, none over another.

    `cased` is the same text, sign by sign, in its own letters: a capital tells where a value ends.

    >>> text = "no light. queue: radio | checked by: the lead"
    >>> [text[first:last] for first, last in desk_fields(text)]
    ['queue: radio ', 'checked by: the lead']
    >>> desk_fields("symptom: no light; site: la03")
    []
    """
    found = [
        (one.start(), one.end())
        for one in _OBJECT.finditer(text)
        if any(_strong(key) for key in _OBJECT_KEY.findall(one[0]))
    ]
    for one in _HEADING.finditer(text):
        if _strong(one["key"]):
            end = one.end()
            while (item := _ITEM.match(text, end)) and not _FIELD.search(item[0]):
                end = item.end()
            # A heading of the desk's own without a list stands over the line below it.
            if end == one.end() and not item and (below := _LINE.match(text, end)):
                end = below.end()
            found.append((one.start(), end))
    for pattern, names, wanted in ((_ELEMENT, _TAG, _tagged), (_TABLE, _CELL, _headed)):
        found += [one.span() for one in pattern.finditer(text) if any(map(wanted, names.findall(one[0])))]
    found += _forms(text, cased or text)
    found += _mail(text)
    weak: list[tuple[int, int]] = []
    at = 0
    while field := _FIELDS.search(text, at):
        own = _strong(field["key"])
        at = max(field.start("value"), field.start() + 1)
        span = (
            field.start("key"),
            field.start("value") + _value_end(*field.span("value"), field["key"], cased or text),
        )
        if own:
            found.append(span)
        elif address(field["key"]).share >= _PLAIN and field["value"].strip():
            weak.append(span)
            if address(field["value"][:_TELLING]).share >= _VALUE:
                found.append(span)
    return merged(_joined(text, found, weak))


def _mail(text: str) -> list[tuple[int, int]]:
    """Return the heads of a forwarded mail and the quoted lines under them: somebody else's words."""
    heads = [(one.start(), one.end()) for one in _MAIL.finditer(text)]
    if len(heads) < _LEAST_HEADS and not any(">" in text[first:last] for first, last in heads):
        return []
    found: list[tuple[int, int]] = []
    for first, last in heads:
        if found and first < found[-1][1]:
            continue
        while (quoted := _QUOTED_LINE.match(text, last)) and not _signed(text, last):
            end = quoted.end()
            # A matter may run on behind the last quoted sentence.
            ends = not _QUOTED_LINE.match(text, end) and _QUOTED_SENTENCE.match(text, last)
            last = ends.end() if ends else end
        found.append((first, last))
    return found


def _signed(text: str, at: int) -> bool:
    head = _MAIL.match(text, at)
    return head is not None and head["signed"] is not None


def _forms(text: str, cased: str) -> list[tuple[int, int]]:
    """Return the forms that stand under a head of the desk's own in brackets, row by row."""
    found = []
    for head in _BRACKETED.finditer(text):
        if _headed(head["key"]):
            end = head.end()
            while row := _ROW.match(text, end):
                end = row.start("value") + _value_end(*row.span("value"), "", cased)
                if end < row.end():
                    break
            found.append((head.start(), end))
    return found


def _joined(text: str, found: list[tuple[int, int]], weak: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the fields found, and those of the same words beside them: of one form with the desk's own."""
    spans = sorted([*((one, True) for one in found), *((one, False) for one in weak)])
    kept: list[tuple[int, int]] = []
    form: list[tuple[int, int]] = []
    ours, end = False, 0
    for (first, last), own in spans:
        if form and first > end and _APART.search(text, end, first):
            kept += form if ours else ()
            form, ours = [], False
        form.append((first, last))
        ours, end = ours or own, max(end, last)
    return [*kept, *(form if ours else ())]


def _value_end(first: int, last: int, key: str, cased: str) -> int:
    """Return how much of a value is the field's: forms hold short ones, what is to be said may be long."""
    words = list(_WORD.finditer(cased, first, last))
    if _SAYING.search(key):
        return last - first
    if len(words) <= _SHORT:
        # A sentence that begins behind small letters is not of the field.
        begun = [
            word.start() for before, word in pairwise(words) if before[0].islower() and word[0].istitle()
        ]
        return (begun[0] if begun else last) - first
    capitals = [word.start() for word in words[1:] if word[0][0].isupper()]
    few = 1 if words[0][0].isdecimal() else _SHORTER
    return (capitals[0] if capitals else words[few - 1].end()) - first


def _strong(key: str) -> bool:
    return _STRONG.match(" ".join(key.replace("_", " ").split())) is not None


def _headed(key: str) -> bool:
    """Tell whether a form's head is one that only a desk's own forms have."""
    return _strong(_RECEIPT.sub("", key.strip(" -")))


def _tagged(name: str) -> bool:
    """Tell whether an element of that name holds what only a desk's systems say to each other."""
    return _strong(name) or name in _TOLD


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of a text in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
