"""Made-up names of towns, people, tower companies and papers, the same for the same key.

It deliberately does not know where anything is: a name tells nothing of a fault.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Final, NamedTuple

_HEADS: Final = (
    "Alder Birch Crow Dun East Fern Green Hazel Iron Kings Lang Marl North Oak Pine Quarry Red Stone Thorn "
    "Upper Vine West Yar Ash Black Clay Deer Elm Fox Glen Holly Mill Raven Salt Silver Swan Wolf"
).split()
_TAILS: Final = (
    "bridge brook bury dale field ford gate ham hill hurst ley mouth port side stead ton wick".split()
)
_SIGNS: Final = "青白黄石柳松桃江河湖龙凤金银云东南西北新安平福兴长大和清沙梅竹马"
_ENDS: Final = ("镇", "村", "街", "路", "桥", "湾", "庄", "岭", "坪", "里", "园", "口")
_PEOPLE_EN: Final = (
    "Ann Ben Carla Dev Eva Farid Grace Hugo Ines Jon Kemi Lena Mo Nadia Omar Petra Raj Sven Tess Uma Vik"
).split()
_PEOPLE_ZH: Final = (
    "老王 小李 张工 刘师傅 陈姐 小赵 周工 吴哥 郑工 孙师傅 马工 老胡 小林 何工 高姐 罗师傅 梁工 宋工"
).split()
_OWNERS: Final = (
    ("Skymast", "中塔"),
    ("TowerOne", "壹塔"),
    ("Highpole", "高杆公司"),
    ("MastCo", "铁塔公司"),
    ("Verticom", "立通塔业"),
)


class Named(NamedTuple):
    """One name in both languages."""

    en: str
    zh: str


@lru_cache(maxsize=65_536)
def town(key: str) -> Named:
    """Return the name of the town of a site: always the same for the same key.

    >>> town("site-1") == town("site-1")
    True
    """
    random = Random(f"town:{key}")
    english = random.choice(_HEADS) + random.choice(_TAILS)
    return Named(english, random.choice(_SIGNS) + random.choice(_SIGNS) + random.choice(_ENDS))


@lru_cache(maxsize=65_536)
def owner(key: str) -> Named:
    """Return the tower company that owns a third party's site: always the same for the same key."""
    return Named(*Random(f"owner:{key}").choice(_OWNERS))


def person(random: Random) -> Named:
    """Return somebody's name."""
    return Named(random.choice(_PEOPLE_EN), random.choice(_PEOPLE_ZH))


def anonymous(letter: str, key: str) -> str:
    """Return a number for a paper that tells nothing of the key it hangs on.

    >>> len(anonymous("T", "1:F000001:0"))
    13
    """
    return letter + blake2b(key.encode(), digest_size=6).hexdigest()
