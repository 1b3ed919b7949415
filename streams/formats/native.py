"""telcollm's own camelCase, for alarms and for the other records that come in.

It deliberately does not know foreign spellings beyond those that `terms` and `instant` read.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import msgspec

from streams.formats.assembly import alarm_of, is_list_notice, listed
from streams.formats.fields import CANONICAL, Table
from streams.formats.instant import time_of
from streams.formats.wire import NEXT_STEP, object_of, renamed
from telcollm import codec
from telcollm.errors import DecodeError
from telcollm.records import SCHEMA_VERSION, Alarm, Record
from telcollm.settings import SourceSettings

R = TypeVar("R", bound=Record)

FORM = "telcollm"
TABLE: Table = CANONICAL


def decode(wire: dict[str, Any], source: SourceSettings) -> list[Alarm]:
    """Return the Alarm in `wire`; of a rebuilt list, its alarms and then the notice of it.

    Raises:
        DecodeError: a field is missing or not allowed, or the record names another tenant than its source's.
    """
    _take_header(wire, source)
    if not is_list_notice(wire.get("notificationType")):
        return [_decode_one(wire, source)]
    return listed(
        wire, lambda entry: _decode_one(dict(entry), source), lambda notice: _decode_one(notice, source)
    )


def _decode_one(wire: dict[str, Any], source: SourceSettings) -> Alarm:
    _take_header(wire, source)
    return alarm_of(wire, TABLE, source, FORM)


def decode_record(value: bytes, kind: type[R], source: SourceSettings) -> R:
    """Return the `kind` in `value`, written in telcollm's own camelCase.

    What the record lacks of tenant and region comes from the source, naive times are read in its time zone,
    and its mode is never more live than the source's.

    Raises:
        DecodeError: no JSON object, a field missing or not allowed, or another tenant's record.
    """
    return record_of(object_of(value), kind, source)


def record_of(wire: dict[str, Any], kind: type[R], source: SourceSettings) -> R:
    """Return the `kind` in `wire`, as `decode_record` does.

    Raises:
        DecodeError: as `decode_record` says.
    """
    if source.mapping:
        wire = renamed(wire, source.mapping)
    _take_header(wire, source)
    wire["tenant"] = source.tenant
    if source.region:
        wire["region"] = source.region
    known = codec.wire_names(kind)
    if "mode" in known and source.mode != "live":
        wire["mode"] = source.mode
    for field in _time_fields(kind):
        if wire.get(field) is not None:
            wire[field] = time_of(wire[field], field, source.time_zone)
    return codec.from_wire(wire, kind)


@cache
def _time_fields(kind: type[Record]) -> tuple[str, ...]:
    return tuple(
        field.encode_name for field in msgspec.structs.fields(kind) if "datetime" in repr(field.type)
    )


def _take_header(wire: dict[str, Any], source: SourceSettings) -> None:
    """Check and take out tenant and schema version: the source's settings decide both."""
    tenant = wire.pop("tenant", None)
    if tenant is not None and tenant != source.tenant:
        message = (
            f"tenant={codec.excerpt(tenant)} is not allowed; its source's tenant {source.tenant!r} is; "
            "send it to that tenant's topic or set sources.tenant in telcollm.toml, then replay it with "
            "telcollm dlq replay"
        )
        raise DecodeError(message, field="tenant")
    version = wire.pop("schemaVersion", None)
    if version is not None and (type(version) is not int or not 1 <= version <= SCHEMA_VERSION):
        message = (
            f"schemaVersion={codec.excerpt(version)} is not allowed; 1 to {SCHEMA_VERSION} is; {NEXT_STEP}"
        )
        raise DecodeError(message, field="schemaVersion")
