"""Which prompts go through the model together: near-equal lengths under a budget of tokens.

It does not know what a token is. Padding is work thrown away, and on a CPU it costs more than batching gains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telcollm.errors import SettingsError


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How large a batch may grow.

    `token_budget` bounds rows times the longest row, `max_waste_ratio` the share of it that is padding,
    `max_rows` the rows. One row longer than the budget is a batch of its own.
    """

    token_budget: int
    max_waste_ratio: float
    max_rows: int

    def __post_init__(self) -> None:
        if self.token_budget < 1 or self.max_rows < 1 or not 0 <= self.max_waste_ratio <= 1:
            message = f"{self} is out of range; budget and rows are at least 1, the ratio 0 to 1; correct it"
            raise SettingsError(message)


def plan_batches(lengths: Sequence[int], limits: BatchLimits) -> list[list[int]]:
    """Places of `lengths`, each exactly once, in batches within the limits; longest first.

    >>> plan_batches([5, 90, 6, 88], BatchLimits(token_budget=200, max_waste_ratio=0.1, max_rows=8))
    [[1, 3], [2, 0]]
    """
    batches: list[list[int]] = []
    longest = total = 0
    for place in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        if batches and len(batches[-1]) < limits.max_rows:
            area = longest * (len(batches[-1]) + 1)
            waste = area - total - lengths[place]
            if area <= limits.token_budget and waste <= limits.max_waste_ratio * area:
                batches[-1].append(place)
                total += lengths[place]
                continue
        batches.append([place])
        longest = total = lengths[place]
    return batches
