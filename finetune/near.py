"""Texts that say nearly the same, found by shingles and min-hashing, as names that such texts share.

Does not know what the texts are.
Source: Broder, On the resemblance and containment of documents, 1997.
"""

from __future__ import annotations

import itertools
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

ALIKE: Final = 0.6
"""Share of common shingles from which two texts are taken for one."""

_HASHES: Final = 64
_BANDS: Final = 16
_PRIME: Final = (1 << 31) - 1
_LARGEST_RATIO: Final = 0.1
"""A chain of look-alikes longer than this share of all rows is a way of writing, not one text."""


def near_duplicates(texts: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return a name per text: the one given, or that of the first text it nearly repeats.

    Texts with the same given name stay together. Texts of under four words (or eight signs where words are
    not parted by blanks) are compared as wholes only.
    """
    parent = list(range(len(texts)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[str, int] = {}
    for place, name in enumerate(names):
        parent[place] = first.setdefault(name, place)
    exact = [root(place) for place in range(len(texts))]
    singles: dict[str, int] = {}
    shingles: dict[int, frozenset[int]] = {}
    for place, text in enumerate(texts):
        if exact[place] != place:
            continue
        twin = singles.setdefault(text, place)
        if twin != place:
            parent[root(place)] = root(twin)
        elif found := _shingles(text):
            shingles[place] = found
    if shingles:
        for one, other in _pairs(shingles):
            if root(one) != root(other) and _resemblance(shingles[one], shingles[other]) >= ALIKE:
                older, younger = sorted((root(one), root(other)))
                parent[younger] = older
    roots = [root(place) for place in range(len(texts))]
    sizes: dict[int, int] = defaultdict(int)
    for found_root in roots:
        sizes[found_root] += 1
    most = max(_LARGEST_RATIO * len(texts), 5)
    return [
        names[found_root] if sizes[found_root] <= most else names[exact[place]]
        for place, found_root in enumerate(roots)
    ]


def _shingles(text: str) -> frozenset[int]:
    """Return hashes of a text's runs of three words, or of four signs where blanks are rare."""
    words = text.split()
    if len(words) >= 4:
        runs = [" ".join(words[start : start + 3]) for start in range(len(words) - 2)]
    elif len(text) >= 8 and len(text) > 8 * len(words) and not text.isascii():
        runs = [text[start : start + 4] for start in range(len(text) - 3)]
    else:
        return frozenset()
    return frozenset(zlib.crc32(run.encode("utf-8", "surrogatepass")) % _PRIME for run in runs)


def _pairs(shingles: dict[int, frozenset[int]]) -> list[tuple[int, int]]:
    """Return pairs that share a band of their signatures, each text with the first and last of its bucket."""
    generator = np.random.default_rng(1997)
    factors = generator.integers(1, _PRIME, _HASHES, dtype=np.int64)
    offsets = generator.integers(0, _PRIME, _HASHES, dtype=np.int64)
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    rows = _HASHES // _BANDS
    for place, runs in shingles.items():
        hashes = np.fromiter(runs, dtype=np.int64, count=len(runs))
        # Both factors are under 2**31, so their product fits a signed 64-bit number.
        signature = ((hashes[:, None] * factors + offsets) % _PRIME).min(axis=0)
        for band in range(_BANDS):
            buckets[band, signature[band * rows : (band + 1) * rows].tobytes()].append(place)
    pairs: set[tuple[int, int]] = set()
    for places in buckets.values():
        for before, after in itertools.pairwise(places):
            pairs.add((before, after))
            pairs.add((places[0], after))
    return sorted(pairs)


def _resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / len(one | other)
