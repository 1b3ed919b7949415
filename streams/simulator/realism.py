"""How alike two alarm streams are: their hours as features, and how well boosting tells them apart.

The features are those an observer would count: how many alarms, how they arrive, how they burst, how they
spread over devices and problems. It deliberately does not know what an alarm means, which fault caused it,
nor how either stream came about; it compares any two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from telcollm.errors import SettingsError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

HOUR_S: Final = 3600.0
BURST_GAPS_S: Final = (2.0, 30.0)
"""Alarms no further apart than this form one burst; the short gap sees cascades, the long one sees storms."""

ARRIVALS: Final = (
    "count_log",
    "gap_q10_log",
    "gap_q50_log",
    "gap_q90_log",
    "gap_variation",
    "same_second_ratio",
    "minutes_fano_log",
    "minutes_busy_ratio",
    "minutes_memory",
)
BURSTS: Final = (
    "burst2_count_log",
    "burst2_mean_log",
    "burst2_largest_log",
    "burst30_count_log",
    "burst30_mean_log",
    "burst30_largest_log",
    "burst30_devices_log",
)
DEVICES: Final = (
    "devices_log",
    "per_device_log",
    "device_top_ratio",
    "device_top5_ratio",
    "device_gini",
    "device_single_ratio",
    "device_repeat_ratio",
)
PROBLEMS: Final = ("problems_per_device", "pair_repeats_log", "pair_top_ratio", "problem_entropy")
FEATURES: Final = (*ARRIVALS, *BURSTS, *DEVICES, *PROBLEMS)
"""The names of the columns of `hour_features`, in order."""


class _Raised(Protocol):
    """What is asked of a row: `streams.replay.row.AlarmRow` has it."""

    @property
    def raised_ms(self) -> int: ...
    @property
    def managed_object(self) -> str: ...
    @property
    def specific_problem(self) -> str: ...


@dataclass(frozen=True)
class AlarmStream:
    """Raises in order of time, `(alarms,)`: seconds from any start, devices and problems as numbers."""

    name: str
    raised_s: FloatArray
    device: IntArray
    problem: IntArray

    def __post_init__(self) -> None:
        """Check that the columns are of one length and in order.

        Raises:
            SettingsError: they are not.
        """
        sizes = {len(self.raised_s), len(self.device), len(self.problem)}
        if len(sizes) != 1 or (len(self.raised_s) > 1 and bool((np.diff(self.raised_s) < 0).any())):
            message = (
                f"stream {self.name!r} has columns of {sorted(sizes)} values; columns of one length in order "
                "of time are allowed; build it with stream_of"
            )
            raise SettingsError(message)

    @property
    def hours(self) -> int:
        """The number of whole and begun hours from the first raise to the last."""
        return int((self.raised_s[-1] - self.raised_s[0]) // HOUR_S) + 1 if len(self.raised_s) else 0

    def first(self, hours: float) -> AlarmStream:
        """Return the raises of the first `hours`."""
        if not len(self.raised_s):
            return self
        end = int(np.searchsorted(self.raised_s, self.raised_s[0] + hours * HOUR_S))
        return AlarmStream(self.name, self.raised_s[:end], self.device[:end], self.problem[:end])


def stream_of(name: str, raises: Iterable[tuple[float, str, str]]) -> AlarmStream:
    """Return the stream of (seconds, device, problem) in any order.

    >>> stream = stream_of("s", [(5.0, "b", "p"), (1.0, "a", "p")])
    >>> stream.raised_s.tolist(), stream.device.tolist()
    ([1.0, 5.0], [0, 1])
    """
    ordered = sorted(raises, key=lambda item: item[0])
    devices: dict[str, int] = {}
    problems: dict[str, int] = {}
    return AlarmStream(
        name,
        np.array([item[0] for item in ordered], dtype=np.float64),
        np.array([devices.setdefault(item[1], len(devices)) for item in ordered], dtype=np.int64),
        np.array([problems.setdefault(item[2], len(problems)) for item in ordered], dtype=np.int64),
    )


def stream_of_rows(name: str, rows: Iterable[_Raised]) -> AlarmStream:
    """Return the stream of a record's rows, as `streams.replay` reads them.

    Raises are cut to whole seconds, which is all that the public records tell: a simulated stream must not be
    known by its milliseconds.
    """
    return stream_of(
        name, ((row.raised_ms // 1000, row.managed_object, row.specific_problem) for row in rows)
    )


def hour_features(stream: AlarmStream, *, at_least: int = 3) -> tuple[FloatArray, IntArray]:
    """Return `(hours, features)` in order of FEATURES, and the number of each hour; `(hours,)`.

    Hours with fewer than `at_least` alarms tell nothing of gaps and are left out. Counts stand as logarithms,
    gaps in units of the hour's own mean gap. Nothing is scaled by the size of the network: a stream is to be
    compared with one of a network of the same size.
    """
    if not len(stream.raised_s):
        return np.empty((0, len(FEATURES))), np.empty(0, dtype=np.int64)
    hour = ((stream.raised_s - stream.raised_s[0]) // HOUR_S).astype(np.int64)
    starts = np.flatnonzero(np.r_[True, np.diff(hour) > 0])
    ends = np.r_[starts[1:], len(hour)]
    rows: list[list[float]] = []
    numbers: list[int] = []
    for start, end in zip(starts, ends, strict=True):
        if end - start < at_least:
            continue
        begin_s = stream.raised_s[0] + float(hour[start]) * HOUR_S
        rows.append(
            _features(
                stream.raised_s[start:end] - begin_s, stream.device[start:end], stream.problem[start:end]
            )
        )
        numbers.append(int(hour[start]))
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))
    return table, np.array(numbers, dtype=np.int64)


def _features(times_s: FloatArray, device: IntArray, problem: IntArray) -> list[float]:
    count = len(times_s)
    gaps = np.diff(times_s)
    mean_gap_s = max(float(gaps.mean()), 1e-3)
    quantiles = np.log((np.quantile(gaps, (0.1, 0.5, 0.9)) + 0.1 * mean_gap_s) / mean_gap_s)
    minutes = np.bincount(np.minimum(times_s // 60, 59).astype(np.int64), minlength=60).astype(np.float64)
    spread = minutes - minutes.mean()
    memory = float((spread[1:] * spread[:-1]).sum() / max(float((spread**2).sum()), 1e-9))
    arrivals = [
        float(np.log(count)),
        *map(float, quantiles),
        float(gaps.std()) / mean_gap_s,
        float((gaps == 0).mean()),
        float(np.log(max(float(minutes.var()) / float(minutes.mean()), 1e-2))),
        float((minutes > 0).mean()),
        memory,
    ]
    bursts: list[float] = []
    for gap_s in BURST_GAPS_S:
        first = np.flatnonzero(np.r_[True, gaps > gap_s])
        sizes = np.diff(np.r_[first, count])
        bursts += [float(np.log(len(sizes))), float(np.log(sizes.mean())), float(np.log(sizes.max()))]
    largest = int(np.argmax(sizes))
    bursts.append(float(np.log(len(np.unique(device[first[largest] : first[largest] + sizes[largest]])))))
    per_device = np.sort(np.unique(device, return_counts=True)[1])[::-1].astype(np.float64)
    pairs, per_pair = np.unique(device * 1_000_003 + problem, return_counts=True)
    per_problem = np.unique(problem, return_counts=True)[1] / count
    devices = [
        float(np.log(len(per_device))),
        float(np.log(per_device.mean())),
        float(per_device[0]) / count,
        float(per_device[:5].sum()) / count,
        _gini(per_device),
        float((per_device == 1).mean()),
        float((device[1:] == device[:-1]).mean()),
    ]
    problems = [
        len(pairs) / len(per_device),
        float(np.log(count / len(pairs))),
        float(per_pair.max()) / count,
        float(-(per_problem * np.log(per_problem)).sum()),
    ]
    return [*arrivals, *bursts, *devices, *problems]


def _gini(counts: FloatArray) -> float:
    """Return how unequal the counts are, 0 (equal) to 1."""
    ordered = np.sort(counts)
    places = np.arange(1, len(ordered) + 1)
    return float((2 * places - len(ordered) - 1) @ ordered / (len(ordered) * ordered.sum()))


@dataclass(frozen=True)
class Told:
    """How well two streams' hours were told apart: 0.5 is not at all, 1.0 is always.

    `auc` is of held-out hours, over all folds; `deviation` is its spread over the seeds. `telling` lists the
    features by how much of the AUC is lost when each is shuffled, most first.
    """

    one: str
    other: str
    hours: tuple[int, int]
    auc: float
    deviation: float
    features: tuple[str, ...]
    telling: tuple[tuple[str, float], ...]


def tell_apart(
    one: AlarmStream,
    other: AlarmStream,
    *,
    features: Sequence[str] = FEATURES,
    block_hours: int = 12,
    folds: int = 6,
    seeds: int = 3,
) -> Told:
    """Return how well boosting tells the hours of `one` from those of `other`, on hours it never saw.

    Hours next to each other are alike, so whole blocks of `block_hours` are held out together; both streams
    weigh the same however long they are.

    Raises:
        SettingsError: a stream has fewer blocks than `folds`, or a feature is not known.
    """
    unknown = sorted(set(features) - set(FEATURES))
    if unknown:
        message = f"features {unknown} are not known; {', '.join(FEATURES)} are allowed; name some of these"
        raise SettingsError(message)
    return tell_tables_apart(
        (one.name, *hour_features(one)),
        (other.name, *hour_features(other)),
        features=features,
        block_hours=block_hours,
        folds=folds,
        seeds=seeds,
    )


def tell_tables_apart(
    one: tuple[str, FloatArray, IntArray],
    other: tuple[str, FloatArray, IntArray],
    *,
    features: Sequence[str] = FEATURES,
    block_hours: int = 12,
    folds: int = 6,
    seeds: int = 3,
) -> Told:
    """Return what `tell_apart` returns, of tables that `hour_features` made before.

    Raises:
        SettingsError: a table has fewer blocks than `folds`.
    """
    from sklearn.metrics import roc_auc_score

    columns = [FEATURES.index(name) for name in features]
    rows = np.vstack([one[1], other[1]])[:, columns]
    label = np.r_[np.zeros(len(one[1]), dtype=np.int64), np.ones(len(other[1]), dtype=np.int64)]
    for name, table, hours in (one, other):
        blocks = len(np.unique(hours // block_hours))
        if blocks < folds:
            message = (
                f"stream {name!r} of {len(table)} hours has {blocks} blocks of {block_hours} hours; at least "
                f"{folds} are allowed; take a longer stream or fewer folds"
            )
            raise SettingsError(message)
    block = np.r_[one[2] // block_hours, other[2] // block_hours]
    aucs: list[float] = []
    lost = np.zeros(len(columns))
    for seed in range(seeds):
        random = np.random.default_rng((seed, 20))
        fold = np.empty(len(rows), dtype=np.int64)
        for side in (0, 1):
            mine = label == side
            known = np.unique(block[mine])
            place = dict(zip(random.permutation(known).tolist(), range(len(known)), strict=True))
            fold[mine] = [place[number] % folds for number in block[mine].tolist()]
        score, shuffled = _held_out(rows, label, fold, folds, seed, random)
        aucs.append(float(roc_auc_score(label, score)))
        lost += [aucs[-1] - float(roc_auc_score(label, column)) for column in shuffled]
    telling = sorted(zip(features, (lost / seeds).tolist(), strict=True), key=lambda item: -item[1])
    return Told(
        one=one[0],
        other=other[0],
        hours=(len(one[1]), len(other[1])),
        auc=float(np.mean(aucs)),
        deviation=float(np.std(aucs)),
        features=tuple(features),
        telling=tuple(telling),
    )


def _held_out(
    rows: FloatArray, label: IntArray, fold: IntArray, folds: int, seed: int, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return each held-out probability, `(rows,)`, and with each feature shuffled, `(features, rows)`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    score = np.empty(len(rows))
    shuffled = np.empty((rows.shape[1], len(rows)))
    for number in range(folds):
        held = fold == number
        boosting: Any = HistGradientBoostingClassifier(
            max_iter=120,
            learning_rate=0.08,
            max_leaf_nodes=8,
            min_samples_leaf=10,
            l2_regularization=1.0,
            class_weight="balanced",
            random_state=seed,
        )
        boosting.fit(rows[~held], label[~held])
        score[held] = boosting.predict_proba(rows[held])[:, 1]
        for place in range(rows.shape[1]):
            changed = rows[held].copy()
            changed[:, place] = random.permutation(changed[:, place])
            shuffled[place, held] = boosting.predict_proba(changed)[:, 1]
    return score, shuffled


def halves(stream: AlarmStream, *, block_hours: int = 6, seed: int = 0) -> tuple[AlarmStream, AlarmStream]:
    """Return two streams, each of half the blocks of `block_hours`, drawn at random: one network, told twice.

    Each keeps its own times, so that its hours stay whole.
    """
    block = ((stream.raised_s - stream.raised_s[:1]) // (HOUR_S * block_hours)).astype(np.int64)
    known = np.unique(block)
    chosen = np.random.default_rng((seed, 21)).permutation(known)[: len(known) // 2]
    first = np.isin(block, chosen)
    return _part(stream, first, "one half"), _part(stream, ~first, "other half")


def _part(stream: AlarmStream, mine: NDArray[np.bool_], word: str) -> AlarmStream:
    return AlarmStream(
        f"{stream.name} ({word})", stream.raised_s[mine], stream.device[mine], stream.problem[mine]
    )
