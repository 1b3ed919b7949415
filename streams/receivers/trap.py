"""SNMP v2c notifications: bytes to a value, or the reason why not, and the answer to an inform.

The community is looked at before anything else is decoded, so that whoever does not know it costs next to
nothing. It deliberately does not know sockets, MIB files, nor what a notification means.
Source: RFC 1901, RFC 3416 clauses 4.2.6 and 4.2.7, RFC 3584 clause 3.1; decoding by pysnmp and pyasn1.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

import msgspec

from telcollm.codec import excerpt
from telcollm.errors import DecodeError, MissingExtraError

SYS_UP_TIME: Final = "1.3.6.1.2.1.1.3.0"
SNMP_TRAP_OID: Final = "1.3.6.1.6.3.1.1.4.1.0"
SNMP_TRAP_ADDRESS: Final = "1.3.6.1.6.3.18.1.3.0"
SNMP_TRAP_COMMUNITY: Final = "1.3.6.1.6.3.18.1.4.0"

_V2C: Final = 1
_NEXT_STEP: Final = "have the sender write SNMP v2c, or leave it: it is kept with the dead letters"
_MOST_TEXT: Final = 16_384

Value = int | str


class Trap(msgspec.Struct, frozen=True):
    """One notification. `uptime_ticks` are hundredths of a second since the agent started.

    `agent_address` is what a proxy says of the agent it speaks for (snmpTrapAddress.0), else empty.
    `varbinds` are the others, as (OID, value) in order: whole numbers, texts, OIDs and addresses as text, and
    octets that are no text as 0x and hexadecimal digits. `confirmed`: it is an inform, and its sender waits
    for an answer.
    """

    trap_oid: str
    uptime_ticks: int | None = None
    agent_address: str = ""
    varbinds: tuple[tuple[str, Value], ...] = ()
    request_id: int = 0
    confirmed: bool = False


class _Library(NamedTuple):
    decode: Any
    encode: Any
    v2c: Any
    integer: type[Any]
    error: type[Exception]


@cache
def _library() -> _Library:
    try:
        from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
        from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
        from pyasn1.type.univ import Integer  # type: ignore[import-untyped]
        from pysnmp.proto.api import v2c
    except ModuleNotFoundError as error:
        raise MissingExtraError(package=str(error.name), extra="receivers") from error
    return _Library(decoder.decode, encoder.encode, v2c, Integer, PyAsn1Error)


def check_library() -> None:
    """Guarantee that traps can be decoded.

    Raises:
        MissingExtraError: pysnmp is not installed.
    """
    _library()


def community_of(data: bytes) -> bytes:
    """Return the community of an SNMP v2c message, before anything behind it is looked at.

    >>> community_of(bytes.fromhex("300b02010104067075626c6963"))
    b'public'

    Raises:
        DecodeError: no SNMP message, or one of another version.
    """
    at, end = _community(data)
    return data[at:end]


def is_inform(data: bytes) -> bool:
    """Tell whether an SNMP v2c message holds an inform, by its tag alone.

    >>> is_inform(bytes.fromhex("300d02010104067075626c6963a600"))
    True
    """
    try:
        _, end = _community(data)
    except DecodeError:
        return False
    return data[end : end + 1] == b"\xa6"


def masked(data: bytes) -> bytes:
    """Return the message with its community, which is a secret, as asterisks; without one as it is.

    >>> masked(bytes.fromhex("300b02010104067075626c6963"))[-6:]
    b'******'
    """
    try:
        at, end = _community(data)
    except DecodeError:
        return data
    return data[:at] + b"*" * (end - at) + data[end:]


def _community(data: bytes) -> tuple[int, int]:
    """Return where the community begins and ends."""
    tag, start, _ = _element(data, 0)
    if tag == 0x30:
        tag, at, end = _element(data, start)
        if tag == 0x02 and end - at == 1:
            if data[at] != _V2C:
                version = {0: "v1", 3: "v3"}.get(data[at], str(data[at]))
                raise _refused(version, "version", "SNMP v2c is allowed")
            tag, at, end = _element(data, end)
            if tag == 0x04:
                return at, end
    raise _refused(_size(data), "message", "a message of version and community (RFC 1901) is allowed")


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Return (tag, start, end) of the BER element at `at`; tag -1 where there is none."""
    if at + 2 > len(data):
        return -1, 0, 0
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > len(data):
            return -1, 0, 0
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    # Only what is looked into must be whole: the sequence around it all may be cut short.
    return data[at], start, min(start + length, len(data))


