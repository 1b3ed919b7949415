"""The background of an alarm stream: a few elements that never stop complaining, and many that do at times.

Three parts, as the public microwave record (Huawei 24V) has them: steady chatterers that repeat with the
period of a poll; sessions, in which an element chatters for minutes or hours; and flickers, two or three
alarms of one element at once, sometimes of several. It deliberately does not know
faults: nothing here has a cause, and that is its truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telcollm.errors import SettingsError

_HOUR_S: Final = 3600.0
_SHARES: Final = ("twins", "spread", "again")
_POLLS: Final = (0, 3, 4, 2, 1, 1, 1, 1, 1, 1, 1)
"""How many polls each of eleven steady elements has, as in the public record; 0: trains."""

_SHARED: Final = (5, 6)
"""Of the eleven, those that are polled in one cycle with the second."""

_SLOW: Final = 9
"""Of the eleven, those from here on are polled three times as seldom."""


class Chatter(NamedTuple):
    """One alarm without a fault: when, on what, which symptom, and how long it stands (0: momentary)."""

    raised_s: float
    element_id: str
    symptom: str
    lasts_s: float


@dataclass(frozen=True)
class ChatterPlan:
    """How much background there is. Ratios are shares in 0-1; rates are per hour and 500 elements.

    Steady: `steady_ratio` of the elements chatter all the time; of every eleven one in trains of rounds
    `fast_s` apart with rests of about `rest_s`, the others with one to four polls each, every `poll_s` or so.
    Sessions: `habitual_ratio` of the elements have `sessions` an hour between them, each of `rounds` rounds
    (median; `rounds_sigma` of its logarithm) of `round_alarms` alarms, `round_gap_s` apart (median).
    Flickers: `flickers` an hour on any element; `twins` of them tell of two symptoms, `spread` of them take
    neighbours along, `again` of them come back within minutes.
    Storms: `storms_per_day` take about `storm_elements` along within a minute.
    `skew` is how unequally elements are struck: 0 all alike, 1 and more as in real networks. `unrest` is the
    deviation of the logarithm of the rates from hour to hour; it dies away over `unrest_hours`.
    """

    steady_ratio: float = 0.02
    poll_s: float = 330.0
    fast_s: float = 29.0
    rest_s: float = 212.0
    habitual_ratio: float = 0.103
    sessions: float = 1.33
    rounds: float = 9.51
    rounds_sigma: float = 1.7
    round_alarms: float = 1.35
    round_gap_s: float = 14.2
    flickers: float = 12.8
    twins: float = 1.0
    flicker_symptoms: float = 2.0
    spread: float = 0.12
    again: float = 0.345
    storms_per_day: float = 2.3
    storm_elements: float = 52.0
    skew: float = 0.943
    unrest: float = 0.5
    unrest_hours: float = 2.95

    def __post_init__(self) -> None:
        """Check what is asked for.

        Raises:
            SettingsError: a value is out of range.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            most = 1.0 if field.name.endswith("_ratio") or field.name in _SHARES else 1e6
            if not 0.0 <= value <= most:
                message = (
                    f"{field.name}={value} is out of range; 0 to {most:g} is allowed; change it in the plan"
                )
                raise SettingsError(message)


QUIET: Final = ChatterPlan(steady_ratio=0.0, sessions=0.0, flickers=0.0, storms_per_day=0.0)
"""A plan without any background."""


def chatter(
    plan: ChatterPlan, elements: Sequence[tuple[str, Sequence[str]]], duration_s: float, seed: int
) -> list[Chatter]:
    """Return the background over `duration_s`, in order of time; the same arguments give the same.

    `elements` are (element id, symptoms it may tell of without a fault), neighbours near each other in the
    sequence; those with no symptom stay silent. Rates grow with the number of elements.
    """
    able = [(name, tuple(symptoms)) for name, symptoms in elements if symptoms]
    if not able or duration_s <= 0:
        return []
    parts = (
        _steady(plan, able, duration_s, np.random.default_rng((seed, 31))),
        _sessions(plan, able, duration_s, np.random.default_rng((seed, 32))),
        _flickers(plan, able, duration_s, np.random.default_rng((seed, 33))),
        _storms(plan, able, duration_s, np.random.default_rng((seed, 34))),
    )
    found = [item for part in parts for item in part if 0.0 <= item.raised_s < duration_s]
    found.sort()
    return found


_Elements = Sequence[tuple[str, tuple[str, ...]]]


