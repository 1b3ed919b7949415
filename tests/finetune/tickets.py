"""A small ticket desk for tests of whole runs: words tell the team mostly, and nothing else does."""

from __future__ import annotations

import csv
import random
from pathlib import Path

WORDS = {
    "core": ["bgp peer", "mpls label", "route flap"],
    "radio": ["cell down", "vswr high", "antenna tilt"],
    "field": ["door open", "generator", "fuel low"],
}
_FILLER = ["please check", "since morning", "customer reports", "again", "urgent", "after works", "see log"]


def rows(count: int, seed: int = 0, *, wrong_ratio: float = 0.1, fillers: int = 4) -> list[dict[str, object]]:
    """Return tickets, their labels wrong in a share of them; fewer fillers are easier to read."""
    draw = random.Random(seed)
    made: list[dict[str, object]] = []
    for place in range(count):
        team = draw.choice(sorted(WORDS))
        words = [draw.choice(WORDS[team]), *draw.choices(_FILLER, k=fillers)]
        draw.shuffle(words)
        text = f"{' '.join(words)} SITE-{draw.randrange(80):03d}"
        if fillers:
            text += f" {draw.randrange(10**6)}, call +49 170 {1000000 + place}"
        label = draw.choice(sorted(WORDS)) if draw.random() < wrong_ratio else team
        made.append(
            {
                "id": place,
                "opened": f"2026-01-{1 + place * 28 // count:02d}T{place % 24:02d}:{place % 60:02d}:00Z",
                "description": text,
                "note": f"caller +49 170 {1000000 + place}",
                "vendor": draw.choice(["Nokia", "Huawei"]),
                "team": label,
            }
        )
    return made


def write_csv(table: list[dict[str, object]], path: Path) -> Path:
    """Return the path of the rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path
