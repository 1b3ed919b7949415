"""What is seen of alarms: worded by vendors, by clocks that are off, lost, late or twice.

Alarms keep the order in which they arrive. It deliberately does not know why an alarm was raised: `Truth` is
carried beside it and never mixed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from streams.simulator.dialects import word
from streams.simulator.effects import Raised
from streams.simulator.plan import SimulationPlan
from streams.simulator.topology import Element, Network


class SeenAlarm(NamedTuple):
    """One alarm as element managers told of it; times in seconds from the start, by their own clocks.

    `cleared_s` is None where no clear came, `raised_s` where it was an event. `reported_s` and
    `clear_reported_s` are when the notifications arrived, by a true clock.
    """

    alarm_id: str
    element_id: str
    element_type: str
    vendor: str
    region: str
    source_system_id: str
    specific_problem: str
    probable_cause: str
    alarm_type: str
    severity: str
    additional_text: str
    raised_s: float
    cleared_s: float | None
    reported_s: float
    clear_reported_s: float | None


class AlarmTruth(NamedTuple):
    """What was behind an alarm: the fault's id, "" for none; the symptom; when it was truly raised."""

    alarm_id: str
    fault_id: str
    symptom: str
    raised_s: float


class Copy(NamedTuple):
    """A notification that arrived once more: the raise of an alarm, or its clear."""

    alarm: int
    clear: bool
    reported_s: float


class Seen(NamedTuple):
    """The alarms in order of arrival, the truth of each in the same order, copies, and the number lost."""

    alarms: list[SeenAlarm]
    truths: list[AlarmTruth]
    copies: list[Copy]
    lost: int


def clock_errors(network: Network, plan: SimulationPlan) -> dict[str, float]:
    """Return by how many seconds each source system's clock is ahead."""
    sources = sorted({element.source_system_id for element in network.elements})
    random = np.random.default_rng((plan.seed, 5))
    errors = random.normal(0.0, plan.skew_s, len(sources))
    bad = random.random(len(sources)) < plan.bad_clock_ratio
    off = random.uniform(30.0, 90.0, len(sources)) * random.choice((-1.0, 1.0), len(sources))
    return dict(zip(sources, np.where(bad, off, errors).round(3).tolist(), strict=True))


def observe(
    network: Network,
    plan: SimulationPlan,
    raised: Sequence[Raised],
    fault_ids: Sequence[str],
    dialects: Mapping[str, str] | None = None,
) -> Seen:
    """Return what is seen of alarms given in any order; those raised outside the simulation are not seen.

    `dialects` tells by vendor whose words its elements use, where not its own.
    """
    spoken = dialects or {}
    alarms = sorted(item for item in raised if 0.0 <= item.raised_s < plan.duration_s)
    alarms = _flapped(alarms, plan)
    size = len(alarms)
    random = np.random.default_rng((plan.seed, 7))
    draws = random.random((size, 6))
    delays = random.exponential(0.8, (size, 2)) + 0.05
    late = random.random((size, 2)) < plan.late_ratio
    if plan.late_s > 0:
        delays = np.where(late, random.lognormal(np.log(plan.late_s), 0.8, (size, 2)), delays)
    errors = clock_errors(network, plan)
    # A site runs one release, which words things its own way.
    releases = np.random.default_rng((plan.seed, 8)).random(len(network.sites)).tolist()
    found: list[tuple[SeenAlarm, AlarmTruth, bool, bool]] = []
    for item, draw, delay in zip(alarms, draws.tolist(), delays.tolist(), strict=True):
        if draw[0] < plan.missing_ratio:
            continue
        element = network.elements[item.element]
        off_s = errors[element.source_system_id]
        moment = item.cleared_s <= item.raised_s or draw[1] < plan.momentary_ratio
        cleared_s = item.raised_s if moment else item.cleared_s
        open_s = None if (not moment and draw[2] < plan.missing_clear_ratio) else cleared_s
        if open_s is not None and open_s >= plan.duration_s:
            open_s = None
        wording = word(spoken.get(element.vendor, element.vendor), item.symptom, releases[element.site])
        serial = f"A{len(found):08d}"
        seen = SeenAlarm(
            alarm_id=serial,
            element_id=element.element_id,
            element_type=element.element_type,
            vendor=element.vendor,
            region=element.region,
            source_system_id=element.source_system_id,
            specific_problem=wording.specific_problem,
            probable_cause=wording.probable_cause,
            alarm_type=wording.alarm_type,
            severity=wording.severity,
            additional_text=_additional(network, element, item.about),
            raised_s=round(item.raised_s + off_s, 3),
            cleared_s=None if open_s is None else round(open_s + off_s, 3),
            reported_s=round(item.raised_s + delay[0], 3),
            clear_reported_s=None if open_s is None else round(max(open_s, item.raised_s) + delay[1], 3),
        )
        fault = fault_ids[item.fault] if item.fault >= 0 else ""
        truth = AlarmTruth(serial, fault, item.symptom, round(item.raised_s, 3))
        twice = draw[4] < plan.duplicate_ratio, draw[5] < plan.duplicate_ratio and open_s is not None
        found.append((seen, truth, *twice))
    order = sorted(range(len(found)), key=lambda place: (found[place][0].reported_s, place))
    copies = []
    for place, number in enumerate(order):
        seen, _, again, clear_again = found[number]
        if again:
            copies.append(Copy(place, False, round(seen.reported_s + 0.5 + 20.0 * draws[number, 3], 3)))
        if clear_again and seen.clear_reported_s is not None:
            at_s = seen.clear_reported_s + 0.5 + 20.0 * float(draws[number, 3])
            copies.append(Copy(place, True, round(at_s, 3)))
    return Seen(
        [found[number][0] for number in order],
        [found[number][1] for number in order],
        copies,
        size - len(found),
    )


def _flapped(alarms: list[Raised], plan: SimulationPlan) -> list[Raised]:
    """Return the alarms and those that some of them come again as, in order."""
    if not plan.flap_ratio or plan.flaps < 1:
        return alarms
    random = np.random.default_rng((plan.seed, 6))
    chosen = np.flatnonzero(random.random(len(alarms)) < plan.flap_ratio)
    added = list(alarms)
    for place in chosen.tolist():
        item = alarms[place]
        length_s = item.cleared_s - item.raised_s
        if item.fault < 0 or length_s < 60.0:
            continue
        times = 1 + int(random.integers(plan.flaps))
        cuts = np.sort(random.uniform(0.0, min(length_s, 1800.0), 2 * times)).tolist()
        added[place] = item._replace(cleared_s=item.raised_s + cuts[0])
        ends = [*cuts[2::2], length_s]
        added += [
            item._replace(raised_s=item.raised_s + begin, cleared_s=item.raised_s + end)
            for begin, end in zip(cuts[1::2], ends, strict=True)
        ]
    added.sort()
    return added


def _additional(network: Network, element: Element, about: int) -> str:
    """Return what the alarm says besides: the port or unit it speaks of, in the element's own words."""
    if about < 0 or about == element.number:
        return ""
    other = network.elements[about]
    span = network.spans.get(about)
    if span is None:
        return f"unit={other.element_id}"
    far = span.far if element.number == span.near else span.near
    return f"port to {network.elements[far].element_id}, link {other.element_id}"
