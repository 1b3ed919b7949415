"""Numbers, lengths and times of day as people write them, in both languages."""

from __future__ import annotations

from random import Random
from typing import Final

from streams.simulator.language.sayings import Language

_SMALL: Final = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_DIGITS: Final = "零一二三四五六七八九"
_LENGTHS_EN: Final = (
    "half an hour",
    "20 min",
    "an hour",
    "two days",
    "3 h",
    "a week",
    "90 minutes",
    "10 min",
)
_LENGTHS_ZH: Final = ("半小时", "二十分钟", "一个钟头", "两天", "3小时", "一周", "个把小时")


def count_words(count: int, language: Language, random: Random) -> str:
    """Return a number of people as somebody would write it: exact, rounded, or in words.

    What is rounded stays within 5 % of the number, and a number never crosses a power of ten.
    """
    manner = random.random()
    rounded = _rounded(count)
    if language == "zh":
        if rounded >= 10_000 and manner < 0.5:
            return f"{rounded / 10_000:.1f}万".replace(".0", "")
        if rounded >= 1_000 and rounded % 1_000 == 0 and rounded < 10_000 and manner < 0.5:
            return f"{_DIGITS[rounded // 1_000]}千"
        if 100 <= rounded < 1_000 and rounded % 100 == 0 and manner < 0.5:
            return f"{_DIGITS[rounded // 100]}百"
        return str(count if manner < 0.75 else rounded)
    if count < len(_SMALL) and manner < 0.4:
        return _SMALL[count]
    if rounded >= 1_000 and manner < 0.35:
        return f"{rounded / 1_000:.1f}k".replace(".0", "")
    if rounded >= 1_000 and rounded % 1_000 == 0 and rounded < 20_000 and manner < 0.5:
        return f"{_SMALL[rounded // 1_000]} thousand"
    if rounded >= 1_000 and manner < 0.75:
        return f"{count:,}".replace(",", random.choice((",", " ", ".")))
    return str(count if manner < 0.85 else rounded)


def length_words(language: Language, random: Random) -> str:
    """Return some length of time."""
    return random.choice(_LENGTHS_ZH if language == "zh" else _LENGTHS_EN)


def clock(random: Random) -> str:
    """Return some time of day."""
    return clock_words(random.randrange(24), random.randrange(60), random)


def clock_words(hour: int, minute: int, random: Random) -> str:
    """Return a time of day as somebody would write it.

    >>> clock_words(9, 5, Random(1)) in ("09:05", "9:05", "09h05")
    True
    """
    return random.choice((f"{hour:02d}:{minute:02d}", f"{hour}:{minute:02d}", f"{hour:02d}h{minute:02d}"))


def _rounded(count: int) -> int:
    """Return the number with two digits that tell, never across a power of ten."""
    if count < 100:
        return count
    scale = 10 ** (len(str(count)) - 2)
    rounded = round(count / scale) * scale
    return rounded if len(str(rounded)) == len(str(count)) else count
