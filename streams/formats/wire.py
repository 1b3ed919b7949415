"""Bytes to one bounded JSON object, and the source's renaming of foreign fields.

It deliberately does not know what any field means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from telcollm import codec
from telcollm.errors import DecodeError

MAX_BYTES = 1_048_576
"""The longest record that is read, in bytes: Kafka's own default limit."""

MAX_DEPTH = 32
"""How deep objects and lists may nest in a record."""

NEXT_STEP = "mend the producer or the source's mapping, then replay it with telcollm dlq replay"


def refusal(value: object, field: str, allowed: str, next_step: str = NEXT_STEP) -> DecodeError:
    """Return the DecodeError that names field, value received, what is allowed and what to do next."""
    return DecodeError(f"{field}={codec.excerpt(value)} is not allowed; {allowed}; {next_step}", field=field)


def absent(field: str, allowed: str) -> DecodeError:
    """Return the DecodeError for a field that is not there."""
    return DecodeError(f"{field}=(missing) is not allowed; {allowed}; {NEXT_STEP}", field=field)


def object_of(value: bytes | None) -> dict[str, Any]:
    """Return the JSON object in `value`: at most MAX_BYTES, nested at most MAX_DEPTH, free of NUL characters.

    NUL is refused because PostgreSQL cannot keep it in a text.

    Raises:
        DecodeError: it is not that.
    """
    if not value:
        message = f"record={value!r} is empty; one JSON object a record is allowed; {NEXT_STEP}"
        raise DecodeError(message)
    if len(value) > MAX_BYTES:
        message = f"record of {len(value)} bytes is too long; at most {MAX_BYTES} are allowed; {NEXT_STEP}"
        raise DecodeError(message)
    wire = codec.decode_object(value)
    # Most records cannot break either bound, which two scans of the bytes show faster than a walk.
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH or (b"\\" in value and b"\\u0000" in value):
        check_bounds(wire)
    return wire


def list_of(value: bytes | None) -> list[Any] | None:
    """Return the items of the JSON list in `value`, each not looked into yet; None where it is none.

    Raises:
        DecodeError: it begins as a list and is no JSON, or is longer than MAX_BYTES.
    """
    if not value or not value.lstrip().startswith(b"["):
        return None
    if len(value) > MAX_BYTES:
        message = f"record of {len(value)} bytes is too long; at most {MAX_BYTES} are allowed; {NEXT_STEP}"
        raise DecodeError(message)
    try:
        items: list[Any] = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = (
            f"record={codec.excerpt(value)} is not valid JSON ({error}); one JSON object a record, or a list "
            f"of them, is allowed; {NEXT_STEP}"
        )
        raise DecodeError(message) from error
    return items


def check_bounds(wire: Any) -> None:
    """Refuse what nests deeper than MAX_DEPTH or holds NUL characters.

    Raises:
        DecodeError: it does; names where.
    """
    waiting: list[tuple[str, Any, int]] = [("", wire, 1)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, str):
            if "\x00" in value:
                raise refusal(value, path, "text without the character U+0000 is allowed")
            continue
        if isinstance(value, Mapping):
            steps = [(f"{path}.{name}" if path else name, item) for name, item in value.items()]
            for name in value:
                if "\x00" in name:
                    raise refusal(name, path, "field names without the character U+0000 are allowed")
        elif isinstance(value, list):
            steps = [(f"{path}[{place}]", item) for place, item in enumerate(value)]
        else:
            continue
        if depth > MAX_DEPTH:
            message = f"{path[:120]} nests {depth} deep; at most {MAX_DEPTH} is allowed; {NEXT_STEP}"
            raise DecodeError(message, field=path[:120])
        waiting.extend((name, item, depth + 1) for name, item in steps)


@lru_cache(maxsize=1024)
def camel(name: str) -> str:
    """Return a snake_case name in camelCase; other names stay as they are.

    >>> camel("managed_object"), camel("managedObject")
    ('managedObject', 'managedObject')
    """
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def renamed(wire: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """Return `wire` with the value at each dotted foreign path moved to telcollm's name for it.

    A key that holds the whole path, dots included, goes before a nested one. A path that leads nowhere is
    left out. A moved value takes the place of one that had the name before. `wire` itself is changed.

    >>> renamed({"ne": {"name": "a", "site": 1}}, {"managed_object": "ne.name"})
    {'ne': {'site': 1}, 'managedObject': 'a'}
    """
    for target, path in mapping.items():
        holder: Any = wire
        leaf = path
        if path not in wire:
            *steps, leaf = path.split(".")
            for step in steps:
                holder = holder.get(step) if isinstance(holder, dict) else None
        if not isinstance(holder, dict) or leaf not in holder:
            continue
        value = holder.pop(leaf)
        name = camel(target)
        wire.pop(name, None)
        wire[name] = value
    return wire
