"""Laws of simulated windows: what is seen is the worker's, what is true stands apart, never in the text."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from streams.simulator.plan import SimulationPlan
from streams.simulator.realism_chatter import QUIET
from streams.simulator.simulation import Simulation, simulate
from streams.simulator.windows import (
    NAMEABLE,
    NO_FAULT,
    Window,
    WindowPlan,
    linked_topology,
    truth_of,
    windows_of,
)
from streams.simulator.windows_hints import HintFinder
from streams.simulator.windows_rows import NO_TEAM, WindowWriter, distinct_columns
from telcollm.errors import SettingsError
from telcollm.prompts import NONE_OF_THESE
from telcollm.topology import Topology

PLAN = SimulationPlan(elements=200, days=1.0, seed=5, faults_per_day=400.0)


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    yield simulate(PLAN)


@pytest.fixture(scope="module")
def windows(simulation: Simulation) -> list[Window]:
    return windows_of(simulation)


def test_the_same_simulation_gives_the_same_windows(simulation: Simulation, windows: list[Window]) -> None:
    assert windows_of(simulation) == windows


def test_no_alarm_is_in_two_windows(windows: list[Window]) -> None:
    alarms = [place for window in windows for place in window.alarms]

    assert len(alarms) == len(set(alarms)) > 100


def test_windows_are_told_only_after_their_last_alarm_can_have_come(windows: list[Window]) -> None:
    plan = WindowPlan()

    assert all(window.told_s >= window.last_s + plan.gap_s for window in windows)
    assert all(window.first_s <= window.last_s for window in windows)


def test_truth_is_the_fault_of_most_alarms(simulation: Simulation, windows: list[Window]) -> None:
    for window in windows:
        assert window.truth == truth_of(simulation, window.alarms)
        if window.truth.fault is not None:
            counts = {name: count for name, count in window.truth.alarms.items() if name}
            assert counts[window.truth.fault.fault_id] == max(counts.values())
            assert window.truth.kind in window.truth.combination


def test_some_windows_have_no_fault_and_most_kinds_of_fault_have_windows(windows: list[Window]) -> None:
    kinds = {window.truth.kind for window in windows}

    assert NO_FAULT in kinds
    assert len(kinds) > 20


def test_small_windows_are_left_out(windows: list[Window]) -> None:
    assert min(len(window.groups) for window in windows) >= WindowPlan().groups


def test_without_background_every_window_has_a_fault() -> None:
    quiet = simulate(SimulationPlan(elements=200, days=0.5, seed=5, faults_per_day=400.0, chatter=QUIET))

    found = windows_of(quiet)

    assert found
    assert all(window.truth.fault is not None for window in found)


def test_a_problem_that_keeps_coming_back_is_shelved(simulation: Simulation, windows: list[Window]) -> None:
    tireless = windows_of(simulation, WindowPlan(chronic_count=10**6))

    assert sum(len(window.alarms) for window in tireless) > sum(len(window.alarms) for window in windows)


def test_elements_of_one_site_and_the_ends_of_a_span_are_neighbours(simulation: Simulation) -> None:
    topology = Topology(linked_topology(simulation))
    network = simulation.network
    span = next(iter(network.spans.values()))
    near, far = network.elements[span.near].element_id, network.elements[span.far].element_id
    site = next(element.site for element in network.elements if element.element_type == "cell")
    together = [element.element_id for element in network.elements if element.site == site]

    assert far in topology.neighbours(near, 0)
    assert set(together[1:]) <= set(topology.neighbours(together[0], 0))


def test_candidates_name_each_object_once(windows: list[Window]) -> None:
    for window in windows:
        names = [candidate.managed_object for candidate in window.candidates]
        assert len(names) == len(set(names)) <= WindowPlan().candidates


def test_only_members_are_listed_as_what_a_diagnosis_may_name(
    simulation: Simulation, windows: list[Window]
) -> None:
    for window, row in zip(windows, WindowWriter(simulation).rows(windows), strict=True):
        members = {group.managed_object for group in window.groups}
        names = [candidate.managed_object for candidate in window.nameable]
        assert len(names) == len(set(names)) == min(NAMEABLE, len(members)) and set(names) <= members
        assert len(json.loads(str(row["candidates"]))) == len(names) + 1


def test_rows_say_nothing_of_the_truth_in_what_is_read(simulation: Simulation, windows: list[Window]) -> None:
    told = [window for window in windows if window.truth.fault][:60]
    for window, row in zip(told, WindowWriter(simulation).rows(told), strict=True):
        fault = window.truth.fault
        assert fault is not None
        seen = f"{row['text']} {row['candidates']}"
        assert fault.fault_id not in seen
        assert fault.kind not in seen
        assert all(group.managed_object not in seen for group in window.groups)
        assert row["fault_kind"] == fault.kind
        assert row["team"] == fault.team


def test_the_right_choice_is_among_the_candidates(simulation: Simulation, windows: list[Window]) -> None:
    rows = list(WindowWriter(simulation).rows(windows))
    lists = [json.loads(str(row["candidates"])) for row in rows]

    assert all(row["root_candidate"] in listed for row, listed in zip(rows, lists, strict=True))
    assert all(len(listed) == len(set(listed)) and listed[-1] == NONE_OF_THESE for listed in lists)
    found = sum(row["root_candidate"] != NONE_OF_THESE for row in rows if row["fault_kind"] != NO_FAULT)
    assert found > sum(row["fault_kind"] != NO_FAULT for row in rows) / 2


def test_rows_without_a_fault_need_nobody(simulation: Simulation, windows: list[Window]) -> None:
    rows = [row for row in WindowWriter(simulation).rows(windows) if row["fault_kind"] == NO_FAULT]

    assert rows
    assert {row["team"] for row in rows} == {NO_TEAM}


def test_hints_are_not_later_than_the_window_is_told(simulation: Simulation, windows: list[Window]) -> None:
    finder = HintFinder(simulation)
    for window in windows[:60]:
        for hint in finder.find(window).works:
            assert hint.ended_before_min <= 6 * 60
        for kpi in finder.find(window).kpis:
            assert abs(kpi.deviation) >= 6.0


def test_columns_of_one_value_are_no_features() -> None:
    assert distinct_columns([{"f_a": 1, "f_b": 2, "x": 1}, {"f_a": 1, "f_b": 3, "x": 2}]) == ["f_b"]


def test_a_plan_without_a_gap_is_refused() -> None:
    with pytest.raises(SettingsError, match="gap_s=0"):
        WindowPlan(gap_s=0)
