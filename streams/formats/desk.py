"""Bytes of a topic to the records that no alarm is: KPI samples, log lines, tickets, messages, feedback.

They come in telcollm's own JSON, one record or a list of them. Does not know Kafka, nor who works on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streams.formats.native import record_of
from streams.formats.wire import NEXT_STEP, camel, check_bounds, list_of, object_of, refusal
from telcollm import codec
from telcollm.errors import DecodeError, SettingsError
from telcollm.records import CareMessage, Feedback, KpiSample, LogLine, Record, TroubleTicket
from telcollm.settings import SourceSettings

KINDS: Final[Mapping[str, type[Record]]] = {
    "kpis": KpiSample,
    "logs": LogLine,
    "tickets": TroubleTicket,
    "care": CareMessage,
    "feedback": Feedback,
}
"""What a topic of each kind holds, by the name of the kind in the settings."""

MAX_ID_BYTES: Final = 512
"""Longer foreign ids fit no index of PostgreSQL."""

_IDS: Final[Mapping[type[Record], tuple[str, ...]]] = {
    TroubleTicket: ("ticket_id",),
    CareMessage: ("message_id", "conversation_id", "customer_id"),
    Feedback: ("feedback_id",),
}


def decode_records(value: bytes | None, source: SourceSettings) -> tuple[list[Record], DecodeError | None]:
    """Return the records in `value` that can be read, and why the first that cannot is refused.

    One bad record of a list does not keep the others out; a replay of the whole list once it is mended puts
    the others in a second time, which changes nothing.
    """
    kind = KINDS[source.kind]
    try:
        listed = list_of(value)
        items = [object_of(value)] if listed is None else listed
    except DecodeError as error:
        return [], error
    found: list[Record] = []
    refused: DecodeError | None = None
    for place, item in enumerate(items):
        try:
            found.append(_record(item, kind, source))
        except DecodeError as error:
            refused = refused or (error if listed is None else _at(place, error))
    return found, refused


def _record(item: Any, kind: type[Record], source: SourceSettings) -> Record:
    if type(item) is not dict:
        message = (
            f"record={codec.excerpt(item)} is a JSON {type(item).__name__}; one JSON object a record, or a "
            f"list of them, is allowed; {NEXT_STEP}"
        )
        raise DecodeError(message)
    check_bounds(item)
    record = record_of(item, kind, source)
    for name in _IDS.get(kind, ()):
        identifier = getattr(record, name)
        if len(identifier.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES:
            raise refusal(identifier, camel(name), f"an id of at most {MAX_ID_BYTES} bytes is allowed")
    return record


def _at(place: int, error: DecodeError) -> DecodeError:
    field = f"[{place}].{error.field}" if error.field else f"[{place}]"
    return DecodeError(f"record {place} of the list: {error}", field=field)


def check_desk_mapping(source: SourceSettings) -> None:
    """Guarantee that every name the source's mapping renames to is one that its records can have.

    Raises:
        SettingsError: it is not; names it and what is allowed.
    """
    allowed = codec.wire_names(KINDS[source.kind])
    for target in source.mapping:
        if camel(target) not in allowed:
            message = (
                f"sources.mapping names {target!r}; one of {', '.join(sorted(allowed))} is allowed; "
                f"mend the mapping of topic {source.topic!r} in telcollm.toml"
            )
            raise SettingsError(message)
