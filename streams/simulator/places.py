"""Where a place named by its relation to the struck element lies in a network.

It deliberately does not know which complaint is told there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from streams.simulator.kind import Place
from streams.simulator.topology import Network

_NEAR: Final = 2
"""Sites up to this many places apart in their district are near each other."""


def elements_at(network: Network, struck: int, place: Place) -> list[int]:
    """Return the numbers of the elements at `place` as seen from the element `struck`; may be empty.

    The hops of `nearby_hops` are elements themselves; who tells of a hop is its far end's router.
    """
    return _FINDERS[place](network, struck)


def sites_behind(network: Network, struck: int) -> list[int]:
    """Return the sites that lose their way to the core with the struck router or link, its own included."""
    return list(dict.fromkeys(network.elements[router].site for router in _routers_behind(network, struck)))


def sites_near(network: Network, struck: int) -> list[int]:
    """Return the other sites of the district that are near the struck element's, nearest first."""
    element = network.elements[struck]
    if element.district < 0:
        return []
    sites = network.district_sites[element.district]
    if element.site not in sites:
        return list(sites)
    here = sites.index(element.site)
    near = [place for place in range(len(sites)) if place != here and abs(place - here) <= _NEAR]
    return [sites[place] for place in sorted(near, key=lambda place: abs(place - here))]


def _routers_behind(network: Network, struck: int) -> list[int]:
    span = network.spans.get(struck)
    if span is not None:
        if span.protected:
            return []
        start = span.far
    elif network.elements[struck].element_type in ("site_router", "aggregation_router"):
        start = struck
    else:
        return []
    found = [start]
    for router in found:
        found += [
            child
            for child in network.children[router]
            if network.elements[child].element_type in ("site_router", "aggregation_router")
        ]
    return found


def _site_of(kind: str) -> Callable[[Network, int], list[int]]:
    def find(network: Network, struck: int) -> list[int]:
        return list(network.members[network.elements[struck].site].get(kind, ()))

    return find


def _behind(kind: str) -> Callable[[Network, int], list[int]]:
    def find(network: Network, struck: int) -> list[int]:
        return [
            number
            for site in sites_behind(network, struck)
            for number in network.members[site].get(kind, ())
            if number != struck
        ]

    return find


def _near(kind: str) -> Callable[[Network, int], list[int]]:
    def find(network: Network, struck: int) -> list[int]:
        own = (
            network.members[network.elements[struck].site].get(kind, ())
            if _alike(network, struck, kind)
            else ()
        )
        return [
            *(number for number in own if number != struck),
            *(
                number
                for site in sites_near(network, struck)
                for number in network.members[site].get(kind, ())
            ),
        ]

    return find


def _alike(network: Network, struck: int, kind: str) -> bool:
    # The other cells of a site are near a cell; its power plant is not near the power plant itself.
    return network.elements[struck].element_type == kind or kind == "splitter"


def _own(kind: str) -> Callable[[Network, int], list[int]]:
    def find(network: Network, struck: int) -> list[int]:
        found = [struck]
        for number in found:
            found += network.children[number]
        return [number for number in found[1:] if network.elements[number].element_type == kind]

    return find


def _self(network: Network, struck: int) -> list[int]:
    return [struck]


def _parent(network: Network, struck: int) -> list[int]:
    parent = network.elements[struck].parent
    return [parent] if parent >= 0 else []


def _ends(network: Network, struck: int) -> list[int]:
    span = network.spans.get(struck)
    return [span.near, span.far] if span else []


def _near_end(network: Network, struck: int) -> list[int]:
    return _ends(network, struck)[:1]


def _far_end(network: Network, struck: int) -> list[int]:
    return _ends(network, struck)[1:]


def _peers(network: Network, struck: int) -> list[int]:
    return [
        other
        for other in dict.fromkeys(network.neighbours[struck])
        if network.elements[other].element_type.endswith("_router")
    ]


def _clients(network: Network, struck: int) -> list[int]:
    return list(network.gateway_clients.get(struck, ()))


def _core_peers(network: Network, struck: int) -> list[int]:
    return list(network.core_of.get(struck, ()))


_FINDERS: Final[Mapping[Place, Callable[[Network, int], list[int]]]] = {
    "self": _self,
    "parent": _parent,
    "ends": _ends,
    "near_end": _near_end,
    "far_end": _far_end,
    "peers": _peers,
    "site_power": _site_of("power_plant"),
    "site_environment": _site_of("environment_unit"),
    "site_router": _site_of("site_router"),
    "site_baseband": _site_of("baseband"),
    "site_radio_units": _site_of("radio_unit"),
    "site_cells": _site_of("cell"),
    "own_cells": _own("cell"),
    "own_splitters": _own("splitter"),
    "downstream_routers": _behind("site_router"),
    "downstream_basebands": _behind("baseband"),
    "downstream_cells": _behind("cell"),
    "downstream_access": _behind("splitter"),
    "nearby_basebands": _near("baseband"),
    "nearby_cells": _near("cell"),
    "nearby_hops": _near("microwave_hop"),
    "nearby_power": _near("power_plant"),
    "nearby_splitters": _near("splitter"),
    "clients": _clients,
    "core_peers": _core_peers,
}
