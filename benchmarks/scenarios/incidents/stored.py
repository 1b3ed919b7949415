"""The database that a diagnosis looks into: alarms of the cases' incidents, logs, KPIs and announced work.

KPIs are drawn from the simulator's plan; kept are those of the incidents' objects about their time, and the
same hours of the weeks before. Deliberately does not know what a diagnosis makes of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.scenarios.incidents.stream import TENANT
from benchmarks.scenarios.simulated import rows_of
from streams.component import Snapshot
from telcollm.records import KpiSample, LogLine, PlannedWork
from telcollm.state import AlarmState
from telcollm.store.opening import open_stores

if TYPE_CHECKING:
    from streams.simulator.kpi import KpiBook
    from streams.simulator.plan import SimulationPlan

DATABASE: Final = "telcollm.db"
_BEFORE: Final = timedelta(minutes=45)
_AFTER: Final = timedelta(minutes=30)
_WEEKS: Final = 4
_OBJECTS: Final = 12
_ROWS: Final = 5_000


def fill_database(
    path: Path,
    folder: Path,
    plan: SimulationPlan,
    *,
    alarms: Iterable[AlarmState],
    works: Iterable[PlannedWork],
    incidents: Iterable[Snapshot],
    since: datetime,
    until: datetime,
) -> None:
    """Write the database: logs of [since, until), and KPIs about each of the incidents."""
    stores = open_stores(f"sqlite:///{path}")
    try:
        with stores.store.transaction() as transaction:
            transaction.put_alarms(alarms)
        stores.store.put_planned_work(works)
        for lines in _batches(_logs(folder, since, until)):
            stores.telemetry.put_logs(lines)
        for samples in _batches(_kpis(plan, incidents)):
            stores.telemetry.put_kpis(samples)
    finally:
        stores.close()


def _logs(folder: Path, since: datetime, until: datetime) -> Iterator[LogLine]:
    import pyarrow.compute as pc

    logged = pc.field("logged_time")
    for row in rows_of(folder, "logs", where=(logged >= since) & (logged < until)):
        yield LogLine(
            tenant=TENANT,
            region=row["region"],
            managed_object=row["element_id"],
            logged_time=row["logged_time"],
            text=row["text"],
            severity=row["severity"],
            facility=row["facility"],
            source_system_id=row["source_system_id"],
            vendor=row["vendor"],
        )


def _kpis(plan: SimulationPlan, incidents: Iterable[Snapshot]) -> Iterator[KpiSample]:
    wanted: dict[str, list[tuple[float, float]]] = {}
    for snapshot in incidents:
        for name in list(dict.fromkeys(group.managed_object for group in snapshot.groups))[:_OBJECTS]:
            spans = wanted.setdefault(name, [])
            for week in range(_WEEKS + 1):
                back = timedelta(weeks=week)
                since = datetime.fromtimestamp(snapshot.first_ms / 1000, UTC) - _BEFORE - back
                until = datetime.fromtimestamp(snapshot.last_ms / 1000, UTC) + _AFTER - back
                spans.append(((since - plan.origin).total_seconds(), (until - plan.origin).total_seconds()))
    book, regions = _book(plan)
    times = book.sampled_s
    for name in sorted(wanted):
        places = sorted(
            {
                place
                for since_s, until_s in wanted[name]
                for place in range(*times.searchsorted((since_s, until_s)).tolist())
            }
        )
        for kpi in book.kpis_of(name):
            series = book.series(name, kpi)
            for place in places:
                value = float(series[place])
                if value == value:  # NaN is not equal to itself
                    yield KpiSample(
                        tenant=TENANT,
                        region=regions[name],
                        managed_object=name,
                        kpi=kpi,
                        sampled_time=plan.origin + timedelta(seconds=float(times[place])),
                        value=round(value, 6),
                        granularity_s=plan.kpi_granularity_s,
                    )


def _book(plan: SimulationPlan) -> tuple[KpiBook, Mapping[str, str]]:
    """Return the KPIs of the plan, as `simulate` makes them, and the region of each element."""
    from streams.simulator.effects import effects_of
    from streams.simulator.kpi import KpiBook
    from streams.simulator.strike import draw_rain, draw_strikes
    from streams.simulator.topology import build_network

    network = build_network(plan.elements, plan.seed)
    rains = draw_rain(plan, tuple(dict.fromkeys(element.region for element in network.elements)))
    strikes, _ = draw_strikes(network, plan, rains)
    changes = [change for strike in strikes for change in effects_of(network, plan, strike).changes]
    return KpiBook(network, plan, changes), {one.element_id: one.region for one in network.elements}


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == _ROWS:
            yield batch
            batch = []
    if batch:
        yield batch
