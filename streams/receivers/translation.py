"""What was received, made into the records that the mapping asks for; pure, and the same each time.

Nothing is lost for want of a rule: a syslog message that none matches is a log line, a trap an alarm that
keeps its OID. What cannot be read is a dead letter with the reason. It deliberately does not know sockets or
Kafka.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from streams.formats import native
from streams.receivers.mapping import Mapping
from streams.receivers.message import SyslogMessage, logged_time
from streams.receivers.received import Listener, Received
from streams.receivers.rule import AlarmText, Rule
from streams.receivers.sender import Told, told_of
from streams.receivers.syslog import parse_syslog
from streams.receivers.trap import Trap, masked, parse_trap
from streams.refusals import dead_letter_message
from telcollm.codec import encode
from telcollm.errors import DecodeError
from telcollm.identity import derive_id
from telcollm.records import LogLine, Mode
from telcollm.settings import SourceSettings
from telcollm.state import DeadLetter

Headers = tuple[tuple[str, bytes], ...]

ALARM: Final = "alarms"
LOG: Final = "log lines"
LETTER: Final = "dead letters"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_TEXT: Final = 16_384
_NEXT_STEP: Final = "mend the rule or the sender; it is kept with the dead letters"


class Outgoing(msgspec.Struct, frozen=True):
    """One record for Kafka; `what` is one of ALARM, LOG and LETTER."""

    what: str
    topic: str
    key: bytes
    value: bytes
    headers: Headers = ()


class Translated(msgspec.Struct, frozen=True):
    """What became of one message: records, none where a rule drops it.

    `rule` is the name of the rule that counted, "" for none; `unmapped` the OID of a trap without one;
    `refused` the part at fault of what could not be read.
    """

    outgoing: tuple[Outgoing, ...]
    rule: str = ""
    unmapped: str = ""
    refused: str = ""
    confirmed: bool = False


class Translator:
    """Makes records of messages by a mapping, for the topics of two configured sources."""

    def __init__(
        self,
        mapping: Mapping,
        *,
        alarms: SourceSettings | None,
        logs: SourceSettings | None,
        dead_letters: str,
    ) -> None:
        """Take where alarms and log lines go; `dead_letters` is the topic's name on the wire."""
        self._mapping = mapping
        self._alarms = alarms
        self._logs = logs
        self._dead_letters = dead_letters
        self._syslog_rules = [rule for rule in mapping.rules if rule.kind == "syslog"]
        self._trap_rules = [rule for rule in mapping.rules if rule.kind == "trap"]

    def translate(self, received: Received) -> Translated:
        """Return what becomes of a message. Nothing that anybody sends makes it raise."""
        try:
            if received.octets > len(received.data):
                message = (
                    f"message of {received.octets} octets, of which {len(received.data)} are here; whole "
                    "messages up to --max-message-bytes are read; raise it, or look why the sender broke off"
                )
                raise DecodeError(message, field="length")
            if received.listener is Listener.SNMP:
                return self._trap(received)
            return self._syslog(received)
        except DecodeError as error:
            return Translated((self._letter(received, error),), refused=error.field or "record")

    def _syslog(self, received: Received) -> Translated:
        message = parse_syslog(received.data)
        told = told_of(self._mapping.senders, received.address, message.hostname)
        at = _time_of(received)
        if told.time != "received":
            at = logged_time(message, at, told.time_zone)
        managed = told.managed_object or message.hostname or received.address
        values = {
            "source": managed,
            "address": received.address,
            "hostname": message.hostname,
            "app_name": message.app_name,
            "proc_id": message.proc_id,
            "msg_id": message.msg_id,
            "facility": message.facility,
            "severity": message.severity,
            "text": message.text,
        }
        values.update(
            (f"{element}.{name}", value)
            for element, params in message.structured_data
            for name, value in params
        )
        rule, parts = _matching(self._syslog_rules, values)
        beside = {
            "hostname": message.hostname,
            "appName": message.app_name,
            "procId": message.proc_id,
            "msgId": message.msg_id,
            "structuredData": _elements(message),
            "timestamp": message.timestamp,
            "sourceAddress": received.address,
        }
        information = {name: value for name, value in beside.items() if value}
        outgoing = []
        if rule is not None and rule.alarm is not None:
            more = {"facility": message.facility, **information}
            outgoing.append(
                self._alarm(received, rule.alarm, parts, told, at, more, raw_severity=message.severity)
            )
        if rule is None or rule.log:
            text = message.text or _without_text(message)
            outgoing.append(
                self._log(received, managed, told, at, text, information, message.severity, message.facility)
            )
        return Translated(tuple(outgoing), "" if rule is None else rule.name)

    def _trap(self, received: Received) -> Translated:
        trap = parse_trap(received.data)
        address = trap.agent_address or received.address
        told = told_of(self._mapping.senders, address, "")
        managed = told.managed_object or address
        variables = self._variables(trap)
        text = "; ".join(f"{name}={value}" for name, value in variables)
        values = {"source": managed, "address": address, "trap_oid": trap.trap_oid, "text": text}
        if trap.uptime_ticks is not None:
            values["uptime_ticks"] = str(trap.uptime_ticks)
        for (name, value), (oid, _) in zip(variables, trap.varbinds, strict=True):
            values.setdefault(oid, value)
            bare, _, instance = name.partition(".")
            if not bare.isdecimal():
                values.setdefault(bare, value)
                values.setdefault(f"{bare}.instance", instance)
        rule, parts = _matching(self._trap_rules, values)
        at = _time_of(received)
        information: dict[str, Any] = {"trapOid": trap.trap_oid, "variables": dict(variables)}
        if trap.uptime_ticks is not None:
            information["sysUpTimeTicks"] = trap.uptime_ticks
        if address != received.address:
            information["sourceAddress"] = received.address
        outgoing = []
        if rule is None:
            alarm = AlarmText(trap.trap_oid)
            parts = {
                "managed_object": managed,
                "specific_problem": trap.trap_oid,
                "alarm_type": trap.trap_oid,
                "additional_text": text,
            }
            outgoing.append(self._alarm(received, alarm, parts, told, at, information))
        elif rule.alarm is not None:
            outgoing.append(
                self._alarm(received, rule.alarm, parts, told, at, information, raw_type=trap.trap_oid)
            )
        if rule is not None and rule.log:
            line = f"{rule.name} {trap.trap_oid} {text}".rstrip()
            outgoing.append(self._log(received, managed, told, at, line, information))
        return Translated(
            tuple(outgoing),
            "" if rule is None else rule.name,
            trap.trap_oid if rule is None else "",
            confirmed=trap.confirmed,
        )

    def _variables(self, trap: Trap) -> list[tuple[str, str]]:
        """Return the variables by the names that the mapping gives them, with their instances."""
        found = []
        for oid, value in trap.varbinds:
            parts = oid.split(".")
            name = oid
            for length in range(len(parts), 0, -1):
                known = self._mapping.names.get(".".join(parts[:length]))
                if known is not None:
                    name = ".".join((known, *parts[length:]))
                    break
            found.append((name, str(value)))
        return found

    def _alarm(
        self,
        received: Received,
        alarm: AlarmText,
        parts: dict[str, str],
        told: Told,
        at: datetime,
        information: dict[str, Any],
        *,
        raw_type: str = "",
        raw_severity: str = "",
    ) -> Outgoing:
        source = self._needed(self._alarms, "alarm")
        said = parts.get("perceived_severity", "")
        wire: dict[str, Any] = {
            "managedObject": parts["managed_object"],
            "sourceSystemId": told.source_system_id or source.source_system_id or received.listener.value,
            "alarmType": parts.get("alarm_type", ""),
            "probableCause": parts.get("probable_cause", ""),
            "specificProblem": parts["specific_problem"],
            "perceivedSeverity": alarm.severity_words.get(said, said),
            "eventTime": msgspec.to_builtins(at),
            "alarmReportingTime": msgspec.to_builtins(_time_of(received)),
            "additionalText": _shortened(parts.get("additional_text", "")),
            "additionalInformation": information,
            "vendor": told.vendor,
            "region": told.region,
            "rawType": raw_type,
            "rawSeverity": said if said in alarm.severity_words else raw_severity,
        }
        wire = {name: value for name, value in wire.items() if value != ""}
        try:
            found = native.decode(wire, source)[0]
        except DecodeError as error:
            reason = f"alarm: {str(error).partition('; mend the producer')[0]}; {_NEXT_STEP}"
            raise DecodeError(reason, field=error.field) from error
        return Outgoing(ALARM, source.topic, _key(found.managed_object), encode(found))

    def _log(
        self,
        received: Received,
        managed: str,
        told: Told,
        at: datetime,
        text: str,
        information: dict[str, Any],
        severity: str = "",
        facility: str = "",
    ) -> Outgoing:
        source = self._needed(self._logs, "log line")
        if len(managed) > 1024:
            message = f"managed_object has {len(managed)} characters; at most 1024 are allowed; {_NEXT_STEP}"
            raise DecodeError(message, field="managed_object")
        line = LogLine(
            tenant=source.tenant,
            region=source.region or told.region,
            managed_object=managed,
            logged_time=at,
            text=text,
            severity=severity,
            facility=facility,
            source_system_id=told.source_system_id or source.source_system_id or received.listener.value,
            vendor=told.vendor or source.vendor,
            mode=Mode(source.mode),
            extra=information,
        )
        return Outgoing(LOG, source.topic, _key(managed), encode(line))

    def _needed(self, source: SourceSettings | None, what: str) -> SourceSettings:
        if source is None:
            message = (
                f"it becomes a {what}, and no topic takes any; a source of the kind is needed; add one to "
                "[[sources]] in telcollm.toml, or a rule that makes something else of it"
            )
            raise DecodeError(message, field="rule")
        return source

    def _letter(self, received: Received, error: DecodeError) -> Outgoing:
        data = masked(received.data) if received.listener is Listener.SNMP else received.data
        letter = DeadLetter(
            topic=received.listener.value,
            partition=-1,
            offset=-1,
            key=received.address.encode(),
            value=data,
            reason=str(error),
            field=error.field,
            append_ms=received.received_ms,
        )
        message = dead_letter_message(letter, self._dead_letters)
        name = derive_id("dlq", letter.topic, received.address, str(received.received_ms), data.hex())
        headers = (
            ("id", name.encode()),
            *((header, value.encode("utf-8", "backslashreplace")) for header, value in message.headers),
            ("source-address", received.address.encode()),
        )
        return Outgoing(LETTER, self._dead_letters, _key(received.address), message.value, headers)


def _matching(rules: Iterable[Rule], values: dict[str, str]) -> tuple[Rule | None, dict[str, str]]:
    for rule in rules:
        parts = rule.filled(values)
        if parts is not None:
            return rule, parts
    return None, {}


def _time_of(received: Received) -> datetime:
    return _EPOCH + timedelta(milliseconds=received.received_ms)


def _elements(message: SyslogMessage) -> dict[str, dict[str, Any]]:
    """Return structured data as an object; a parameter that is there several times is a list."""
    found: dict[str, dict[str, Any]] = {}
    for element, params in message.structured_data:
        named = found.setdefault(element, {})
        for name, value in params:
            if name not in named:
                named[name] = value
            elif isinstance(named[name], list):
                named[name].append(value)
            else:
                named[name] = [named[name], value]
    return found


def _without_text(message: SyslogMessage) -> str:
    """Return what stands in for the text of a message that has none: its data, else its id."""
    data = " ".join(
        " ".join((element, *(f"{name}={value}" for name, value in params)))
        for element, params in message.structured_data
    )
    return " ".join(part for part in (message.msg_id, data) if part)


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 3]}..."


def _key(managed: str) -> bytes:
    return managed.encode("utf-8", "backslashreplace")
