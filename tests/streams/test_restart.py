"""A partition that is stopped again and again on a busy network's own payloads tells what a calm one tells.

The kill tests do the same with processes, brokers and signals; this finds what they find in seconds.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from streams.envelope import TICK_PLACE, VERSION, Envelope, pack, unpack
from streams.event import event_of, tells_of_life
from streams.formats import decode_alarms
from streams.partition import Partition, PartitionSettings
from streams.watermark import SourceTicks
from telcollm.codec import encode
from telcollm.errors import DecodeError
from telcollm.settings import SourceSettings
from telcollm.store import open_store
from telcollm.topology import Topology
from tests.streams import test_partition
from tests.streams.pipeline import alarm_payloads, chains

SOURCE = SourceSettings(topic="alarms", mode="replay")
WINDOW = PartitionSettings(gap_ms=10_000, lateness_ms=20_000)
PARTITIONS = 3


def written(count: int, seed: int) -> list[tuple[int, bytes]]:
    """What the edge would write: (partition, envelope), alarms by chain and each tick on every partition."""
    ticks = SourceTicks()
    found: list[tuple[int, bytes]] = []
    for offset, (_, value) in enumerate(alarm_payloads(count, seed=seed)):
        try:
            alarms = decode_alarms(value, SOURCE)
        except DecodeError:
            continue
        for place, alarm in enumerate(alarms):
            if not tells_of_life(alarm):
                continue
            event = event_of(alarm, body=encode(alarm), append_ms=10**12 + offset, offset=offset)
            chain = int(alarm.managed_object[1])
            found.append((chain % PARTITIONS, pack(Envelope(VERSION, "alarms/0", offset, place, event))))
            tick = ticks.observe(event.event_ms, 10**14, future_ms=0, tick_ms=5_000)
            if tick is not None:
                told = pack(
                    Envelope(VERSION, "alarms/0", offset, TICK_PLACE + place, None, tick, 0, ["alarms/0"])
                )
                found.extend((number, told) for number in range(PARTITIONS))
    return found


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_sixty_restarts_of_a_partition_change_nothing_that_is_told_or_kept(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topology = Topology(chains())
    monkeypatch.setattr(
        test_partition, "make", lambda number: Partition(number, WINDOW, graph=None, topology=topology)
    )
    chance = random.Random(seed)
    everything = written(1_200, seed)
    store = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    for number in range(PARTITIONS):
        own = [item for partition, item in everything if partition == number]
        assert len(own) > 200
        stops = sorted(chance.sample(range(len(own)), 60))
        calm, at_ease = test_partition.run(store, [unpack(item) for item in own], [])
        restarted, harried = test_partition.run(store, [unpack(item) for item in own], stops)
        assert test_partition.plain(restarted) == test_partition.plain(calm)
        assert test_partition.rows(store, harried) == test_partition.rows(store, at_ease)
    store.close()
