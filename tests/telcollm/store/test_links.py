from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcollm.ports import EVERYTHING, IncidentQuery, Store
from telcollm.state import AlarmState
from telcollm.store.engine import parse_url
from tests.telcollm.store.examples import alarm, component, incident

Place = tuple[int, str]


def linked(store: Store, *places: Place) -> list[Place]:
    with store.transaction() as transaction:
        return [(one.partition, one.component_id) for one in transaction.linked_components(places)]


def shared(name: str, *places: Place) -> list[AlarmState]:
    """One alarm, at home in the first place and copied to the others."""
    return [
        alarm(name, partition, component_id=component_id, home=number == 0, boundary=number == 0)
        for number, (partition, component_id) in enumerate(places)
    ]


def test_components_that_hold_the_same_alarm_hang_together_over_any_number_of_partitions(
    store: Store,
) -> None:
    with store.transaction() as transaction:
        transaction.put_components([component(f"c{number}", number) for number in range(6)])
        transaction.put_alarms(
            [
                *shared("x", (0, "c0"), (1, "c1")),
                *shared("y", (2, "c2"), (1, "c1")),
                *shared("z", (3, "c3"), (2, "c2"), (0, "")),
                *shared("other", (4, "c4"), (5, "c5")),
                alarm("inside", component_id="c0"),
            ]
        )
    whole = [(0, "c0"), (1, "c1"), (2, "c2"), (3, "c3")]
    for start in whole:
        assert linked(store, start) == whole
    assert linked(store, (5, "c5"), (3, "c3")) == [*whole, (4, "c4"), (5, "c5")]


