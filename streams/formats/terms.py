"""The standards' words as their neighbours and vendors spell them, read as telcollm's enumerations.

A word is matched whatever its case, blanks and underscores. A word nobody knows is kept as it came; nothing
is guessed. It deliberately does not know the records these words stand in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from streams.formats.wire import refusal
from telcollm.records import (
    PROBABLE_CAUSE_CODES,
    PROBABLE_CAUSES,
    SEVERITY_RANK,
    AckState,
    AlarmType,
    Mode,
    NotificationType,
    OperatorState,
    PerceivedSeverity,
    ProbableCause,
    TrendIndication,
)

E = TypeVar("E", bound=StrEnum)

MAX_WORD = 1024
MAX_NUMBER = 2**63
_NOISE = re.compile(r"[^a-z0-9]+")


def squeezed(word: str) -> str:
    """Return the word in lower case, letters and digits only."""
    return _NOISE.sub("", word.lower())


def _by_word(kind: type[E]) -> dict[str, E]:
    return {squeezed(member.value): member for member in kind}


class _Words(dict[str, tuple[Any, str, bool]]):
    """Answers by exact spelling, learned as spellings come; bounded, as vendors' words are not."""

    def keep(self, word: str, answer: tuple[Any, str, bool]) -> tuple[Any, str, bool]:
        if len(self) < 4096 and len(word) <= 128:
            self[word] = answer
        return answer


_SEVERITY = _by_word(PerceivedSeverity) | {"clear": PerceivedSeverity.CLEARED}
_SEVERITY_BY_NUMBER = {str(number): PerceivedSeverity(name) for name, number in SEVERITY_RANK.items()}
_severities = _Words()
NO_SEVERITY = (PerceivedSeverity.INDETERMINATE, "", False)


def severity_of(value: Any, field: str) -> tuple[PerceivedSeverity, str, bool]:
    """Return (severity, the raw word where it says more, whether the word itself says cleared).

    Numbers 2 to 6 are those of RFC 8632 (indeterminate, warning, minor, major, critical) and are kept raw as
    well, since other standards number otherwise (X.721: critical=1, cleared=5). Number 1 never clears: RFC
    8632 allows it in a state change only, which its own field tells. Any other word is INDETERMINATE, kept
    raw.

    Raises:
        DecodeError: neither text nor whole number.
    """
    if type(value) is int and -MAX_NUMBER < value < MAX_NUMBER:
        value = str(value)
    elif type(value) is not str or len(value) > MAX_WORD:
        raise refusal(
            value, field, "CRITICAL, MAJOR, MINOR, WARNING, INDETERMINATE, CLEARED or a number is allowed"
        )
    known = _severities.get(value)
    if known is not None:
        return known
    number = _SEVERITY_BY_NUMBER.get(value)
    if number is not None:
        clears = number is PerceivedSeverity.CLEARED
        severity = PerceivedSeverity.INDETERMINATE if clears else number
        return _severities.keep(value, (severity, value, False))
    word = _SEVERITY.get(squeezed(value))
    if word is None:
        return _severities.keep(value, (PerceivedSeverity.INDETERMINATE, value, False))
    if word is PerceivedSeverity.CLEARED:
        return _severities.keep(value, (PerceivedSeverity.INDETERMINATE, value, True))
    return _severities.keep(value, (word, "", False))


_TYPE = _by_word(AlarmType) | {
    "communicationalarm": AlarmType.COMMUNICATIONS_ALARM,
    "communications": AlarmType.COMMUNICATIONS_ALARM,
    "communication": AlarmType.COMMUNICATIONS_ALARM,
    "qosalarm": AlarmType.QUALITY_OF_SERVICE_ALARM,
    "qualityofservice": AlarmType.QUALITY_OF_SERVICE_ALARM,
    "processingerror": AlarmType.PROCESSING_ERROR_ALARM,
    "equipment": AlarmType.EQUIPMENT_ALARM,
    "environmental": AlarmType.ENVIRONMENTAL_ALARM,
    "environmentalarm": AlarmType.ENVIRONMENTAL_ALARM,
    "securityservice": AlarmType.SECURITY_SERVICE_OR_MECHANISM_VIOLATION,
    "mechanismviolation": AlarmType.SECURITY_SERVICE_OR_MECHANISM_VIOLATION,
    "securityviolation": AlarmType.SECURITY_SERVICE_OR_MECHANISM_VIOLATION,
}
# Source: RFC 3877 IANAItuEventType; 1 is other.
_TYPE_BY_NUMBER = {
    "1": AlarmType.OTHER,
    "2": AlarmType.COMMUNICATIONS_ALARM,
    "3": AlarmType.QUALITY_OF_SERVICE_ALARM,
    "4": AlarmType.PROCESSING_ERROR_ALARM,
    "5": AlarmType.EQUIPMENT_ALARM,
    "6": AlarmType.ENVIRONMENTAL_ALARM,
    "7": AlarmType.INTEGRITY_VIOLATION,
    "8": AlarmType.OPERATIONAL_VIOLATION,
    "9": AlarmType.PHYSICAL_VIOLATION,
    "10": AlarmType.SECURITY_SERVICE_OR_MECHANISM_VIOLATION,
    "11": AlarmType.TIME_DOMAIN_VIOLATION,
}
_types = _Words()


