"""Slips of the hand: neighbouring keys, dropped and swapped letters, homophones of pinyin, lost capitals.

Deliberately knows nothing of meaning; numbers, and words with a digit in them (names of equipment), are
left whole, because people copy those.
"""

from __future__ import annotations

from random import Random
from typing import Final

_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS: Final[dict[str, str]] = {
    key: "".join(
        other
        for near in _ROWS[max(0, number - 1) : number + 2]
        for place, other in enumerate(near)
        if other != key and abs(place - row.index(key)) <= 1
    )
    for number, row in enumerate(_ROWS)
    for key in row
}

_HOMOPHONES: Final = (
    "在再 的得地 做作 号好 断段 网往 基机 站占战 信新 电店 话画化 没每 有又 那哪 修休 到道 是事 "
    "像向 线现 光广 流留 路录 换唤 坏怀 交缴 费废 办半 查茶 已以 经今 为位 请清情 间见 块快 慢漫 "
    "户护 用佣 停庭 板版 频贫 功公 源原 温文 度读 名明 应映 该改 报抱 障帐 备被 率律 时十 一以 "
    "候后 她他 座坐 需须 带戴 密秘 决绝 续序 连联 接街"
)
_SOUNDS_LIKE: Final[dict[str, str]] = {
    sign: group.replace(sign, "") for group in _HOMOPHONES.split() for sign in group
}

_SHORT: Final[dict[str, tuple[str, ...]]] = {
    "please": ("pls", "plz"),
    "you": ("u",),
    "are": ("r",),
    "because": ("bc", "cos"),
    "without": ("w/o",),
    "with": ("w/",),
    "minutes": ("mins", "min"),
    "hours": ("hrs", "h"),
    "customers": ("cust", "custs", "subs"),
    "customer": ("cust",),
    "since": ("snc",),
    "thanks": ("thx", "tks"),
    "about": ("abt", "ca"),
    "received": ("rcvd",),
    "equipment": ("eqpt", "equip"),
    "transmission": ("tx", "transm"),
    "traffic": ("trf",),
    "through": ("thru",),
    "between": ("btw", "betw"),
    "message": ("msg",),
    "before": ("b4",),
    "tomorrow": ("tmrw",),
    "maintenance": ("mtce", "maint"),
    "interface": ("intf", "if"),
    "configuration": ("config", "cfg"),
    "temperature": ("temp",),
    "battery": ("batt", "bat"),
    "neighbour": ("nbr",),
    "problem": ("prob", "pb"),
    "several": ("sev",),
    "regarding": ("re",),
}


def slip(text: str, chinese: bool, rate: float, random: Random) -> str:
    """Return the text with slips: each word (each sign, in Chinese) goes wrong with probability `rate`.

    >>> slip("all is well", False, 0.0, Random(1))
    'all is well'
    """
    if rate <= 0.0:
        return text
    if chinese:
        return "".join(_homophone(sign, random) if random.random() < rate else sign for sign in text)
    words = text.split(" ")
    for number, word in enumerate(words):
        if random.random() < rate and word.isalpha() and word.isascii():
            words[number] = _mistyped(word, random)
    return " ".join(words)


def shorten(text: str, rate: float, random: Random) -> str:
    """Return English text with some words abbreviated as people in a hurry do."""
    if rate <= 0.0:
        return text
    return " ".join(
        random.choice(_SHORT[word]) if word in _SHORT and random.random() < rate else word
        for word in text.split(" ")
    )


def careless(text: str, random: Random) -> str:
    """Return the text as a hasty hand leaves it: no capitals, or no full stops, or all capitals."""
    manner = random.random()
    if manner < 0.45:
        return text.lower()
    if manner < 0.65:
        return text.replace(". ", " ").rstrip(".")
    if manner < 0.8:
        return text.lower().replace(". ", ", ").rstrip(".")
    if manner < 0.9:
        return text.replace(". ", "... ")
    return text.upper()


def _homophone(sign: str, random: Random) -> str:
    others = _SOUNDS_LIKE.get(sign)
    return random.choice(others) if others else sign


def _mistyped(word: str, random: Random) -> str:
    if len(word) < 3:
        return word
    at = random.randrange(len(word) - 1)
    manner = random.random()
    if manner < 0.3:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if manner < 0.55:
        return word[:at] + word[at + 1 :]
    if manner < 0.7:
        return word[:at] + word[at] + word[at:]
    near = _NEIGHBOURS.get(word[at].lower())
    return word[:at] + random.choice(near) + word[at + 1 :] if near else word
