"""The network: elements, links, what hangs on what, and the services that ride on them.

A core; in each region districts of sites on a fibre ring or chain, with microwave spurs; at each site a
router, power, environment, a baseband with radio units and cells, and at some fixed access. Built in linear
time. It deliberately does not know faults nor time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from streams.simulator.naming import CORE_VENDORS, REGIONS, VENDORS, element_name, site_code, source_system
from telcollm.errors import SettingsError
from telcollm.records import Link, TopologyElement

LEAST_ELEMENTS: Final = 200
MOST_ELEMENTS: Final = 100_000

_SITES: Final = 8
_DISTRICTS_PER_CORE: Final = 40
_CORE_FUNCTIONS: Final = ("amf", "smf", "udm", "upf", "upf", "ims", "dns", "ocs")


class Element(NamedTuple):
    """One network element. `parent` is the number of what it hangs on, -1 at the top; `site` of its site."""

    number: int
    element_id: str
    element_type: str
    vendor: str
    region: str
    site: int
    district: int
    parent: int
    source_system_id: str


class Site(NamedTuple):
    """One place. `kind` is "urban", "suburban", "rural" or "hub"; `third_party`: a tower company owns it."""

    number: int
    site_id: str
    kind: str
    region: str
    district: int
    third_party: bool


class Span(NamedTuple):
    """The two ends of a link that is an element, by distance from the core; `protected` on a ring."""

    near: int
    far: int
    protected: bool


class Service(NamedTuple):
    """A service riding on an element; class "emergency", "business" or "residential"."""

    service_id: str
    service_class: str
    element: int
    customers: int


@dataclass(slots=True)
class Network:
    """The elements by number, and what is next to, under and at what. Elements of a site stand together."""

    elements: list[Element] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    links: list[tuple[int, int, str]] = field(default_factory=list)
    children: list[list[int]] = field(default_factory=list)
    neighbours: list[list[int]] = field(default_factory=list)
    spans: dict[int, Span] = field(default_factory=dict)
    members: list[dict[str, list[int]]] = field(default_factory=list)
    district_sites: list[list[int]] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    services_on: dict[int, list[Service]] = field(default_factory=dict)
    gateway_clients: dict[int, list[int]] = field(default_factory=dict)
    core_of: dict[int, list[int]] = field(default_factory=dict)
    by_type: dict[str, list[int]] = field(default_factory=dict)
    number_of: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.elements)

    def element(self, element_id: str) -> Element:
        """Return an element by its id.

        Raises:
            SettingsError: there is none.
        """
        number = self.number_of.get(element_id)
        if number is None:
            message = (
                f"element {element_id!r} is not in the network; an element_id of its elements is allowed; "
                "take one of `Network.elements`"
            )
            raise SettingsError(message)
        return self.elements[number]

    def records(self, tenant: str) -> list[TopologyElement]:
        """Return the topology as records, each link once, at its first end."""
        targets: list[list[Link]] = [[] for _ in self.elements]
        for one, other, kind in self.links:
            targets[one].append(Link(target=self.elements[other].element_id, kind=kind))
        return [
            TopologyElement(
                tenant=tenant,
                region=element.region,
                element_id=element.element_id,
                element_type=element.element_type,
                name=element.element_id,
                links=tuple(links),
                services=tuple(item.service_id for item in self.services_on.get(element.number, ())),
            )
            for element, links in zip(self.elements, targets, strict=True)
        ]


def build_network(elements: int = 500, seed: int = 1) -> Network:
    """Return a network of at least `elements` elements and at most about one district (110) more.

    Raises:
        SettingsError: `elements` is out of range.
    """
    if not LEAST_ELEMENTS <= elements <= MOST_ELEMENTS:
        message = (
            f"elements={elements} is out of range; {LEAST_ELEMENTS} to {MOST_ELEMENTS} is allowed; change it"
        )
        raise SettingsError(message)
    builder = _Builder(np.random.default_rng((seed, 1)))
    district = 0
    while len(builder.network) < elements:
        if district % _DISTRICTS_PER_CORE == 0:
            builder.core(district // _DISTRICTS_PER_CORE)
        builder.district(district, REGIONS[district % len(REGIONS)], VENDORS[district % len(VENDORS)])
        district += 1
    builder.finish()
    return builder.network


class _Builder:
    """Adds to a network part by part."""

    def __init__(self, random: np.random.Generator) -> None:
        self.network = Network()
        self._random = random
        self._routers: list[int] = []
        self._gateways: dict[str, int] = {}
        self._last_aggregation: dict[str, int] = {}
        self._core_district = 0

    def _below(self, most: int) -> int:
        return int(self._random.integers(most))

    def _chance(self, share: float) -> bool:
        return bool(self._random.random() < share)

    def _add(self, site: int, element_type: str, vendor: str, ordinal: int, parent: int) -> int:
        network = self.network
        place = network.sites[site]
        number = len(network.elements)
        name = element_name(vendor, element_type, place.site_id, ordinal)
        source = source_system(vendor, place.region, element_type, max(place.district, 0))
        network.elements.append(
            Element(number, name, element_type, vendor, place.region, site, place.district, parent, source)
        )
        network.children.append([])
        network.neighbours.append([])
        network.members[site].setdefault(element_type, []).append(number)
        network.by_type.setdefault(element_type, []).append(number)
        if parent >= 0:
            network.children[parent].append(number)
        return number

    def _site(self, site_id: str, kind: str, region: str, district: int, third_party: bool) -> int:
        number = len(self.network.sites)
        self.network.sites.append(Site(number, site_id, kind, region, district, third_party))
        self.network.members.append({})
        return number

    def _link(self, one: int, other: int, kind: str) -> None:
        self.network.links.append((one, other, kind))
        self.network.neighbours[one].append(other)
        self.network.neighbours[other].append(one)

    def _service(self, number: int, word: str, service_class: str, customers: int) -> None:
        service = Service(
            f"{word}-{len(self.network.services) + 1:06d}", service_class, number, max(customers, 1)
        )
        self.network.services.append(service)
        self.network.services_on.setdefault(number, []).append(service)

    def core(self, ordinal: int) -> None:
        """Add two core routers and one of each core function, meshed; a security gateway for each region."""
        region = "Capital"
        site = self._site(f"DC{ordinal + 1}", "hub", region, -1 - ordinal, False)
        vendors = [CORE_VENDORS[self._below(len(CORE_VENDORS))] for _ in range(10)]
        former = self._routers
        self._routers = [self._add(site, "core_router", vendors[0], n + 1, -1) for n in range(2)]
        self._link(self._routers[0], self._routers[1], "ip")
        for one, other in zip(former, self._routers, strict=False):
            self._link(one, other, "ip")
        functions = [
            self._add(site, name, vendors[2 + place % 8], 1 + _CORE_FUNCTIONS[:place].count(name), -1)
            for place, name in enumerate(_CORE_FUNCTIONS)
        ]
        for place, function in enumerate(functions):
            for router in self._routers:
                self._link(function, router, "ip")
            for other in functions[:place]:
                self._link(function, other, "signalling")
        self._gateways = {}
        self._last_aggregation = {}
        for place, name in enumerate(REGIONS):
            gateway = self._add(site, "security_gateway", vendors[1], place + 1, -1)
            self._gateways[name] = gateway
            self.network.gateway_clients[gateway] = []
            self._link(gateway, self._routers[place % 2], "ip")
            self._link(gateway, functions[0], "signalling")
            functions_and_gateway = [*functions, gateway]
            self.network.core_of[gateway] = [item for item in functions_and_gateway if item != gateway]
        for function in functions:
            self.network.core_of[function] = [item for item in functions if item != function]

    def district(self, ordinal: int, region: str, vendor: str) -> None:
        """Add an aggregation router and its sites: a ring or a chain on fibre, spurs by microwave."""
        hub = self._site(site_code(vendor, region, ordinal, 0), "hub", region, ordinal, False)
        router = self._routers[self._below(2)]
        aggregation = self._add(hub, "aggregation_router", vendor, 1, router)
        self._link(aggregation, router, "ip")
        former = self._last_aggregation.get(region)
        self._span(hub, "fibre_span", vendor, router, aggregation, former is not None)
        if former is not None:
            self._link(aggregation, former, "ip")
        self._last_aggregation[region] = aggregation
        ring = self._chance(0.5)
        backbone = _SITES - 3 - self._below(2)
        sites: list[int] = []
        site_routers: list[int] = []
        before = aggregation
        for place in range(_SITES):
            on_fibre = place < backbone
            if not on_fibre:
                before = site_routers[self._below(len(site_routers))]
            parent = aggregation if ring and on_fibre else before
            site, site_router = self._place(ordinal, place + 1, region, vendor, parent)
            self._link(site_router, before, "ip")
            kind = "fibre_span" if on_fibre else "microwave_hop"
            self._span(site, kind, vendor, before, site_router, ring and on_fibre)
            sites.append(site)
            site_routers.append(site_router)
            before = site_router
        if ring:
            last = site_routers[backbone - 1]
            self._link(aggregation, last, "ip")
            self._span(hub, "fibre_span", vendor, aggregation, last, True)
        self.network.district_sites.append(sites)
        self._between(sites)

    def _span(self, site: int, kind: str, vendor: str, near: int, far: int, protected: bool) -> None:
        ordinal = len(self.network.members[site].get(kind, ())) + 1
        number = self._add(site, kind, vendor, ordinal, near)
        self.network.spans[number] = Span(near, far, protected)
        self._link(number, near, "carries")
        self._link(number, far, "carries")

    def _place(self, district: int, place: int, region: str, vendor: str, parent: int) -> tuple[int, int]:
        kind = ("urban", "suburban", "suburban", "rural")[self._below(4)]
        site = self._site(
            site_code(vendor, region, district, place), kind, region, district, self._chance(0.35)
        )
        router = self._add(site, "site_router", vendor, 1, parent)
        power = self._add(site, "power_plant", vendor, 1, router)
        environment = self._add(site, "environment_unit", vendor, 1, router)
        baseband = self._add(site, "baseband", vendor, 1, router)
        for one, other, word in (
            (power, router, "feeds"),
            (power, baseband, "feeds"),
            (environment, power, "watches"),
            (environment, router, "watches"),
            (baseband, router, "backhaul"),
        ):
            self._link(one, other, word)
        gateway = self._gateways[region]
        self._link(baseband, gateway, "tunnel")
        self.network.gateway_clients[gateway].append(baseband)
        crowd = {"urban": 620, "suburban": 340, "rural": 120}[kind]
        for sector in range(1, 4 if kind != "rural" else 3):
            unit = self._add(site, "radio_unit", vendor, sector, baseband)
            cell = self._add(site, "cell", vendor, sector, unit)
            self._link(unit, baseband, "fronthaul")
            self._link(cell, unit, "radio")
            self._link(cell, baseband, "radio")
            self._service(cell, "mobile", "residential", int(crowd * self._random.uniform(0.4, 1.6)))
        if self._chance(0.12):
            cell = self.network.members[site]["cell"][0]
            self._service(cell, "rescue", "emergency", 1)
        if self._chance(0.35):
            self._service(router, "leased", "business", 1 + self._below(4))
        if self._chance(0.4):
            terminal = self._add(site, "olt", vendor, 1, router)
            self._link(terminal, router, "backhaul")
            last = -1
            for branch in range(1, 5):
                splitter = self._add(site, "splitter", vendor, branch, terminal)
                self._link(splitter, terminal, "pon")
                if last >= 0:
                    self._link(splitter, last, "street")
                last = splitter
                self._service(splitter, "fibre", "residential", 12 + self._below(52))
                if self._chance(0.12):
                    self._service(splitter, "office", "business", 1 + self._below(3))
        return site, router

    def _between(self, sites: list[int]) -> None:
        """Link what neighbouring sites share: electricity, radio neighbours, basebands' signalling."""
        members = self.network.members
        for one, other in pairwise(sites):
            self._link(members[one]["power_plant"][0], members[other]["power_plant"][0], "feeder")
            self._link(members[one]["baseband"][0], members[other]["baseband"][0], "xn")
            self._link(members[one]["cell"][-1], members[other]["cell"][0], "neighbour")
            self._link(members[one]["cell"][0], members[other]["cell"][-1], "neighbour")
        for site in sites:
            cells = members[site]["cell"]
            for one, other in pairwise(cells):
                self._link(one, other, "neighbour")

    def finish(self) -> None:
        """Put services on core functions, whose customers are everyone's, and index elements by name."""
        network = self.network
        network.number_of = {element.element_id: element.number for element in network.elements}
        cores = max(len(network.by_type["amf"]), 1)
        everyone = sum(
            item.customers
            for item in network.services
            if network.elements[item.element].element_type == "cell"
        )
        shares: Iterable[tuple[str, str, float]] = (
            ("amf", "registration", 0.5),
            ("udm", "subscriber", 0.6),
            ("upf", "data", 0.4),
            ("ims", "voice", 0.7),
            ("dns", "names", 0.7),
            ("ocs", "prepaid", 0.35),
        )
        for kind, word, share in shares:
            for number in network.by_type[kind]:
                self._service(number, word, "residential", int(everyone * share / cores))
