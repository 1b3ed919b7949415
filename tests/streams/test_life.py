"""Laws of alarm life: the events that came decide, not their order; what is suppressed stays in sight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.component import Snapshot
from streams.correlation import Correlator
from streams.event import AlarmEvent, EventKind
from streams.life import LiveAlarm
from telcollm.state import Suppression
from tests.streams.network import GAP_MS, GRAPH, OBJECTS, chain_topology, make_event

TOPOLOGY = chain_topology()
FAR_MS = 4_000_000_000_000


class Life:
    """A partition's alarms after some events, and what was told of incidents."""

    def __init__(self, events: Sequence[AlarmEvent], planned: object = None) -> None:
        self.correlator = Correlator(
            0,
            gap_ms=GAP_MS,
            graph=GRAPH,
            topology=TOPOLOGY,
            planned=planned,  # type: ignore[arg-type]
        )
        self.told: list[Snapshot] = []
        self.alarms: dict[str, LiveAlarm] = {}
        self.late: list[LiveAlarm] = []
        self.orphans: list[tuple[str, int]] = []
        self.feed(*events)

    def feed(self, *events: AlarmEvent) -> Life:
        for event in events:
            self.told += self.correlator.step(event)
        delta = self.correlator.take_delta()
        self.alarms |= delta.alarms
        self.late += delta.too_late
        self.orphans += delta.orphan_clears
        return self

    def advance(self, watermark_ms: int) -> Life:
        self.told += self.correlator.advance(watermark_ms)
        return self

    @property
    def ends(self) -> dict[int, int | None]:
        """When each alarm was raised and cleared."""
        return {alarm.raised_ms: alarm.cleared_ms for alarm in self.alarms.values()}

    @property
    def open_alarms(self) -> int:
        return self.correlator.life.open_alarms


def raised(at_ms: int, name: str = "n0", problem: str = "loss", **changes: object) -> AlarmEvent:
    return make_event(EventKind.RAISE, name, problem, at_ms, **changes)  # type: ignore[arg-type]


def cleared(at_ms: int, raised_ms: int = 0, name: str = "n0", problem: str = "loss") -> AlarmEvent:
    return make_event(EventKind.CLEAR, name, problem, at_ms, raised_ms=raised_ms, cleared_ms=at_ms)


def changed(at_ms: int, raised_ms: int, **changes: object) -> AlarmEvent:
    return make_event(EventKind.CHANGE, "n0", "loss", at_ms, raised_ms=raised_ms, **changes)  # type: ignore[arg-type]


def rebuilt(at_ms: int, *listed: AlarmEvent, source: str = "ems") -> AlarmEvent:
    event = make_event(
        EventKind.REBUILT, source, "list", at_ms, listed=frozenset(alarm.key for alarm in listed)
    )
    event.source_system_id = source
    return event


def test_a_clear_that_comes_before_its_raise_clears_it() -> None:
    life = Life([cleared(7_000), raised(0)])
    assert (life.ends, life.open_alarms) == ({0: 7_000}, 0)
    assert len(life.orphans) == 1


def test_the_earliest_clear_at_or_after_the_raise_ends_it() -> None:
    for order in permutations([raised(5_000), cleared(4_000), cleared(9_000), cleared(7_000)]):
        assert Life(order).ends == {5_000: 7_000}


def test_a_clear_at_the_very_time_of_the_raise_ends_it() -> None:
    for order in permutations([raised(5_000), cleared(5_000)]):
        assert Life(order).ends == {5_000: 5_000}


def test_a_clear_of_another_problem_object_or_source_does_not() -> None:
    others = [cleared(7_000, problem="door"), cleared(7_000, name="n1")]
    assert Life([raised(0), *others]).ends == {0: None}


def test_a_duplicate_changes_nothing() -> None:
    once = Life([raised(0), changed(2_000, 0), cleared(7_000)])
    twice = Life([raised(0), raised(0), changed(2_000, 0), changed(2_000, 0), cleared(7_000), cleared(7_000)])
    again = Life([raised(0), changed(2_000, 0), cleared(7_000), raised(0), changed(2_000, 0)])
    facts = [[alarm.facts for alarm in life.alarms.values()] for life in (once, twice, again)]
    assert facts == [[3], [3], [3]]
    assert once.ends == twice.ends == again.ends
    assert [life.open_alarms for life in (once, twice, again)] == [0, 0, 0]


