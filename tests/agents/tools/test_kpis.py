"""Laws of the tools over KPIs."""

from __future__ import annotations

import math
from datetime import timedelta

from agents.tools import ToolStatus
from telcollm.records import KpiSample
from telcollm.store.opening import Stores
from tests.agents.tools.conftest import MakeToolbox
from tests.agents.tools.examples import HOUR, NOW, allowing, sample

SINCE = NOW - 6 * HOUR


def weekly(kpi: str, base: float, managed_object: str = "cell-7", weeks: int = 8) -> list[KpiSample]:
    """Samples of the six hours up to now in the weeks before, a little up and down."""
    return [
        sample(
            SINCE + n * HOUR - timedelta(weeks=week),
            base * (1 + 0.02 * math.sin(7 * week + n)),
            managed_object,
            kpi=kpi,
        )
        for week in range(1, weeks + 1)
        for n in range(6)
    ]


def today(kpi: str, *values: float, managed_object: str = "cell-7") -> list[KpiSample]:
    return [sample(SINCE + n * HOUR, value, managed_object, kpi=kpi) for n, value in enumerate(values)]


def test_a_history_holds_the_samples_of_the_interval_beside_their_normal(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    stores.telemetry.put_kpis([*weekly("load_ratio", 0.3), *weekly("users_count", 90)])
    stores.telemetry.put_kpis(today("load_ratio", 0.3, 0.3, 0.4, 0.9, 0.3, 0.3))
    answer = toolbox().kpi_history("cell-7", "load_ratio", SINCE, NOW)
    assert answer.status is ToolStatus.FOUND and answer.value is not None
    assert [point.value for point in answer.value.items] == [0.3, 0.3, 0.4, 0.9, 0.3, 0.3]
    assert all(point.normal is not None and abs(point.normal - 0.3) < 0.01 for point in answer.value.items)
    summary = answer.value.summary
    assert (summary.departs, summary.worst_value, summary.basis) == (True, 0.9, "same hour of week")
    assert (summary.unusual_samples, summary.missing) == (2, 0)
    assert set(summary.evidence) <= set(answer.ids) and len(answer.ids) == 6


def test_a_kpi_that_is_not_there_is_not_found_and_those_that_are_get_named(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    stores.telemetry.put_kpis([*today("load_ratio", 0.3), *today("users_count", 5)])
    answer = toolbox().kpi_history("cell-7", "lode_ratio", SINCE, NOW)
    assert answer.status is ToolStatus.NOTHING_FOUND
    assert answer.searched.endswith("KPIs that cell-7 has there: load_ratio, users_count")


def test_all_kpis_of_objects_come_the_most_unusual_first(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.telemetry.put_kpis(
        [
            *weekly("a_ratio", 0.3),
            *today("a_ratio", *[0.3] * 6),
            *weekly("b_ratio", 0.3),
            *today("b_ratio", *[0.6] * 6),
            *weekly("c_ratio", 0.3, "cell-8"),
            *today("c_ratio", *[0.01] * 6, managed_object="cell-8"),
            *today("new_count", 5, 5),
        ]
    )
    answer = toolbox().kpi_deviations(["cell-7", "cell-8"], SINCE, NOW)
    assert answer.value is not None
    told = [(item.managed_object, item.kpi, item.departs) for item in answer.value.items]
    assert told[:2] == [("cell-7", "b_ratio", True), ("cell-8", "c_ratio", True)]
    assert sorted(told[2:]) == [("cell-7", "a_ratio", False), ("cell-7", "new_count", False)]
    assert answer.value.counts["verdict"] == {"as ever": 2, "departs from its past": 2}
    by_kpi = {item.kpi: item for item in answer.value.items}
    assert by_kpi["new_count"].basis == "too little history"
    assert by_kpi["c_ratio"].deviation is not None and by_kpi["c_ratio"].deviation < -3.5


def test_a_young_kpi_is_judged_by_the_hour_of_day(stores: Stores, toolbox: MakeToolbox) -> None:
    days = [
        sample(SINCE + n * HOUR - timedelta(days=day), 0.3 + 0.001 * (day % 3), kpi="load_ratio")
        for day in range(1, 11)
        for n in range(6)
    ]
    stores.telemetry.put_kpis([*days, *today("load_ratio", *[0.9] * 6)])
    answer = toolbox().kpi_history("cell-7", "load_ratio", SINCE, NOW)
    assert answer.value is not None
    assert (answer.value.summary.basis, answer.value.summary.departs) == ("same hour of day", True)


def test_of_two_granularities_the_finest_is_told_and_they_are_not_mixed(
    stores: Stores, toolbox: MakeToolbox
) -> None:
    quarters = [sample(SINCE + n * HOUR / 4, 1.0, kpi="users_count", granularity_s=900) for n in range(4)]
    stores.telemetry.put_kpis([*quarters, *today("users_count", 4.0)])
    answer = toolbox().kpi_history("cell-7", "users_count", SINCE, SINCE + HOUR)
    assert answer.value is not None
    assert [point.value for point in answer.value.items] == [1.0] * 4
    assert answer.value.summary.missing == 0
    both = toolbox().kpi_deviations(["cell-7"], SINCE, SINCE + HOUR)
    assert both.value is not None and sorted(item.median for item in both.value.items) == [1.0, 4.0]


def test_hours_that_have_not_come_yet_are_not_missing(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.telemetry.put_kpis(today("load_ratio", *[0.3] * 6))
    answer = toolbox().kpi_history("cell-7", "load_ratio", SINCE, NOW + 12 * HOUR)
    assert answer.value is not None and answer.value.summary.missing == 0


def test_a_long_history_is_paged(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.telemetry.put_kpis(today("load_ratio", *[n / 100 for n in range(100)]))
    tools = toolbox(budget=allowing(items=40))
    until = SINCE + 100 * HOUR
    first = tools.kpi_history("cell-7", "load_ratio", SINCE, until)
    second = tools.kpi_history("cell-7", "load_ratio", SINCE, until, first.next_page)
    assert (first.total, first.shown, second.shown) == (100, 40, 40)
    assert first.value is not None and second.value is not None
    assert first.value.summary == second.value.summary
    assert second.value.items[0].value == 0.4


def test_a_past_that_cannot_all_be_read_is_said_to_be_a_part(stores: Stores, toolbox: MakeToolbox) -> None:
    stores.telemetry.put_kpis([*weekly("load_ratio", 0.3), *today("load_ratio", 0.3, 0.3)])
    assert toolbox().kpi_history("cell-7", "load_ratio", SINCE, NOW).complete
    assert not toolbox(budget=allowing(rows=4)).kpi_history("cell-7", "load_ratio", SINCE, NOW).complete
