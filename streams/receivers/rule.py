"""Rules: which messages they match, and what becomes of those.

A rule whose places are not all filled by a message does not match it, and the next is tried: half a name is
nobody's. It deliberately does not know how a message is read, nor what a record looks like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from streams.formats import terms
from streams.receivers.syslog import FACILITIES, SEVERITIES
from streams.receivers.template import Template, template_of
from telcollm.records import PerceivedSeverity

Words = str | tuple[str, ...]

SYSLOG_NAMES: Final = frozenset(
    ("source", "address", "hostname", "app_name", "proc_id", "msg_id", "facility", "severity", "text")
)
"""What every syslog message has a value for, if it says so; `source` is the object that its sender is."""

TRAP_NAMES: Final = frozenset(("source", "address", "trap_oid", "uptime_ticks", "text"))
"""What every trap has a value for; `text` lists its variables."""

_ALIASES: Final = {
    "emerg": "emergency",
    "panic": "emergency",
    "crit": "critical",
    "err": "error",
    "warn": "warning",
    "informational": "info",
}


class SyslogText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions on a syslog message; several words of one condition are alternatives."""

    facility: Words = ()
    severity: Words = ()
    severity_at_least: str = ""
    app_name: Words = ()
    msg_id: Words = ()
    hostname: Words = ()
    match: str = ""


class AlarmText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The alarm a message becomes, each part a template. What is left out stays unknown."""

    specific_problem: str
    managed_object: str = "{source}"
    alarm_type: str = ""
    probable_cause: str = ""
    perceived_severity: str = "indeterminate"
    severity_words: dict[str, str] = {}
    additional_text: str = "{text}"


class RuleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as the file has it."""

    name: str
    syslog: SyslogText | None = None
    trap: Words | None = None
    where: dict[str, str] = {}
    alarm: AlarmText | None = None
    log: bool = False
    drop: bool = False


class Rule(msgspec.Struct, frozen=True):
    """A rule that was checked.

    `words` are conditions by the name of a value; the patterns of `where` must match a value whole. The
    named groups of patterns are values as well.
    """

    name: str
    kind: str
    words: tuple[tuple[str, frozenset[str]], ...]
    pattern: re.Pattern[str] | None
    oids: frozenset[str]
    branches: tuple[str, ...]
    where: tuple[tuple[str, re.Pattern[str]], ...]
    alarm: AlarmText | None
    templates: tuple[tuple[str, Template], ...]
    note: Template
    log: bool
    drop: bool

    @property
    def clears(self) -> bool:
        """Tell whether every alarm of this rule is a clear."""
        return self.alarm is not None and terms.squeezed(self.alarm.perceived_severity) in (
            "cleared",
            "clear",
        )

    @property
    def unconditional(self) -> bool:
        """Tell whether the rule matches every message of its kind."""
        if self.words or self.pattern or self.where or any(t.names - _SURE for _, t in self.templates):
            return False
        return self.kind == "syslog" or "" in self.branches

    def filled(self, values: Mapping[str, str]) -> dict[str, str] | None:
        """Return the parts of the alarm filled from the values, none without an alarm; None: no match."""
        for name, words in self.words:
            if values.get(name, "").lower() not in words:
                return None
        if self.kind == "trap" and not self._names_trap(values.get("trap_oid", "")):
            return None
        if self.pattern is not None:
            found = self.pattern.search(values.get("text", ""))
            if found is None:
                return None
            values = {**values, **{key: part for key, part in found.groupdict().items() if part}}
        for name, pattern in self.where:
            found = pattern.fullmatch(values.get(name, ""))
            if found is None or name not in values:
                return None
            values = {**values, **{key: part for key, part in found.groupdict().items() if part}}
        parts: dict[str, str] = {}
        for name, template in self.templates:
            text = template.fill(values)
            if text is None:
                return None
            parts[name] = text
        if self.alarm is not None:
            # A word that is missing here is no reason to take a message for another.
            parts["additional_text"] = self.note.fill(values) or values.get("text", "")
        return parts

    def _names_trap(self, oid: str) -> bool:
        return oid in self.oids or any(f"{oid}.".startswith(branch) for branch in self.branches)


_SURE: Final = frozenset(("source", "address", "facility", "severity", "trap_oid"))


def rule_of(text: RuleText, variables: frozenset[str]) -> Rule:
    """Return the rule; `variables` are the names that the mapping gives to OIDs.

    Raises:
        ValueError: it is not allowed; ends with the field.
    """
    if not text.name:
        raise _fault(reason="an empty name; give the rule one", field="name")
    if (text.syslog is None) == (text.trap is None):
        raise _fault(reason="either syslog or trap is needed, what the rule is about", field="")
    if text.trap == ():
        raise _fault(reason="no OID; one such as 1.3.6.1.6.3.1.1.5.3, or *, is needed", field="trap")
    if (text.alarm is None and not text.log) is not text.drop:
        raise _fault(reason="alarm, log: true, or both of them, or drop: true alone, is needed", field="")
    kind = "trap" if text.syslog is None else "syslog"
    conditions = text.syslog or SyslogText()
    pattern = _pattern(conditions.match, "syslog.match") if conditions.match else None
    patterns = {name: _pattern(expression, f"where.{name}") for name, expression in text.where.items()}
    groups = frozenset(
        group for one in (pattern, *patterns.values()) if one is not None for group in one.groupindex
    )
    fields = SYSLOG_NAMES if kind == "syslog" else TRAP_NAMES | variables
    if groups & fields:
        raise _fault(reason=f"the group {min(groups & fields)!r} has the name of a field", field="")
    known = fields | groups
    oids, branches = _traps(() if text.trap is None else text.trap)
    for name in patterns:
        _check_name(name, kind, fields, f"where.{name}")
    return Rule(
        text.name,
        kind,
        _words(conditions),
        pattern,
        oids,
        branches,
        tuple(patterns.items()),
        text.alarm,
        _templates(text.alarm, kind, known) if text.alarm else (),
        _template(text.alarm.additional_text if text.alarm else "", "additional_text", kind, known),
        text.log,
        text.drop,
    )


