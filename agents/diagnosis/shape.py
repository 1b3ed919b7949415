"""What a diagnosis looks like from outside, in numbers: by these it is learned how often such ones are right.

How sure the ranking is of its lead says little by itself: the same share means more among many candidates.
Does not know what is learned from the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

SHARE: Final = "share"
NAMES: Final = (
    SHARE,
    "candidates",
    "objects",
    "problems",
    "on_lead",
    "claims",
    "supported",
    "contradicted",
    "named",
    "share_by_candidates",
)
MOST_CANDIDATES: Final = 24
"""So many candidates are looked at; more make no difference."""


def shape_of(
    share: float, candidates: Sequence[tuple[str, str]], *, claims: int, verdict: str, named: int
) -> dict[str, float]:
    """Return the numbers by name.

    `share` is the lead's, `candidates` are objects with their problems, the lead first; `claims` and
    `verdict` are the lead's, `named` is how many objects the hypotheses name.

    >>> found = shape_of(0.5, [("a", "x"), ("b", "x"), ("a", "y")], claims=2, verdict="open", named=2)
    >>> found["share"], found["claims"], round(found["on_lead"], 2)
    (0.5, 2.0, 0.67)
    """
    seen = list(candidates[:MOST_CANDIDATES])
    objects = [name for name, _ in seen]
    count = math.log(max(1, len(seen)))
    return {
        SHARE: share,
        "candidates": count,
        "objects": math.log(max(1, len(set(objects)))),
        "problems": len({problem for _, problem in seen}) / max(1, len(seen)),
        "on_lead": objects.count(objects[0]) / len(objects) if objects else 0.0,
        "claims": float(claims),
        "supported": float(verdict == "supported"),
        "contradicted": float(verdict == "contradicted"),
        "named": float(named),
        "share_by_candidates": share * count,
    }
