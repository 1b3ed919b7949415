"""KPIs of elements: normal days and weeks, noise, and what faults make of them; drawn when asked for.

A series is a function of (plan, element, KPI) alone, so that a network of 50,000 elements costs nothing until
it is read. It deliberately does not know alarms.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.simulator.effects import KpiChange
from streams.simulator.plan import SimulationPlan
from streams.simulator.topology import Network
from telcollm.errors import SettingsError
from telcollm.records import KpiSample

_DAY_S: Final = 86_400.0


class Normal(NamedTuple):
    """What is normal for a KPI: `base`, times up to 1 + `swing` at the busy hour, within [least, most].

    `spread` is how unlike elements are, `noise` how unlike samples, both relative to `base` unless `scale` is
    given, the unit they count in then. `busy`: whether it follows people, the sun, or none of them.
    """

    types: tuple[str, ...]
    base: float
    swing: float
    spread: float
    noise: float
    least: float
    most: float
    scale: float = 0.0
    busy: Literal["people", "sun", "none"] = "people"


_ROUTERS: Final = ("core_router", "aggregation_router", "site_router")

NORMALS: Final[Mapping[str, Normal]] = MappingProxyType(
    {
        "prb_utilisation_ratio": Normal(("cell",), 0.22, 1.6, 0.3, 0.12, 0, 1),
        "active_users_count": Normal(("cell",), 40, 2.0, 0.4, 0.15, 0, 5000),
        "cell_throughput_mbps": Normal(("cell",), 60, -0.35, 0.25, 0.1, 0, 2000),
        "call_drop_ratio": Normal(("cell",), 0.006, 0.3, 0.4, 0.25, 0, 1),
        "handover_success_ratio": Normal(("cell",), 0.975, 0.0, 0.006, 0.006, 0, 1, 1.0, "none"),
        "uplink_interference_dbm": Normal(("cell",), -116, 0.0, 1.5, 0.8, -125, -70, 1.0, "none"),
        "cell_availability_ratio": Normal(("cell",), 0.9998, 0.0, 0.0001, 0.0002, 0, 1, 1.0, "none"),
        "cpu_utilisation_ratio": Normal(
            (*_ROUTERS, "baseband", "amf", "dns", "security_gateway"), 0.24, 0.9, 0.25, 0.12, 0, 1
        ),
        "memory_utilisation_ratio": Normal((*_ROUTERS, "baseband"), 0.52, 0.1, 0.15, 0.02, 0, 1),
        "link_utilisation_ratio": Normal(
            ("core_router", "aggregation_router", "upf"), 0.28, 1.2, 0.2, 0.08, 0, 1
        ),
        "packet_loss_ratio": Normal(
            ("core_router", "aggregation_router", "fibre_span"), 0.0002, 0.5, 0.5, 0.6, 0, 1
        ),
        "latency_ms": Normal(("core_router", "aggregation_router"), 6, 0.3, 0.3, 0.08, 0.1, 5000),
        "receive_power_dbm": Normal(_ROUTERS, -12, 0.0, 2.0, 0.25, -40, 5, 1.0, "none"),
        "received_level_dbm": Normal(("microwave_hop",), -42, 0.0, 3.0, 0.7, -99, -20, 1.0, "none"),
        "mains_voltage_v": Normal(("power_plant",), 230, 0.0, 2.0, 1.5, 0, 260, 1.0, "none"),
        "dc_voltage_v": Normal(("power_plant",), 53.6, 0.0, 0.3, 0.15, 0, 60, 1.0, "none"),
        "battery_charge_ratio": Normal(("power_plant",), 0.99, 0.0, 0.005, 0.003, 0, 1, 1.0, "none"),
        "temperature_celsius": Normal(("environment_unit",), 24, 0.25, 0.06, 0.03, -20, 80, 0.0, "sun"),
        "online_customers_ratio": Normal(("splitter",), 0.95, 0.0, 0.02, 0.01, 0, 1, 1.0, "none"),
        "optical_budget_db": Normal(("splitter",), -20, 0.0, 1.5, 0.2, -40, 0, 1.0, "none"),
        "signalling_rate_ratio": Normal(("amf",), 0.25, 1.0, 0.1, 0.06, 0, 5),
        "attach_success_ratio": Normal(("amf", "smf", "udm"), 0.992, 0.0, 0.002, 0.002, 0, 1, 1.0, "none"),
        "session_success_ratio": Normal(
            ("smf", "upf", "security_gateway"), 0.993, 0.0, 0.002, 0.002, 0, 1, 1.0, "none"
        ),
        "call_setup_success_ratio": Normal(("ims",), 0.99, 0.0, 0.002, 0.003, 0, 1, 1.0, "none"),
        "name_lookup_success_ratio": Normal(("dns",), 0.985, 0.0, 0.003, 0.004, 0, 1, 1.0, "none"),
        "response_time_ms": Normal(("udm", "ims", "dns", "ocs"), 22, 0.4, 0.2, 0.08, 1, 60_000),
    }
)
"""What is normal for every KPI, by name."""


class KpiBook:
    """The KPIs of all elements of a simulation."""

    def __init__(self, network: Network, plan: SimulationPlan, changes: Iterable[KpiChange]) -> None:
        self._network = network
        self._plan = plan
        self._changes: dict[tuple[int, str], list[KpiChange]] = {}
        for item in changes:
            kind = network.elements[item.element].element_type
            if kind in NORMALS[item.kpi].types:
                self._changes.setdefault((item.element, item.kpi), []).append(item)
        step_s = plan.kpi_granularity_s
        self.sampled_s: NDArray[np.float64] = np.arange(step_s, plan.duration_s + 0.5, step_s)
        hours = (self.sampled_s - step_s / 2) / 3600.0
        weekend = (hours // 24 + plan.origin.weekday()) % 7 >= 5
        # Two humps: midday and, higher, the evening.
        people = np.exp(-(((hours % 24) - 13) ** 2) / 18) * 0.7 + np.exp(-(((hours % 24) - 20) ** 2) / 8)
        self._busy: dict[str, NDArray[np.float64]] = {
            "people": people * np.where(weekend, 0.85, 1.0),
            "sun": np.clip(np.sin((hours % 24 - 8) / 24 * 2 * np.pi), -1, 1),
            "none": np.zeros_like(hours),
        }

    def kpis_of(self, element_id: str) -> tuple[str, ...]:
        """Return the KPIs an element is measured by."""
        kind = self._network.element(element_id).element_type
        return tuple(name for name, normal in NORMALS.items() if kind in normal.types)

    def normal(self, element_id: str, kpi: str) -> NDArray[np.float64]:
        """Return what is normal for the element at each of `sampled_s`, as a good baseline would learn it.

        Raises:
            SettingsError: the element is not measured by `kpi`.
        """
        element = self._network.element(element_id)
        normal = NORMALS.get(kpi)
        if normal is None or element.element_type not in normal.types:
            allowed = ", ".join(self.kpis_of(element_id)) or "none"
            message = (
                f"kpi={kpi!r} is not measured on {element_id}; {allowed} is allowed; choose one of these"
            )
            raise SettingsError(message)
        random = np.random.default_rng((self._plan.seed, 9, element.number, zlib.crc32(kpi.encode())))
        own = float(random.normal())
        if normal.scale:
            return np.full(len(self.sampled_s), normal.base + own * normal.spread * normal.scale)
        base = normal.base * float(np.exp(own * normal.spread))
        return base * (1.0 + normal.swing * self._busy[normal.busy])

    def series(self, element_id: str, kpi: str) -> NDArray[np.float64]:
        """Return the measured values at each of `sampled_s`, NaN where one is missing.

        Raises:
            SettingsError: the element is not measured by `kpi`.
        """
        usual = self.normal(element_id, kpi)
        number = self._network.element(element_id).number
        normal = NORMALS[kpi]
        random = np.random.default_rng((self._plan.seed, 10, number, zlib.crc32(kpi.encode())))
        noise = random.standard_t(5, len(usual)) * normal.noise
        values = usual + noise * normal.scale if normal.scale else usual * (1.0 + noise)
        for change in self._changes.get((number, kpi), ()):
            self._apply(change, values)
        values = np.clip(values, normal.least, normal.most)
        values[random.random(len(values)) < self._plan.kpi_missing_ratio] = np.nan
        return values

    def _apply(self, change: KpiChange, values: NDArray[np.float64]) -> None:
        begin, end = np.searchsorted(self.sampled_s, (change.start_s, change.end_s), side="right").tolist()
        # The sample at the end of the interval in which it began still sees part of it.
        if begin == end:
            end = min(end + 1, len(values))
        part = values[begin:end]
        if not len(part):
            return
        weight = np.ones(len(part))
        if change.ramp:
            length_s = max(change.end_s - change.start_s, 1.0)
            weight = np.clip((self.sampled_s[begin:end] - change.start_s) / length_s, 0.05, 1.0)
        if change.change == "scale":
            part *= 1.0 + (change.value - 1.0) * weight
        elif change.change == "add":
            part += change.value * weight
        else:
            part += (change.value - part) * weight

    def records(self, element_ids: Iterable[str] | None = None) -> Iterator[KpiSample]:
        """Yield the samples of the elements (all by default), element by element, without missing ones."""
        chosen = element_ids or [element.element_id for element in self._network.elements]
        times = [self._plan.origin + timedelta(seconds=at_s) for at_s in self.sampled_s.tolist()]
        for name in chosen:
            element = self._network.element(name)
            for kpi in self.kpis_of(name):
                for time, value in zip(times, self.series(name, kpi).tolist(), strict=True):
                    if value == value:  # NaN is not equal to itself
                        yield KpiSample(
                            tenant=self._plan.tenant,
                            region=element.region,
                            managed_object=name,
                            kpi=kpi,
                            sampled_time=time,
                            value=round(value, 6),
                            granularity_s=self._plan.kpi_granularity_s,
                            source_system_id=element.source_system_id,
                        )