def _tell(
    at_s: float,
    element: str,
    symptoms: Sequence[str],
    random: np.random.Generator,
    lag_s: float | None = None,
) -> list[Chatter]:
    """Return one alarm a symptom, the later ones `lag_s` after one another, by chance where it is None."""
    found = []
    for place, symptom in enumerate(symptoms):
        if place and lag_s is not None:
            at_s += lag_s
        elif place:
            at_s += 0.0 if random.random() < 0.4 else float(random.uniform(0.5, 2.5))
        # Nearly all of the public record's alarms are momentary.
        lasts_s = 0.0 if random.random() < 0.8 else round(float(random.lognormal(3.0, 1.0)), 1)
        found.append(Chatter(round(at_s, 3), element, symptom, lasts_s))
    return found


def _lag(random: np.random.Generator) -> float:
    """Return how far apart an element tells of two symptoms for a while: for each while it is the same."""
    return float(random.choice((0.0, 0.3, 1.0, 1.5, 2.0)))


def _some(symptoms: Sequence[str], count: int, random: np.random.Generator) -> tuple[str, ...]:
    """Return some of the symptoms, the first of them likelier: an element's kind has its habits."""
    weights = 0.6 ** np.arange(len(symptoms))
    size = max(min(count, len(symptoms)), 1)
    chosen = random.choice(len(symptoms), size=size, replace=False, p=weights / weights.sum())
    return tuple(symptoms[place] for place in chosen.tolist())


def _arrivals(
    per_hour: float, duration_s: float, plan: ChatterPlan, random: np.random.Generator
) -> list[float]:
    """Return the times of a Poisson process whose rate wanders from hour to hour, in order."""
    hours = int(np.ceil(duration_s / _HOUR_S))
    keep = float(np.exp(-1.0 / max(plan.unrest_hours, 1e-3)))
    steps = random.normal(0.0, 1.0, hours) * plan.unrest * (1.0 - keep**2) ** 0.5
    level = float(random.normal(0.0, plan.unrest))
    found: list[float] = []
    for hour, step in enumerate(steps.tolist()):
        level = keep * level + step
        # The mean of exp(level) is taken out, so that `per_hour` stays the mean rate.
        count = int(random.poisson(per_hour * float(np.exp(level - plan.unrest**2 / 2))))
        found += (random.uniform(hour * _HOUR_S, (hour + 1) * _HOUR_S, count)).tolist()
    return sorted(found)


def _zipf(count: int, skew: float, offset: float = 0.0) -> NDArray[np.float64]:
    weights = 1.0 / (np.arange(1, count + 1) + offset) ** skew
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _steady(
    plan: ChatterPlan, able: _Elements, duration_s: float, random: np.random.Generator
) -> list[Chatter]:
    """Return the alarms of elements that repeat with the period of a poll, but for short rests."""
    count = round(plan.steady_ratio * len(able))
    found: list[Chatter] = []
    # Some polls share one cycle: one manager asks them one after the other.
    shared_s = float(random.uniform(0.0, plan.poll_s))
    for place, chosen in enumerate(random.permutation(len(able))[:count].tolist()):
        name, symptoms = able[chosen]
        rank = place % len(_POLLS)
        polls = _POLLS[rank]
        if not polls:
            found += _trains(plan, able[chosen], duration_s, random)
        start_s = exact_s = 0.0
        period_s = plan.poll_s * (3.0 if rank >= _SLOW else 1.0)
        for poll, symptom in enumerate(_some(symptoms, polls, random)[:polls]):
            together = (rank == 1 and poll < 2) or rank in _SHARED
            if not together and (rank != 2 or poll in (0, 3)):
                start_s = float(random.uniform(0.0, period_s))
                exact_s = period_s * float(random.uniform(0.96, 1.03))
            if together:
                start_s, exact_s = shared_s + 1.5 * poll, period_s
            found += _polled(name, symptom, exact_s, start_s, duration_s, random)
        if rank == 1 and symptoms:
            at_s = 0.0
            while at_s < duration_s:
                at_s += float(random.choice((7.0, 27.0, 275.0, 301.0, 301.0))) * float(
                    random.uniform(0.9, 1.1)
                )
                found += _tell(at_s, name, symptoms[-1:], random)
    return found


def _polled(
    name: str,
    symptom: str,
    period_s: float,
    start_s: float,
    duration_s: float,
    random: np.random.Generator,
) -> list[Chatter]:
    """Return the alarms that come back with every poll, now and then one poll more or less."""
    found: list[Chatter] = []
    at_s = start_s
    while at_s < duration_s:
        draw = random.random()
        if draw < 0.98:
            found += _tell(at_s + float(random.uniform(0.0, 2.0)), name, (symptom,), random)
        if draw > 0.95:
            found += _tell(at_s + float(random.uniform(2.0, 40.0)), name, (symptom,), random)
        at_s += period_s
    return found


