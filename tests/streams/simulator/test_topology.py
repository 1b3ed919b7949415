from __future__ import annotations

import time
from collections import Counter

import pytest

from streams.simulator.naming import CORE_VENDORS, VENDORS
from streams.simulator.places import elements_at, sites_behind, sites_near
from streams.simulator.topology import Network, build_network
from telcollm.errors import SettingsError
from telcollm.topology import Topology


@pytest.fixture(scope="module")
def network() -> Network:
    return build_network()


def test_the_default_network_has_at_least_500_elements_of_every_technology(network: Network) -> None:
    kinds = Counter(element.element_type for element in network.elements)

    assert len(network) >= 500
    assert {"cell", "microwave_hop", "fibre_span", "site_router", "aggregation_router", "core_router"} <= set(
        kinds
    )
    assert {"amf", "udm", "ims", "dns", "power_plant", "environment_unit", "olt", "splitter"} <= set(kinds)
    assert {element.vendor for element in network.elements} == set(VENDORS)


def test_names_are_unique_and_found(network: Network) -> None:
    names = {element.element_id for element in network.elements}

    assert len(names) == len(network)
    for element in network.elements:
        assert network.element(element.element_id) is element


def test_the_same_seed_gives_the_same_network_and_another_another() -> None:
    assert build_network(300, 3).records("t") == build_network(300, 3).records("t")
    assert build_network(300, 3).records("t") != build_network(300, 4).records("t")


def test_everything_is_connected(network: Network) -> None:
    reached = [0]
    seen = {0}
    for number in reached:
        for other in network.neighbours[number]:
            if other not in seen:
                seen.add(other)
                reached.append(other)

    assert len(seen) == len(network)


def test_records_hold_each_link_once_and_every_service(network: Network) -> None:
    records = network.records("t")
    topology = Topology(records)

    assert sum(len(record.links) for record in records) == len(network.links)
    assert sum(len(record.services) for record in records) == len(network.services)
    for one, other, _ in network.links:
        names = network.elements[one].element_id, network.elements[other].element_id
        assert names[1] in topology.neighbours(names[0], 0)


def test_the_vendor_kept_for_tests_builds_no_core(network: Network) -> None:
    for element in network.elements:
        if element.district < 0:
            assert element.vendor in CORE_VENDORS


def test_a_cut_on_a_ring_isolates_nobody_and_on_a_chain_all_behind_it(network: Network) -> None:
    protected = [number for number, span in network.spans.items() if span.protected]
    lone = [number for number, span in network.spans.items() if not span.protected]

    assert protected and lone
    assert all(sites_behind(network, number) == [] for number in protected)
    assert all(
        network.elements[network.spans[number].far].site in sites_behind(network, number) for number in lone
    )


def test_places_lie_where_they_say(network: Network) -> None:
    for element in network.elements:
        own = {network.elements[number].site for number in elements_at(network, element.number, "site_power")}
        near = set(sites_near(network, element.number))
        assert own <= {element.site}
        assert element.site not in near
        for number in elements_at(network, element.number, "nearby_power"):
            assert number != element.number
            assert network.elements[number].site in near | {element.site}
        if element.element_type in ("baseband", "radio_unit"):
            cells = elements_at(network, element.number, "own_cells")
            assert cells
            assert set(cells) <= set(network.members[element.site]["cell"])


def test_a_far_end_hangs_behind_its_near_end(network: Network) -> None:
    for number, span in network.spans.items():
        assert elements_at(network, number, "ends") == [span.near, span.far]
        assert elements_at(network, number, "near_end") == [span.near]
        assert span.far in network.neighbours[span.near]


@pytest.mark.parametrize("elements", [0, 199, 100_001])
def test_a_size_out_of_range_is_refused(elements: int) -> None:
    with pytest.raises(SettingsError, match="is out of range"):
        build_network(elements)


def test_an_unknown_element_is_refused(network: Network) -> None:
    with pytest.raises(SettingsError, match="is not in the network"):
        network.element("nowhere")


def test_50_000_elements_take_little_more_time_each_than_5_000() -> None:
    def seconds_each(elements: int) -> float:
        started_s = time.process_time()
        built = len(build_network(elements))
        assert built >= elements
        return (time.process_time() - started_s) / built

    small_s = min(seconds_each(5_000) for _ in range(3))
    assert seconds_each(50_000) < 6 * small_s
