from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcollm.ports import EVERYTHING, Scope
from telcollm.records import KpiSample, LogLine
from telcollm.store.opening import Stores
from tests.telcollm.store.desk_examples import kpi, line
from tests.telcollm.store.examples import NOON_MS

# The database lives on over the examples: each has a tenant of its own.
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
minutes = st.integers(0, 9)
objects = st.sampled_from(["cell-7", "cell-8", "router-1"])
samples = st.lists(st.tuples(minutes, objects, st.sampled_from(["rate", "loss"])), max_size=12)
lines = st.lists(st.tuples(minutes, objects, st.sampled_from(["up", "down \x00"])), max_size=12)
tenants = iter(f"tenant-{number}" for number in range(10_000))
EVER = {"since_ms": 0, "until_ms": NOON_MS * 2}


def ms(minute: int) -> int:
    return NOON_MS + minute * 60_000


def pages(read: Any, **options: Any) -> list[Any]:
    found: list[Any] = []
    while page := read(limit=3, offset=len(found), **options):
        found += page
    return found


@few
@given(samples, st.randoms(use_true_random=False), st.sets(objects), minutes, minutes)
def test_samples_are_kept_once_and_found_by_object_kpi_and_time(
    stores: Stores, drawn: list[tuple[int, str, str]], order: Any, wanted: set[str], since: int, until: int
) -> None:
    tenant = next(tenants)
    given_samples = [kpi(minute, name, kpi=which, tenant=tenant) for minute, name, which in drawn]
    for again in range(2):
        shuffled = list(given_samples)
        order.shuffle(shuffled)
        stores.telemetry.put_kpis(shuffled[: len(shuffled) // (2 - again)])
    scope = Scope(tenants=(tenant,))
    interval = {"since_ms": ms(since), "until_ms": ms(until)}
    expected = {
        (one.managed_object, one.kpi, one.sampled_time)
        for one in given_samples
        if one.managed_object in wanted and one.kpi == "rate" and ms(since) <= _ms(one) < ms(until)
    }
    found = stores.telemetry.kpis(scope, sorted(wanted), kpis=["rate"], limit=99, **interval)
    assert [one.sampled_time for one in found] == sorted(one.sampled_time for one in found)
    assert len(found) == len(expected)
    assert {(one.managed_object, one.kpi, one.sampled_time) for one in found} == expected
    assert stores.telemetry.count_kpis(scope, sorted(wanted), kpis=["rate"], **interval) == len(expected)
    everything = stores.telemetry.kpis(scope, ["cell-7", "cell-8", "router-1"], limit=99, **EVER)
    assert len(everything) == len(set(drawn))

    def read(limit: int, offset: int) -> list[KpiSample]:
        return stores.telemetry.kpis(
            scope, ["cell-7", "cell-8", "router-1"], limit=limit, offset=offset, **EVER
        )

    assert pages(read) == everything


def _ms(sample: KpiSample) -> int:
    return int(sample.sampled_time.timestamp()) * 1000


@few
@given(lines)
def test_lines_are_kept_once_and_paged_over_each_once(
    stores: Stores, drawn: list[tuple[int, str, str]]
) -> None:
    tenant = next(tenants)
    given_lines = [line(minute, name, text=text, tenant=tenant) for minute, name, text in drawn]
    stores.telemetry.put_logs(given_lines)
    stores.telemetry.put_logs(reversed(given_lines))
    scope = Scope(tenants=(tenant,))
    names = ["cell-7", "cell-8", "router-1"]

    def read(limit: int, offset: int) -> Sequence[LogLine]:
        return stores.telemetry.logs(scope, names, limit=limit, offset=offset, **EVER)

    found = pages(read)
    assert {(one.logged_time, one.managed_object, one.text) for one in found} == {
        (one.logged_time, one.managed_object, one.text) for one in given_lines
    }
    assert len(found) == len(set(drawn)) == stores.telemetry.count_logs(scope, names, **EVER)
    assert [one.logged_time for one in found] == sorted(one.logged_time for one in found)


def test_a_corrected_sample_replaces_the_first_and_another_granularity_does_not(stores: Stores) -> None:
    stores.telemetry.put_kpis([kpi(value=0.1), kpi(value=0.2, granularity_s=3600), kpi(value=0.3)])
    found = stores.telemetry.kpis(EVERYTHING, ["cell-7"], limit=9, **EVER)
    assert sorted(one.value for one in found) == [0.2, 0.3]


def test_a_sample_comes_back_with_fields_nobody_knew(stores: Stores) -> None:
    whole = kpi(extra={"vendorCounter": {"deep": [1, None]}})
    stores.telemetry.put_kpis([whole])
    assert stores.telemetry.kpis(EVERYTHING, ["cell-7"], limit=9, **EVER) == [whole]


def test_more_objects_than_one_statement_takes_are_all_looked_at(stores: Stores) -> None:
    names = [f"cell-{number}" for number in range(700)]
    stores.telemetry.put_kpis([kpi(9 - number % 10, names[number]) for number in (0, 1, 650)])
    found = stores.telemetry.kpis(EVERYTHING, names, limit=2, **EVER)
    assert [one.managed_object for one in found] == ["cell-1", "cell-0"]
    assert stores.telemetry.count_kpis(EVERYTHING, names, **EVER) == 3
    assert stores.telemetry.kpis(EVERYTHING, [], limit=2, **EVER) == []