def test_a_flapping_alarm_is_as_many_alarms_as_raises_each_with_its_own_clear() -> None:
    flaps = [event for at in range(0, 50_000, 5_000) for event in (raised(at), cleared(at + 2_000))]
    expected = {at: at + 2_000 for at in range(0, 50_000, 5_000)}
    life = Life(flaps)
    assert (life.ends, life.open_alarms) == (expected, 0)
    assert Life(flaps[::-1]).ends == expected
    life.advance(FAR_MS)
    assert [(s.alarm_count, s.active) for s in life.told if s.complete] == [(10, 0)]


def test_a_raise_after_the_clear_is_a_new_alarm() -> None:
    for order in permutations([raised(0), cleared(3_000), raised(4_000)]):
        life = Life(order)
        assert (life.ends, life.open_alarms) == ({0: 3_000, 4_000: None}, 1)


def test_a_second_raise_without_a_clear_is_ended_by_the_same_clear() -> None:
    for order in permutations([raised(0), raised(4_000), cleared(9_000)]):
        assert Life(order).ends == {0: 9_000, 4_000: 9_000}


def test_a_momentary_alarm_is_raised_and_cleared_by_one_record() -> None:
    life = Life([raised(1_000, cleared_ms=1_000)])
    (alarm,) = life.alarms.values()
    assert (alarm.cleared_ms, alarm.facts, life.open_alarms) == (1_000, 2, 0)
    assert life.told[-1].active == 0


def test_a_clear_told_as_earlier_than_its_own_raise_ends_it_at_once() -> None:
    assert Life([raised(5_000, cleared_ms=3_000)]).ends == {5_000: 5_000}


def test_a_change_makes_an_alarm_more_severe_and_is_one_fact() -> None:
    for order in permutations([raised(0, severity=3), changed(2_000, 0, severity=6)]):
        (alarm,) = Life(order).alarms.values()
        assert (alarm.severity, alarm.facts, alarm.changed_ms) == (6, 2, (2_000,))


def test_a_rebuilt_list_closes_what_it_leaves_out_in_any_order() -> None:
    kept, lost, later = raised(1_000), raised(2_000, "n1"), raised(9_000, "n2")
    for order in permutations([kept, lost, later, rebuilt(5_000, kept)]):
        life = Life(order)
        assert (life.ends, life.open_alarms) == ({1_000: None, 2_000: 5_000, 9_000: None}, 2)


def test_a_rebuilt_list_closes_nothing_of_another_source() -> None:
    assert Life([raised(1_000), rebuilt(5_000, source="other")]).ends == {1_000: None}


def test_a_clear_after_the_rebuilt_list_changes_nothing_in_any_order() -> None:
    for order in permutations([raised(1_000), cleared(9_000), rebuilt(5_000)]):
        (alarm,) = Life(order).alarms.values()
        assert (alarm.cleared_ms, alarm.facts) == (5_000, 2)


def test_of_several_rebuilt_lists_the_first_that_leaves_it_out_closes_an_alarm_in_any_order() -> None:
    alarm = raised(1_000)
    for order in permutations([alarm, rebuilt(5_000), rebuilt(9_000, alarm), rebuilt(500)]):
        assert Life(order).ends == {1_000: 5_000}


def test_the_same_list_again_changes_nothing() -> None:
    one, other = raised(1_000), raised(2_000, "n1")
    life = Life([one, other, rebuilt(5_000, one), rebuilt(5_000, one)])
    assert [alarm.facts for alarm in life.alarms.values()] == [1, 2]


STEPS = st.lists(
    st.one_of(
        st.builds(raised, st.integers(0, 9).map(lambda s: s * 1000), st.sampled_from(OBJECTS[:2])),
        st.builds(
            lambda at, name: cleared(at, name=name),
            st.integers(0, 12).map(lambda s: s * 1000),
            st.sampled_from(OBJECTS[:2]),
        ),
        st.builds(lambda at: changed(at + 500, at, severity=6), st.integers(0, 9).map(lambda s: s * 1000)),
        st.builds(lambda at: rebuilt(at), st.integers(0, 12).map(lambda s: s * 1000)),
        st.builds(lambda at: rebuilt(at, raised(0)), st.integers(13, 15).map(lambda s: s * 1000)),
        st.builds(lambda at: raised(at, shelved=True), st.integers(0, 9).map(lambda s: s * 1000)),
    ),
    max_size=9,
)


