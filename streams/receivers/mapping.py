"""The mapping file: what becomes of a message, and which object, region and zone its sender has.

Written in YAML, checked whole as it is read: every fault is told with its line and rule. It deliberately does
not look at messages: `streams.receivers.translation` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import yaml

from streams.receivers.document import Document, document_of
from streams.receivers.rule import AlarmText, Rule, RuleText, rule_of
from streams.receivers.sender import Sender, SenderText, sender_of
from telcollm.errors import SettingsError

EXAMPLE: Final = Path(__file__).with_name("example.yaml")
MOST_BYTES: Final = 1_000_000
VERSION: Final = 1


class MappingError(SettingsError):
    """A mapping file has faults; `faults` are all of them, one line each."""

    def __init__(self, message: str, faults: tuple[str, ...]) -> None:
        super().__init__(message)
        self.faults = faults


class Mapping(msgspec.Struct, frozen=True):
    """A mapping that was checked. Rules are tried in order; the first whose conditions hold counts.

    `names` says by OID what a variable is called, without its instance. Of `senders`, each thing is told by
    the first that matches and tells it. `warnings` are no faults, and worth a look.
    """

    names: dict[str, str] = {}
    senders: tuple[Sender, ...] = ()
    rules: tuple[Rule, ...] = ()
    warnings: tuple[str, ...] = ()
    path: str = ""

    @property
    def makes_logs(self) -> bool:
        """Tell whether a rule keeps what it matches as a log line."""
        return any(rule.log for rule in self.rules)


class _MappingText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1] = 1
    names: dict[str, Any] = {}
    sources: list[Any] = []
    rules: list[Any] = []


def load_mapping(path: Path | None = None) -> Mapping:
    """Return the mapping in the file at `path`, the shipped example without one.

    Raises:
        MappingError: the file has faults, all of which are told.
        SettingsError: it cannot be read.
    """
    file = path or EXAMPLE
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        message = (
            f"mapping {file} cannot be read ({error.strerror}); a YAML file is allowed; check the path, or "
            "leave it out for the shipped example"
        )
        raise SettingsError(message) from error
    return mapping_of(data, str(file))


def mapping_of(data: bytes, name: str) -> Mapping:
    """Return the mapping that `data` describes; `name` is what faults call the file.

    >>> mapping_of(b"rules: [{name: noise, trap: 1.3.6.1.6.3.1.1.5.5, drop: true}]", "m.yaml").rules[0].name
    'noise'

    Raises:
        MappingError: it has faults.
    """
    if len(data) > MOST_BYTES:
        raise _faulty(name, [f"{name}: {len(data)} bytes; at most {MOST_BYTES} are allowed; shorten it"])
    try:
        document = document_of(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _faulty(name, [f"{name}: no YAML: {' '.join(str(error).split())}"]) from error
    faults = [f"{name}:{line}: {text}" for line, text in document.faults]
    try:
        text = msgspec.convert({} if document.value is None else document.value, _MappingText)
    except msgspec.ValidationError as error:
        faults.append(_told(name, document, (), "", error))
        raise _faulty(name, faults) from error
    names = _names(text.names, name, document, faults)
    senders = []
    for place, entry in enumerate(text.sources):
        try:
            senders.append(sender_of(msgspec.convert(entry, SenderText)))
        except (msgspec.ValidationError, ValueError) as error:
            faults.append(_told(name, document, ("sources", place), f"source {place + 1}", error))
    rules: list[Rule] = []
    for place, entry in enumerate(text.rules):
        called = f"rule {_name_of(entry) or place + 1}"
        try:
            rule = rule_of(msgspec.convert(entry, RuleText), frozenset(names.values()))
            if any(rule.name == other.name for other in rules):
                message = "another rule has this name; names tell rules apart - at `$.name`"
                raise ValueError(message)
            rules.append(rule)
        except (msgspec.ValidationError, ValueError) as error:
            faults.append(_told(name, document, ("rules", place), called, error))
    if faults:
        raise _faulty(name, faults)
    lines = {rule.name: document.line("rules", place) for place, rule in enumerate(rules)}
    warnings = tuple(f"{name}:{lines[rule]}: rule {rule}: {text}" for rule, text in _doubts(rules))
    return Mapping(names, tuple(senders), tuple(rules), warnings, name)


def _name_of(entry: object) -> str:
    found = entry.get("name") if isinstance(entry, dict) else None
    return found if isinstance(found, str) else ""


def _names(given: dict[str, Any], file: str, document: Document, faults: list[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for oid, called in given.items():
        plain = str(oid)
        if not all(part.isascii() and part.isdecimal() for part in plain.split(".")):
            reason = f"names: {plain[:80]!r} is no OID; 1.3.6.1.2.1.2.2.1.1 is one"
        elif not isinstance(called, str) or not called.isidentifier():
            reason = f"names: {plain}={called!r} is no name; a word such as ifIndex is allowed"
        else:
            names[plain] = called
            continue
        faults.append(f"{file}:{document.line('names', oid)}: {reason}")
    return names


def _told(file: str, document: Document, place: tuple[str | int, ...], called: str, error: Exception) -> str:
    """Return the fault with the line of the field that it is about."""
    reason, _, at = str(error).partition(" - at `$")
    steps: list[str | int] = [
        int(step) if step.isdecimal() else step
        for step in at.rstrip("`").replace("[", ".").replace("]", "").split(".")
        if step and step != "..."
    ]
    line = document.line(*place, *steps)
    field = ".".join(str(step) for step in steps)
    told = ": ".join(part for part in (called, field, reason) if part)
    return f"{file}:{line}: {told}"


def _faulty(name: str, faults: list[str]) -> MappingError:
    shown = "\n".join(faults[:50])
    more = f"\nand {len(faults) - 50} more" if len(faults) > 50 else ""
    message = (
        f"mapping {name} has {len(faults)} fault{'s' if len(faults) > 1 else ''}; every rule must be as the "
        f"example's are ({EXAMPLE}); mend these:\n{shown}{more}"
    )
    return MappingError(message, tuple(faults))


def _doubts(rules: list[Rule]) -> list[tuple[str, str]]:
    """Return what is allowed and still looks wrong, as (rule, text)."""
    doubts = []
    raised = {_key_of(rule.alarm) for rule in rules if rule.alarm and not rule.clears}
    for place, rule in enumerate(rules):
        if rule.alarm and rule.clears and _key_of(rule.alarm) not in raised:
            doubts.append(
                (
                    rule.name,
                    "clears what no rule raises: managed_object, alarm_type, probable_cause and "
                    "specific_problem must be those of the raise",
                )
            )
        if rule.unconditional and any(after.kind == rule.kind for after in rules[place + 1 :]):
            doubts.append((rule.name, f"matches every {rule.kind}: no later rule is tried"))
    return doubts


def _key_of(alarm: AlarmText) -> tuple[str, ...]:
    return (alarm.managed_object, alarm.alarm_type, alarm.probable_cause, alarm.specific_problem)
