"""Alarms of a simulated operator put together as a worker does, without Kafka: event by event, in event time.

The functions are the worker's: `event_of`, `Correlator`, `IncidentWriter`. Left out are decoding of a foreign
format, cuts between partitions and the store's transactions. Deliberately does not know what is true.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from benchmarks.scenarios.simulated import rows_of
from streams.component import Snapshot
from streams.correlation import Correlator
from streams.event import event_of
from streams.incident import IncidentWriter
from streams.simulator.tables import SEEN, Tables
from streams.simulator.windows import WindowPlan, linked_topology
from telcollm.app.planned import PlannedCalendar
from telcollm.codec import decode, encode
from telcollm.graph import CauseGraph
from telcollm.records import (
    PROBABLE_CAUSE_CODES,
    Alarm,
    AlarmType,
    NotificationType,
    OperatorState,
    PerceivedSeverity,
    PlannedWork,
    ProbableCause,
    TopologyElement,
)
from telcollm.state import AlarmState
from telcollm.topology import Topology

TENANT: Final = "default"
Row = Mapping[str, Any]


class Heard(NamedTuple):
    """What correlation made of a stretch: incidents by id, alarms by id, and the incident each is in."""

    incidents: dict[str, Snapshot]
    alarms: dict[str, AlarmState]


def write_heard(tables: Tables, folder: Path) -> Path:
    """Return the folder, what systems tell and what is true written there, as `telcollm simulate` does.

    Without what people write: no case here asks for it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "truth").mkdir(parents=True, exist_ok=True)
    for name in (*SEEN, "truth/alarms", "truth/faults"):
        table = pa.Table.from_pylist([dict(row) for row in tables.rows(name)])
        pq.write_table(table, folder / f"{name}.parquet")
    lines = [encode(record) for record in linked_topology(tables.simulation)]
    (folder / "topology.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


def topology_of(folder: Path) -> Topology:
    """Return the operator's topology."""
    lines = (folder / "topology.jsonl").read_bytes().splitlines()
    return Topology(decode(line, TopologyElement) for line in lines)


def works_of(folder: Path) -> list[PlannedWork]:
    """Return the announced works."""
    return [
        PlannedWork(
            tenant=TENANT,
            region=row["region"],
            planned_work_id=row["planned_work_id"],
            managed_objects=tuple(row["managed_objects"]),
            start_time=row["start_time"],
            end_time=row["end_time"],
            description=row["description"],
        )
        for row in rows_of(folder, "planned_work")
    ]


def alarm_rows(folder: Path, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return the alarms that arrived in [since, until), in order of arrival."""
    import pyarrow.compute as pc

    arrived = pc.field("reported_time")
    return rows_of(folder, "alarms", where=(arrived >= since) & (arrived < until))


def shelved_places(rows: Sequence[Row], plan: WindowPlan) -> set[int]:
    """Return the places of alarms that a desk has shelved: what an object keeps telling, until it is quiet.

    Source: as `streams.simulator.windows` has it.
    """
    told: dict[tuple[str, str], deque[datetime]] = {}
    found = set()
    for place, row in enumerate(rows):
        key = (row["element_id"], row["specific_problem"])
        before = told.setdefault(key, deque(maxlen=plan.chronic_count))
        at = row["reported_time"]
        if len(before) == plan.chronic_count and (at - before[0]).total_seconds() <= plan.chronic_s:
            found.add(place)
        before.append(at)
    return found


def alarm_of(row: Row, *, clear: bool, shelved: bool = False) -> Alarm:
    """Return a row's raise, or its clear; what was raised and cleared at once is one notification."""
    moment = row["cleared_time"] == row["raised_time"]
    cause = row["probable_cause"]
    code = PROBABLE_CAUSE_CODES.get(cause)
    return Alarm(
        tenant=TENANT,
        region=row["region"],
        alarm_id=row["alarm_id"],
        source_system_id=row["source_system_id"],
        managed_object=row["element_id"],
        managed_object_type=row["element_type"],
        alarm_raised_time=row["raised_time"],
        alarm_cleared_time=row["cleared_time"] if clear or moment else None,
        alarm_reporting_time=row["clear_reported_time"] if clear else row["reported_time"],
        alarm_type=AlarmType(row["alarm_type"]),
        probable_cause=ProbableCause(name=cause if code else "", code=code, vendor="" if code else cause),
        specific_problem=row["specific_problem"],
        perceived_severity=PerceivedSeverity(row["severity"]),
        operator_state=OperatorState.SHELVED if shelved else OperatorState.NONE,
        notification_type=NotificationType.CLEARED_ALARM if clear else NotificationType.NEW_ALARM,
        additional_text=row["additional_text"],
        vendor=row["vendor"],
    )


def correlate(
    rows: Sequence[Row],
    plan: WindowPlan,
    topology: Topology,
    works: Iterable[PlannedWork],
    graph: CauseGraph | None,
) -> Heard:
    """Return the complete incidents of the rows, and their alarms; what no incident took in has none."""
    correlator = Correlator(
        0, gap_ms=int(plan.gap_s * 1000), graph=graph, topology=topology, planned=PlannedCalendar(list(works))
    )
    told: dict[str, Snapshot] = {}
    latest_ms, lateness_ms = -(2**62), int(plan.lateness_s * 1000)
    for place, alarm in _arrivals(rows, shelved_places(rows, plan)):
        event = event_of(alarm, body=encode(alarm), offset=place)
        latest_ms = max(latest_ms, event.event_ms)
        for snapshot in (*correlator.step(event), *correlator.advance(latest_ms - lateness_ms)):
            if snapshot.complete and not snapshot.superseded_by:
                told[snapshot.component_id] = snapshot
    told.update((item.component_id, item) for item in correlator.finish() if not item.superseded_by)
    alarms = {}
    for live in correlator.take_delta().alarms.values():
        values = {name: getattr(live, name) for name in AlarmState.__struct_fields__}
        alarms[live.alarm_id] = AlarmState(**values)
    return Heard(told, alarms)


def writer_of(graph: CauseGraph | None, topology: Topology) -> IncidentWriter:
    """Return what tells components as incidents, candidates ranked, as the worker does."""
    return IncidentWriter(
        topic="scenarios",
        graph=graph,
        topology=topology,
        neighbourhood_of=lambda name: "",
        services_of=topology.services,
    )


def keep_incidents(path: Path, incidents: Mapping[str, Snapshot]) -> None:
    """Keep incidents by case id at `path`."""
    path.write_bytes(msgspec.msgpack.encode(dict(incidents)))


def kept_incidents(path: Path) -> dict[str, Snapshot]:
    """Return the incidents by case id kept at `path`."""
    return msgspec.msgpack.decode(path.read_bytes(), type=dict[str, Snapshot])


def _arrivals(rows: Sequence[Row], shelved: set[int]) -> Iterator[tuple[int, Alarm]]:
    order: list[tuple[datetime, int, bool]] = []
    for place, row in enumerate(rows):
        order.append((row["reported_time"], place, False))
        if row["clear_reported_time"] is not None and row["cleared_time"] != row["raised_time"]:
            order.append((row["clear_reported_time"], place, True))
    order.sort()
    for _, place, clear in order:
        yield place, alarm_of(rows[place], clear=clear, shelved=not clear and place in shelved)
