"""Names of the network as people type them: found in a question, or answered with what may have been meant.

Capitals, spaces and signs do not matter: "cell 1042" is cell-1042. Nothing is guessed beyond what is the only
one of its kind. Does not know what is asked about an object.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"[a-z0-9]+|[^\W\d_a-z]+|\d+")
_LONGEST: Final = 8
"""Most words of one name: `BS 003/01 SEKTOR 2` has five."""

_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_SIGNED: Final = re.compile(r"[a-z0-9]+(?:[-_:/.#][a-z0-9]+)+")

_GROUP: Final = 50
_COMPARED: Final = 300

_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "cell": ("cell", "cells", "sector", "小区"),
    "baseband": ("baseband", "enodeb", "gnodeb", "基带", "bbu"),
    "radio_unit": ("radio", "rru", "射频"),
    "router": ("router", "routers", "路由器"),
    "switch": ("switch", "交换机"),
    "fibre_span": ("fibre", "fiber", "span", "光缆", "光纤"),
    "microwave_hop": ("microwave", "微波"),
    "power_plant": ("power plant", "rectifier", "电源"),
    "olt": ("olt",),
    "splitter": ("splitter", "分光器"),
    "site": ("site", "sites", "station", "基站", "站点", "机房"),
    "": ("object", "node", "device", "element", "link", "port", "网元", "设备", "节点", "端口", "链路"),
}
_KIND_OF: Final = {word: kind for kind, words in _KINDS.items() for word in words}
_KIND_WORDS: Final = re.compile(
    "|".join(
        rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word)
        for word in sorted(_KIND_OF, key=len, reverse=True)
    )
)

_BETWEEN_KIND: Final = " #-:号"
_CALLS: Final = re.compile(
    rf"(?:(?:{_KIND_WORDS.pattern})[\s#:号-]*|[\"'`]"
    r"|(?:(?<![a-z])(?:at|on|did|is|are|of|with|for|has|does|about|near|to)\s+)|[在上和与])$"
)


class Named(NamedTuple):
    """One thing that can be asked about: what it is called, its kind, and the objects that it stands for."""

    name: str
    kind: str
    objects: tuple[str, ...]


class Mention(NamedTuple):
    """What a question names: the words, the objects meant, or the names that may have been meant."""

    said: str
    start: int
    end: int
    objects: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


class _Words(NamedTuple):
    """A run of words of the question, joined without signs."""

    key: str
    start: int
    end: int
    words: int


def joined(text: str) -> str:
    """Return the letters and digits of a name alone, in lower case: what two spellings of it share.

    >>> joined("Cell-1042") == joined("cell 1042")
    True
    """
    return "".join(_WORD.findall(text.casefold()))


class Names:
    """The names that questions are read against."""

    def __init__(self, things: Iterable[Named]) -> None:
        """Take what can be asked about; a name that several things share stands for all of them."""
        self._things: dict[str, list[Named]] = defaultdict(list)
        self._by_word: dict[str, list[str]] = defaultdict(list)
        self._chinese: dict[str, str] = {}
        for thing in things:
            key = joined(thing.name)
            if not key:
                continue
            spelled = unicodedata.normalize("NFKC", thing.name).casefold()
            if _CHINESE.search(spelled) and len(spelled) > 1 and spelled not in _KIND_OF:
                self._chinese[spelled] = key
            if key not in self._things:
                for word in set(_numbered(thing.name)):
                    self._by_word[word].append(key)
            if thing not in self._things[key]:
                self._things[key].append(thing)

    def __len__(self) -> int:
        return len(self._things)

    def strong(self, text: str) -> list[Mention]:
        """Return what `text` (lower case, NFKC) names beyond doubt.

        That is whole names with a digit and a letter, with signs between their words as in `core-router`, or
        in Chinese characters. Looked for before times are: `la03-s07-nci-2` holds no time of day.
        """

        def beyond_doubt(run: _Words) -> bool:
            signed = _SIGNED.fullmatch(text, run.start, run.end) is not None
            return signed or _mixed(run.key) or text[run.start : run.end] in self._chinese

        return self._whole(text, beyond_doubt)

    def weak(self, text: str) -> list[Mention]:
        """Return what the rest of a text names: whole names that are called so, then parts of names.

        A mention without objects is a name that is not known, with what may have been meant.
        """
        chinese = _CHINESE.search(text) is not None
        found = self._whole(
            text,
            lambda run: _mixed(run.key) or _called(text, run.start) or (chinese and _foreign(run.key)),
        )
        rest = blank(text, [(one.start, one.end) for one in found])
        return sorted([*found, *self._partial(rest)], key=lambda one: one.start)

    def _whole(self, text: str, wanted: Callable[[_Words], bool]) -> list[Mention]:
        """Return the longest names in the text that are wanted; none overlaps another."""
        taken: list[Mention] = []
        runs = [*_runs(text), *self._spelled(text)]
        for run in sorted(runs, key=lambda run: (-run.words, run.start)):
            if run.key not in self._things or not wanted(run):
                continue
            if any(run.start < one.end and one.start < run.end for one in taken):
                continue
            objects = {name for thing in self._things[run.key] for name in thing.objects}
            taken.append(Mention(text[run.start : run.end], run.start, run.end, tuple(sorted(objects))))
        return sorted(taken, key=lambda one: one.start)

    def _spelled(self, text: str) -> Iterator[_Words]:
        """Yield names in Chinese characters where they are spelled out: no space sets them apart."""
        if not _CHINESE.search(text):
            return
        for name, key in self._chinese.items():
            if (start := text.find(name)) >= 0:
                yield _Words(key, start, start + len(name), len(name))

    def _partial(self, text: str) -> list[Mention]:
        """Return mentions of what looks like a name: a kind and a number, or letters and digits."""
        mentions = []
        for word in re.finditer(r"[a-z0-9]+(?:[-_:/.][a-z0-9]+)*", text):
            if not any(letter.isdigit() for letter in word[0]):
                continue
            kinds = [found for found in _KIND_WORDS.finditer(text, max(0, word.start() - 20), word.start())]
            last = kinds[-1] if kinds else None
            if last is not None and not text[last.end() : word.start()].strip(_BETWEEN_KIND):
                mentions.append(
                    self._resolve(
                        text[last.start() : word.end()], word[0], _KIND_OF[last[0]], last.start(), word.end()
                    )
                )
            elif _looks_named(word[0]):
                mentions.append(self._resolve(word[0], word[0], "", word.start(), word.end()))
        return mentions

    def _resolve(self, said: str, word: str, kind: str, start: int, end: int) -> Mention:
        """Return the mention of a part of a name: the objects where only one name, or one site, has it."""
        keys = self._by_word.get(word) or self._by_word.get(joined(word)) or []
        things = [thing for key in keys for thing in self._things[key] if _is_kind(thing.kind, kind)]
        if kind == "site" and things:
            objects = sorted({name for thing in things for name in thing.objects})
            return Mention(said, start, end, tuple(objects[:_GROUP]))
        if len(things) == 1:
            return Mention(said, start, end, things[0].objects)
        if things:
            return Mention(said, start, end, suggestions=tuple(sorted(one.name for one in things)[:5]))
        return Mention(said, start, end, suggestions=self.nearest(said))

    def nearest(self, said: str, most: int = 5) -> tuple[str, ...]:
        """Return the names that look most like one that is not known."""
        wanted = joined(said)
        pairs = {wanted[place : place + 2] for place in range(len(wanted) - 1)}

        def shared(key: str) -> int:
            return sum(pair in key for pair in pairs)

        likely = sorted(self._things, key=lambda key: (-shared(key), abs(len(key) - len(wanted)), key))
        scored = [
            (SequenceMatcher(None, wanted, key, autojunk=False).ratio(), key) for key in likely[:_COMPARED]
        ]
        best = sorted((one for one in scored if one[0] >= 0.5), key=lambda one: (-one[0], one[1]))
        return tuple(self._things[key][0].name for _, key in best[:most])


def blank(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return `text` with spans made blank, everything else where it was.

    >>> blank("abc def", [(0, 3)])
    '    def'
    """
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _runs(text: str) -> Iterator[_Words]:
    """Yield runs of up to so many words that only spaces or signs of names stand between."""
    words = list(_WORD.finditer(text))
    for first in range(len(words)):
        key = ""
        for last in range(first, min(first + _LONGEST, len(words))):
            if last > first and text[words[last - 1].end() : words[last].start()].strip(" \t-_./:#"):
                break
            key += words[last][0]
            yield _Words(key, words[first].start(), words[last].end(), last - first + 1)