def parse_trap(data: bytes) -> Trap:
    """Return the notification in `data`, a trap or an inform. The community is not checked here.

    Raises:
        DecodeError: it is none; `field` names the part at fault.
        MissingExtraError: pysnmp is not installed.
    """
    community_of(data)
    library = _library()
    try:
        message, _ = library.decode(data, asn1Spec=library.v2c.Message())
        pdu = library.v2c.apiMessage.get_pdu(message)
        trap = pdu.isSameTypeWith(library.v2c.TrapPDU())
        confirmed = pdu.isSameTypeWith(library.v2c.InformRequestPDU())
        pairs = (
            [(str(oid), _value(value)) for oid, value in library.v2c.apiPDU.get_varbinds(pdu)]
            if trap or confirmed
            else []
        )
        request_id = int(library.v2c.apiPDU.get_request_id(pdu))
    except (
        library.error,
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        OverflowError,
        RecursionError,
    ) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise _refused(_size(data), "PDU", f"a whole BER message is allowed ({reason})") from error
    if not (trap or confirmed):
        raise _refused(type(pdu).__name__, "PDU", "a trap or an inform is allowed")
    return _assembled(pairs, request_id, confirmed)


def _assembled(pairs: list[tuple[str, Value]], request_id: int, confirmed: bool) -> Trap:
    known: dict[str, Value] = {}
    others: list[tuple[str, Value]] = []
    for oid, value in pairs:
        if oid in (SYS_UP_TIME, SNMP_TRAP_OID, SNMP_TRAP_ADDRESS) and oid not in known:
            known[oid] = value
        elif oid != SNMP_TRAP_COMMUNITY:  # a proxy's copy of a secret
            others.append((oid, value))
    trap_oid, uptime = known.get(SNMP_TRAP_OID), known.get(SYS_UP_TIME)
    if not isinstance(trap_oid, str) or not _is_oid(trap_oid):
        raise _refused(str(trap_oid or "(missing)"), "snmpTrapOID.0", "an object identifier is needed")
    address = known.get(SNMP_TRAP_ADDRESS, "")
    return Trap(
        trap_oid,
        uptime if isinstance(uptime, int) else None,
        address if isinstance(address, str) else "",
        tuple(others),
        request_id,
        confirmed,
    )


def _is_oid(text: str) -> bool:
    return len(text) <= 1024 and all(part.isascii() and part.isdecimal() for part in text.split("."))


def _value(value: Any) -> Value:
    v2c = _library().v2c
    if isinstance(value, v2c.IpAddress):
        return str(value.prettyPrint())
    if isinstance(value, v2c.Opaque):
        return f"0x{bytes(value).hex()}"
    if isinstance(value, v2c.OctetString):
        return _text(bytes(value))
    if isinstance(value, v2c.ObjectIdentifier):
        return str(value)
    if isinstance(value, _library().integer):
        return int(value)
    return ""


def _text(octets: bytes) -> str:
    """Return octets as the text they are, else as 0x and hexadecimal digits.

    >>> _text(b"ge-0/0/1"), _text(bytes((0, 27, 33)))
    ('ge-0/0/1', '0x001b21')
    """
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return f"0x{octets.hex()}"
    plain = text.replace("\n", "").replace("\r", "").replace("\t", "")
    return text if len(text) <= _MOST_TEXT and (not plain or plain.isprintable()) else f"0x{octets.hex()}"


def answer_to(data: bytes) -> bytes:
    """Return the response that tells the sender of the inform in `data` that it was taken.

    Raises:
        DecodeError: `data` holds none.
    """
    trap = parse_trap(data)
    if not trap.confirmed:
        raise _refused(trap.trap_oid, "PDU", "an inform is allowed")
    library = _library()
    message, _ = library.decode(data, asn1Spec=library.v2c.Message())
    asked = library.v2c.apiMessage.get_pdu(message)
    response = library.v2c.apiMessage.get_response(message)
    pdu = library.v2c.apiMessage.get_pdu(response)
    library.v2c.apiPDU.set_varbinds(pdu, library.v2c.apiPDU.get_varbinds(asked))
    return bytes(library.encode(response))


def _size(data: bytes) -> str:
    return f"{len(data)} octets"


def _refused(value: str, part: str, allowed: str) -> DecodeError:
    return DecodeError(f"{part}={excerpt(value)} is not allowed; {allowed}; {_NEXT_STEP}", field=part)
