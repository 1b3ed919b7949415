"""What receivers could not read, as it lies in the dead-letter topic: they keep no store of their own.

Does not know what is wrong with a message, nor what edges refused: those are in the store.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

import msgspec

from streams.kafka.sink import scan
from streams.kafka.source import RawRecord
from streams.kafka.topics import partition_counts
from streams.receivers.received import Listener
from streams.topics import DEAD_LETTERS, on_wire
from telcollm.kafka_settings import KafkaSettings

_SOURCES: Final = frozenset(Listener)


class ReceivedLetter(msgspec.Struct, frozen=True):
    """One message that came by a socket and could not be read, whence it came, and why.

    `partition` and `offset` are its place in the dead-letter topic; `received_ms` is -1 where it is not told.
    """

    source: str
    address: str
    received_ms: int
    value: bytes
    reason: str
    field: str
    partition: int
    offset: int


def latest_letters(
    kafka: KafkaSettings, *, source: str = "", limit: int = 50, offset: int = 0
) -> tuple[int, list[ReceivedLetter]]:
    """Return how many letters of receivers the brokers still hold, and a page of them, the latest first.

    `source` is a listener's name; empty, letters of all are returned.

    Raises:
        TransientError: the brokers do not answer.
        SettingsError: credentials or rights are at fault.
    """
    total = 0

    def counted() -> Iterator[ReceivedLetter]:
        nonlocal total
        for letter in _letters(kafka):
            if source in ("", letter.source):
                total += 1
                yield letter

    newest = heapq.nlargest(
        offset + limit, counted(), key=lambda one: (one.received_ms, one.partition, one.offset)
    )
    return total, newest[offset:]


def _letters(kafka: KafkaSettings) -> Iterator[ReceivedLetter]:
    topic = on_wire(kafka, DEAD_LETTERS)
    # Before the first letter there is no topic.
    if not partition_counts(kafka, [topic]).get(topic):
        return
    for record in scan(kafka, topic):
        letter = _letter(record)
        if letter is not None:
            yield letter


def _letter(record: RawRecord) -> ReceivedLetter | None:
    """Return the letter of a record; None for one that lay in a partition before it was refused."""
    said = {name: value.decode(errors="backslashreplace") for name, value in record.headers}
    source = said.get("source-topic", "")
    if said.get("source-partition") != "-1" or source not in _SOURCES:
        return None
    try:
        received_ms = int(said.get("source-append-ms", ""))
    except ValueError:
        received_ms = -1
    return ReceivedLetter(
        source,
        said.get("source-address", ""),
        received_ms,
        record.value or b"",
        said.get("reason", ""),
        said.get("field", ""),
        record.partition,
        record.offset,
    )