def _trains(
    plan: ChatterPlan, element: tuple[str, tuple[str, ...]], duration_s: float, random: np.random.Generator
) -> list[Chatter]:
    """Return rounds of two symptoms, `fast_s` apart: two, three or about nine, then a rest."""
    name, symptoms = element
    mine = _some(symptoms, 2, random)
    found: list[Chatter] = []
    at_s = -float(random.uniform(0.0, plan.poll_s))
    lag_s = _lag(random)
    while at_s < duration_s:
        if random.random() < 0.06:
            lag_s = _lag(random)
        for _ in range(int(random.choice((2, 2, 2, 3, 3, 3, 4, 8, 9, 9, 10)))):
            found += _tell(at_s, name, mine, random, lag_s)
            if random.random() < 0.08:
                found += _tell(at_s + float(random.uniform(0.0, 3.0)), name, symptoms[-1:], random)
            at_s += plan.fast_s + float(random.choice((-8.0, 0.5, 0.5, 1.5)))
        at_s += plan.rest_s * float(random.choice((0.69, 0.83, 1.0, 1.26))) - plan.fast_s
    return found


def _at_least_one(mean: float, random: np.random.Generator) -> int:
    return 1 + int(random.poisson(max(mean - 1.0, 0.0)))


def _sessions(
    plan: ChatterPlan, able: _Elements, duration_s: float, random: np.random.Generator
) -> list[Chatter]:
    """Return the alarms of elements that chatter for minutes or hours, some of them again and again."""
    count = max(round(plan.habitual_ratio * len(able)), 1)
    habitual = random.permutation(len(able))[:count].tolist()
    weights = _zipf(count, plan.skew)
    found: list[Chatter] = []
    for start_s in _arrivals(plan.sessions * len(able) / 500.0, duration_s, plan, random):
        chosen = habitual[int(random.choice(count, p=weights))]
        group = [able[chosen]]
        if random.random() < 0.3:
            group.append(able[(chosen + 1) % len(able)])
        rounds = int(min(random.lognormal(np.log(max(plan.rounds, 1.0)), plan.rounds_sigma), 1500.0)) + 1
        gap_s = plan.round_gap_s * float(random.lognormal(0.0, 0.8))
        if rounds * gap_s > 25_000.0:
            gap_s = 25_000.0 / rounds
        width = 1.0 + float(random.exponential(max(plan.round_alarms - 1.0, 0.0)))
        mine = [_some(symptoms, _at_least_one(width + 1.0, random), random) for _, symptoms in group]
        at_s, lag_s = start_s, _lag(random)
        for _ in range(rounds):
            later_s = at_s
            for (name, _symptoms), own in zip(group, mine, strict=True):
                size = _at_least_one(width, random)
                picked = [own[place] for place in random.integers(len(own), size=size).tolist()]
                found += _tell(later_s, name, picked, random, lag_s)
                later_s += float(random.exponential(2.0))
            at_s += gap_s * float(random.lognormal(0.0, 0.9))
    return found


def _flickers(
    plan: ChatterPlan, able: _Elements, duration_s: float, random: np.random.Generator
) -> list[Chatter]:
    """Return short episodes: mostly two symptoms within a second or two, some coming back after minutes."""
    order = random.permutation(len(able)).tolist()
    weights = _zipf(len(able), plan.skew, 8.0)
    found: list[Chatter] = []
    for start_s in _arrivals(plan.flickers * len(able) / 500.0, duration_s, plan, random):
        struck = order[int(random.choice(len(able), p=weights))]
        near = [struck]
        if random.random() < plan.spread:
            near += [(struck + step) % len(able) for step in range(1, 1 + int(random.geometric(0.4)))]
        size = max(_at_least_one(plan.flicker_symptoms, random), 2) if random.random() < plan.twins else 1
        told = [(able[place][0], _some(able[place][1], size, random)) for place in near]
        times = 1 if random.random() >= plan.again else int(min(random.pareto(1.2) * 1.5 + 2, 40))
        at_s = start_s
        for _ in range(times):
            for name, mine in told:
                found += _tell(at_s + float(random.exponential(1.0)), name, mine, random)
            at_s += float(random.lognormal(3.4, 1.2))
    return found


def _storms(
    plan: ChatterPlan, able: _Elements, duration_s: float, random: np.random.Generator
) -> list[Chatter]:
    """Return storms: many elements telling of the same symptoms within a minute."""
    found: list[Chatter] = []
    for start_s in _arrivals(plan.storms_per_day / 24.0 * len(able) / 500.0, duration_s, plan, random):
        size = min(int(plan.storm_elements * float(random.lognormal(-0.5, 0.9))) + 3, len(able))
        begin = int(random.integers(len(able)))
        for step in range(size):
            name, symptoms = able[(begin + step) % len(able)]
            mine = _some(symptoms, 2 if random.random() < 0.85 else 1, random)
            found += _tell(start_s + float(random.gamma(2.0, 12.0)), name, mine, random)
    return found
