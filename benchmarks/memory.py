"""Memory of alarms that stay open: how far a process grows by 100,000 of them, which is an upper bound.

The resident set counts what the allocator keeps as well. It deliberately measures one partition without store
or Kafka, bodies left out, as they are once a batch is committed.
"""

from __future__ import annotations

import gc

import psutil  # type: ignore[import-untyped,unused-ignore]

from benchmarks.job import Job, Result
from benchmarks.load import GAP_MS, LATENESS_MS
from streams.envelope import TICK_PLACE, VERSION, Envelope
from streams.event import AlarmEvent, EventKind
from streams.partition import Partition, PartitionSettings
from telcollm.identity import derive_id
from telcollm.topology import Topology

OPEN_ALARMS = 100_000
_OBJECTS = 20_000
_STEP_MS = 100
_START_MS = 1_767_571_200_000


def open_alarms(job: Job) -> Result:
    """Return, as `grown_bytes`, by how much the process grew over OPEN_ALARMS alarms that never clear.

    Five problems on each of 20,000 objects without links, ten alarms a second of event time; at the end every
    window is complete and every alarm open.
    """
    partition = Partition(0, PartitionSettings(GAP_MS, LATENESS_MS), graph=None, topology=Topology())
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    for number in range(OPEN_ALARMS):
        event = _raise(number)
        partition.apply(Envelope(VERSION, "alarms/0", number, 0, event))
        if number % 1_000 == 999:
            tick = Envelope(VERSION, "alarms/0", number, TICK_PLACE, None, event.event_ms, 0, ["alarms/0"])
            partition.apply(tick)
            partition.take()
    partition.finish()
    partition.take()
    gc.collect()
    grown = process.memory_info().rss - before
    return Result(0.0, 0.0, OPEN_ALARMS, alarms=partition.correlator.life.open_alarms, grown_bytes=grown)


def _raise(number: int) -> AlarmEvent:
    """Return one raise, its texts new each time as decoding makes them."""
    at_ms = _START_MS + number * _STEP_MS
    name = f"site-{number % _OBJECTS:05d}-cell-1"
    problem = f"{10_000 + number // _OBJECTS} lossOfSignal"
    key = derive_id("key", name, problem)
    return AlarmEvent(
        kind=EventKind.RAISE,
        alarm_id=derive_id("alm", key, str(at_ms)),
        key=key,
        tenant="default",
        region="north",
        source_system_id=f"ems-{number % 40}",
        managed_object=name,
        problem=problem,
        severity=5,
        event_ms=at_ms,
        raised_ms=at_ms,
        cleared_ms=None,
        shelved=False,
        mode="live",
        append_ms=at_ms,
        offset=number,
    )
