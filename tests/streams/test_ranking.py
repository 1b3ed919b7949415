"""Laws of ranking: belief is shared out, known causes come first, and names decide nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from streams.correlation import Neighbourhood
from streams.ranking import MAX_MEMBERS, rank
from telcollm.graph import CauseEdge, CauseGraph, cause_graph
from telcollm.state import Candidate, MemberGroup
from tests.streams.network import GRAPH, OBJECTS, chain_topology

TOPOLOGY = chain_topology()
PROBLEMS = ("loss", "power", "degraded", "door")


def group(alarm_id: str, managed_object: str, problem: str, raised_ms: int) -> MemberGroup:
    return MemberGroup(alarm_id, managed_object, problem, 4, raised_ms, raised_ms, 1)


ROWS = st.lists(
    st.tuples(st.sampled_from(OBJECTS), st.sampled_from(PROBLEMS), st.integers(0, 20).map(lambda s: s * 500)),
    min_size=1,
    max_size=MAX_MEMBERS,
    unique_by=lambda row: (row[0], row[1]),
)


def window(rows: list[tuple[str, str, int]]) -> list[MemberGroup]:
    """Groups in the order in which they are handed to the ranking."""
    made = [group(f"a{number:02}", *row) for number, row in enumerate(rows)]
    return sorted(made, key=lambda item: (item.raised_ms, item.alarm_id))


class Renamed:
    """A topology seen under other names."""

    def __init__(self, inner: Neighbourhood, new_of: Mapping[str, str]) -> None:
        self._inner = inner
        self._new_of = new_of
        self._old_of = {new: old for old, new in new_of.items()}

    def neighbours(self, element_id: str, at_ms: int) -> tuple[str, ...]:
        near = self._inner.neighbours(self._old_of[element_id], at_ms)
        return tuple(sorted(self._new_of[name] for name in near))


@given(ROWS, st.booleans())
def test_shares_are_positive_fall_and_leave_room_for_a_cause_that_no_alarm_tells_of(
    rows: list[tuple[str, str, int]], known: bool
) -> None:
    groups = window(rows)
    found = rank(groups, GRAPH if known else None, TOPOLOGY)
    shares = [item.share for item in found]
    assert all(share > 0 for share in shares) and sum(shares) < 1
    assert shares == sorted(shares, reverse=True)
    assert sorted(item.alarm_id for item in found) == sorted(item.alarm_id for item in groups)
    assert all(1 <= item.explained <= len(groups) for item in found)


def plain(found: tuple[Candidate, ...]) -> list[Candidate]:
    return [msgspec.structs.replace(item, edges=tuple(sorted(item.edges))) for item in found]


@example(
    rows=[(name, problem, 0) for name in ("n0", "n1") for problem in ("loss", "power", "degraded")],
    order=[4, 2, 1, 0, 5, 3],
)
@given(ROWS, st.permutations(range(MAX_MEMBERS)))
def test_the_order_of_the_members_does_not_matter(rows: list[tuple[str, str, int]], order: list[int]) -> None:
    groups = window(rows)
    shuffled = [groups[place] for place in order if place < len(groups)]
    assert plain(rank(shuffled, GRAPH, TOPOLOGY)) == plain(rank(groups, GRAPH, TOPOLOGY))


@given(ROWS, st.permutations(OBJECTS))
def test_other_names_of_the_objects_change_nothing_else(
    rows: list[tuple[str, str, int]], names: list[str]
) -> None:
    new_of = dict(zip(OBJECTS, (f"site {name}" for name in names), strict=True))
    groups = window(rows)
    renamed = [msgspec.structs.replace(item, managed_object=new_of[item.managed_object]) for item in groups]
    found = rank(groups, GRAPH, TOPOLOGY)
    again = rank(renamed, GRAPH, Renamed(TOPOLOGY, new_of))
    assert [(item.alarm_id, item.problem, item.share, item.edges) for item in again] == [
        (item.alarm_id, item.problem, item.share, item.edges) for item in found
    ]


@given(st.sampled_from(OBJECTS), st.sampled_from(OBJECTS), st.integers(0, 30_000), st.floats(0.05, 1.0))
def test_a_known_cause_that_came_first_wins(cause: str, effect: str, later_ms: int, weight: float) -> None:
    graph = cause_graph(
        ["power", "loss"], [CauseEdge("power", "loss", weight)], method="by hand", learned_from="the tests"
    )
    found = rank([group("a1", cause, "power", 0), group("a0", effect, "loss", later_ms)], graph, TOPOLOGY)
    assert (found[0].alarm_id, found[0].explained) == ("a1", 1 + bool(found[0].edges))
    assert found[0].share > found[1].share


def test_a_cause_is_believed_more_the_nearer_it_is() -> None:
    def share(of: str) -> float:
        found = rank([group("a1", of, "power", 0), group("a2", "n0", "loss", 1000)], GRAPH, TOPOLOGY)
        return next(item.share for item in found if item.alarm_id == "a1")

    assert share("n0") > share("n1") > share("n5")


def test_a_cause_that_came_long_after_its_effect_is_believed_less() -> None:
    def share(at_ms: int) -> float:
        groups = window([("n0", "power", at_ms), ("n1", "loss", 10_000)])
        return next(item.share for item in rank(groups, GRAPH, TOPOLOGY) if item.problem == "power")

    assert share(0) > share(60_000)


def test_a_chain_of_two_steps_explains_its_end() -> None:
    found = rank(window([("n0", "power", 0), ("n0", "degraded", 3000)]), GRAPH, TOPOLOGY)
    assert found[0].problem == "power" and found[0].explained == 2


def test_without_a_graph_the_first_of_equals_is_first() -> None:
    found = rank(window([("n0", "a", 0), ("n1", "b", 10_000), ("n2", "c", 20_000)]), None, TOPOLOGY)
    assert found[0].problem == "a"


def test_equal_evidence_is_ordered_by_time_and_then_by_alarm_id() -> None:
    twins = [group("a2", "n0", "door", 0), group("a1", "n5", "door", 0)]
    assert [item.alarm_id for item in rank(twins, GRAPH, TOPOLOGY)] == ["a1", "a2"]


def test_nothing_has_no_cause_and_a_single_alarm_is_not_certain() -> None:
    assert rank([], GRAPH, TOPOLOGY) == ()
    (only,) = rank([group("a1", "n0", "loss", 0)], GRAPH, TOPOLOGY)
    assert (only.alarm_id, only.explained, only.edges) == ("a1", 1, ()) and 0 < only.share < 1


def test_a_storm_costs_no_more_than_the_bounded_number_of_members() -> None:
    asked: list[str] = []

    class Counting:
        def neighbours(self, element_id: str, at_ms: int) -> tuple[str, ...]:
            asked.append(element_id)
            return ()

    storm = [group(f"a{number:05}", f"x{number}", f"p{number}", number) for number in range(5_000)]
    found = rank(storm, _graph_of(storm), Counting())
    assert len(asked) == len(found) == MAX_MEMBERS
    assert {item.alarm_id for item in found} == {item.alarm_id for item in storm[:MAX_MEMBERS]}
    assert max(len(item.edges) for item in found) <= MAX_MEMBERS


def _graph_of(storm: list[MemberGroup]) -> CauseGraph:
    problems = [item.problem for item in storm]
    edges = [CauseEdge(problems[0], effect, 0.5) for effect in problems[1:]]
    return cause_graph(problems, edges, method="by hand", learned_from="the tests")
