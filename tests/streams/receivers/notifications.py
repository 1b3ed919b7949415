"""SNMP notifications as agents send them, made by pysnmp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v1, v2c

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
LINK_UP = "1.3.6.1.6.3.1.1.5.4"
IF_INDEX = "1.3.6.1.2.1.2.2.1.1"
IF_DESCR = "1.3.6.1.2.1.2.2.1.2"


def notification(
    trap_oid: str,
    variables: Sequence[tuple[str, Any]] = (),
    *,
    community: str = "noc",
    uptime_ticks: int = 4_711,
    inform: bool = False,
) -> bytes:
    """A v2c trap, or an inform, with values of pysnmp's types."""
    pdu = v2c.InformRequestPDU() if inform else v2c.TrapPDU()
    (v2c.apiPDU if inform else v2c.apiTrapPDU).set_defaults(pdu)
    known = [
        (v2c.apiTrapPDU.sysUpTime, v2c.TimeTicks(uptime_ticks)),
        (v2c.apiTrapPDU.snmpTrapOID, v2c.ObjectIdentifier(trap_oid)),
    ]
    v2c.apiPDU.set_varbinds(pdu, [*known, *((v2c.ObjectIdentifier(oid), value) for oid, value in variables)])
    return message(pdu, community)


def message(pdu: Any, community: str = "noc", library: Any = v2c) -> bytes:
    """The message around a PDU."""
    whole = library.Message()
    library.apiMessage.set_defaults(whole)
    library.apiMessage.set_community(whole, community)
    library.apiMessage.set_pdu(whole, pdu)
    return bytes(encoder.encode(whole))


def get_request() -> bytes:
    """A v2c message that notifies of nothing."""
    pdu = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    return message(pdu)


def version_one_trap() -> bytes:
    """A v1 trap."""
    pdu = v1.TrapPDU()
    v1.apiTrapPDU.set_defaults(pdu)
    return message(pdu, library=v1)
