"""Laws of the tools over the topology."""

from __future__ import annotations

from datetime import timedelta

from agents.tools import ToolStatus
from telcollm.ports import Scope
from telcollm.records import Link
from telcollm.topology import Topology
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import NOW, element

NETWORK = Topology(
    [
        element("cell-1", "cell", Link(target="bbu-1", kind="fronthaul"), services=("s1", "s2")),
        element("cell-2", "cell", Link(target="bbu-1", kind="fronthaul", valid_to=NOW)),
        element("bbu-1", "baseband", Link(target="router-1", kind="backhaul")),
        element("router-1", "site_router"),
        element("router-9", "site_router", "router-1", tenant="bell"),
        element("cell-9", "cell", "router-9", tenant="acme"),
    ]
)


def test_a_path_tells_each_element_and_the_link_it_is_reached_by(toolbox: MakeToolbox) -> None:
    answer = toolbox(topology=NETWORK).path("cell-1", "router-1", NOW)
    assert (answer.status, answer.ids) == (ToolStatus.FOUND, ("cell-1", "bbu-1", "router-1"))
    assert answer.value is not None
    assert [(step.element_type, step.link) for step in answer.value.items] == [
        ("cell", ""),
        ("baseband", "fronthaul"),
        ("site_router", "backhaul"),
    ]


def test_a_link_is_there_only_while_it_is_valid(toolbox: MakeToolbox) -> None:
    tools = toolbox(topology=NETWORK)
    assert tools.path("cell-2", "cell-1", NOW - timedelta(seconds=1)).status is ToolStatus.FOUND
    gone = tools.path("cell-2", "cell-1", NOW)
    assert (gone.status, gone.value) == (ToolStatus.NOTHING_FOUND, None)
    assert gone.searched == "paths of up to 8 links from cell-2 to cell-1 as of 2026-03-02T12:00:00+00:00"


def test_neighbours_come_nearest_first_as_far_as_asked(toolbox: MakeToolbox) -> None:
    tools = toolbox(topology=NETWORK)
    assert tools.neighbours("cell-1", NOW).ids == ("bbu-1",)
    answer = tools.neighbours("router-1", NOW, 2)
    assert answer.value is not None
    told = [(item.element_id, item.hops, item.via, item.services) for item in answer.value.items]
    assert told == [
        ("bbu-1", 1, "router-1", 0),
        ("router-9", 1, "router-1", 0),
        ("cell-1", 2, "bbu-1", 2),
        ("cell-9", 2, "router-9", 0),
    ]
    assert answer.value.counts == {"element_type": {"cell": 2, "baseband": 1, "site_router": 1}}


def test_an_object_that_the_topology_does_not_know_is_said_to_be_unknown(toolbox: MakeToolbox) -> None:
    tools = toolbox(topology=NETWORK)
    for answer in (tools.path("cell-1", "cell-x", NOW), tools.neighbours("cell-x", NOW)):
        assert answer.status is ToolStatus.NOTHING_FOUND
        assert answer.searched.endswith("the topology does not know cell-x")


def test_what_lies_beyond_the_scope_is_neither_shown_nor_passed_through(toolbox: MakeToolbox) -> None:
    tools = toolbox(topology=NETWORK, scope=Scope(tenants=("acme",)))
    assert tools.neighbours("router-1", NOW).ids == ("bbu-1",)
    assert tools.path("cell-9", "router-1", NOW).status is ToolStatus.NOTHING_FOUND
    assert "router-9" not in tools.topology.elements
    assert toolbox(topology=NETWORK).path("cell-9", "router-1", NOW).status is ToolStatus.FOUND
