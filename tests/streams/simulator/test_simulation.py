from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from streams.replay.schedule import ReplayPlan, schedule
from streams.simulator.catalogue import FAULT_KINDS
from streams.simulator.plan import SimulationPlan
from streams.simulator.realism_chatter import QUIET
from streams.simulator.simulation import Simulation, simulate
from telcollm.codec import encode
from telcollm.errors import SettingsError
from telcollm.records import NotificationType

CLEAN = SimulationPlan(
    seed=5,
    days=4,
    missing_ratio=0,
    missing_clear_ratio=0,
    duplicate_ratio=0,
    late_ratio=0,
    skew_s=0,
    bad_clock_ratio=0,
    momentary_ratio=0,
    flap_ratio=0,
    stray_ratio=0,
    chatter=QUIET,
)
DIRTY = SimulationPlan(seed=5, days=2)


@pytest.fixture(scope="module")
def clean() -> Simulation:
    return simulate(CLEAN)


@pytest.fixture(scope="module")
def dirty() -> Simulation:
    return simulate(DIRTY)


def test_the_same_plan_gives_the_same_in_another_process_and_another_seed_another(dirty: Simulation) -> None:
    code = (
        "from streams.simulator.plan import SimulationPlan\n"
        "from streams.simulator.simulation import simulate\n"
        "from hashlib import sha256; s = simulate(SimulationPlan(seed=5, days=2))\n"
        "print(sha256(repr((s.alarms, s.truths, s.copies, s.logs, s.faults, s.works)).encode()).hexdigest())"
    )
    text = repr((dirty.alarms, dirty.truths, dirty.copies, dirty.logs, dirty.faults, dirty.works))
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == sha256(text.encode()).hexdigest()
    assert simulate(replace(DIRTY, seed=6)).alarms != dirty.alarms


def test_kinds_that_are_left_out_do_not_come() -> None:
    shares = {name: 0.0 for name in FAULT_KINDS if name != "fibre_cut"}
    found = simulate(replace(CLEAN, shares=shares)).faults

    assert {fault.kind for fault in found} == {"fibre_cut"}


def test_every_kind_comes_and_nearly_every_fault_is_heard_of(clean: Simulation) -> None:
    heard = {truth.fault_id for truth in clean.truths}
    silent = [fault for fault in clean.faults if fault.fault_id not in heard]

    assert {fault.kind for fault in clean.faults} == set(FAULT_KINDS)
    assert len(silent) < 0.05 * len(clean.faults)


def test_an_alarm_of_a_fault_comes_within_its_life_and_is_of_its_kind(clean: Simulation) -> None:
    for truth in clean.truths:
        fault = clean.fault_of[truth.fault_id]
        kind = FAULT_KINDS[fault.kind]
        assert truth.symptom in {complaint.symptom for complaint in kind.complaints}
        assert fault.started_s - 900.001 <= truth.raised_s <= fault.ended_s


def test_a_clean_plan_loses_nothing_and_times_are_true(clean: Simulation) -> None:
    assert clean.lost == 0
    assert not clean.copies
    assert all(
        alarm.raised_s == truth.raised_s for alarm, truth in zip(clean.alarms, clean.truths, strict=True)
    )
    assert all(truth.fault_id for truth in clean.truths)


def test_a_dirty_plan_loses_repeats_delays_and_skews(dirty: Simulation) -> None:
    true_s = {truth.alarm_id: truth.raised_s for truth in dirty.truths}
    skews = defaultdict(set)
    for alarm in dirty.alarms:
        skews[alarm.source_system_id].add(round(alarm.raised_s - true_s[alarm.alarm_id], 2))
    late = sum(alarm.reported_s - true_s[alarm.alarm_id] > 30 for alarm in dirty.alarms)

    assert dirty.lost > 0
    assert dirty.copies
    assert 0.005 < late / len(dirty.alarms) < 0.05
    assert all(max(offs) - min(offs) <= 0.02 for offs in skews.values())
    assert len({min(offs) for offs in skews.values()}) > 3
    assert any(alarm.cleared_s is None for alarm in dirty.alarms)
    assert any(not truth.fault_id for truth in dirty.truths)


def test_nothing_seen_carries_the_truth(dirty: Simulation) -> None:
    ids = {fault.fault_id for fault in dirty.faults}
    for alarm in dirty.alarms:
        for value in alarm:
            assert value not in ids
            assert value not in FAULT_KINDS
    for line in dirty.logs:
        assert not any(name in line.text for name in FAULT_KINDS)


def test_alarms_come_in_order_of_arrival(dirty: Simulation) -> None:
    reported = [alarm.reported_s for alarm in dirty.alarms]
    arrivals = [item.alarm_reporting_time for item in dirty.notifications()]
    known = [item for item in arrivals if item is not None]

    assert reported == sorted(reported)
    assert len(known) == len(arrivals)
    assert known == sorted(known)


def test_each_alarm_is_told_once_and_cleared_once_but_for_copies(dirty: Simulation) -> None:
    told: Counter[tuple[str, NotificationType]] = Counter()
    for item in dirty.notifications():
        encode(item)
        told[item.alarm_id, item.notification_type] += 1
    raises = {alarm.alarm_id: told[alarm.alarm_id, NotificationType.NEW_ALARM] for alarm in dirty.alarms}

    assert set(raises.values()) == {1, 2}
    for alarm in dirty.alarms:
        clears = told[alarm.alarm_id, NotificationType.CLEARED_ALARM]
        if alarm.cleared_s is None or alarm.cleared_s == alarm.raised_s:
            assert clears == 0
        else:
            assert clears in (1, 2)