def _words(conditions: SyslogText) -> tuple[tuple[str, frozenset[str]], ...]:
    found: dict[str, frozenset[str]] = {}
    for name in ("app_name", "msg_id", "hostname"):
        words = _listed(getattr(conditions, name))
        if words:
            found[name] = frozenset(word.lower() for word in words)
    facilities = frozenset(
        _known(word, FACILITIES, "syslog.facility") for word in _listed(conditions.facility)
    )
    if facilities:
        found["facility"] = facilities
    severities = frozenset(
        _known(word, SEVERITIES, "syslog.severity") for word in _listed(conditions.severity)
    )
    if conditions.severity_at_least:
        if severities:
            raise _fault(
                reason="severity or severity_at_least is allowed, not both", field="syslog.severity_at_least"
            )
        least = _known(conditions.severity_at_least, SEVERITIES, "syslog.severity_at_least")
        severities = frozenset(SEVERITIES[: SEVERITIES.index(least) + 1])
    if severities:
        found["severity"] = severities
    return tuple(found.items())


def _listed(words: Words) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words


def _all_known(words: Words, allowed: Sequence[str], field: str) -> frozenset[str]:
    return frozenset(_known(word, allowed, field) for word in _listed(words))


def _known(word: str, allowed: Sequence[str], field: str) -> str:
    name = _ALIASES.get(word.lower(), word.lower())
    if name not in allowed:
        raise _fault(reason=f"{word!r} is not known; one of {', '.join(allowed)} is allowed", field=field)
    return name


def _traps(given: Words) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the OIDs that are meant alone, and the beginnings, with a dot, of those meant as a branch."""
    oids, branches = set(), []
    for word in _listed(given):
        branch = word == "*" or word.endswith(".*")
        plain = (word[:-1] if branch else word).removesuffix(".").removeprefix(".")
        if plain and not all(part.isascii() and part.isdecimal() for part in plain.split(".")):
            raise _fault(
                reason=f"{word!r} is no OID; 1.3.6.1.6.3.1.1.5.3 is one, 1.3.6.1.4.1.9.* a branch",
                field="trap",
            )
        if branch:
            branches.append(f"{plain}." if plain else "")
        elif plain:
            oids.add(plain)
        else:
            raise _fault(
                reason="an empty OID; one such as 1.3.6.1.6.3.1.1.5.3, or *, is allowed", field="trap"
            )
    return frozenset(oids), tuple(branches)


def _pattern(expression: str, field: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        raise _fault(
            reason=f"{expression[:120]!r} is no regular expression ({error})", field=field
        ) from error


def _check_name(name: str, kind: str, known: frozenset[str], field: str) -> None:
    if name in known:
        return
    if kind == "syslog" and "." in name:
        return  # structured data: SD-ID.PARAM-NAME
    if kind == "trap" and (name.removesuffix(".instance") in known or name.replace(".", "").isdecimal()):
        return
    beside = "ID.NAME of structured data" if kind == "syslog" else "NAME.instance, or an OID"
    raise _fault(
        reason=f"{name!r} is not known; {', '.join(sorted(known))}, {beside}, is allowed", field=field
    )


def _templates(alarm: AlarmText, kind: str, known: frozenset[str]) -> tuple[tuple[str, Template], ...]:
    templates = []
    for name in ("specific_problem", "managed_object", "alarm_type", "probable_cause", "perceived_severity"):
        templates.append((name, _template(getattr(alarm, name), name, kind, known)))
    for name in ("specific_problem", "managed_object"):
        if not getattr(alarm, name):
            raise _fault(reason="an empty text; at least one character is needed", field=f"alarm.{name}")
    if "{" not in alarm.alarm_type and alarm.alarm_type:
        if not terms.alarm_type_of(alarm.alarm_type, "alarm_type")[2]:
            raise _fault(
                reason=f"{alarm.alarm_type!r} is no alarm type of 3GPP or X.733; communicationsAlarm is one",
                field="alarm.alarm_type",
            )
    if "{" not in alarm.perceived_severity:
        _check_severity(alarm.perceived_severity, "alarm.perceived_severity")
    for word, severity in alarm.severity_words.items():
        _check_severity(severity, f"alarm.severity_words.{word}")
    return tuple(templates)


def _template(text: str, name: str, kind: str, known: frozenset[str]) -> Template:
    field = f"alarm.{name}"
    try:
        template = template_of(text)
    except ValueError as error:
        raise _fault(reason=str(error), field=field) from error
    for place in sorted(template.names):
        _check_name(place, kind, known, field)
    return template


def _check_severity(word: str, field: str) -> None:
    if terms.squeezed(word) not in {terms.squeezed(one.value) for one in PerceivedSeverity}:
        allowed = ", ".join(one.value.lower() for one in PerceivedSeverity)
        raise _fault(reason=f"{word!r} is no severity; one of {allowed} is allowed", field=field)


def _fault(*, reason: str, field: str) -> ValueError:
    return ValueError(f"{reason} - at `$.{field}`" if field else reason)
