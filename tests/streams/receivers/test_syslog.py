"""Laws of reading syslog: the examples of RFC 5424, what is older, and whatever else may come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.receivers.message import SyslogMessage, logged_time
from streams.receivers.syslog import FACILITIES, SEVERITIES, parse_syslog
from telcollm.errors import DecodeError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_the_first_example_of_rfc_5424_is_read_without_structured_data() -> None:
    found = parse_syslog(
        b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - "
        b"\xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8"
    )
    assert found == SyslogMessage(
        "auth",
        "critical",
        "2003-10-11T22:14:15.003Z",
        False,
        "mymachine.example.com",
        "su",
        "",
        "ID47",
        (),
        "'su root' failed for lonvick on /dev/pts/8",
    )
    assert logged_time(found, NOW, "") == datetime(2003, 10, 11, 22, 14, 15, 3000, UTC)


def test_the_second_example_of_rfc_5424_is_read_with_its_offset() -> None:
    found = parse_syslog(
        b"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts."
    )
    assert (found.facility, found.severity, found.proc_id) == ("local4", "notice", "8710")
    assert found.text == "%% It's time to make the do-nuts."
    assert logged_time(found, NOW, "") == datetime(2003, 8, 24, 12, 14, 15, 3, UTC)


def test_the_third_and_fourth_examples_of_rfc_5424_are_read_with_structured_data() -> None:
    element = b'[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]'
    params = (("iut", "3"), ("eventSource", "Application"), ("eventID", "1011"))
    head = b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
    third = parse_syslog(head + element + b" \xef\xbb\xbfAn application event log entry...")
    assert third.structured_data == (("exampleSDID@32473", params),)
    assert third.text == "An application event log entry..."
    fourth = parse_syslog(head + element + b'[examplePriority@32473 class="high"]')
    assert fourth.structured_data == (
        ("exampleSDID@32473", params),
        ("examplePriority@32473", (("class", "high"),)),
    )
    assert fourth.text == ""


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (rb'[a b="1 \" \\ \] 2"]', '1 " \\ ] 2'),
        (rb'[a b="kept: \n \x"]', r"kept: \n \x"),
        (b'[a b=""]', ""),
        (b'[a b="=["]', "=["),
    ],
)
def test_escapes_of_structured_data_are_undone_and_other_backslashes_stay(data: bytes, value: str) -> None:
    found = parse_syslog(b"<13>1 - - - - - " + data + b" text")
    assert found.structured_data == (("a", (("b", value),)),)
    assert found.text == "text"


def test_a_message_of_nothing_but_nil_values_is_a_message() -> None:
    assert parse_syslog(b"<0>1 - - - - - -") == SyslogMessage("kern", "emergency")


@given(st.integers(0, 191))
def test_every_priority_tells_its_facility_and_severity(number: int) -> None:
    found = parse_syslog(b"<%d>1 - - - - - - x" % number)
    assert FACILITIES.index(found.facility) * 8 + SEVERITIES.index(found.severity) == number


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "PRI"),
        (b"\x00\r\n", "PRI"),
        (b"no priority at all", "PRI"),
        (b"<192>1 - - - - - -", "PRI"),
        (b"<1234>1 - - - - - -", "PRI"),
        (b"<13>", "MSG"),
        (b"<13>1 - - -", "HEADER"),
        (b"<13>1 yesterday - - - - -", "TIMESTAMP"),
        (b"<13>1 2003-10-11T22:14 - - - - -", "TIMESTAMP"),
        (b"<13>1 - - - - - ", "STRUCTURED-DATA"),
        (b"<13>1 - - - - - text", "STRUCTURED-DATA"),
        (b"<13>1 - - - - - -text", "STRUCTURED-DATA"),
        (b"<13>1 - - - - - [a", "STRUCTURED-DATA"),
        (b'<13>1 - - - - - [a b="1]', "STRUCTURED-DATA"),
        (b'<13>1 - - - - - [a b="1"]x', "STRUCTURED-DATA"),
        (b'<13>1 - - - - - [a b="1" ] x', "STRUCTURED-DATA"),
    ],
)
def test_what_is_no_syslog_is_refused_with_the_part_at_fault(data: bytes, part: str) -> None:
    with pytest.raises(DecodeError, match=r"is not allowed; .+; mend") as caught:
        parse_syslog(data)
    assert caught.value.field == part


def test_bytes_that_are_no_text_and_nul_characters_are_shown_and_not_lost() -> None:
    found = parse_syslog(b"<13>1 - - - - - - a\xff\x00b\x00")
    assert found.text == "a\\xff#000b"


@pytest.mark.parametrize(
    ("data", "host", "app", "process", "msg_id", "text"),
    [
        (
            b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            "mymachine",
            "su",
            "",
            "",
            "su: 'su root' failed for lonvick on /dev/pts/8",
        ),
        (b"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", "10.0.0.99", "", "", "", "Use the BFG!"),
        (b"<13>Feb  5 17:32:18 rpd[7]: down", "", "rpd", "7", "", "rpd[7]: down"),
        (b"<13>Use the BFG!", "", "", "", "", "Use the BFG!"),
        (
            b"<189>45: r1: *Mar  1 18:46:11.123 UTC: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
            "r1",
            "",
            "",
            "LINK-3-UPDOWN",
            "%LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
        ),
        (b"<13>2026-03-01T10:00:00.5+01:00 core1 app: text", "core1", "app", "", "", "app: text"),
    ],
)
def test_older_forms_are_read_as_far_as_they_are_recognised(
    data: bytes, host: str, app: str, process: str, msg_id: str, text: str
) -> None:
    found = parse_syslog(data)
    assert (found.hostname, found.app_name, found.proc_id) == (host, app, process)
    assert (found.msg_id, found.text) == (msg_id, text)


@pytest.mark.parametrize(
    ("data", "zone", "expected"),
    [
        (b"<13>Feb 28 23:00:00 h x", "Europe/Berlin", datetime(2026, 2, 28, 22, tzinfo=UTC)),
        (b"<13>Dec 31 23:59:59 h x", "UTC", datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"<13>Mar  1 2024 01:02:03 h x", "UTC", datetime(2024, 3, 1, 1, 2, 3, tzinfo=UTC)),
        (b"<13>*Mar  1 01:02:03.5 UTC: x", "", datetime(2026, 3, 1, 1, 2, 3, 500_000, UTC)),
        (b"<13>Feb 29 12:00:00 h x", "UTC", None),
        (b"<13>1 2026-03-01T10:00:00 - - - - -", "Europe/Berlin", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        (b"<13>1 2026-03-01T10:00:00.123456789Z - - - - -", "", datetime(2026, 3, 1, 10, 0, 0, 123457, UTC)),
        (b"<13>1 - - - - - -", "", NOW),
        (b"<13>1 1970-01-01T00:00:09Z - - - - -", "", NOW),
        (b"<13>no time", "", NOW),
    ],
)
def test_a_time_is_read_in_its_zone_and_nearest_year_and_a_missing_one_is_the_receipt(
    data: bytes, zone: str, expected: datetime | None
) -> None:
    message = parse_syslog(data)
    if expected is None:
        with pytest.raises(DecodeError, match="day and time that exist"):
            logged_time(message, NOW, zone)
    else:
        assert logged_time(message, NOW, zone) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<13>Feb 28 23:00:00 h x", "no time zone.*set time_zone .an IANA name.*mapping"),
        (b"<13>1 2026-03-01T10:00:00 - - - - -", "no time zone"),
        (b"<13>1 2026-13-01T10:00:00Z - - - - -", "is not allowed"),
        (b"<13>1 2200-01-01T10:00:00Z - - - - -", "in the years"),
        (b"<13>Feb 28 29:00:00 UTC h x", "day and time that exist"),
    ],
)
def test_a_time_that_means_nothing_is_refused_and_never_guessed(data: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        logged_time(parse_syslog(data), NOW, "")
    assert caught.value.field == "TIMESTAMP"


HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=200).map(lambda tail: b"<13>" + tail),
    st.binary(max_size=200).map(lambda tail: b"<13>1 " + tail),
    st.binary(max_size=200).map(lambda tail: b"<13>1 - h a p m [" + tail),
    st.text(max_size=100).map(lambda tail: b"<13>Oct 11 22:14:15 " + tail.encode("utf-8", "surrogatepass")),
    st.from_regex(
        rb"<\d{1,3}>1 [0-9T:Z.+-]{1,30} - - - - (-|\[[a-z ]{1,9}(=\"[^\"]*\")?\])( .*)?", fullmatch=True
    ),
)


@given(HOSTILE, st.sampled_from(["", "UTC", "Europe/Berlin"]))
def test_whatever_bytes_come_are_a_message_with_a_time_or_a_reason(data: bytes, zone: str) -> None:
    try:
        found = parse_syslog(data)
        at = logged_time(found, NOW, zone)
    except DecodeError as error:
        assert error.field
        assert "; " in str(error)
    else:
        assert at.tzinfo is not None
        assert "\x00" not in found.text + found.hostname
        found.text.encode()


@given(st.sampled_from([b'[a b="', b"[", b"\\", b"<1>", b" ", b"45: ", b"x: "]), st.integers(1, 3000))
def test_reading_takes_time_in_proportion_to_the_length_of_what_is_repeated(piece: bytes, times: int) -> None:
    # A pattern that backtracks would take far longer than the suite's limit for one test.
    for head in (b"<13>1 - - - - - ", b"<13>", b"<13>Oct 11 22:14:15 "):
        try:
            parse_syslog(head + piece * times)
        except DecodeError as error:
            assert error.field
