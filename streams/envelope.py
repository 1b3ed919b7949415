"""What travels on the internal topic: an alarm's event, or how far a source partition has come.

Version 1 is msgpack, fields in order. Does not know how events are routed or correlated.
"""

from __future__ import annotations

from typing import Final

import msgspec

from streams.event import AlarmEvent
from telcollm.errors import DecodeError

VERSION: Final = 1
TICK_PLACE: Final = 1_000_000
"""A tick comes after all events of the record that caused it."""


class Envelope(msgspec.Struct, array_like=True, gc=False):
    """One internal record. `source` is `topic/partition`, `offset` and `place` where the event was read.

    Without an event it is a tick: `max_event_ms` is how far the source is (None: nothing read yet),
    `idle_ms` how long it has been silent (0: it is not), `expected` which source partitions there are.
    """

    version: int
    source: str
    offset: int
    place: int
    event: AlarmEvent | None = None
    max_event_ms: int | None = None
    idle_ms: int = 0
    expected: list[str] = []


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Envelope)


def pack(envelope: Envelope) -> bytes:
    """Return the envelope as bytes."""
    return _ENCODER.encode(envelope)


def unpack(data: bytes | None) -> Envelope:
    """Return the envelope that `data` holds.

    Raises:
        DecodeError: it is none, or of a version this code does not read.
    """
    try:
        envelope = _DECODER.decode(data or b"")
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        message = (
            f"internal record is not readable ({error}); only telcollm's edge may write the internal topic; "
            "find the other writer"
        )
        raise DecodeError(message) from error
    if envelope.version != VERSION:
        message = (
            f"internal record has version {envelope.version}; version {VERSION} is allowed; "
            "run one version of telcollm on a topic, or drain it before an upgrade"
        )
        raise DecodeError(message, "version")
    return envelope
