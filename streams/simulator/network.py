"""Alarms of a small made-up access network, each with the alarm that truly caused it.

A tree: one core router, aggregation routers, site routers, and at each site cells and a rectifier. A handful
of faults strike at random and spread along the tree with delays; the same arguments give the same alarms. It
deliberately does not know traffic, customers, redundancy or repair crews, and its rates are made up: it
serves to try the chain where no real record is to be had, not to measure anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from streams.replay.row import AlarmRow, AlarmTable, alarm_table
from telcollm.errors import SettingsError
from telcollm.records import Link, TopologyElement

_SITES_PER_AGGREGATION: Final = 6
_CELLS_PER_SITE: Final = 3


class _Kind(NamedTuple):
    """What an alarm looks like: X.733 probable cause, type and severity."""

    cause: str
    alarm_type: str
    severity: str


_POWER = _Kind("powerProblem", "equipmentAlarm", "major")
_ROUTER_DOWN = _Kind("equipmentMalfunction", "equipmentAlarm", "critical")
_CELL_OUT = _Kind("underlyingResourceUnavailable", "communicationsAlarm", "major")
_LINK_LOSS = _Kind("lossOfSignal", "communicationsAlarm", "critical")
_FAR_END = _Kind("remoteNodeTransmissionError", "communicationsAlarm", "major")
_PROCESSOR = _Kind("processorProblem", "processingErrorAlarm", "critical")
_SUBSYSTEM = _Kind("communicationsSubsystemFailure", "communicationsAlarm", "major")
_HEAT = _Kind("temperatureUnacceptable", "environmentalAlarm", "minor")
_DEGRADED = _Kind("performanceDegraded", "qualityOfServiceAlarm", "minor")
_SOFTWARE = _Kind("softwareProgramAbnormallyTerminated", "processingErrorAlarm", "major")
_THRESHOLD = _Kind("thresholdCrossed", "qualityOfServiceAlarm", "warning")
_DOOR = _Kind("enclosureDoorOpen", "environmentalAlarm", "warning")

_RULES: Final[dict[_Kind, tuple[tuple[str, _Kind, float, float, float], ...]]] = {
    # to whom, which alarm, how surely, and the least and longest delay in seconds
    _POWER: (("router", _ROUTER_DOWN, 0.9, 20.0, 45.0),),
    _ROUTER_DOWN: (("cells", _CELL_OUT, 0.95, 2.0, 12.0), ("aggregation", _FAR_END, 0.8, 1.0, 5.0)),
    _LINK_LOSS: (("sites", _FAR_END, 0.9, 1.0, 5.0),),
    _FAR_END: (("cells", _CELL_OUT, 0.9, 2.0, 15.0),),
    _PROCESSOR: (("sites", _SUBSYSTEM, 0.95, 2.0, 20.0),),
    _SUBSYSTEM: (("cells", _DEGRADED, 0.8, 3.0, 20.0),),
    _HEAT: (("cells", _DEGRADED, 0.7, 10.0, 40.0),),
}

TRUE_EDGES: Final = tuple(
    sorted((cause.cause, effect.cause) for cause, rules in _RULES.items() for _, effect, *_ in rules)
)
"""Which probable cause truly brings about which, as (cause, effect)."""


@dataclass(frozen=True)
class Generated:
    """A generated network: its topology, and its alarms with the number of the row that caused each."""

    topology: list[TopologyElement]
    table: AlarmTable


class _Network:
    """The tree, by name."""

    def __init__(self, sites: int) -> None:
        self.parent: dict[str, str] = {}
        self.children: dict[str, list[str]] = {"core-1": []}
        self.system: dict[str, str] = {"core-1": "ems-core"}
        for site in range(sites):
            aggregation = f"agg-{site // _SITES_PER_AGGREGATION + 1}"
            router = f"site-{site + 1:03d}-router"
            if aggregation not in self.children:
                self._add(aggregation, "core-1", "ems-core")
            self._add(router, aggregation, f"ems-{aggregation}")
            self._add(f"site-{site + 1:03d}-rectifier", router, f"ems-{aggregation}")
            for cell in range(_CELLS_PER_SITE):
                self._add(f"site-{site + 1:03d}-cell-{cell + 1}", router, f"ems-{aggregation}")

    def _add(self, name: str, parent: str, system: str) -> None:
        self.parent[name] = parent
        self.children[name] = []
        self.children[parent].append(name)
        self.system[name] = system

    def of_kind(self, word: str) -> list[str]:
        return [name for name in self.children if word in name]

    def reached(self, name: str, where: str) -> list[str]:
        """Return whom an alarm on `name` reaches in a direction of `_RULES`."""
        if where == "cells":
            return [child for child in self.children[name] if "-cell-" in child]
        if where == "sites":
            return [child for child in self.children[name] if child.endswith("-router")]
        return [self.parent[name]]

    def elements(self, tenant: str) -> list[TopologyElement]:
        return [
            TopologyElement(
                tenant=tenant,
                element_id=name,
                element_type=_type_of(name),
                links=tuple(Link(target=child) for child in children),
                services=(f"mobile-{name}",) if "-cell-" in name else (),
            )
            for name, children in self.children.items()
        ]


def _type_of(name: str) -> str:
    for word in ("cell", "rectifier"):
        if f"-{word}" in name:
            return word
    return "router"


def generate(seed: int = 1, hours: float = 48.0, sites: int = 36, tenant: str = "default") -> Generated:
    """Return a network of `sites` sites and its alarms over `hours`: about 27 an hour and 10 sites.

    Faults clear after minutes and their effects shortly after them; a third of the alarms is noise, momentary
    or short, that causes nothing.

    Raises:
        SettingsError: `hours` or `sites` is out of range.
    """
    if not 1 <= sites <= 10_000 or not 0 < hours <= 24 * 366:
        message = (
            f"sites={sites} and hours={hours} are out of range; 1 to 10000 sites and up to 8784 hours are "
            "allowed; change one of them"
        )
        raise SettingsError(message)
    random = Random(seed)
    network = _Network(sites)
    places = {
        _POWER: network.of_kind("rectifier"),
        _LINK_LOSS: network.of_kind("agg-"),
        _PROCESSOR: network.of_kind("agg-"),
        _HEAT: network.of_kind("-router"),
        _SOFTWARE: network.of_kind("-cell-"),
    }
    weights = {_POWER: 4, _LINK_LOSS: 2, _PROCESSOR: 1, _HEAT: 3, _SOFTWARE: 3}
    rows: list[AlarmRow] = []
    for at_s in _arrivals(random, hours, per_hour=2.5 * sites / 10):
        kind = random.choices(list(weights), list(weights.values()))[0]
        length_s = random.uniform(120.0, 1500.0)
        _strike(random, network, rows, random.choice(places[kind]), kind, at_s, at_s + length_s, None)
    names = list(network.children)
    for at_s in _arrivals(random, hours, per_hour=8.0 * sites / 10):
        kind = random.choice((_THRESHOLD, _THRESHOLD, _DOOR))
        length_s = 0.0 if kind is _THRESHOLD else random.uniform(30.0, 600.0)
        _tell(network, rows, random.choice(names), kind, at_s, at_s + length_s, None)
    return Generated(network.elements(tenant), alarm_table("generated", rows))


def _arrivals(random: Random, hours: float, per_hour: float) -> Iterator[float]:
    at_s = random.expovariate(per_hour / 3600)
    while at_s < hours * 3600:
        yield at_s
        at_s += random.expovariate(per_hour / 3600)


def _strike(
    random: Random,
    network: _Network,
    rows: list[AlarmRow],
    name: str,
    kind: _Kind,
    raised_s: float,
    cleared_s: float,
    cause: int | None,
) -> None:
    """Tell of an alarm and of all it brings about, each cleared soon after its cause."""
    root = _tell(network, rows, name, kind, raised_s, cleared_s, cause)
    for where, effect, surely, least_s, most_s in _RULES.get(kind, ()):
        # A far end that is told of upwards stops there: the cells of others are not touched by it.
        if where == "cells" and _type_of(name) == "router" and not name.startswith("site-"):
            continue
        for other in network.reached(name, where):
            if random.random() < surely:
                delay_s = random.uniform(least_s, most_s)
                end_s = cleared_s + random.uniform(1.0, 30.0)
                _strike(random, network, rows, other, effect, raised_s + delay_s, end_s, root)


def _tell(
    network: _Network,
    rows: list[AlarmRow],
    name: str,
    kind: _Kind,
    raised_s: float,
    cleared_s: float,
    cause: int | None,
) -> int:
    number = len(rows)
    root = number if cause is None else cause
    rows.append(
        AlarmRow(
            number=number,
            managed_object=name,
            specific_problem="",
            raised_ms=int(raised_s * 1000),
            cleared_ms=int(cleared_s * 1000),
            alarm_type=kind.alarm_type,
            probable_cause=kind.cause,
            severity=kind.severity,
            source_system_id=network.system[name],
            true_cause=root,
        )
    )
    return number
