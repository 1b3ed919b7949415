"""How strongly a history speaks for each pair of types, and how strongly chance alone would.

It deliberately does not know how strong is strong enough: `selection` decides that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from streams.causes import hawkes
from streams.causes.history import AlarmHistory
from streams.causes.kernels import onsets

Floats = npt.NDArray[np.float64]
Progress = Callable[[str], None]

QUIET_S = (0.0, 600.0, 3600.0)
"""Each pair's evidence is the mean over these ways to tell the onset of an alarm from its repeats."""
_NULL_PAIRS = 4000
_MIN_SHIFTS, _MAX_SHIFTS = 2, 20
_VALUES_AT_MOST = 250_000_000


@dataclass(frozen=True)
class PairEvidence:
    """Evidence for every ordered pair of types, cause in rows, effect in columns.

    `strength` (types, types) is the mean of log(1 + likelihood gain) over the onsets of QUIET_S, at least 0.
    `explained` and `lag_s` (types, types) are those of `hawkes.Excitation`, averaged likewise.
    `chance_strength` and `chance_explained` (shifts, types, types) are the same after each type's alarms were
    shifted in time by a random amount of their own, which keeps every rhythm, burst and place but breaks what
    joins the types.
    """

    type_names: tuple[str, ...]
    strength: Floats
    explained: Floats
    lag_s: Floats
    chance_strength: Floats
    chance_explained: Floats


def gather(history: AlarmHistory, *, seed: int = 0, progress: Progress | None = None) -> PairEvidence:
    """Return the evidence of a history of at least one alarm; the same seed gives the same evidence.

    Of a history too large for memory only the latest alarms are used, and `progress` is told so.
    """
    tell = progress or (lambda _line: None)
    history = _bounded(history, tell)
    kinds = len(history.type_names)
    tell(f"{history.name}: {len(history)} alarms, {kinds} types, {len(history.object_names)} objects")
    strength, explained, lag_s = _evidence(history)
    shifts = int(np.clip(np.ceil(_NULL_PAIRS / max(kinds * (kinds - 1), 1)), _MIN_SHIFTS, _MAX_SHIFTS))
    random = np.random.default_rng(seed)
    chance = np.zeros((2, shifts, kinds, kinds))
    for turn in range(shifts):
        tell(f"{history.name}: chance, shift {turn + 1} of {shifts}")
        chance[:, turn] = _evidence(shifted(history, random))[:2]
    return PairEvidence(history.type_names, strength, explained, lag_s, chance[0], chance[1])


def shifted(history: AlarmHistory, random: np.random.Generator) -> AlarmHistory:
    """Return the history with each type's alarms moved round in time by its own random number of seconds."""
    start = history.raised_s[0] if len(history) else 0.0
    period = history.span_s + 1.0
    moves = np.floor(random.uniform(0.0, period, len(history.type_names)))
    raised_s = start + (history.raised_s - start + moves[history.types]) % period
    order = np.lexsort((history.objects, history.types, raised_s))
    return replace(
        history,
        types=history.types[order],
        objects=history.objects[order],
        raised_s=raised_s[order],
        cleared_s=np.full(len(history), np.nan),
    )


def _evidence(history: AlarmHistory) -> tuple[Floats, Floats, Floats]:
    fits = [hawkes.fit(onsets(history, quiet_s)) for quiet_s in QUIET_S]
    return (
        np.mean([np.log1p(found.gain) for found in fits], axis=0),
        np.mean([found.explained for found in fits], axis=0),
        np.mean([found.lag_s for found in fits], axis=0),
    )


def _bounded(history: AlarmHistory, tell: Progress) -> AlarmHistory:
    kernels = len(hawkes.DECAYS_S) * (1 if history.links is None else 1 + hawkes.HOPS)
    most = max(1000, _VALUES_AT_MOST // (kernels * len(history.type_names)))
    if len(history) <= most:
        return history
    tell(f"{history.name}: only the latest {most} of {len(history)} alarms fit in memory; using these")
    kept = np.zeros(len(history), dtype=bool)
    kept[-most:] = True
    return history.only(kept)
