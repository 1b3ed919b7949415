"""When a diagnosis is sure enough to be given: the threshold learned from cases whose causes are known.

Does not know where cases come from, nor how sure a diagnosis is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec

from telcollm.errors import SettingsError

LEAST_CASES: Final = 30
_Z: Final = 1.645
"""One-sided 95 %."""


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least confidence at which diagnoses were right as often as wanted, and the cases it rests on.

    `answered` of the `cases` lay at or above `threshold`, `right` of these named the root cause.
    """

    threshold: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    target_precision: Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]
    cases: int
    answered: int
    right: int


def calibrate(cases: Sequence[tuple[float, bool]], target_precision: float = 0.9) -> Calibration:
    """Return the lowest threshold at which the answers were right at least so often, beyond chance.

    `cases` are (confidence, right). Beyond chance: the lower 95 % bound (Wilson) of the share that was right
    reaches the target. Where no threshold does, it is 1: every diagnosis abstains.

    Raises:
        SettingsError: there are fewer than 30 cases.

    >>> found = calibrate([(0.2, False)] * 40 + [(0.8, True)] * 60)
    >>> found.threshold, found.answered, found.right
    (0.8, 60, 60)
    """
    if len(cases) < LEAST_CASES:
        message = (
            f"cases={len(cases)} are too few to calibrate on; at least {LEAST_CASES} with known causes are "
            "allowed; add more, or set diagnosis.abstain_below by hand"
        )
        raise SettingsError(message)
    ranked = sorted(cases, key=lambda case: -case[0])
    best: tuple[float, int, int] | None = None
    right = 0
    for place, (confidence, good) in enumerate(ranked, start=1):
        right += good
        last_of_its_kind = place == len(ranked) or ranked[place][0] < confidence
        if last_of_its_kind and _lower_bound(right, place) >= target_precision:
            best = (confidence, place, right)
    threshold, answered, kept = best or (1.0, 0, 0)
    return Calibration(threshold, target_precision, len(cases), answered, kept)


def load_calibration(path: Path) -> Calibration:
    """Return the calibration kept at `path` as JSON.

    Raises:
        SettingsError: the file is missing or holds none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Calibration)
    except (OSError, msgspec.DecodeError) as error:
        message = (
            f"calibration file {path} cannot be read ({error}); the JSON of one is allowed; make it anew, or "
            "leave the setting out"
        )
        raise SettingsError(message) from error


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Keep a calibration at `path` as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(calibration), indent=1) + b"\n")


def _lower_bound(right: int, count: int) -> float:
    """Return the lower end of Wilson's interval of a share."""
    share, square = right / count, _Z * _Z / count
    middle = share + square / 2
    spread = _Z * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return (middle - spread) / (1 + square)
