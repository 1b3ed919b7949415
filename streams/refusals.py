"""Records that are refused: why, what is kept of them, and the message that tells of each.

Does not know what a record should have held: whoever decodes it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streams.kafka.source import RawRecord
from streams.topics import lane_of
from telcollm.errors import DecodeError
from telcollm.ports import StoreTransaction
from telcollm.state import DeadLetter, OutboxMessage

MAX_RECORD_BYTES: Final = 512 * 1024
"""A larger record is dead-lettered: what it becomes must fit a message of Kafka's default size."""

MAX_MESSAGE_BYTES: Final = 900_000
_MAX_HEADER_CHARACTERS: Final = 4_000


def check_size(record: RawRecord) -> None:
    """Refuse a record that is too large to be passed on.

    Raises:
        DecodeError: it is larger than MAX_RECORD_BYTES.
    """
    size_bytes = len(record.value or b"")
    if size_bytes > MAX_RECORD_BYTES:
        message = (
            f"record of {size_bytes} bytes is too large; at most {MAX_RECORD_BYTES} bytes are allowed; "
            "have the producer leave attachments out"
        )
        raise DecodeError(message)


def letter_of(record: RawRecord, error: DecodeError) -> DeadLetter:
    """Return the dead letter of a record that was refused."""
    return DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        reason=str(error),
        field=error.field,
        append_ms=record.timestamp_ms,
    )


def put_letters(transaction: StoreTransaction, letters: Sequence[DeadLetter], topic: str) -> None:
    """Keep dead letters and queue the messages that tell of them on `topic`."""
    if letters:
        transaction.put_dead_letters(letters)
        transaction.put_outbox(dead_letter_message(item, topic) for item in letters)


def dead_letter_message(letter: DeadLetter, topic: str) -> OutboxMessage:
    """Return the message that tells of a dead letter: the record as it was, and why, in headers.

    A value that fits no message of Kafka's default size stays in the store alone; a header says so.
    """
    value = letter.value or b""
    keyed = letter.key or b""
    fits = len(value) + 2 * len(keyed) <= MAX_MESSAGE_BYTES
    return OutboxMessage(
        message_id=f"dlq:{letter.topic}:{letter.partition}:{letter.offset}",
        lane=lane_of(letter.topic, letter.partition),
        topic=topic,
        key=f"{letter.topic}/{letter.partition}",
        value=value if fits else b"",
        headers=(
            ("value-bytes", str(len(value))),
            ("has-value", "1" if letter.value is not None and fits else "0"),
            ("reason", letter.reason[:_MAX_HEADER_CHARACTERS]),
            ("field", letter.field[:_MAX_HEADER_CHARACTERS]),
            ("source-topic", letter.topic),
            ("source-partition", str(letter.partition)),
            ("source-offset", str(letter.offset)),
            ("source-append-ms", str(letter.append_ms)),
            ("source-key", keyed.hex() if fits else ""),
            ("has-key", "0" if letter.key is None else "1"),
        ),
    )