def test_same_id_in_two_partitions_links_only_by_shared_alarms(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_components([component("c", 0), component("c", 1), component("d", 1)])
        transaction.put_alarms([*shared("x", (1, "c"), (2, "none")), alarm("plain", component_id="c")])
    assert linked(store, (0, "c")) == [(0, "c")]
    with store.transaction() as transaction:
        transaction.put_alarms(shared("y", (0, "c"), (1, "d")))
    assert linked(store, (0, "c")) == [(0, "c"), (1, "d")]
    assert linked(store, (1, "c")) == [(1, "c")]


def test_merged_component_is_told_as_its_survivor(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_components(
            [
                component("a", merged_into="b"),
                component("b", merged_into="c"),
                component("c"),
                component("far", 1),
                component("lost", merged_into="absent"),
            ]
        )
        transaction.put_alarms(shared("x", (1, "far"), (0, "a")))
    assert linked(store, (0, "a")) == [(0, "c")]
    assert linked(store, (1, "far")) == [(0, "c"), (1, "far")]
    assert linked(store, (0, "lost"), (0, ""), (7, "absent")) == []


@pytest.mark.parametrize("together", [True, False])
def test_alarms_of_a_merged_component_move_to_where_it_ended_in_any_order(
    store: Store, together: bool
) -> None:
    merges = [
        component("a", merged_into="b"),
        component("b", merged_into="c"),
        component("d", merged_into="b"),
    ]
    for number, order in enumerate(((0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0))):
        with store.transaction() as transaction:
            transaction.put_components([component(name, number) for name in "abcd"])
            transaction.put_alarms([alarm(f"{name}{number}", number, component_id=name) for name in "abcd"])
            transaction.put_alarms([alarm(f"far{number}", 99, component_id="a")])
        chosen = [component(one.component_id, number, merged_into=one.merged_into) for one in merges]
        for part in [[0, 1, 2]] if together else [[0], [1], [2]]:
            with store.transaction() as transaction:
                transaction.put_components([chosen[order[place]] for place in part])
        with store.transaction() as transaction:
            members = transaction.members([(number, "c")])
        assert [member.alarm_id for member in members] == [f"{name}{number}" for name in "abcd"]
    with store.transaction() as transaction:
        assert len(transaction.members([(99, "a")])) == 4


def test_components_merged_in_a_circle_end_the_search(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_alarms([alarm("x", component_id="a")])
        transaction.put_components([component("a", merged_into="b"), component("b", merged_into="a")])
    assert linked(store, (0, "a")) == []


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edges=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=10),
    start=st.integers(0, 7),
    base=st.integers(0, 10**6),
)
def test_closure_is_what_a_graph_search_finds(
    store: Store, edges: list[tuple[int, int]], start: int, base: int
) -> None:
    name = f"g{base}-{len(edges)}-{start}-{hash(tuple(edges))}"

    def place(node: int) -> Place:
        return (node % 4, f"{name}-{node}")

    with store.transaction() as transaction:
        transaction.put_components([component(place(node)[1], place(node)[0]) for node in range(8)])
        for number, (one, other) in enumerate(edges):
            if one % 4 != other % 4:
                transaction.put_alarms(shared(f"{name}-e{number}", place(one), place(other)))
    reached = {start}
    for _ in range(8):
        for one, other in edges:
            if one % 4 != other % 4 and reached & {one, other}:
                reached |= {one, other}
    assert set(linked(store, place(start))) == {place(node) for node in reached}


def join(store: Store, partition: int, mine: AlarmState, *, before_link: Callable[[], object]) -> list[Place]:
    """What a worker does of one partition: alarms, components, then one incident for all linked."""
    with store.transaction() as transaction:
        transaction.put_alarms([mine])
        transaction.put_components([component(mine.component_id, partition)])
        before_link()
        found = transaction.linked_components([(partition, mine.component_id)])
        winner = min(one.component_id for one in found)
        transaction.put_component_incidents([(one.partition, one.component_id, winner) for one in found])
        transaction.put_incidents(
            incident(one.component_id, len(found), superseded_by="" if one.component_id == winner else winner)
            for one in found
        )
        return [(one.partition, one.component_id) for one in found]


def check_joined(store: Store, results: Iterable[list[Place]]) -> None:
    whole = [(0, "c0"), (1, "c1")]
    assert whole in list(results)
    assert linked(store, (1, "c1")) == whole
    assert [one.incident_id for one in store.incidents(EVERYTHING, IncidentQuery())] == ["c0"]
    assert [one.alarm_id for one in store.incident_members(EVERYTHING, "c0", 9)] == ["x"]
    assert store.incident_members(EVERYTHING, "c1", 9) == []


@pytest.mark.parametrize("attempt", range(5))
def test_two_workers_that_link_at_once_end_in_one_incident(
    store_url: str, open_at: Callable[..., Store], attempt: int
) -> None:
    stores = [open_at(store_url), open_at(store_url)]
    together = threading.Barrier(2, timeout=120)
    copies = shared("x", (0, "c0"), (1, "c1"))

    def work(partition: int) -> list[Place]:
        together.wait()
        return join(stores[partition], partition, copies[partition], before_link=lambda: None)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(work, (0, 1)))
    check_joined(stores[0], results)


def test_worker_that_wrote_before_another_linked_sees_it_without_a_deadlock(
    postgres_schema: str, open_at: Callable[..., Store]
) -> None:
    ours, theirs = open_at(postgres_schema), open_at(postgres_schema)
    home, copy = shared("x", (0, "c0"), (1, "c1"))
    results: list[list[Place]] = []

    def let_the_other_finish() -> None:
        results.append(join(theirs, 1, copy, before_link=lambda: None))

    results.append(join(ours, 0, home, before_link=let_the_other_finish))
    check_joined(ours, results)


def test_worker_that_links_second_waits_for_the_commit_of_the_first(
    postgres_schema: str, open_at: Callable[..., Store]
) -> None:
    ours, theirs = open_at(postgres_schema), open_at(postgres_schema)
    home, copy = shared("x", (0, "c0"), (1, "c1"))
    engine = sa.create_engine(parse_url(postgres_schema))
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with ThreadPoolExecutor(1) as pool, engine.connect() as connection:
        with ours.transaction() as transaction:
            transaction.put_alarms([home])
            transaction.put_components([component("c0", 0)])
            assert [one.component_id for one in transaction.linked_components([(0, "c0")])] == ["c0"]
            second = pool.submit(join, theirs, 1, copy, before_link=lambda: None)
            while not connection.execute(waiting).scalar_one():
                assert not second.done()
                connection.rollback()
        results = [second.result(timeout=120)]
    engine.dispose()
    check_joined(ours, results)
