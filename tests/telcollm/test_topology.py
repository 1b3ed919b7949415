"""Laws of the topology: links hold both ways, only while they are valid, and paths are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from telcollm.records import Link, TopologyElement
from telcollm.topology import Topology

START = datetime(2026, 1, 1, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
NAMES = tuple("abcdefg")


def at(hours: float | None) -> datetime | None:
    return None if hours is None else START + timedelta(hours=hours)


def ms(hours: float) -> int:
    return START_MS + int(hours * 3_600_000)


def element(name: str, *links: Link, **changes: object) -> TopologyElement:
    return TopologyElement(tenant="t", element_id=name, links=links, **changes)  # type: ignore[arg-type]


HOURS = st.none() | st.integers(0, 12)


@st.composite
def networks(draw: st.DrawFn) -> list[TopologyElement]:
    """Elements and links, each of them there always or for some hours, some links to nowhere known."""
    found = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        links = [
            Link(target=target, valid_from=at(draw(HOURS)), valid_to=at(draw(HOURS)))
            for target in draw(st.lists(st.sampled_from((*NAMES, "beyond")), max_size=4))
        ]
        found.append(element(name, *links, valid_from=at(draw(HOURS)), valid_to=at(draw(HOURS))))
    return found


def linked(elements: Sequence[TopologyElement], one: str, other: str, hour: float) -> bool:
    """The plain reading: some link between them is valid, and so is each end that is known."""
    by_name = {item.element_id: item for item in elements}
    now = START + timedelta(hours=hour)

    def valid(item: TopologyElement | Link | None) -> bool:
        if item is None:
            return True
        return (item.valid_from is None or item.valid_from <= now) and (
            item.valid_to is None or now < item.valid_to
        )

    ends = valid(by_name.get(one)) and valid(by_name.get(other))
    return ends and any(
        valid(link)
        for a, b in ((one, other), (other, one))
        if a in by_name
        for link in by_name[a].links
        if link.target == b
    )


@given(networks(), st.integers(-1, 13))
def test_neighbours_are_those_joined_by_a_link_that_is_valid_at_that_time(
    elements: list[TopologyElement], hour: int
) -> None:
    topology = Topology(elements)
    for one in (*NAMES, "beyond"):
        expected = {
            other for other in (*NAMES, "beyond") if other != one and linked(elements, one, other, hour)
        }
        near = topology.neighbours(one, ms(hour))
        assert set(near) == expected
        assert list(near) == sorted(set(near))


@given(networks(), st.integers(-1, 13))
def test_a_link_holds_both_ways(elements: list[TopologyElement], hour: int) -> None:
    topology = Topology(elements)
    for one in topology.nodes():
        assert all(
            one in topology.neighbours(other, ms(hour)) for other in topology.neighbours(one, ms(hour))
        )
        assert all(one in topology.all_neighbours(other) for other in topology.all_neighbours(one))


@given(networks())
def test_those_that_were_ever_neighbours_are_the_union_over_all_times(
    elements: list[TopologyElement],
) -> None:
    topology = Topology(elements)
    for one in topology.nodes():
        ever = {other for half in range(-1, 26) for other in topology.neighbours(one, ms(half / 2))}
        assert topology.all_neighbours(one) == ever


@given(networks(), st.integers(-1, 13), st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(1, 4))
def test_a_path_is_a_shortest_one_of_valid_links_within_the_hops_allowed(
    elements: list[TopologyElement], hour: int, source: str, target: str, hops: int
) -> None:
    topology = Topology(elements)
    graph = nx.Graph()
    graph.add_nodes_from(NAMES)
    graph.add_edges_from(
        (one, near) for one in topology.nodes() for near in topology.neighbours(one, ms(hour))
    )
    path = topology.path(source, target, ms(hour), hops)
    known = nx.has_path(graph, source, target)
    shortest = nx.shortest_path_length(graph, source, target) if known else None
    if shortest is None or shortest > hops:
        assert path == ()
        return
    assert (path[0], path[-1], len(path)) == (source, target, shortest + 1)
    assert topology.holds_path(path, ms(hour))
    assert topology.path(source, target, ms(hour), hops) == path


@given(networks(), st.integers(-1, 13), st.lists(st.sampled_from(NAMES), max_size=4))
def test_a_path_holds_only_while_each_of_its_links_does(
    elements: list[TopologyElement], hour: int, path: list[str]
) -> None:
    topology = Topology(elements)
    steps = all(linked(elements, a, b, hour) and a != b for a, b in pairwise(path))
    assert topology.holds_path(tuple(path), ms(hour)) == (bool(path) and steps)


def test_the_interval_of_a_link_begins_inclusive_and_ends_exclusive() -> None:
    topology = Topology([element("a", Link(target="b", valid_from=at(1), valid_to=at(2))), element("b")])
    assert [bool(topology.neighbours("a", ms(1) + step)) for step in (-1, 0, 3_599_999, 3_600_000)] == [
        False,
        True,
        True,
        False,
    ]


def test_of_several_shortest_paths_the_first_in_order_of_names_is_given() -> None:
    links = {"a": "cb", "c": "d", "b": "d", "d": ""}
    topology = Topology(element(name, *(Link(target=to) for to in near)) for name, near in links.items())
    assert topology.path("a", "d", 0) == ("a", "b", "d")


def test_an_element_nobody_knows_has_no_neighbours_services_or_paths() -> None:
    topology = Topology([element("a", services=("voice",))])
    assert (topology.neighbours("x", 0), topology.services("x"), topology.path("a", "x", 0)) == ((), (), ())
    assert topology.services("a") == ("voice",)
    assert topology.path("x", "x", 0) == ("x",)
    assert (len(topology), len(Topology())) == (1, 0)
