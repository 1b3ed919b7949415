"""Laws of the tool over services and customers: who needs an element, and by which way."""

from __future__ import annotations

import pytest

from agents.tools import ToolStatus
from agents.tools.dependence import goes_down_with
from streams.simulator.topology import build_network
from telcollm.records import Customer, Link, TopologyElement
from telcollm.store.opening import Stores
from telcollm.topology import Topology
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import NOW, element, ms


def link(target: str, kind: str) -> Link:
    return Link(target=target, kind=kind)


def site(name: str, behind: str) -> list[TopologyElement]:
    """A site whose router is behind another one, with power, baseband, radio and a cell."""
    return [
        element(f"router-{name}", "site_router", link(behind, "ip")),
        element(
            f"power-{name}", "power_plant", link(f"router-{name}", "feeds"), link(f"bbu-{name}", "feeds")
        ),
        element(f"bbu-{name}", "baseband", link(f"router-{name}", "backhaul"), link("gateway", "tunnel")),
        element(f"radio-{name}", "radio_unit", link(f"bbu-{name}", "fronthaul")),
        element(
            f"cell-{name}",
            "cell",
            link(f"radio-{name}", "radio"),
            link(f"bbu-{name}", "radio"),
            services=(f"mobile-{name}",),
        ),
    ]


CORE = [
    element("core", "core_router", services=("internet",)),
    element("gateway", "security_gateway", link("core", "ip")),
    element("hub", "aggregation_router", link("core", "ip")),
]
CHAIN = Topology([*CORE, *site("a", "hub"), *site("b", "router-a"), *site("c", "router-b")])
SPAN = element("span", "fibre_span", link("router-a", "carries"), link("router-b", "carries"))
RING_ENDS = element("router-z", "site_router", link("router-c", "ip"), link("hub", "ip"))


def services(network: Topology, name: str) -> set[str]:
    return {
        one for reach in goes_down_with(network, name, ms(NOW)) for one in network.services(reach.element_id)
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cell-a", {"mobile-a"}),
        ("radio-a", {"mobile-a"}),
        ("bbu-a", {"mobile-a"}),
        ("power-b", {"mobile-b", "mobile-c"}),
        ("router-c", {"mobile-c"}),
        ("router-b", {"mobile-b", "mobile-c"}),
        ("hub", {"mobile-a", "mobile-b", "mobile-c"}),
        ("gateway", {"mobile-a", "mobile-b", "mobile-c"}),
        ("nowhere", set()),
    ],
)
def test_what_is_behind_an_element_goes_down_with_it(name: str, expected: set[str]) -> None:
    assert services(CHAIN, name) == expected


def test_a_span_takes_with_it_what_is_behind_the_link_it_carries() -> None:
    elements = [*CHAIN.elements.values(), SPAN]
    assert services(Topology(elements), "span") == {"mobile-b", "mobile-c"}
    assert services(Topology([*elements, RING_ENDS]), "span") == set()


def test_a_ring_protects_what_a_chain_does_not() -> None:
    ring = Topology([*CHAIN.elements.values(), RING_ENDS])
    assert services(CHAIN, "router-a") == {"mobile-a", "mobile-b", "mobile-c"}
    assert services(ring, "router-a") == {"mobile-a"}


def test_radio_neighbours_and_shared_feeders_carry_nothing() -> None:
    beside = element("cell-x", "cell", link("cell-a", "neighbour"), link("cell-c", "neighbour"))
    assert services(Topology([*CHAIN.elements.values(), beside]), "router-a") == services(CHAIN, "router-a")


def test_where_no_core_is_known_what_declares_links_to_an_element_hangs_on_it() -> None:
    network = Topology(
        [
            element("cell-1", "", "node-1", services=("s1",)),
            element("cell-2", "", "node-1", services=("s2",)),
            element("node-1", "", "node-2"),
            element("node-2", "", services=("s9",)),
        ]
    )
    assert services(network, "node-1") == {"s1", "s2"}
    assert services(network, "node-2") == {"s1", "s2", "s9"}
    assert services(network, "cell-1") == {"s1"}
    assert {reach.how for reach in goes_down_with(network, "node-1", ms(NOW))} == {
        "rides on it",
        "hangs on it",
    }


def test_every_way_told_leads_over_links_of_the_topology_and_nothing_is_told_twice() -> None:
    built = build_network(300, seed=5)
    network = Topology(built.records("acme"))
    for item in built.elements:
        reached = goes_down_with(network, item.element_id, 0)
        assert all(
            network.holds_path(reach.path, 0) and reach.path[0] == item.element_id for reach in reached
        )
        assert all(reach.path[-1] == reach.element_id for reach in reached)
        names = [reach.element_id for reach in reached]
        assert len(names) == len(set(names))


def test_services_come_with_their_customers_and_the_way_to_them(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.care.put_customers(
        [
            Customer(
                tenant="acme", customer_id="k1", name="Anna Schmidt", service_ids=("mobile-a", "mobile-b")
            ),
            Customer(tenant="acme", customer_id="+49 170 1234567", service_ids=("mobile-b",)),
            Customer(tenant="acme", customer_id="k9", service_ids=("fibre-9",)),
        ]
    )
    answer = toolbox(topology=CHAIN).customers(["router-b", "cell-a"])
    assert answer.status is ToolStatus.FOUND and answer.value is not None
    told = [(item.service_id, item.how, item.path, item.customers_in_all) for item in answer.value.items]
    assert told == [
        ("mobile-a", "rides on it", ("cell-a",), 1),
        ("mobile-b", "is cut off with it", ("router-b", "bbu-b", "cell-b"), 2),
        ("mobile-c", "is cut off with it", ("router-b", "router-c", "bbu-c", "cell-c"), 0),
    ]
    assert answer.value.counts["in all"] == {"services": 3, "customers": 2}
    assert answer.ids[:3] == ("mobile-a", "cell-a", "k1")
    assert "1234567" not in str(answer) and "Anna" not in str(answer) and "<MSISDN:" in str(answer)


def test_an_object_that_nobody_knows_has_no_customers_and_is_said_to_be_unknown(toolbox: MakeToolbox) -> None:
    answer = toolbox(topology=CHAIN).customers(["cell-q"])
    assert answer.status is ToolStatus.NOTHING_FOUND
    assert answer.searched.endswith("the topology does not know cell-q")
