"""Watermarks: up to which event time a partition has seen everything it will wait for.

The edge tells every internal partition how far each source partition has come, at points that depend on the
records alone, so that a replayed source gives the same ticks. Does not read any clock.
Source: Akidau et al., The Dataflow Model (VLDB 2015); idleness as in Flink's watermark strategies.
"""

from __future__ import annotations

import msgspec


class SourceTicks(msgspec.Struct):
    """How far one source partition has come: its latest believable event time and the tick last told."""

    max_event_ms: int | None = None
    last_tick: int | None = None

    def observe(self, event_ms: int, append_ms: int, *, future_ms: int, tick_ms: int) -> int | None:
        """Return the event time to tell when the record begins a new tick, else None.

        A time more than `future_ms` ahead of the broker's append time never counts.
        """
        if event_ms > append_ms + future_ms:
            return None
        if self.max_event_ms is None or event_ms > self.max_event_ms:
            self.max_event_ms = event_ms
        tick = self.max_event_ms // tick_ms
        if self.last_tick is not None and tick <= self.last_tick:
            return None
        self.last_tick = tick
        return self.max_event_ms


class SourceMark(msgspec.Struct):
    """What an internal partition knows of one source partition; `idle_ms` is how long it has been silent."""

    offset: int = -1
    place: int = 0
    max_event_ms: int | None = None
    idle_ms: int = 0


class PartitionWatermark(msgspec.Struct):
    """The watermark of one internal partition over the source partitions that feed it.

    It is the least event time of the sources that are not idle, less the allowed lateness. Until each of the
    `expected` sources has told how far it is, it does not move; a source that is expected no more is
    forgotten. When all are idle it goes on as time passes.
    """

    lateness_ms: int
    expected: list[str] = []
    sources: dict[str, SourceMark] = {}

    def is_new(self, source: str, offset: int, place: int) -> bool:
        """Tell whether this event was not seen before, and note it: each source comes in order."""
        mark = self.sources.get(source)
        if mark is None:
            mark = self.sources[source] = SourceMark()
        if offset < mark.offset or (offset == mark.offset and place <= mark.place):
            return False
        mark.offset, mark.place = offset, place
        return True

    def tell(self, source: str, max_event_ms: int | None, idle_ms: int, expected: list[str]) -> int | None:
        """Return the watermark in ms after a source has told how far it is; None while it cannot be known."""
        mark = self.sources.setdefault(source, SourceMark())
        if max_event_ms is not None:
            mark.max_event_ms = max(max_event_ms, mark.max_event_ms or max_event_ms)
        mark.idle_ms = idle_ms
        self.expected = expected
        return self.current()

    def current(self) -> int | None:
        """Return the watermark in ms; None while it cannot be known."""
        if any(name not in self.sources for name in self.expected):
            return None
        marks = [self.sources[name] for name in self.expected]
        busy = [mark for mark in marks if mark.idle_ms == 0]
        if any(mark.max_event_ms is None for mark in busy):
            return None
        if busy:
            return min(mark.max_event_ms or 0 for mark in busy) - self.lateness_ms
        times = [mark.max_event_ms + mark.idle_ms for mark in marks if mark.max_event_ms is not None]
        return max(times) - self.lateness_ms if times else None

    def latest_event_ms(self) -> int | None:
        """Return the latest event time of any source, None before the first."""
        times = [mark.max_event_ms for mark in self.sources.values() if mark.max_event_ms is not None]
        return max(times) if times else None
