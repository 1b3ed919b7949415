"""Dead letters: read back from their topic and sent again to where they came from.

Does not know why they were refused; what has been mended since is the operator's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from streams.kafka.sink import RecordSink, scan
from streams.kafka.source import RawRecord
from streams.topics import DEAD_LETTERS, on_wire
from telcollm.kafka_settings import KafkaSettings


class Letter(msgspec.Struct, frozen=True):
    """One dead letter as it lies in its topic, and the record it holds.

    `complete` is False where the value was too large for the topic: then the store alone holds it.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    reason: str
    complete: bool = True

    @property
    def place(self) -> tuple[str, int, int]:
        """Where the record was first read: topic, partition, offset."""
        return (self.topic, self.partition, self.offset)


def read_letters(kafka: KafkaSettings) -> Iterator[Letter]:
    """Yield the dead letters on the brokers, each once, oldest first in each partition."""
    seen: set[tuple[str, int, int]] = set()
    for record in scan(kafka, on_wire(kafka, DEAD_LETTERS)):
        letter = _letter(record)
        if letter is not None and letter.place not in seen:
            seen.add(letter.place)
            yield letter


def replay_letters(
    kafka: KafkaSettings, wanted: Callable[[Letter], bool], done: Callable[[list[Letter]], None]
) -> int:
    """Return how many letters were sent again to their topics; `done` gets them once they are durable.

    Raises:
        TransientError: the brokers did not answer; what `done` has not got is sent again next time.
    """
    batch: list[Letter] = []
    count = 0
    with RecordSink(kafka) as sink:
        for letter in read_letters(kafka):
            if not letter.complete or not wanted(letter):
                continue
            sink.send(letter.topic, letter.key, letter.value, [("replayed-from", _origin(letter))])
            batch.append(letter)
            if len(batch) >= 500:
                count += _settle(sink, batch, done)
        return count + _settle(sink, batch, done)


def _settle(sink: RecordSink, batch: list[Letter], done: Callable[[list[Letter]], None]) -> int:
    if not batch:
        return 0
    sink.flush()
    done(list(batch))
    sent = len(batch)
    batch.clear()
    return sent


def _origin(letter: Letter) -> bytes:
    return f"{letter.topic}/{letter.partition}/{letter.offset}".encode()


def _letter(record: RawRecord) -> Letter | None:
    """Return the letter a record holds, None where it is no letter of telcollm's."""
    headers = dict(record.headers)
    try:
        has_value = headers["has-value"] == b"1"
        return Letter(
            topic=headers["source-topic"].decode(),
            partition=int(headers["source-partition"]),
            offset=int(headers["source-offset"]),
            key=bytes.fromhex(headers["source-key"].decode()) if headers["has-key"] == b"1" else None,
            value=(record.value or b"") if has_value else None,
            reason=headers["reason"].decode(),
            complete=has_value or headers["value-bytes"] == b"0",
        )
    except (KeyError, ValueError):
        return None
