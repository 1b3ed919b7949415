"""The outbox relay: messages that were committed with their offsets, sent to Kafka once and only once.

After a crash it looks for what was sent and not marked by reading the output topics from the lane's last
mark. A process that was frozen while sending, and whose lane was taken over, may still double a message: its
id stands in the header `id` for readers to drop. Does not know what the messages say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from streams.kafka.sink import RecordSink, scan
from telcollm.errors import TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import Store
from telcollm.state import OutboxMessage, SentMark

_LOG = logging.getLogger(__name__)
ID_HEADER = "id"


class Reached(Protocol):
    """Is told which point of the work is reached: tests crash there."""

    def __call__(self, point: str) -> None:
        """Note the point, or end the process."""
        ...


def nothing(point: str) -> None:
    """Pass by a point."""


class OutboxRelay:
    """Sends what waits in the lanes this worker owns, in the order it was queued."""

    def __init__(
        self,
        store: Store,
        open_sink: Callable[[], RecordSink],
        kafka: KafkaSettings,
        *,
        batch: int = 500,
        reached: Reached = nothing,
    ) -> None:
        self._store = store
        self._sink = open_sink()
        self._kafka = kafka
        self._batch = batch
        self._reached = reached
        self._uncertain: set[str] = set()
        self._careful = False

    def take_over(self, lanes: Iterable[str]) -> None:
        """Treat these lanes as uncertain: their last owner may have sent what it did not mark."""
        self._uncertain |= set(lanes)

    def relay(self, lanes: Iterable[str]) -> int:
        """Return how many messages of the lanes were sent and marked, at most one batch.

        Raises:
            TransientError: brokers or database did not answer; call again, nothing is lost or doubled.
        """
        mine = sorted(lanes)
        batch = 1 if self._careful else self._batch
        for lane in sorted(self._uncertain.intersection(mine)):
            self._settle(lane)
            self._uncertain.discard(lane)
        waiting = self._store.pending_outbox(mine, batch)
        if not waiting:
            self._careful = False
            return 0
        self._reached("before outbox")
        try:
            for message in waiting:
                headers = [(ID_HEADER, message.message_id.encode())]
                headers += [(name, value.encode()) for name, value in message.headers]
                self._sink.send(message.topic, message.key.encode(), message.value, headers)
            delivered = self._sink.flush()
            self._reached("after outbox")
            marks: dict[tuple[str, str, int], int] = {}
            for message, place in zip(waiting, delivered, strict=True):
                spot = (message.lane, place.topic, place.partition)
                marks[spot] = max(marks.get(spot, 0), place.offset + 1)
            self._finish(waiting, marks)
        except TransientError:
            self._uncertain |= {message.lane for message in waiting}
            raise
        except TelcollmError as error:
            self._refused(waiting, error)
        return len(waiting)

    def _refused(self, waiting: list[OutboxMessage], error: TelcollmError) -> None:
        """Go on one by one after the brokers refused something for good, and leave out what they refuse.

        One message that can never be sent must not hold up all others for ever; it stays in the store.
        """
        self._uncertain |= {message.lane for message in waiting}
        if len(waiting) > 1:
            self._careful = True
            return
        _LOG.error("message %s cannot be sent and is left out: %s", waiting[0].message_id, error)
        self._finish(waiting, {})
        self._careful = False

    def _settle(self, lane: str) -> None:
        """Mark what an earlier owner of the lane sent and did not mark."""
        while waiting := self._store.pending_outbox([lane], self._batch):
            known = {
                (mark.topic, mark.partition): mark.next_offset for mark in self._store.sent_marks([lane])
            }
            by_topic: dict[str, dict[str, OutboxMessage]] = {}
            for message in waiting:
                by_topic.setdefault(message.topic, {})[message.message_id] = message
            sent: list[OutboxMessage] = []
            marks: dict[tuple[str, str, int], int] = {}
            for topic, messages in by_topic.items():
                offsets = {part: offset for (name, part), offset in known.items() if name == topic}
                for record in scan(self._kafka, topic, offsets):
                    ids = [
                        value.decode("utf-8", "replace")
                        for name, value in record.headers
                        if name == ID_HEADER
                    ]
                    if ids and ids[0] in messages:
                        sent.append(messages.pop(ids[0]))
                        marks[(lane, topic, record.partition)] = record.offset + 1
            if sent:
                self._finish(sent, marks)
            if len(sent) < len(waiting) or len(waiting) < self._batch:
                return

    def _finish(self, messages: list[OutboxMessage], marks: dict[tuple[str, str, int], int]) -> None:
        with self._store.transaction() as transaction:
            transaction.finish_outbox(
                [message.message_id for message in messages],
                [
                    SentMark(lane=lane, topic=topic, partition=partition, next_offset=offset)
                    for (lane, topic, partition), offset in marks.items()
                ],
            )

    def close(self) -> None:
        """Let go of the connection."""
        self._sink.close()
