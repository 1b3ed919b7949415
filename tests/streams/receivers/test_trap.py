"""Laws of reading SNMP v2c notifications, written by pysnmp, and whatever else may come."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pysnmp.proto.api import v2c

from streams.receivers.trap import Trap, answer_to, community_of, is_inform, masked, parse_trap
from telcollm.errors import DecodeError
from tests.streams.receivers.notifications import (
    IF_DESCR,
    IF_INDEX,
    LINK_DOWN,
    get_request,
    message,
    notification,
    version_one_trap,
)


def test_a_trap_is_read_with_its_uptime_and_variables_in_order() -> None:
    data = notification(
        LINK_DOWN, [(f"{IF_INDEX}.7", v2c.Integer(7)), (f"{IF_DESCR}.7", v2c.OctetString("ge-0/0/1"))]
    )
    assert community_of(data) == b"noc"
    assert msgspec.structs.replace(parse_trap(data), request_id=0) == Trap(
        LINK_DOWN, 4_711, "", ((f"{IF_INDEX}.7", 7), (f"{IF_DESCR}.7", "ge-0/0/1"))
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (v2c.Integer(-5), -5),
        (v2c.Counter32(4_000_000_000), 4_000_000_000),
        (v2c.Counter64(2**63), 2**63),
        (v2c.Gauge32(9), 9),
        (v2c.TimeTicks(8), 8),
        (v2c.IpAddress("192.0.2.7"), "192.0.2.7"),
        (v2c.ObjectIdentifier("1.3.6.1.4.1"), "1.3.6.1.4.1"),
        (v2c.OctetString("Zürich".encode()), "Zürich"),
        (v2c.OctetString(hexValue="001b21aabbcc"), "0x001b21aabbcc"),
        (v2c.OctetString(b"nul\x00"), "0x6e756c00"),
        (v2c.OctetString(b""), ""),
        (v2c.Opaque(b"\x9f\x78"), "0x9f78"),
        (v2c.null, ""),
    ],
)
def test_a_value_of_each_type_is_a_number_or_a_text_and_loses_nothing(
    value: object, expected: int | str
) -> None:
    assert parse_trap(notification(LINK_DOWN, [("1.3.6.1.4.1.9.1", value)])).varbinds == (
        ("1.3.6.1.4.1.9.1", expected),
    )


def test_a_proxy_tells_of_its_agent_and_not_of_the_agents_community() -> None:
    found = parse_trap(
        notification(
            LINK_DOWN,
            [
                ("1.3.6.1.6.3.18.1.3.0", v2c.IpAddress("192.0.2.9")),
                ("1.3.6.1.6.3.18.1.4.0", v2c.OctetString("secret")),
            ],
        )
    )
    assert found.agent_address == "192.0.2.9"
    assert found.varbinds == ()


def test_an_inform_is_told_from_a_trap_and_its_answer_repeats_what_it_said() -> None:
    data = notification(LINK_DOWN, [(f"{IF_INDEX}.7", v2c.Integer(7))], inform=True)
    found = parse_trap(data)
    assert found.confirmed and is_inform(data)
    answer, rest = decoder.decode(answer_to(data), asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(answer)
    assert rest == b"" and pdu.isSameTypeWith(v2c.ResponsePDU())
    assert int(v2c.apiPDU.get_request_id(pdu)) == found.request_id
    assert int(v2c.apiPDU.get_error_status(pdu)) == 0
    assert [str(oid) for oid, _ in v2c.apiPDU.get_varbinds(pdu)][2:] == [f"{IF_INDEX}.7"]
    assert not is_inform(notification(LINK_DOWN))
    with pytest.raises(DecodeError, match="an inform is allowed"):
        answer_to(notification(LINK_DOWN))


def without_trap_oid() -> bytes:
    pdu = v2c.TrapPDU()
    v2c.apiTrapPDU.set_defaults(pdu)
    v2c.apiTrapPDU.set_varbinds(pdu, [(v2c.apiTrapPDU.sysUpTime, v2c.TimeTicks(1))])
    return message(pdu)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "message"),
        (b"<13>1 syslog on the wrong port", "message"),
        (b"0" * 2_000, "message"),
        (bytes.fromhex("3003020101"), "message"),
        (version_one_trap(), "version"),
        (get_request(), "PDU"),
        (notification(LINK_DOWN)[:-4], "PDU"),
        (without_trap_oid(), "snmpTrapOID.0"),
    ],
)
def test_what_is_no_v2c_notification_is_refused_with_the_part_at_fault(data: bytes, part: str) -> None:
    with pytest.raises(DecodeError, match=r"is not allowed; .+; have the sender") as caught:
        parse_trap(data)
    assert caught.value.field == part
    assert "noc" not in str(caught.value)


def test_no_community_is_left_in_what_is_kept_of_a_message() -> None:
    data = notification(LINK_DOWN, community="top-secret")
    assert b"top-secret" not in masked(data)
    assert len(masked(data)) == len(data)
    assert parse_trap(masked(data)) == parse_trap(data)
    assert masked(b"no message") == b"no message"


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_a_trap_or_a_reason(data: bytes) -> None:
    assert trap_or_reason(data)


GOOD = notification(LINK_DOWN, [(f"{IF_INDEX}.7", v2c.Integer(7)), (f"{IF_DESCR}.7", v2c.OctetString("ge"))])


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_trap_with_bytes_turned_over_is_a_trap_or_a_reason(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(GOOD)
    for place, value in changes:
        damaged[place] = value
    assert trap_or_reason(bytes(damaged))


@given(
    st.integers(1, 5_000), st.sampled_from([b"\x30\x80", b"\xa7\x82\x10\x00", b"\x30\x84\x7f\xff\xff\xff"])
)
def test_a_trap_that_nests_without_end_is_refused(times: int, piece: bytes) -> None:
    found, field = read(bytes.fromhex("308201000201010403") + b"noc" + piece * times)
    assert found is None and field


def read(data: bytes) -> tuple[Trap | None, str]:
    """What was read of the data, or the part for which they are refused."""
    try:
        return parse_trap(data), ""
    except DecodeError as error:
        return None, error.field


def trap_or_reason(data: bytes) -> bool:
    """Whether the data are refused with a reason, or a sound trap; the quick look and the reading agree."""
    found, field = read(data)
    if found is None:
        return bool(field)
    decimal = all(part.isdecimal() for part in found.trap_oid.split("."))
    return not field and decimal and community_of(data) is not None
