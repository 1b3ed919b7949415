"""What a strike brings about: complaints, changes of KPIs, log lines, and the Fault as truth.

Each strike has a random stream of its own, so that one more strike changes no other. It deliberately does not
know how vendors word anything, nor what gets lost on the way.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np

from streams.simulator.catalogue import FAULT_KINDS
from streams.simulator.fault import Fault, priority_of
from streams.simulator.kind import Complaint, FaultKind, LogRule, Place
from streams.simulator.places import elements_at, sites_behind, sites_near
from streams.simulator.plan import SimulationPlan
from streams.simulator.strike import Strike
from streams.simulator.topology import Network

_OUT: Final = frozenset(
    (
        "cell_unavailable",
        "subscriber_unit_offline",
        "subscriber_unit_power_lost",
        "element_unreachable",
        "backhaul_lost",
    )
)
"""Symptoms of being out of service."""

_MOMENT_S: Final = 5.0
_DEGRADED_SHARE: Final = 0.25
_CORE_SHARE: Final = 0.6
_CORE: Final = frozenset(("amf", "smf", "udm", "upf", "ims", "dns", "ocs", "security_gateway"))
_ABOUT_STRUCK: Final = frozenset(("ends", "near_end", "far_end", "parent", "site_baseband", "nearby_hops"))


class Raised(NamedTuple):
    """One alarm as it truly was: `about` is the element it speaks of besides its own, -1 for none.

    `cleared_s` equals `raised_s` for an event; `fault` is the ordinal of its strike, -1 for none.
    """

    raised_s: float
    element: int
    symptom: str
    cleared_s: float
    fault: int
    about: int


class KpiChange(NamedTuple):
    """A KPI of an element changed by `value` in [start_s, end_s)."""

    element: int
    kpi: str
    change: Literal["scale", "add", "set"]
    value: float
    start_s: float
    end_s: float
    ramp: bool
    fault: int


class Written(NamedTuple):
    """One log line to be worded."""

    at_s: float
    element: int
    event: str
    fault: int


class Effects(NamedTuple):
    """All that one strike brought about."""

    fault: Fault
    raised: list[Raised]
    changes: list[KpiChange]
    written: list[Written]


def effects_of(network: Network, plan: SimulationPlan, strike: Strike) -> Effects:
    """Return what the strike brings about: the same for the same plan, network and strike."""
    return _Telling(network, plan, strike).effects()


class _Telling:
    """Draws the effects of one strike."""

    def __init__(self, network: Network, plan: SimulationPlan, strike: Strike) -> None:
        self._network = network
        self._plan = plan
        self._strike = strike
        self._random = np.random.default_rng((plan.seed, 4, strike.ordinal))
        self._touched: frozenset[int] | None = None
        self._raised: list[Raised] = []
        self._changes: list[KpiChange] = []
        self._written: list[Written] = []

    def effects(self) -> Effects:
        strike, kind = self._strike, self._strike.kind
        least, most = kind.reach
        if most < 1.0 or least < 1.0:
            sites = [*sites_behind(self._network, strike.element), *sites_near(self._network, strike.element)]
            sites += [self._network.elements[item].site for item in self._at("clients")]
            reach = self._random.uniform(least, most)
            draws = self._random.random(len(sites))
            touched = {site for site, draw in zip(sites, draws.tolist(), strict=True) if draw < reach}
            self._touched = frozenset(touched | set(sites[:1]))
        for complaint in kind.complaints:
            self._complain(complaint, self._plan.clarity)
        self._stray(kind)
        for effect in kind.kpis:
            lead_s = effect.lead_s * float(self._random.uniform(0.3, 1.0)) if effect.lead_s else 0.0
            for number in self._at(effect.place, hops=True):
                value = float(self._random.uniform(effect.least, effect.most))
                self._changes.append(
                    KpiChange(
                        number,
                        effect.kpi,
                        effect.change,
                        value,
                        strike.started_s - lead_s,
                        strike.ended_s,
                        effect.shape == "ramp",
                        strike.ordinal,
                    )
                )
        for rule in kind.logs:
            self._write(rule)
        return Effects(self._fault(), self._raised, self._changes, self._written)

    def _at(self, place: Place, *, hops: bool = False) -> list[int]:
        network = self._network
        found = elements_at(network, self._strike.element, place)
        if self._touched is not None and place.startswith(("downstream", "nearby", "clients")):
            touched = self._touched
            found = [number for number in found if network.elements[number].site in touched]
        if place == "nearby_hops" and not hops:
            found = [network.spans[number].far for number in found]
        return found

    def _complain(self, complaint: Complaint, factor: float) -> None:
        strike, random = self._strike, self._random
        targets = self._at(complaint.place)
        if not targets:
            return
        draws = random.random((len(targets), 2))
        width_s = complaint.most_s - complaint.least_s
        for number, (luck, delay) in zip(targets, draws.tolist(), strict=True):
            if luck >= complaint.probability * factor:
                continue
            # Most come early in their interval, a few late.
            at_s = strike.started_s + complaint.least_s + width_s * delay * delay
            if at_s >= strike.ended_s:
                continue
            times = 1 if complaint.repeats == 1 else 1 + int(random.integers(complaint.repeats))
            about = strike.element if complaint.place in _ABOUT_STRUCK else -1
            for _ in range(times):
                cleared_s = self._cleared(complaint, at_s)
                self._raised.append(Raised(at_s, number, complaint.symptom, cleared_s, strike.ordinal, about))
                at_s = cleared_s + float(random.lognormal(4.5, 1.0))
                if at_s >= strike.ended_s:
                    break

    def _cleared(self, complaint: Complaint, at_s: float) -> float:
        end_s = self._strike.ended_s + float(self._random.uniform(1.0, 90.0))
        if complaint.lasts_s is not None:
            if complaint.lasts_s <= _MOMENT_S:
                return at_s
            length_s = complaint.lasts_s * float(self._random.lognormal(0.0, 0.5))
            return min(at_s + length_s, end_s)
        if complaint.repeats > 1:
            return min(at_s + float(self._random.lognormal(5.5, 1.2)), end_s)
        return end_s

    def _stray(self, kind: FaultKind) -> None:
        """Perhaps tell of something that speaks for another kind."""
        if not kind.confused_with or self._random.random() >= self._plan.stray_ratio:
            return
        other = FAULT_KINDS[kind.confused_with[int(self._random.integers(len(kind.confused_with)))]]
        element_type = self._network.elements[self._strike.element].element_type
        likely = [
            item
            for item in other.complaints
            if item.most_s <= 1800.0 and (item.place != "self" or element_type in other.strikes)
        ]
        if likely:
            chosen = likely[int(self._random.integers(len(likely)))]
            self._complain(chosen._replace(probability=0.9), 1.0)

    def _write(self, rule: LogRule) -> None:
        for number in self._at(rule.place):
            if self._random.random() >= rule.probability:
                continue
            times = 1 + int(self._random.integers(rule.repeats))
            for share in self._random.random(times).tolist():
                at_s = self._strike.started_s + rule.least_s + (rule.most_s - rule.least_s) * share * share
                if at_s < self._strike.ended_s + 60.0:
                    self._written.append(Written(at_s, number, rule.event, self._strike.ordinal))

    def _fault(self) -> Fault:
        network, strike = self._network, self._strike
        element = network.elements[strike.element]
        site = network.sites[element.site]
        out: dict[int, None] = {}
        for item in self._raised:
            if item.symptom in _OUT:
                out[item.element] = None
                if item.symptom in ("element_unreachable", "backhaul_lost"):
                    place = network.members[network.elements[item.element].site]
                    out.update(dict.fromkeys(place.get("cell", ())))
                    if item.symptom == "element_unreachable":
                        out.update(dict.fromkeys(place.get("splitter", ())))
        degraded = {change.element: None for change in self._changes if change.element not in out}
        if element.element_type not in _CORE:
            degraded.pop(strike.element, None)
            if strike.kind.customer_effect and element.element_type in ("cell", "splitter"):
                degraded[strike.element] = None
        customers = 0.0
        services: dict[str, None] = {}
        classes: set[str] = set()
        for numbers, share in ((out, 1.0), (degraded, _DEGRADED_SHARE)):
            for number in numbers:
                if network.elements[number].element_type in _CORE and number != strike.element:
                    continue
                core = network.elements[number].element_type in _CORE
                for service in network.services_on.get(number, ()):
                    customers += service.customers * (_CORE_SHARE if core else share)
                    services[service.service_id] = None
                    if share == 1.0:
                        classes.add(service.service_class)
        affected = dict.fromkeys((strike.element, *out, *degraded))
        after_work = strike.after_work
        count = round(customers)
        found = tuple(sorted(classes))
        kind = strike.kind
        roots = dict.fromkeys(number for place in kind.blame for number in self._at(place))
        return Fault(
            fault_id=f"F{strike.ordinal:06d}",
            kind=kind.name,
            domain=kind.domain,
            element_id=element.element_id,
            element_type=element.element_type,
            site_id=site.site_id,
            region=element.region,
            vendor=element.vendor,
            started_s=round(strike.started_s, 3),
            ended_s=round(strike.ended_s, 3),
            team=kind.team_of(third_party_site=site.third_party, after_planned_work=after_work),
            priority=priority_of(count, found, kind.severity),
            severity=kind.severity,
            affected_element_ids=tuple(network.elements[number].element_id for number in affected),
            affected_service_ids=tuple(services),
            customers=count,
            service_classes=found,
            planned=strike.planned,
            after_planned_work=after_work,
            third_party_site=site.third_party,
            joined_with="" if strike.joined < 0 else f"F{strike.joined:06d}",
            rain=strike.rain,
            root_element_ids=tuple(network.elements[number].element_id for number in roots),
        )