def alarm_type_of(value: Any, field: str) -> tuple[AlarmType, str, bool]:
    """Return (alarm type, the raw word where it says more, whether the type is known).

    Numbers are RFC 3877's (2 communications ... 11 time domain), kept raw as well. An unknown word is OTHER.

    Raises:
        DecodeError: neither text nor whole number.
    """
    if type(value) is int and -MAX_NUMBER < value < MAX_NUMBER:
        value = str(value)
    elif type(value) is not str or len(value) > MAX_WORD:
        raise refusal(value, field, "a 3GPP, TMF642 or X.733 alarm type, as text or number, is allowed")
    known = _types.get(value)
    if known is not None:
        return known
    number = _TYPE_BY_NUMBER.get(value)
    if number is not None:
        return _types.keep(value, (number, value, True))
    word = _TYPE.get(squeezed(value))
    if word is None:
        return _types.keep(value, (AlarmType.OTHER, value, False))
    return _types.keep(value, (word, "", True))


_CAUSE = {squeezed(name): name for name in PROBABLE_CAUSE_CODES} | {"outputdeviceerror": "ouputDeviceError"}
NO_CAUSE = ProbableCause()


def probable_cause_of(value: Any, field: str) -> ProbableCause:
    """Return the probable cause: X.733's name and number where it is one, else the vendor's word or number.

    An object of name, code and vendor keeps all three; a standard name is spelt as the standard does.

    Raises:
        DecodeError: no text, whole number or such object.
    """
    if type(value) is str and len(value) <= 128:
        return _cause_of_word(value)
    if type(value) is str and len(value) <= MAX_WORD:
        return ProbableCause(vendor=value)
    if type(value) is int and -MAX_NUMBER < value < MAX_NUMBER:
        return _cause_of_number(value)
    if type(value) is dict:
        name, code, vendor = value.get("name", ""), value.get("code"), value.get("vendor", "")
        texts = all(type(text) is str and len(text) <= MAX_WORD for text in (name, vendor))
        if (
            texts
            and (code is None or (type(code) is int and abs(code) < MAX_NUMBER))
            and value.keys() <= {"name", "code", "vendor"}
        ):
            return _whole_cause(name, code, vendor)
    raise refusal(
        value, field, f"an X.733 name, a number, or a vendor's text of {MAX_WORD} characters is allowed"
    )


def _whole_cause(name: str, code: int | None, vendor: str) -> ProbableCause:
    word = name or vendor
    if not word:
        return NO_CAUSE if code is None else _cause_of_number(code)
    standard = _cause_of_word(word)
    return ProbableCause(
        name=standard.name or name, code=standard.code if code is None else code, vendor=vendor
    )


@lru_cache(maxsize=4096)
def _cause_of_word(word: str) -> ProbableCause:
    if word.isascii() and word.isdecimal() and len(word) < 19:
        return _cause_of_number(int(word))
    name = _CAUSE.get(squeezed(word))
    if name is None:
        return ProbableCause(vendor=word)
    return ProbableCause(name=name, code=PROBABLE_CAUSE_CODES[name])


def _cause_of_number(number: int) -> ProbableCause:
    return ProbableCause(name=PROBABLE_CAUSES.get(number, ""), code=number)


def _member_of(value: Any, field: str, words: Mapping[str, E]) -> E:
    found = None
    if type(value) is str and len(value) <= MAX_WORD:
        found = words.get(value) or words.get(squeezed(value))
    if found is None:
        raise refusal(value, field, f"one of {', '.join(sorted(set(words.values())))} is allowed")
    return found


_NOTIFICATION = _by_word(NotificationType)
_ACK = _by_word(AckState) | {"acked": AckState.ACKNOWLEDGED, "unacked": AckState.UNACKNOWLEDGED}
_TREND = _by_word(TrendIndication)
_OPERATOR = _by_word(OperatorState)
_MODE = _by_word(Mode)


class LifeState(StrEnum):
    """TMF642 state."""

    RAISED = "raised"
    UPDATED = "updated"
    CLEARED = "cleared"


_STATE = _by_word(LifeState) | {"active": LifeState.RAISED, "changed": LifeState.UPDATED}


def notification_type_of(value: Any, field: str) -> NotificationType:
    """Return the 3GPP notification type. Raises: DecodeError for any other word."""
    return _member_of(value, field, _NOTIFICATION)


def ack_state_of(value: Any, field: str) -> AckState:
    """Return the acknowledgement state. Raises: DecodeError for any other word."""
    return _member_of(value, field, _ACK)


def trend_of(value: Any, field: str) -> TrendIndication:
    """Return the trend indication. Raises: DecodeError for any other word."""
    return _member_of(value, field, _TREND)


def operator_state_of(value: Any, field: str) -> OperatorState:
    """Return RFC 8632's operator state. Raises: DecodeError for any other word."""
    return _member_of(value, field, _OPERATOR)


def mode_of(value: Any, field: str) -> Mode:
    """Return the mode. Raises: DecodeError for any other word."""
    return _member_of(value, field, _MODE)


def state_of(value: Any, field: str) -> LifeState:
    """Return TMF642's alarm state. Raises: DecodeError for any other word."""
    return _member_of(value, field, _STATE)