def test_the_table_replays(dirty: Simulation) -> None:
    counts = schedule(dirty.alarm_table(), ReplayPlan(flat_out=True)).counts

    assert counts.alarms == len(dirty.alarms)
    assert counts.never_cleared == sum(alarm.cleared_s is None for alarm in dirty.alarms)


def test_faults_are_consistent_with_their_kind_and_place(clean: Simulation) -> None:
    for fault in clean.faults:
        kind = FAULT_KINDS[fault.kind]
        element = clean.network.element(fault.element_id)
        assert element.element_type in kind.strikes
        assert fault.team == kind.team_of(
            third_party_site=fault.third_party_site, after_planned_work=fault.after_planned_work
        )
        assert fault.affected_element_ids[0] == fault.element_id
        assert fault.root_element_ids
        assert (fault.customers > 0) <= bool(fault.affected_service_ids)
        assert fault.started_s < fault.ended_s


def test_some_faults_join_others_at_their_site_within_ten_minutes(clean: Simulation) -> None:
    joined = [fault for fault in clean.faults if fault.joined_with]

    assert joined
    for fault in joined:
        first = clean.fault_of[fault.joined_with]
        assert first.site_id == fault.site_id
        assert 0 <= fault.started_s - first.started_s <= 600.001


def test_microwave_fades_when_it_rains(clean: Simulation) -> None:
    fading = [fault for fault in clean.faults if fault.kind == "microwave_fading"]

    assert fading
    assert sum(fault.rain for fault in fading) >= 0.8 * len(fading)


def test_work_is_announced_for_the_elements_it_is_on(clean: Simulation) -> None:
    names = {element.element_id for element in clean.network.elements}
    works = clean.planned_work()
    planned = [fault for fault in clean.faults if fault.planned]
    covered = [
        fault
        for fault in planned
        for work in works
        if fault.element_id in work.managed_objects
        and work.start_time <= clean.time(fault.started_s) <= work.end_time
    ]

    assert works and planned
    assert len(covered) > 0.6 * len(planned)
    for work in works:
        assert set(work.managed_objects) <= names and work.start_time < work.end_time


def test_a_fault_shows_in_the_kpis_of_its_kind_and_only_there(clean: Simulation) -> None:
    seen = 0
    for fault in clean.faults:
        if fault.kind != "mains_failure" or fault.ended_s - fault.started_s < 3600:
            continue
        volts = clean.kpis.series(fault.element_id, "mains_voltage_v")
        inside = (clean.kpis.sampled_s > fault.started_s + 900) & (clean.kpis.sampled_s < fault.ended_s)
        if inside.sum() < 2:
            continue
        assert np.nanmax(volts[inside]) < 40
        seen += 1
    assert seen > 3

    struck = {fault.element_id for fault in clean.faults} | {
        name for fault in clean.faults for name in fault.affected_element_ids
    }
    calm = next(
        element.element_id
        for element in clean.network.elements
        if element.element_type == "environment_unit" and element.element_id not in struck
    )
    series, normal = (
        clean.kpis.series(calm, "temperature_celsius"),
        clean.kpis.normal(calm, "temperature_celsius"),
    )
    assert np.nanmedian(np.abs(series / normal - 1)) < 0.1


def test_kpis_follow_the_day(clean: Simulation) -> None:
    cell = clean.network.elements[clean.network.by_type["cell"][0]].element_id
    normal = clean.kpis.normal(cell, "active_users_count")
    hours = (clean.kpis.sampled_s / 3600) % 24

    assert normal[(hours > 19) & (hours < 21)].mean() > 2 * normal[(hours > 3) & (hours < 5)].mean()


def test_samples_and_lines_are_records(dirty: Simulation) -> None:
    element = dirty.network.elements[dirty.network.by_type["power_plant"][0]].element_id
    samples = list(dirty.kpis.records([element]))
    lines = list(dirty.log_lines())

    assert {sample.kpi for sample in samples} == set(dirty.kpis.kpis_of(element))
    assert len(lines) == len(dirty.logs) == len(dirty.log_fault_ids)
    for sample in samples[:50]:
        encode(sample)
    for line in lines[:50]:
        encode(line)


def test_a_kpi_an_element_has_not_is_refused(clean: Simulation) -> None:
    with pytest.raises(SettingsError, match="is not measured on"):
        clean.kpis.series(clean.network.elements[0].element_id, "mains_voltage_v")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"days": 0.0}, "days=0.0 is out of range"),
        ({"elements": 10}, "elements=10 is out of range"),
        ({"missing_ratio": 1.5}, "missing_ratio=1.5 is out of range"),
        ({"shares": {"gremlins": 1.0}}, "shares names 'gremlins'"),
        ({"origin": datetime(2026, 1, 1)}, "has no zone"),  # noqa: DTZ001
    ],
)
def test_a_plan_out_of_range_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        replace(SimulationPlan(), **change)  # type: ignore[arg-type]
