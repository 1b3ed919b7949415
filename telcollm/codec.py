"""Records to bytes and back, losing nothing: unknown fields survive the round trip.

Does not know foreign formats (TMF642, 3GPP): the edge turns those into records (`streams.formats`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec

from telcollm.errors import DecodeError
from telcollm.records.record import Record

R = TypeVar("R", bound=Record)

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_STEP = re.compile(r"[^.\[\]]+")
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


@cache
def wire_names(kind: type[Record]) -> frozenset[str]:
    """The field names `kind` knows on the wire; `extra` is none of them."""
    return frozenset(
        field.encode_name for field in msgspec.structs.fields(kind) if field.encode_name != "extra"
    )


def encode(record: Record) -> bytes:
    """Return the record as JSON bytes in camelCase, its unknown fields beside the known ones."""
    return _ENCODER.encode(to_wire(record) if record.extra else record)


def to_wire(record: Record) -> dict[str, Any]:
    """Return the record as plain JSON values, its unknown fields beside the known ones."""
    wire: dict[str, Any] = msgspec.to_builtins(record)
    extra = wire.pop("extra", {})
    known = wire_names(type(record))
    wire.update((name, value) for name, value in extra.items() if name not in known)
    return wire


def decode(data: bytes, kind: type[R]) -> R:
    """Return the `kind` that `data` holds.

    Raises:
        DecodeError: not JSON, not an object, a field missing or out of range; names field, value and bound.
    """
    return from_wire(decode_object(data), kind)


def decode_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object that `data` holds.

    Raises:
        DecodeError: `data` is no UTF-8 JSON, or JSON but not an object.
    """
    try:
        wire = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = (
            f"record={excerpt(data)} is not valid JSON ({error}); one UTF-8 JSON object a record is allowed; "
            "mend the producer, then replay it with telcollm dlq replay"
        )
        raise DecodeError(message) from error
    if not isinstance(wire, dict):
        message = (
            f"record={excerpt(data)} is a JSON {type(wire).__name__}; one JSON object a record is allowed; "
            "mend the producer, then replay it with telcollm dlq replay"
        )
        raise DecodeError(message)
    return wire


def from_wire(wire: Mapping[str, Any], kind: type[R]) -> R:
    """Return the `kind` that the JSON object `wire` describes; unknown fields go to `extra`.

    Raises:
        DecodeError: a field missing or out of range.
    """
    known = wire_names(kind)
    unknown = wire.keys() - known
    if unknown:
        fields: Any = {name: value for name, value in wire.items() if name not in unknown}
        fields["extra"] = {name: wire[name] for name in wire if name in unknown}
    else:
        fields = wire
    try:
        return msgspec.convert(fields, kind)
    except (msgspec.ValidationError, OverflowError, ValueError) as error:
        raise decode_error(error, wire, kind.__name__) from error


def decode_error(error: Exception, wire: Mapping[str, Any], what: str) -> DecodeError:
    """Return the DecodeError that names field, value received and what is allowed."""
    text = str(error)
    found = _PATH.search(text)
    path = found["path"] if found else ""
    reason = text[: found.start()] if found else text
    missing = _MISSING.fullmatch(reason)
    if missing:
        path = f"{path}.{missing['name']}" if path else missing["name"]
    value: Any = wire
    for step in _STEP.findall(path):
        if isinstance(value, Mapping):
            value = value.get(step, "(missing)")
        elif isinstance(value, Sequence) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
    received = f"{path}={'(missing)' if missing else excerpt(value)}" if path else "record"
    message = (
        f"{what}: {received} is not allowed: {reason}; mend the producer or the source's mapping, "
        "then replay it with telcollm dlq replay"
    )
    return DecodeError(message, field=path)


def excerpt(value: object, limit: int = 120) -> str:
    """Return `value` as text of at most about `limit` characters, safe to show in an error."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"
