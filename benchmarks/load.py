"""The load: alarms of a made-up access network as TMF642 payloads of about 1 kB, the same for all.

The shape is that of the simulator: faults that spread over a tree of routers, sites and cells in bursts,
momentary threshold alarms in between, raises, clears, duplicates and some disorder; one alarm in eight flaps.
Keyed by device, so that a peer that windows by key needs no second topic. It deliberately does not know who
reads it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from streams.formats import to_tmf642
from streams.replay.row import AlarmRow, AlarmTable, alarm_table
from streams.replay.schedule import ReplayPlan, Schedule, Step, alarm_at, schedule
from streams.simulator.network import TRUE_EDGES, generate
from telcollm import graph as graphs
from telcollm.graph import CauseEdge, CauseGraph, LearnedFrom, cause_graph
from telcollm.records import Alarm, Mode, TopologyElement
from telcollm.topology import Topology

GAP_MS = 60_000
LATENESS_MS = 120_000
PARTITIONS = 4
_SITES = 400
_SHUFFLE_S = 5.0
_FLAPPING_RATIO = 1 / 8
_RECORDS_PER_HOUR = 10.0 * _SITES
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REPAIRS = {
    "equipmentAlarm": "1. Check the power feed and the rectifier. 2. Reseat the board. 3. Replace the unit.",
    "communicationsAlarm": "1. Check fibre and connectors. 2. Measure the optical power. 3. Reset the port.",
    "environmentalAlarm": "1. Send a technician to the site. 2. Check cooling, doors and smoke detectors.",
}
_REPAIR = "1. Read the counters of the last hour. 2. Compare with the neighbours. 3. Restart the process."


@dataclass(frozen=True)
class Message:
    """One record of the topic: key (the device), payload, partition, event time in ms since the epoch."""

    key: bytes
    value: bytes
    partition: int
    event_ms: int


@dataclass(frozen=True)
class Load:
    """What is written to the topic, and the network it is about."""

    messages: list[Message]
    topology: list[TopologyElement]
    graph: CauseGraph

    @property
    def payload_bytes(self) -> int:
        """The mean size of a payload."""
        return round(sum(len(item.value) for item in self.messages) / len(self.messages))

    def save_network(self, folder: Path) -> None:
        """Write topology and cause graph where `read_network` finds them."""
        (folder / "topology.json").write_bytes(msgspec.json.encode(self.topology))
        graphs.save(self.graph, folder / "graph.json")


def read_network(folder: Path) -> tuple[Topology, CauseGraph]:
    """Return the topology and the cause graph that `Load.save_network` wrote."""
    elements = msgspec.json.decode((folder / "topology.json").read_bytes(), type=list[TopologyElement])
    return Topology(elements), graphs.load(folder / "graph.json")


def build(records: int, start: datetime, seed: int = 1) -> Load:
    """Return exactly `records` messages of a network of 2,000 objects; the same for the same arguments.

    Event times, which are the records' timestamps too, count from `start`: brokers drop what is older than
    their retention, so it should lie in the last days.
    """
    hours = records / _RECORDS_PER_HOUR + 1.0
    while True:
        network = generate(seed, hours, _SITES)
        plan = ReplayPlan(
            key="device",
            flat_out=True,
            shuffle_s=_SHUFFLE_S,
            duplicate_ratio=0.01,
            seed=seed,
            mode=Mode.LIVE,
            start=start,
        )
        planned = schedule(_flapping(network.table, seed), plan)
        if len(planned.steps) >= records:
            break
        hours *= 1.5
    messages = [_message(planned, step) for step in planned.steps[:records]]
    return Load(messages, network.topology, _graph())


def _flapping(table: AlarmTable, seed: int) -> AlarmTable:
    """Return the table with one alarm in eight raised again and again, for seconds, on the same object."""
    random = Random(seed)
    rows: list[AlarmRow] = []
    for row in table.rows:
        rows.append(row._replace(number=len(rows)))
        if random.random() > _FLAPPING_RATIO:
            continue
        at_ms = row.raised_ms if row.cleared_ms is None else row.cleared_ms
        for _ in range(random.randint(2, 12)):
            at_ms += random.randint(2_000, 30_000)
            end_ms = at_ms + random.randint(500, 5_000)
            rows.append(row._replace(number=len(rows), raised_ms=at_ms, cleared_ms=end_ms))
            at_ms = end_ms
    return alarm_table(table.name, rows, table.origin)


def problem_of(cause: str) -> str:
    """Return the specific problem a vendor would send with a probable cause."""
    return f"{10_000 + zlib.crc32(cause.encode()) % 80_000} {cause}"


def _graph() -> CauseGraph:
    edges = [CauseEdge(problem_of(cause), problem_of(effect), 0.8) for cause, effect in set(TRUE_EDGES)]
    quiet = [problem_of(cause) for cause in ("enclosureDoorOpen", "thresholdCrossed")]
    return cause_graph(quiet, edges, method="the simulator's rules", learned_from=LearnedFrom("simulator"))


def _message(planned: Schedule, step: Step) -> Message:
    row = step.row._replace(specific_problem=problem_of(step.row.probable_cause))
    alarm = alarm_at(planned, row, clear=step.clear)
    event_ms = (planned.start - _EPOCH) // timedelta(milliseconds=1) + step.event_ms
    key = row.managed_object.encode()
    return Message(key, msgspec.json.encode(_payload(alarm)), zlib.crc32(key) % PARTITIONS, event_ms)


def _payload(alarm: Alarm) -> dict[str, Any]:
    """Return the alarm as an element manager would write it, in TMF642's own fields."""
    name, system = alarm.managed_object, alarm.source_system_id
    cause = alarm.probable_cause.label
    wire = to_tmf642(
        msgspec.structs.replace(
            alarm,
            managed_object_type="cell" if "-cell-" in name else "router",
            alarm_reporting_time=alarm.alarm_cleared_time or alarm.alarm_raised_time,
            additional_text=f"{cause} on {name}: slot 3, port 2, detected by the board's own supervision",
            proposed_repair_actions=_REPAIRS.get(alarm.raw_type, _REPAIR),
            reporting_system_id=f"umbrella-of-{system}",
            service_affecting=alarm.perceived_severity.value in ("CRITICAL", "MAJOR"),
            root_cause_indicator=False,
            affected_service=(f"mobile-{name}", f"backhaul-{system}"),
        )
    )
    wire["@type"] = "Alarm"
    wire["@baseType"] = "Entity"
    wire["href"] = f"/tmf-api/alarmManagement/v4/alarm/{wire['id']}"
    wire["place"] = [{"id": name.partition("-cell")[0], "role": "site", "@type": "RelatedPlaceRefOrValue"}]
    wire["comment"] = [
        {
            "userId": "noc-07",
            "systemId": system,
            "time": msgspec.to_builtins(alarm.alarm_raised_time),
            "comment": "seen, waiting for the field team's report",
        }
    ]
    return wire
