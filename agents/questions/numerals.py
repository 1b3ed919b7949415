"""Numbers as people write them in questions: digits, English words, Chinese numerals. Knows no units."""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"a": 1, "an": 1, "couple": 2, "few": 3, "several": 3, "thirty": 30, "forty": 40, "half": 0.5}
_DIGITS: Final = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "\u3007": 0,
}

ENGLISH_NUMBER: Final = r"\d{1,5}(?:\.\d)?|" + "|".join(sorted(_ENGLISH, key=len, reverse=True))
CHINESE_NUMBER: Final = r"\d{1,5}(?:\.\d)?|[零\u3007一二两三四五六七八九十百]{1,5}|半|几|数"
"""Patterns of what `number` reads."""


def number(text: str) -> float:
    """Return the number that `text` writes.

    >>> [number(text) for text in ("3", "twelve", "half", "两", "二十四", "十", "一百二十", "半")]
    [3.0, 12.0, 0.5, 2.0, 24.0, 10.0, 120.0, 0.5]

    Raises:
        ValueError: it writes none.
    """
    text = text.strip().casefold()
    if text in _ENGLISH:
        return float(_ENGLISH[text])
    if text == "半":
        return 0.5
    if text in ("几", "数"):
        return 3.0
    if text and all(letter in _DIGITS or letter in "十百" for letter in text):
        return float(_chinese(text))
    return float(text)


def _chinese(text: str) -> int:
    whole, digit = 0, -1
    for letter in text:
        if letter in _DIGITS:
            # Digits one after the other are read as digits: 二五 is 25.
            digit = _DIGITS[letter] if digit < 0 else digit * 10 + _DIGITS[letter]
        else:
            whole += (1 if digit < 0 else digit) * (10 if letter == "十" else 100)
            digit = -1
    return whole + max(digit, 0)
