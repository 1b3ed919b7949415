"""What a contender is given and what it gives back; both travel between processes as JSON.

It deliberately does not know any contender.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import msgspec


class Job(msgspec.Struct, frozen=True):
    """Read `records` records of `topic` at `address`, from the first; `folder` holds the network.

    `python_checksums` keeps kafka-python from using the crc32c package where that is installed.
    """

    address: str
    topic: str
    records: int
    folder: str
    python_checksums: bool = False

    @property
    def path(self) -> Path:
        """The folder that holds the network."""
        return Path(self.folder)

    def new_group(self) -> str:
        """Return a consumer group that nobody has used."""
        return f"bench-{uuid.uuid4().hex[:12]}"


class Result(msgspec.Struct):
    """What one contender did: seconds from the first record polled to the last one done, and its answer.

    `cpu_s` is the CPU time of all threads of its process in that time. `us_per_record` holds the parts of a
    record's way where they were timed, `told` counts the snapshots told on the way, `grown_bytes` is by how
    much the process grew where that was measured.
    """

    seconds: float
    cpu_s: float
    records: int
    windows: int = 0
    alarms: int = 0
    told: int = 0
    grown_bytes: int = 0
    us_per_record: dict[str, float] = {}


class Stopwatch:
    """Wall-clock and CPU time since `start`; a second `start` does nothing."""

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._began is None:
            self._began = (time.perf_counter(), time.process_time())

    def result(self, records: int) -> Result:
        """Return a result with the time since the start."""
        wall_s, cpu_s = self._began or (time.perf_counter(), time.process_time())
        return Result(time.perf_counter() - wall_s, time.process_time() - cpu_s, records)
