"""Log lines: what faults make elements write, and what they write every day.

It deliberately does not know the templates: `dialects` words each event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from streams.simulator.dialects import line
from streams.simulator.effects import Written
from streams.simulator.observation import clock_errors
from streams.simulator.plan import SimulationPlan
from streams.simulator.topology import Network

_EVERYDAY: Final[Mapping[str, tuple[str, ...]]] = {
    "power_plant": ("voltage_normal", "self_test", "time_adjusted"),
    "environment_unit": ("temperature_normal", "self_test", "door_closed"),
    "core_router": (
        "login",
        "session_refreshed",
        "time_adjusted",
        "configuration_saved",
        "port_flap_counted",
    ),
    "aggregation_router": (
        "login",
        "session_refreshed",
        "time_adjusted",
        "configuration_saved",
        "port_flap_counted",
    ),
    "site_router": ("login", "session_refreshed", "time_adjusted", "port_flap_counted"),
    "baseband": ("login", "audit", "time_adjusted", "self_test"),
    "radio_unit": ("self_test", "audit"),
    "cell": ("audit",),
    "olt": ("login", "subscriber_unit_joined", "time_adjusted", "configuration_saved"),
    "splitter": (),
    "fibre_span": (),
    "microwave_hop": ("link_quality_normal",),
}
_CORE_EVERYDAY: Final = ("login", "audit", "session_refreshed", "configuration_saved")


class SeenLog(NamedTuple):
    """One log line as it was collected; `logged_s` by the element's own clock."""

    element_id: str
    element_type: str
    vendor: str
    region: str
    source_system_id: str
    logged_s: float
    text: str
    severity: str
    facility: str


class Logs(NamedTuple):
    """The lines in order of their writing, and the fault behind each, "" for none."""

    lines: list[SeenLog]
    fault_ids: list[str]


def write_logs(
    network: Network,
    plan: SimulationPlan,
    written: Iterable[Written],
    fault_ids: Sequence[str],
    dialects: Mapping[str, str] | None = None,
) -> Logs:
    """Return all log lines of a simulation; `dialects` as in `observe`."""
    spoken = dialects or {}
    everything = [
        *(item for item in written if 0.0 <= item.at_s < plan.duration_s),
        *_everyday(network, plan),
    ]
    everything.sort()
    draws = np.random.default_rng((plan.seed, 12)).random((len(everything), 4)).tolist()
    errors = clock_errors(network, plan)
    lines = []
    for item, draw in zip(everything, draws, strict=True):
        element = network.elements[item.element]
        text = line(spoken.get(element.vendor, element.vendor), item.event, element.element_id, draw)
        lines.append(
            SeenLog(
                element.element_id,
                element.element_type,
                element.vendor,
                element.region,
                element.source_system_id,
                round(item.at_s + errors[element.source_system_id], 3),
                text.text,
                text.severity,
                text.facility,
            )
        )
    return Logs(lines, [fault_ids[item.fault] if item.fault >= 0 else "" for item in everything])


def _everyday(network: Network, plan: SimulationPlan) -> list[Written]:
    random = np.random.default_rng((plan.seed, 11))
    count = int(random.poisson(plan.log_lines_per_day * plan.days * len(network)))
    numbers = random.integers(len(network), size=count).tolist()
    times = np.sort(random.uniform(0.0, plan.duration_s, count)).tolist()
    picks = random.random(count).tolist()
    found = []
    for number, at_s, pick in zip(numbers, times, picks, strict=True):
        events = _EVERYDAY.get(network.elements[number].element_type, _CORE_EVERYDAY)
        if events:
            found.append(Written(at_s, number, events[int(pick * len(events))], -1))
    return found
