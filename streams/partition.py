"""One internal partition as a worker holds it: correlation, watermark, what was seen, and how to save it.

Pure but for what it is fed: does not know Kafka or the store, only records in and rows out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from streams.component import Snapshot
from streams.correlation import Correlator, Delta, Neighbourhood, Relation
from streams.envelope import Envelope
from streams.event import event_of
from streams.life import LiveAlarm
from streams.watermark import PartitionWatermark
from telcollm.codec import decode
from telcollm.ports import PartitionRows
from telcollm.records import Alarm
from telcollm.state import ComponentState


class PartitionSettings(msgspec.Struct, frozen=True):
    """How a partition's windows are cut; all times in ms of event time."""

    gap_ms: int
    lateness_ms: int


class _Blob(msgspec.Struct):
    """The small state that no alarm row holds."""

    watermark: PartitionWatermark
    watermark_ms: int
    unmet_clears: list[tuple[int, str]]
    rebuilds: dict[str, list[tuple[int, list[str]]]]
    late_count: int = 0
    duplicate_count: int = 0


class Partition:
    """The state of one internal partition: feed it envelopes in order, take what is to be told and stored."""

    def __init__(
        self,
        number: int,
        settings: PartitionSettings,
        *,
        graph: Relation | None,
        topology: Neighbourhood,
        planned: Callable[[str, int], bool] | None = None,
    ) -> None:
        self.number = number
        self._settings = settings
        self.correlator = Correlator(
            number, gap_ms=settings.gap_ms, graph=graph, topology=topology, planned=planned
        )
        self.watermark = PartitionWatermark(lateness_ms=settings.lateness_ms, sources={})
        self.late_count = 0
        self.duplicate_count = 0

    def apply(self, envelope: Envelope) -> list[Snapshot]:
        """Return what is to be told after one internal record; one that was seen before does nothing."""
        if envelope.event is None:
            if envelope.idle_ms == 0 and not self.watermark.is_new(
                envelope.source, envelope.offset, envelope.place
            ):
                return []
            moved = self.watermark.tell(
                envelope.source, envelope.max_event_ms, envelope.idle_ms, envelope.expected
            )
            return [] if moved is None else self.correlator.advance(moved)
        if not self.watermark.is_new(envelope.source, envelope.offset, envelope.place):
            self.duplicate_count += 1
            return []
        return self.correlator.step(envelope.event)

    def finish(self) -> list[Snapshot]:
        """Return what is to be told when no more will come: every window is taken as complete.

        The watermark goes no further than the sources have told, however far ahead an alarm's own time is.
        """
        latest_ms = self.watermark.latest_event_ms()
        told = [] if latest_ms is None else self.correlator.advance(latest_ms + self._settings.gap_ms + 1)
        return told + self.correlator.finish()

    def take(self) -> tuple[Delta, bytes]:
        """Return what has changed since the last call, and the small state to store with the offset."""
        delta = self.correlator.take_delta()
        self.late_count += delta.late_count
        life = self.correlator.life
        blob = _Blob(
            watermark=self.watermark,
            watermark_ms=self.correlator.watermark_ms,
            unmet_clears=life.unmet_clears,
            rebuilds={
                source: [(at, sorted(keys)) for at, keys in sorted(lists.items())]
                for source, lists in life.rebuilds.items()
            },
            late_count=self.late_count,
            duplicate_count=self.duplicate_count,
        )
        return delta, msgspec.msgpack.encode(blob)

    def restore_blob(self, data: bytes) -> None:
        """Take back the small state that was stored with the offset; nothing where there is none."""
        if not data:
            return
        blob = msgspec.msgpack.decode(data, type=_Blob)
        self.watermark = blob.watermark
        self.watermark.lateness_ms = self._settings.lateness_ms
        self.correlator.watermark_ms = blob.watermark_ms
        self.late_count, self.duplicate_count = blob.late_count, blob.duplicate_count
        self.correlator.life.restore_rebuilds(
            {source: {at: frozenset(keys) for at, keys in lists} for source, lists in blob.rebuilds.items()}
        )
        self.correlator.life.restore_clears(blob.unmet_clears)

    @property
    def since_ms(self) -> int:
        """From which raise on the stored alarms can still link or be repeated."""
        return self.correlator.watermark_ms - self._settings.gap_ms

    def restore_rows(self, rows: PartitionRows) -> None:
        """Take back alarms and components from the store; the small state must be back already."""
        alarms = [LiveAlarm(**msgspec.structs.asdict(row)) for row in rows.alarms]
        for alarm in alarms:
            if alarm.body and (alarm.cleared_ms is None or alarm.raised_ms >= self.since_ms):
                alarm.alias = event_of(decode(alarm.body, Alarm)).alias
            alarm.body = b""
        self.correlator.restore(alarms, rows.components)


def component_rows(delta: Delta, partition: int) -> Iterable[ComponentState]:
    """Yield the component rows of a delta: merged ones first, in the order they merged."""
    tenants = {
        component.component_id: component.tenant
        for component in delta.components.values()
        if component.parent is component
    }
    for old_id, new_id in delta.merged.items():
        yield ComponentState(
            component_id=old_id, partition=partition, tenant=tenants.get(new_id, ""), merged_into=new_id
        )
    for component in delta.components.values():
        if component.parent is component:
            yield ComponentState(
                component_id=component.component_id,
                partition=partition,
                tenant=component.tenant,
                complete=component.complete,
                resolved=component.complete and component.active == 0,
            )
