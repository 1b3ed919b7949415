"""Deliveries to a topic, each at its time; time and the sink are passed in.

It deliberately does not know what a message says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from streams.replay.schedule import Delivery
from telcollm.errors import TransientError


class Sink(Protocol):
    """What a replay needs of `streams.kafka.sink.RecordSink`."""

    def send(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Queue one record."""
        ...

    def flush(self) -> Sequence[Any]:
        """Return once all that was queued is durable, or raise TransientError."""
        ...


@dataclass(frozen=True)
class Written:
    """What a replay has written so far; `behind_s` is how late its last message went out."""

    messages: int = 0
    payload_bytes: int = 0
    behind_s: float = 0.0
    stopped: bool = False


def write(
    messages: Iterable[Delivery],
    sink: Sink,
    topic: str,
    *,
    monotonic_s: Callable[[], float],
    wait: Callable[[float], bool],
    progress: Callable[[Written], None] = lambda written: None,
    batch_records: int = 500,
    linger_s: float = 0.25,
    attempts: int = 5,
) -> Written:
    """Return what was written once all messages are durable in `topic`, in order, none before its time.

    `wait` sleeps for the seconds given, and tells whether the replay is to stop: then what is queued is made
    durable and the rest is left. A batch that failed is sent again, which may double part of it, as any
    producer of alarms does.

    Raises:
        TransientError: the broker refused a batch `attempts` times.
    """
    began_s = flushed_s = monotonic_s()
    written = Written()
    batch: list[Delivery] = []

    def settle() -> None:
        nonlocal written, flushed_s
        if batch:
            _send(batch, sink, topic, wait, attempts)
            now_s = monotonic_s()
            written = Written(
                written.messages + len(batch),
                written.payload_bytes + sum(len(item.value) for item in batch),
                max(0.0, now_s - began_s - batch[-1].due_s),
            )
            batch.clear()
            progress(written)
        flushed_s = monotonic_s()

    for message in messages:
        while (early_s := message.due_s - (monotonic_s() - began_s)) > 0:
            # What is due is out before the rest is waited for.
            settle()
            if wait(min(early_s, linger_s)):
                return Written(written.messages, written.payload_bytes, written.behind_s, stopped=True)
        batch.append(message)
        if len(batch) >= batch_records or monotonic_s() - flushed_s >= linger_s:
            settle()
            if wait(0.0):
                return Written(written.messages, written.payload_bytes, written.behind_s, stopped=True)
    settle()
    return written


def _send(
    batch: Sequence[Delivery], sink: Sink, topic: str, wait: Callable[[float], bool], attempts: int
) -> None:
    for attempt in range(1, attempts + 1):
        try:
            for message in batch:
                sink.send(topic, message.key, message.value)
            sink.flush()
            return
        except TransientError:
            if attempt == attempts:
                raise
            wait(0.2 * 2**attempt)