def outcome(life: Life) -> dict[str, tuple[object, ...]]:
    return {
        alarm_id: (alarm.cleared_ms, alarm.facts, alarm.severity, alarm.suppressed, alarm.changed_ms)
        for alarm_id, alarm in life.alarms.items()
    }


@given(STEPS, st.randoms())
@settings(max_examples=300, deadline=None)
def test_the_order_of_events_decides_nothing(steps: list[AlarmEvent], chance: object) -> None:
    shuffled = [*steps, *steps[: len(steps) // 2]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Life(steps), Life(shuffled)
    assert outcome(one) == outcome(other)
    assert (
        one.open_alarms == other.open_alarms == sum(alarm.cleared_ms is None for alarm in one.alarms.values())
    )


@pytest.mark.parametrize("case", ["shelved", "planned work", "planned outage"])
def test_what_is_suppressed_stays_out_of_incidents_and_in_sight(case: str) -> None:
    event = raised(1_000, shelved=case == "shelved")
    event.planned_outage = case == "planned outage"
    planned = (lambda name, at_ms: name == "n0" and at_ms == 1_000) if case == "planned work" else None
    life = Life([event, raised(2_000, "n5")], planned)
    expected = Suppression.SHELVED if case == "shelved" else Suppression.PLANNED
    life.advance(FAR_MS)
    assert [alarm.suppressed for alarm in life.alarms.values()] == [expected, Suppression.NONE]
    assert {group.managed_object for told in life.told for group in told.groups} == {"n5"}
    life.feed(cleared(60_000))
    assert life.alarms[event.alarm_id].cleared_ms == 60_000
    assert life.alarms[event.alarm_id].component_id == ""


def test_an_alarm_that_comes_off_the_shelf_joins_an_incident() -> None:
    life = Life([raised(1_000, shelved=True)])
    assert life.told == []
    life.feed(changed(3_000, 1_000)).advance(FAR_MS)
    assert [(told.alarm_count, told.complete) for told in life.told] == [(1, False), (1, True)]
    (alarm,) = life.alarms.values()
    assert alarm.suppressed is Suppression.NONE and alarm.component_id == life.told[-1].component_id


def test_a_raise_before_the_watermark_is_kept_as_too_late_with_its_clear() -> None:
    life = Life([cleared(2_000)]).advance(1_500).feed(raised(1_000))
    assert [(alarm.suppressed, alarm.cleared_ms) for alarm in life.late] == [(Suppression.TOO_LATE, 2_000)]
    assert (life.alarms, life.told, life.open_alarms) == ({}, [], 0)


@pytest.mark.parametrize("wild", [raised(FAR_MS, "n7", "door"), cleared(FAR_MS, name="n7", problem="door")])
def test_a_time_far_ahead_keeps_nothing_else_in_memory(wild: AlarmEvent) -> None:
    life = Life([wild])
    for at_ms in range(0, 2_000_000, 1_000):
        name = OBJECTS[at_ms // 1_000 % len(OBJECTS)]
        life.feed(raised(at_ms, name, "door", cleared_ms=at_ms)).advance(at_ms - 20_000)
    keys = life.correlator.life._keys.values()
    assert sum(len(key.alarms) + len(key.clears) for key in keys) < 100
    assert len(life.correlator.life.unmet_clears) < 100


def test_alarms_of_two_tenants_never_share_an_incident() -> None:
    mine, theirs = raised(0), raised(1_000, "n0", "power")
    theirs.tenant, theirs.alarm_id, theirs.key = "other", "alm-f", "key-f"
    life = Life([mine, theirs]).advance(FAR_MS)
    assert sorted((told.tenant, told.alarm_count) for told in life.told if told.complete) == [
        ("other", 1),
        ("t", 1),
    ]


def test_region_and_mode_of_an_incident_are_those_of_its_first_alarm_in_any_order() -> None:
    first, second = raised(0), raised(1_000)
    second.region, second.mode = "south", "replay"
    for order in permutations([first, second]):
        told = Life(order).advance(FAR_MS).told[-1]
        assert (told.region, told.mode) == ("r", "live")
