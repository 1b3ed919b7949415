"""The edge: bytes of a topic to Alarms, in whichever format its source writes.

It deliberately does not know Kafka, nor how the alarms' lives go on from here.
"""

from __future__ import annotations

from typing import Any

from streams.formats import native, resource, three_gpp, tmf642
from streams.formats.wire import NEXT_STEP, camel, object_of, renamed
from telcollm.errors import DecodeError, SettingsError
from telcollm.records import Alarm
from telcollm.settings import SourceSettings


def decode_alarms(value: bytes | None, source: SourceSettings) -> list[Alarm]:
    """Return the alarms of one record: one, or those of a rebuilt alarm list followed by the notice of it.

    The notice has notification_type ALARM_LIST_REBUILT; its `additional_information` names what is listed, by
    `alarmIds` (telcollm's ids) and `keys` (each `Alarm.key` as a list). A notice without them
    closes nothing: its list is yet to be fetched.

    Raises:
        DecodeError: the record cannot be read; names field, value and what is allowed. Nothing else is
        raised.
    """
    if value and not source.mapping and source.format in ("auto", "tmf642"):
        alarm = resource.read(value, source)
        if alarm is not None:
            return [alarm]
    wire = object_of(value)
    if source.mapping:
        wire = renamed(wire, source.mapping)
    form: str = source.format
    if form == "auto":
        form = detected(wire)
    if form == "tmf642":
        return [tmf642.decode(wire, source)]
    if form == "3gpp":
        return three_gpp.decode(wire, source)
    return native.decode(wire, source)


def detected(wire: dict[str, Any]) -> str:
    """Return the format that the record's field names tell: tmf642, 3gpp or telcollm.

    Raises:
        DecodeError: they tell none.

    >>> detected({"alarmedObject": {"id": "cell-7"}}), detected({"objectInstance": "ManagedElement=1"})
    ('tmf642', '3gpp')
    """
    if "alarmedObject" in wire or type(wire.get("event")) is dict:
        return "tmf642"
    if "managedObject" in wire:
        return "telcollm"
    if "objectInstance" in wire or "systemDN" in wire or "notificationType" in wire:
        return "3gpp"
    names = ", ".join(list(wire)[:12])
    message = (
        f"record with the fields {names[:300]!r} is in no known format; alarmedObject or event (TMF642), "
        "objectInstance, systemDN or notificationType (3GPP), or managedObject (telcollm) is allowed; "
        f"set sources.format or sources.mapping in telcollm.toml, or {NEXT_STEP}"
    )
    raise DecodeError(message)


def check_mapping(source: SourceSettings) -> None:
    """Guarantee that every name the source's mapping renames to is one that an alarm can have.

    Raises:
        SettingsError: it is not; names it and what is allowed.
    """
    allowed = native.TABLE.keys() | tmf642.TABLE.keys() | three_gpp.TABLE.keys()
    for target in source.mapping:
        if camel(target) not in allowed:
            message = (
                f"sources.mapping names {target!r}; one of {', '.join(sorted(native.TABLE))} is allowed; "
                f"mend the mapping of topic {source.topic!r} in telcollm.toml"
            )
            raise SettingsError(message)
