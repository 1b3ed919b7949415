"""How like a message is to phrases: shared words, word pairs and letter groups, the telling ones most.

Pure and small, so that an operator's own phrases count at once. Does not know what phrases stand for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[㐀-䶿一-鿿]")
_HAN: Final = re.compile(r"[㐀-䶿一-鿿]")
_IDLE: Final = frozenset(
    "a an the is are was be been has have had i you he she it we they me my your our this that of to in on "
    "at and or for with do does did so am s t "
    "的 了 我 你 您 是 在 就 也 都 吗 呢 吧 啊 们 这 那 个 有".split()
)

Features = Mapping[str, float]


def features(text: str) -> dict[str, float]:
    """Return what a folded text is made of, with the weight of each kind of feature.

    >>> sorted(features("网断了"))
    ['了', '断', '断了', '网', '网断']
    """
    words = _WORD.findall(text)
    found: dict[str, float] = {}
    for word in words:
        if _HAN.match(word):
            found[word] = 0.3 if word not in _IDLE else 0.05
        elif word not in _IDLE:
            stem = _stem(word)
            found[stem] = 1.0
            for group in _letter_groups(stem):
                found[group] = 0.25
        else:
            found[word] = 0.05
    for before, after in pairwise(words):
        if _HAN.match(before) and _HAN.match(after):
            found[before + after] = 1.0
        elif not (before in _IDLE and after in _IDLE):
            found[f"{_stem(before)} {_stem(after)}"] = 0.5
    return found


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and word.isascii():
            return word[: -len(ending)]
    return word


def _letter_groups(word: str) -> Iterable[str]:
    """Yield groups of three letters with the word's ends marked: they survive a slip of the pen."""
    marked = f"^{word}$"
    return (f"~{marked[place : place + 3]}" for place in range(len(marked) - 2)) if len(word) > 3 else ()


class Likeness:
    """Phrases by what they stand for, ready to be compared with."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Take folded phrases by name; how telling a feature is depends on how few names it occurs under."""
        under: dict[str, set[str]] = {}
        kept: dict[str, list[dict[str, float]]] = {}
        for name, texts in phrases.items():
            kept[name] = [features(text) for text in texts]
            for feature in {one for made in kept[name] for one in made}:
                under.setdefault(feature, set()).add(name)
        count = max(len(phrases), 2)
        self._telling = {
            feature: math.log(1.0 + count / len(names)) / math.log(1.0 + count)
            for feature, names in under.items()
        }
        self._unknown = 0.6
        self._by_feature: dict[str, list[tuple[int, float]]] = {}
        self._names: list[str] = []
        self._lengths: list[float] = []
        for name, made in kept.items():
            for one in made:
                weights = self._weighed(one)
                length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
                number = len(self._names)
                self._names.append(name)
                self._lengths.append(length)
                for feature, weight in weights.items():
                    self._by_feature.setdefault(feature, []).append((number, weight / length))

    def _weighed(self, made: Mapping[str, float]) -> dict[str, float]:
        return {
            feature: weight * self._telling.get(feature, self._unknown) for feature, weight in made.items()
        }

    def scores(self, text: str) -> dict[str, float]:
        """Return in 0-1 how like a folded text is to the phrases of each name: the likest two together."""
        weights = self._weighed(features(text))
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        if not length:
            return {}
        shared: dict[int, float] = {}
        for feature, weight in weights.items():
            for number, other in self._by_feature.get(feature, ()):
                shared[number] = shared.get(number, 0.0) + weight / length * other
        best: dict[str, list[float]] = {}
        for number, value in shared.items():
            best.setdefault(self._names[number], []).append(value)
        found = {}
        for name, values in best.items():
            first, second = [*sorted(values, reverse=True)[:2], 0.0][:2]
            found[name] = 0.8 * first + 0.2 * second
        return found
