"""The language of a message, told by its script: Chinese by Han characters, English by Latin words.

It deliberately does not know vocabulary: a language that shares a script with these two is not told apart.
Source: Unicode scripts Han, Latin, Hiragana, Katakana, Hangul, Cyrillic, Arabic, Thai, Devanagari.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LANGUAGES: Final = ("en", "zh")

_HAN: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_LATIN_WORD: Final = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)?")  # noqa: RUF001
_KANA: Final = re.compile(r"[぀-ヿ]")
_FOREIGN: Final = re.compile(r"[Ѐ-ӿ؀-ۿऀ-ॿ฀-๿가-힯]")
_HAN_A_WORD: Final = 1.5
"""So many characters make a Chinese word, about."""
_KANA_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """`language` is "en", "zh" or empty; `share` says how much of what was written is in it, in 0-1."""

    language: str
    share: float


def detect(text: str) -> LanguageGuess:
    """Return the language that most of a text's words are in; none where there are no words or other ones.

    >>> detect("网断了").language, detect("my wifi is down").language, detect("42?").language
    ('zh', 'en', '')
    >>> detect("我家 WiFi 断了").language
    'zh'
    """
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    foreign = len(_FOREIGN.findall(text))
    if kana > _KANA_SHARE * (kana + han):
        foreign, han = foreign + kana + han, 0
    words = {"zh": han / _HAN_A_WORD, "en": float(len(_LATIN_WORD.findall(text)))}
    total = sum(words.values()) + foreign / _HAN_A_WORD
    if not total:
        return LanguageGuess("", 0.0)
    best = "zh" if words["zh"] >= words["en"] else "en"
    share = words[best] / total
    return LanguageGuess(best, share) if share >= 0.4 else LanguageGuess("", 0.0)


def language_of(texts: Iterable[str], known: Iterable[str] = (), default: str = "en") -> str:
    """Return the language to answer in: of the latest text that tells, else of what is known, else default.

    `texts` go from the oldest to the latest; `known` holds language tags of records, the surest first.

    >>> language_of(["网断了", "123"]), language_of(["123"], ["zh-CN"]), language_of([])
    ('zh', 'zh', 'en')
    """
    for text in reversed(list(texts)):
        if guess := detect(text).language:
            return guess
    for tag in known:
        short = tag.replace("_", "-").split("-")[0].casefold()
        if short in LANGUAGES:
            return short
    return default
