"""Sentences that telcollm wrote in English, told in the language of whoever reads them.

What telcollm's own rules wrote is known by its form (`wording/sentences.yaml`) and said again; anything else
stays as it was written, and is marked. Records keep the English. Does not know whether what is said is so.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Final

from dashboards.plain import plain
from dashboards.reader import language
from dashboards.wording import Language, catalogue, wording

_ORIGINAL: Final = "sentences.original"
_FILE: Final = "sentences."
_WITHOUT_STEPS: Final = "No steps are given"
_LONGEST: Final = 1_200
_GAP: Final = re.compile(r"\\\{(\w+)\\\}")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_LATIN: Final = re.compile(r"[A-Za-z]{3}")
_OF: Final = {"count": r"\d+", "share": r"\d+%"}
"""What a gap takes by how its name begins; any other takes what stands there, short of the next reason."""


def retold(text: object, most: int = _LONGEST) -> str:
    """Return a machine's sentences for a place that shows text as it is, in the reader's language."""
    return told(plain(text, most), language())


def told(text: str, wanted: Language) -> str:
    """Return sentences that are English in a language; with a mark where a part is not known.

    >>> told("router-1 raised LINK_LOSS.", "zh"), told("Look at the fan.", "zh")
    ('router-1 上报 LINK_LOSS。', 'Look at the fan.（英文原文）')
    """
    if wanted == "en" or not _LATIN.search(text) or _CHINESE.search(text):
        return text
    before, mark, why = text.partition(f" {_WITHOUT_STEPS}: ")
    if mark:
        # A gap of the sentence before would take it as its own.
        return f"{told(before, wanted)}{told(_WITHOUT_STEPS, wanted)}：{told(why, wanted)}"
    whole = _sentence(text, wanted)
    if whole is not None:
        return whole
    parts = [(part, _sentence(part, wanted)) for part in text.removesuffix(".").split("; ")]
    joined = "；".join(part if known is None else known for part, known in parts)
    if all(known is not None for _, known in parts):
        return joined + ("。" if text.endswith(".") else "")
    original = wording(wanted, _ORIGINAL)
    return original.replace("{text}", text if all(known is None for _, known in parts) else joined)


def _sentence(text: str, wanted: Language) -> str | None:
    if len(text) > _LONGEST:
        return None
    for key, form in _forms():
        if found := form.fullmatch(text):
            return _filled(wording(wanted, key), found.groupdict())
    return None


def _filled(text: str, values: Mapping[str, str]) -> str:
    # Not by format: what stands in a gap may have braces of its own.
    return re.sub(r"\{(\w+)\}", lambda gap: values[gap[1]], text)


@functools.cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the key and the form of each sentence, those that say most by themselves first."""
    found = [
        (key, said["en"]) for key, said in catalogue().items() if key.startswith(_FILE) and key != _ORIGINAL
    ]
    found.sort(key=lambda one: -len(re.sub(r"\{\w+\}", "", one[1])))
    return tuple((key, _form(english)) for key, english in found)


def _form(english: str) -> re.Pattern[str]:
    escaped = re.escape(english).replace(re.escape("(s)"), "s?")

    def gap(name: re.Match[str]) -> str:
        return f"(?P<{name[1]}>{_OF.get(name[1].partition('_')[0], '(?:(?!; ).)+?')})"

    return re.compile(_GAP.sub(gap, escaped), re.DOTALL)
