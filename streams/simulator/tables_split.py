"""Which rows teach and which test: by time, and some dialects and combinations of faults only ever test.

It deliberately does not know what a row holds; it is a pure function of when, where and which faults.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

from streams.simulator.naming import VENDORS
from telcollm.errors import SettingsError

Split = Literal["train", "validation", "test"]
UNSEEN_VENDOR: Final = VENDORS[-1]
"""The vendor whose dialect is only in test: it builds no core, so its region alone is kept apart."""


class Placed(NamedTuple):
    """Where a row goes, and what it tests beside time passing."""

    split: Split
    dialect_unseen: bool
    combination_unseen: bool


@dataclass(frozen=True)
class SplitRule:
    """`train_ratio` and then `validation_ratio` of the time teach; what comes after tests.

    Rows of `unseen_vendor`, and of a share of `unseen_combinations` of the pairs of faults, test whenever
    they come.
    A row counts by when its fault began, so that what one fault left is never on two sides.
    """

    duration_s: float
    train_ratio: float = 0.62
    validation_ratio: float = 0.1
    unseen_vendor: str = UNSEEN_VENDOR
    unseen_combinations: float = 0.2

    def __post_init__(self) -> None:
        """Check that there is time to teach and time to test.

        Raises:
            SettingsError: there is not.
        """
        if self.duration_s <= 0 or not 0 < self.train_ratio < self.train_ratio + self.validation_ratio < 1:
            message = (
                f"train_ratio={self.train_ratio} and validation_ratio={self.validation_ratio} of "
                f"{self.duration_s} s leave nothing to teach or test; ratios above 0 that add up to less "
                "than 1 are allowed; change them"
            )
            raise SettingsError(message)

    def place(self, began_s: float, vendors: Collection[str], kinds: Collection[str]) -> Placed:
        """Return where a row goes: `kinds` are the faults behind it, `vendors` those whose words are in it.

        >>> SplitRule(100.0).place(10.0, ["Qingyun"], ["fibre_cut"])
        Placed(split='train', dialect_unseen=False, combination_unseen=False)
        """
        dialect = self.unseen_vendor in vendors
        combination = len(set(kinds)) > 1 and _share(sorted(set(kinds))) < self.unseen_combinations
        if dialect or combination:
            return Placed("test", dialect, combination)
        part = began_s / self.duration_s
        if part < self.train_ratio:
            return Placed("train", False, False)
        if part < self.train_ratio + self.validation_ratio:
            return Placed("validation", False, False)
        return Placed("test", False, False)


def _share(kinds: Collection[str]) -> float:
    """Return a number in [0, 1) that hangs on the kinds alone: the same pairs are unseen for every seed."""
    digest = blake2b("+".join(kinds).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
