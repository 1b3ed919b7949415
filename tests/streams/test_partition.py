"""Laws of one internal partition: what it tells at the end of a bounded stream."""

from __future__ import annotations

from streams.envelope import TICK_PLACE, VERSION, Envelope
from streams.event import EventKind
from streams.partition import Partition, PartitionSettings
from tests.streams.network import GAP_MS, GRAPH, LATENESS_MS, chain_topology, make_event


def partition_after(*raised_ms: int, tick_ms: int | None) -> Partition:
    partition = Partition(0, PartitionSettings(GAP_MS, LATENESS_MS), graph=GRAPH, topology=chain_topology())
    for offset, at_ms in enumerate(raised_ms):
        event = make_event(EventKind.RAISE, "n0", "loss", at_ms)
        partition.apply(Envelope(VERSION, "alarms/0", offset, 0, event))
    if tick_ms is not None:
        partition.apply(Envelope(VERSION, "alarms/0", 99, TICK_PLACE, None, tick_ms, 0, 1))
    return partition


def test_finish_completes_the_windows_that_no_tick_has_told_of() -> None:
    for tick_ms in (None, 0):
        partition = partition_after(0, 500_000, 1_000_000, tick_ms=tick_ms)
        told = partition.finish()
        assert [(item.complete, item.first_ms) for item in told] == [
            (True, 0),
            (True, 500_000),
            (True, 1_000_000),
        ]
        assert partition.finish() == []


def test_finish_does_not_move_the_watermark_to_an_alarm_from_the_future() -> None:
    day_ms = 86_400_000
    partition = partition_after(0, day_ms, tick_ms=0)
    partition.finish()
    assert partition.correlator.watermark_ms == GAP_MS + 1