def _numbered(name: str) -> Iterator[str]:
    """Yield what a name may be called by in short: its words with a digit in them, and their numbers.

    >>> list(_numbered("DK-0017:LTE-1042"))
    ['0017', '17', '1042']
    """
    for word in re.findall(r"[a-z0-9]+", name.casefold()):
        if not any(letter.isdigit() for letter in word):
            continue
        yield word
        for digits in re.findall(r"\d+", word):
            if digits != word and len(digits) >= 2:
                yield digits
            if digits.lstrip("0") and digits.lstrip("0") != digits:
                yield digits.lstrip("0")


def _called(text: str, start: int) -> bool:
    """Tell whether what starts there is put as a name: after a word such as "cell" or "at", or in quotes."""
    return _CALLS.search(text[max(0, start - 24) : start]) is not None


def _foreign(word: str) -> bool:
    """Tell whether a word stands out from Chinese around it as a name does: three Latin letters or more."""
    return word.isascii() and word.isalnum() and len(word) > 2


def _mixed(word: str) -> bool:
    return any(letter.isdigit() for letter in word) and not word.isdigit()


def _looks_named(word: str) -> bool:
    """Tell whether letters and digits stand together as in a name, not as in "4g" or "3am"."""
    return _mixed(word) and len(joined(word)) >= 4


def _is_kind(kind: str, wanted: str) -> bool:
    return wanted in ("", "site") or wanted in kind or kind in ("", "device", "object")
