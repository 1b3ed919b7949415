"""Laws of the cut: neighbours always meet, neighbourhoods are bounded, and equal networks are cut alike."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.cut import Cut
from telcollm.records import Link, TopologyElement
from telcollm.topology import Topology

NAMES = [f"n{number}" for number in range(12)]
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=25)
PARTITIONS = st.integers(1, 6)
SIZES = st.integers(1, 6)
GONE = datetime(2020, 1, 1, tzinfo=UTC)


def network(pairs: list[tuple[str, str]], *, valid_to: datetime | None = None) -> Topology:
    return Topology(
        TopologyElement(
            tenant="t",
            element_id=name,
            links=tuple(Link(target=b, valid_to=valid_to) for a, b in pairs if a == name),
        )
        for name in NAMES
    )


@given(PAIRS, PARTITIONS, SIZES, st.booleans())
def test_any_two_that_were_ever_neighbours_share_a_partition(
    pairs: list[tuple[str, str]], partitions: int, size: int, gone: bool
) -> None:
    topology = network(pairs, valid_to=GONE if gone else None)
    cut = Cut(topology, partitions, size)
    for name in topology.nodes():
        for near in topology.all_neighbours(name):
            assert cut.home(near) in cut.targets(name)
            assert cut.home(name) in cut.targets(near)


@given(PAIRS, PARTITIONS, SIZES)
def test_targets_begin_with_the_home_and_name_no_partition_twice_or_needlessly(
    pairs: list[tuple[str, str]], partitions: int, size: int
) -> None:
    topology = network(pairs)
    cut = Cut(topology, partitions, size)
    for name in [*NAMES, "unknown"]:
        targets = cut.targets(name)
        assert targets[0] == cut.home(name)
        assert len(set(targets)) == len(targets) and set(targets) <= set(range(partitions))
        assert set(targets[1:]) <= {cut.home(near) for near in topology.all_neighbours(name)}


@given(PAIRS, PARTITIONS, SIZES)
def test_a_neighbourhood_is_bounded_and_lies_in_one_partition(
    pairs: list[tuple[str, str]], partitions: int, size: int
) -> None:
    cut = Cut(network(pairs), partitions, size)
    assert set(cut.neighbourhood_of) == set(NAMES)
    assert max(Counter(cut.neighbourhood_of.values()).values()) <= size
    homes: dict[str, set[int]] = {}
    for name in NAMES:
        homes.setdefault(cut.neighbourhood(name), set()).add(cut.home(name))
    assert all(len(found) == 1 for found in homes.values())


@given(PAIRS, PARTITIONS, SIZES, st.randoms())
def test_the_order_in_which_a_network_is_told_changes_nothing(
    pairs: list[tuple[str, str]], partitions: int, size: int, chance: object
) -> None:
    turned = [pair[::-1] for pair in pairs]
    chance.shuffle(turned)  # type: ignore[attr-defined]
    one, other = (Cut(network(found), partitions, size) for found in (pairs, turned))
    assert one.version == other.version
    assert [one.targets(name) for name in NAMES] == [other.targets(name) for name in NAMES]


@given(PAIRS, PAIRS, PARTITIONS, SIZES)
def test_the_version_changes_if_and_only_if_the_cut_does(
    pairs: list[tuple[str, str]], others: list[tuple[str, str]], partitions: int, size: int
) -> None:
    one, other = Cut(network(pairs), partitions, size), Cut(network(others), partitions, size)
    same = all(
        one.targets(name) == other.targets(name) and one.neighbourhood(name) == other.neighbourhood(name)
        for name in NAMES
    )
    assert (one.version == other.version) == same


def test_another_number_of_partitions_is_another_cut() -> None:
    assert Cut(network([]), 2, 4).version != Cut(network([]), 3, 4).version


def test_an_object_nobody_knows_keeps_to_one_partition_of_its_own() -> None:
    cut, again = Cut(network([]), 5, 4), Cut(Topology(), 5, 4)
    names = [f"x{number}" for number in range(200)] + ["\ud800 half a character"]
    assert [cut.targets(name) for name in names] == [again.targets(name) for name in names]
    assert {cut.home(name) for name in names} == set(range(5))
    assert [cut.neighbourhood(name) for name in names] == names


def test_load_is_spread_by_size() -> None:
    chains = [(a, b) for a, b in pairwise(NAMES) if int(b[1:]) % 3]
    cut = Cut(network(chains), 4, 3)
    assert Counter(cut.home(name) for name in NAMES) == {number: 3 for number in range(4)}
