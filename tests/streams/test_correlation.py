"""Laws of windows and correlation: what counts is which events came, not how they came."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.component import Snapshot
from streams.correlation import Correlator
from streams.cut import Cut
from streams.event import AlarmEvent, EventKind, alarm_key, event_of
from streams.formats import decode_alarms
from streams.incident import merged
from telcollm.settings import SourceSettings
from telcollm.state import Suppression
from telcollm.topology import Topology
from tests.streams.network import (
    GAP_MS,
    GRAPH,
    LATENESS_MS,
    OBJECTS,
    Expected,
    chain_topology,
    histories,
    make_event,
    reference_incidents,
)

TOPOLOGY = chain_topology()


class Run:
    """A correlator fed with events and the watermarks they bring, and what it told."""

    def __init__(self, partition: int = 0, topology: Topology = TOPOLOGY) -> None:
        self.correlator = Correlator(partition, gap_ms=GAP_MS, graph=GRAPH, topology=topology)
        self.told: list[Snapshot] = []
        self.members: dict[str, str] = {}
        self.copies: dict[str, str] = {}
        self.rows: dict[str, Snapshot] = {}
        self.max_ms = -(2**62)

    def feed(self, events: Sequence[AlarmEvent], every: int = 3) -> Run:
        for place, event in enumerate(events):
            self.told += self.correlator.step(event)
            self.max_ms = max(self.max_ms, event.event_ms)
            if place % every == 0:
                self.told += self.correlator.advance(self.max_ms - LATENESS_MS)
                self.save()
        return self

    def save(self) -> None:
        delta = self.correlator.take_delta()
        for old_id, new_id in delta.merged.items():
            for members in (self.members, self.copies):
                for alarm_id, component_id in members.items():
                    if component_id == old_id:
                        members[alarm_id] = new_id
        for old_id in delta.merged:
            self.rows.pop(old_id, None)
        for component in delta.components.values():
            if component.parent is component and component.alarm_count:
                self.rows[component.component_id] = component.snapshot()
        for alarm in delta.alarms.values():
            (self.members if alarm.home else self.copies)[alarm.alarm_id] = alarm.component_id

    def finish(self) -> Run:
        self.told += self.correlator.advance(2**61)
        self.save()
        return self

    def incidents(self) -> dict[str, Expected]:
        return {
            component_id: Expected(
                frozenset(alarm for alarm, owner in self.members.items() if owner == component_id),
                row.revision,
                row.active,
            )
            for component_id, row in self.rows.items()
        }


def deliver(events: Sequence[AlarmEvent], seed: int) -> list[AlarmEvent]:
    """Shuffle within the allowed lateness and duplicate some, as a careless network would."""
    chance = random.Random(seed)
    copies = [event for event in events for _ in range(1 + (chance.random() < 0.3))]
    return sorted(copies, key=lambda event: event.event_ms + chance.random() * LATENESS_MS * 0.99)


@given(histories())
@settings(max_examples=150, deadline=None)
def test_incidents_are_the_connected_components_of_linked_alarms(events: list[AlarmEvent]) -> None:
    assert Run().feed(events).finish().incidents() == reference_incidents(events, TOPOLOGY)


@given(histories(), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_shuffled_and_duplicated_input_gives_the_same_incidents(events: list[AlarmEvent], seed: int) -> None:
    expected = reference_incidents(events, TOPOLOGY)
    run = Run().feed(deliver(events, seed), every=1 + seed % 5).finish()
    assert run.incidents() == expected
    complete = [s for s in run.told if s.complete and not s.superseded_by]
    assert {s.component_id for s in complete} == set(expected)


@given(histories(), st.integers(0, 2**32), st.integers(2, 4), st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_input_split_across_partitions_merges_to_the_same_incidents(
    events: list[AlarmEvent], seed: int, partitions: int, size: int
) -> None:
    cut = Cut(TOPOLOGY, partitions, size)
    runs = [Run(number) for number in range(partitions)]
    for event in deliver(events, seed):
        targets = cut.targets(event.managed_object)
        for target in targets:
            copy = make_copy(event, home=target == targets[0], boundary=len(targets) > 1)
            runs[target].feed([copy])
    found: dict[str, set[str]] = {}
    counts: dict[str, int] = {}
    links: list[set[tuple[int, str]]] = []
    for number, run in enumerate(runs):
        run.finish()
        for alarm_id, component_id in run.members.items():
            mine = {(number, component_id)}
            for other, peer in enumerate(runs):
                if alarm_id in peer.copies:
                    mine.add((other, peer.copies[alarm_id]))
            links.append(mine)
    joined: list[set[tuple[int, str]]] = []
    for link in links:
        touching = [group for group in joined if group & link]
        joined = [group for group in joined if not group & link] + [link.union(*touching)]
    for group in joined:
        snapshots = [
            latest
            for number, component_id in sorted(group)
            if (latest := last_told(runs[number], component_id)) is not None
        ]
        whole = merged(snapshots)
        found[whole.component_id] = {
            alarm_id
            for number, component_id in group
            for alarm_id, owner in runs[number].members.items()
            if owner == component_id
        }
        counts[whole.component_id] = whole.alarm_count
    expected = reference_incidents(events, TOPOLOGY)
    assert {k: frozenset(v) for k, v in found.items()} == {k: v.members for k, v in expected.items()}
    assert counts == {k: len(v.members) for k, v in expected.items()}


def last_told(run: Run, component_id: str) -> Snapshot | None:
    found = [s for s in run.told if s.component_id == component_id and not s.superseded_by]
    return found[-1] if found else None


def make_copy(event: AlarmEvent, *, home: bool, boundary: bool) -> AlarmEvent:
    copy = AlarmEvent(**{name: getattr(event, name) for name in event.__struct_fields__})
    copy.home, copy.boundary = home, boundary
    return copy


@given(histories(), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_what_is_told_depends_on_the_order_of_records_and_not_on_batches(
    events: list[AlarmEvent], seed: int
) -> None:
    delivered = deliver(events, seed)
    runs = []
    for save_every in (1, 4, 1000):
        run = Run()
        for place, event in enumerate(delivered):
            run.told += run.correlator.step(event)
            run.max_ms = max(run.max_ms, event.event_ms)
            run.told += run.correlator.advance(run.max_ms - LATENESS_MS)
            if place % save_every == 0:
                run.save()
        runs.append(run.finish())
    assert runs[0].told == runs[1].told == runs[2].told
    assert len({(s.component_id, s.revision) for s in runs[0].told}) == len(runs[0].told)


def test_an_incident_is_told_at_once_when_it_doubles_and_when_its_window_is_complete() -> None:
    run = Run()
    for second in range(9):
        run.feed([make_event(EventKind.RAISE, "n0", "loss", second * 1000)], every=1)
    assert [s.alarm_count for s in run.told] == [1, 2, 4, 8]
    run.finish()
    assert [(s.alarm_count, s.complete) for s in run.told[4:]] == [(9, True)]


def test_late_record_updates_its_window_once() -> None:
    run = Run()
    early = make_event(EventKind.RAISE, "n0", "loss", 1_000)
    run.feed([make_event(EventKind.RAISE, "n0", "loss", 5_000), early, early]).finish()
    (incident,) = run.incidents().values()
    assert len(incident.members) == 2
    assert sum(bool(s.superseded_by) for s in run.told) == 1


def test_a_raise_that_comes_too_late_updates_alarm_state_and_no_incident() -> None:
    run = Run()
    run.feed([make_event(EventKind.RAISE, "n0", "loss", 100_000)], every=1)
    before = len(run.told)
    run.correlator.step(make_event(EventKind.RAISE, "n0", "loss", 10_000))
    delta = run.correlator.take_delta()
    assert [alarm.suppressed for alarm in delta.too_late] == [Suppression.TOO_LATE]
    assert len(run.told) == before


def test_the_last_clear_of_a_complete_incident_resolves_it() -> None:
    run = Run().feed([make_event(EventKind.RAISE, "n0", "loss", 0)], every=1)
    run.told += run.correlator.advance(500_000)
    assert not run.told[-1].active == 0
    day_ms = 86_400_000
    run.told += run.correlator.step(
        make_event(EventKind.CLEAR, "n0", "loss", 3 * day_ms, raised_ms=0, cleared_ms=3 * day_ms)
    )
    assert (run.told[-1].active, run.told[-1].revision) == (0, 3)
    assert not run.correlator.components and run.correlator.life.open_alarms == 0


def test_memory_holds_only_what_is_open_or_can_still_link() -> None:
    run = Run()
    for number in range(2_000):
        at_ms = number * 1_000
        name = OBJECTS[number % len(OBJECTS)]
        run.feed([make_event(EventKind.RAISE, name, "door", at_ms, cleared_ms=at_ms)], every=1)
    assert len(run.correlator.life._keys) <= len(OBJECTS)
    assert sum(len(key.alarms) for key in run.correlator.life._keys.values()) < 100
    run.finish()
    assert not run.correlator.life._keys and not run.correlator.components
    assert not any(run.correlator._lanes.values())


def test_a_3gpp_clear_that_names_no_specific_problem_meets_its_raise_in_either_order() -> None:
    source = SourceSettings(format="3gpp", source_system_id="ems")
    shared = {
        "objectInstance": "n0",
        "alarmId": "77",
        "notificationId": 1,
        "alarmType": "EQUIPMENT_ALARM",
        "probableCause": "powerProblem",
        "systemDN": "ems",
    }
    (raised,) = decode_alarms(
        json.dumps(
            shared
            | {
                "notificationType": "notifyNewAlarm",
                "eventTime": "2026-01-05T00:00:00Z",
                "perceivedSeverity": "MAJOR",
                "specificProblem": "rectifier 2",
            }
        ).encode(),
        source,
    )
    (cleared,) = decode_alarms(
        json.dumps(
            shared
            | {
                "notificationType": "notifyClearedAlarm",
                "eventTime": "2026-01-05T00:00:09Z",
                "perceivedSeverity": "CLEARED",
            }
        ).encode(),
        source,
    )
    for order in ((raised, cleared), (cleared, raised)):
        run = Run().feed([event_of(alarm) for alarm in order], every=1).finish()
        (row,) = run.rows.values()
        assert (row.alarm_count, row.active, row.revision) == (1, 0, 3)
    assert alarm_key(raised) != alarm_key(cleared)
