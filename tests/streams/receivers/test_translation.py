"""Laws of translation: what a message becomes by the mapping, by default, and when it cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysnmp.proto.api import v2c

from streams.formats import decode_alarms
from streams.formats.desk import decode_records
from streams.receivers.mapping import load_mapping, mapping_of
from streams.receivers.received import Listener, Received
from streams.receivers.translation import ALARM, LETTER, LOG, Outgoing, Translated, Translator
from telcollm.records import Alarm, AlarmType, LogLine, NotificationType, PerceivedSeverity
from tests.streams.receivers.notifications import IF_DESCR, IF_INDEX, LINK_DOWN, LINK_UP, notification
from tests.streams.receivers.rig import ALARMS, LOGS, NOON_MS, PLAIN, translator_for

UDP, TCP, SNMP = Listener
EXAMPLE = load_mapping()


def told(data: bytes, listener: Listener = UDP, *, rules: str = "", address: str = "192.0.2.7") -> Translated:
    """What becomes of the data by rules, by the example without any."""
    mapping = mapping_of(rules.encode(), "m.yaml") if rules else EXAMPLE
    return translator_for(mapping).translate(Received(listener, address, NOON_MS, data, len(data)))


def alarm_of(record: Outgoing) -> Alarm:
    """The alarm that the worker reads."""
    assert record.what == ALARM and record.topic == "alarms"
    (found,) = decode_alarms(record.value, ALARMS)
    assert record.key == found.managed_object.encode()
    return found


def line_of(record: Outgoing) -> LogLine:
    """The log line that the worker reads."""
    assert record.what == LOG and record.topic == "logs"
    (found,), refused = decode_records(record.value, LOGS)
    assert refused is None and isinstance(found, LogLine)
    assert record.key == found.managed_object.encode()
    return found


def test_a_message_without_a_rule_is_a_log_line_that_keeps_all_it_said() -> None:
    data = b'<165>1 2003-10-11T22:14:15.003Z core1 evntslog 12 ID47 [a@1 n="1" n="2" m="3"] text'
    found = told(data)
    line = line_of(found.outgoing[0])
    assert len(found.outgoing) == 1 and found.rule == ""
    assert (line.managed_object, line.text) == ("core1", "text")
    assert (line.facility, line.severity, line.tenant) == ("local4", "notice", "acme")
    assert line.logged_time.isoformat() == "2003-10-11T22:14:15.003000+00:00"
    assert line.source_system_id == "syslog-udp"
    assert line.extra == {
        "hostname": "core1",
        "appName": "evntslog",
        "procId": "12",
        "msgId": "ID47",
        "structuredData": {"a@1": {"n": ["1", "2"], "m": "3"}},
        "timestamp": "2003-10-11T22:14:15.003Z",
        "sourceAddress": "192.0.2.7",
    }


def test_a_message_without_a_text_is_shown_by_its_data_and_without_a_host_by_its_address() -> None:
    line = line_of(told(b'<13>1 - - - - ID7 [a x="1"][b]').outgoing[0])
    assert (line.text, line.managed_object) == ("ID7 a x=1 b", "192.0.2.7")
    assert line.logged_time.isoformat() == "2026-03-01T12:00:00+00:00"


def test_a_trap_without_a_rule_is_an_indeterminate_alarm_that_keeps_its_type() -> None:
    found = told(notification("1.3.6.1.4.1.9.9.1", [("1.3.6.1.4.1.9.2.5", v2c.Integer(3))]), SNMP)
    alarm = alarm_of(found.outgoing[0])
    assert found.unmapped == "1.3.6.1.4.1.9.9.1" and found.rule == ""
    assert (alarm.perceived_severity, alarm.alarm_type) == (PerceivedSeverity.INDETERMINATE, AlarmType.OTHER)
    assert (alarm.raw_type, alarm.specific_problem) == ("1.3.6.1.4.1.9.9.1", "1.3.6.1.4.1.9.9.1")
    assert (alarm.managed_object, alarm.source_system_id) == ("192.0.2.7", "snmp")
    assert alarm.probable_cause.label == "" and alarm.raw_severity == ""
    assert alarm.additional_text == "1.3.6.1.4.1.9.2.5=3"
    assert alarm.additional_information == {
        "trapOid": "1.3.6.1.4.1.9.9.1",
        "variables": {"1.3.6.1.4.1.9.2.5": "3"},
        "sysUpTimeTicks": 4711,
    }


def test_link_up_clears_the_link_down_of_the_same_interface_and_of_no_other() -> None:
    def alarm(trap: str, index: int, *more: tuple[str, Any]) -> Alarm:
        (record,) = told(
            notification(trap, [(f"{IF_INDEX}.{index}", v2c.Integer(index)), *more]), SNMP
        ).outgoing
        return alarm_of(record)

    down, up, other = alarm(LINK_DOWN, 7), alarm(LINK_UP, 7), alarm(LINK_UP, 8)
    assert down.key == up.key != other.key
    assert down.notification_type is NotificationType.NEW_ALARM
    assert up.notification_type is NotificationType.CLEARED_ALARM
    assert down.perceived_severity is PerceivedSeverity.MAJOR
    assert down.raw_type == LINK_DOWN
    named = alarm(LINK_DOWN, 7, (f"{IF_DESCR}.7", v2c.OctetString("ge-0/0/1")))
    assert named.specific_problem == "linkDown ge-0/0/1"


@pytest.mark.parametrize(
    ("data", "problem", "clears"),
    [
        (
            b"<189>45: *Mar  1 11:46:11.123 UTC: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
            "linkDown Gi0/1",
            False,
        ),
        (
            b"<189>46: *Mar  1 11:46:12.123 UTC: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up",
            "linkDown Gi0/1",
            True,
        ),
        (
            b"<28>1 2026-03-01T11:00:00Z mx1 mib2d 71 - - SNMP_TRAP_LINK_DOWN: ifIndex 512, "
            b"ifAdminStatus up(1), ifOperStatus down(2), ifName ge-0/0/1",
            "linkDown ge-0/0/1",
            False,
        ),
        (
            b"<28>1 2026-03-01T11:00:09Z mx1 mib2d 71 - - SNMP_TRAP_LINK_UP: ifIndex 512, ifName ge-0/0/1",
            "linkDown ge-0/0/1",
            True,
        ),
        (
            b"<4>1 2026-03-01T11:00:00Z nfv1 kernel - - - Out of memory: Killed process 4711 (upf), 9 kB",
            "outOfMemory upf",
            False,
        ),
    ],
)
def test_the_shipped_syslog_forms_become_alarms_and_stay_log_lines(
    data: bytes, problem: str, clears: bool
) -> None:
    first, second = told(data).outgoing
    alarm = alarm_of(first)
    assert alarm.specific_problem == problem
    assert (alarm.notification_type is NotificationType.CLEARED_ALARM) is clears
    assert alarm.additional_text == line_of(second).text
    assert alarm.additional_information["sourceAddress"] == "192.0.2.7"
    assert alarm.managed_object == line_of(second).managed_object


RFC_3877 = "1.3.6.1.2.1.118"


def test_an_alarm_of_the_alarm_mib_is_cleared_by_the_state_that_its_model_says_is_clear() -> None:
    def alarm(trap: str, state: int) -> Alarm:
        model = f"{RFC_3877}.1.1.2.1.3.0.4.{state}"
        variables = [
            (f"{RFC_3877}.1.2.2.1.13.0.11", v2c.ObjectIdentifier(model)),
            (f"{RFC_3877}.1.2.2.1.10.0.11", v2c.ObjectIdentifier(f"{IF_INDEX}.7")),
        ]
        return alarm_of(told(notification(trap, variables), SNMP).outgoing[0])

    active, clear = alarm(f"{RFC_3877}.0.2", 2), alarm(f"{RFC_3877}.0.3", 1)
    assert active.key == clear.key
    assert clear.notification_type is NotificationType.CLEARED_ALARM
    assert active.perceived_severity is PerceivedSeverity.INDETERMINATE


def test_a_rule_whose_places_the_message_does_not_fill_does_not_match_and_the_next_is_tried() -> None:
    rules = """rules:
- name: first
  trap: 1.3.6.1.4.1.*
  alarm: {specific_problem: "p {1.3.6.1.4.1.9.1}"}
- name: second
  trap: "*"
  drop: true
"""
    good = told(notification("1.3.6.1.4.1.9", [("1.3.6.1.4.1.9.1", v2c.Integer(5))]), SNMP, rules=rules)
    assert (good.rule, alarm_of(good.outgoing[0]).specific_problem) == ("first", "p 5")
    without = told(notification("1.3.6.1.4.1.9"), SNMP, rules=rules)
    assert (without.rule, without.outgoing) == ("second", ())
    assert told(notification("1.3.6.1.4.10"), SNMP, rules=rules).rule == "second"


def test_conditions_hold_together_and_the_words_of_one_are_alternatives() -> None:
    rules = """rules:
- name: hit
  syslog: {facility: [local7, daemon], severity_at_least: err, app_name: RPD, msg_id: [A, B], hostname: r1}
  where: {"x@1.level": "[45]"}
  drop: true
"""
    head = '<{}>1 - {} {} - {} [x@1 level="{}"]'
    hit = (3 * 8 + 3, "r1", "rpd", "B", 4)
    assert told(head.format(*hit).encode(), rules=rules).rule == "hit"
    for place, other in enumerate((3 * 8 + 4, "r2", "rpd2", "C", 45)):
        miss = [*hit[:place], other, *hit[place + 1 :]]
        assert told(head.format(*miss).encode(), rules=rules).rule == "", miss
    assert told(head.format(16 * 8, *hit[1:]).encode(), rules=rules).rule == ""


def test_words_of_a_vendors_severity_are_read_by_the_rule_and_kept_raw() -> None:
    rules = r"""rules:
- name: vendor
  syslog: {match: 'ALARM (?P<level>\S+) (?P<what>\S+)'}
  alarm:
    specific_problem: "{what}"
    perceived_severity: "{level}"
    severity_words: {P1: critical, OK: cleared}
"""

    def alarm(level: str) -> Alarm:
        return alarm_of(told(f"<13>1 - r1 - - - - ALARM {level} fan".encode(), rules=rules).outgoing[0])

    assert (alarm("P1").perceived_severity, alarm("P1").raw_severity) == (PerceivedSeverity.CRITICAL, "P1")
    assert alarm("OK").notification_type is NotificationType.CLEARED_ALARM
    assert alarm("OK").key == alarm("P1").key
    assert (alarm("P9").perceived_severity, alarm("P9").raw_severity) == (
        PerceivedSeverity.INDETERMINATE,
        "P9",
    )


SOURCES = """sources:
- {address: 192.0.2.7, managed_object: core-7, region: north, vendor: acme-net}
- {address: [192.0.2.0/24, "2001:db8::/32"], time_zone: Europe/Berlin, source_system_id: ems-1, region: south}
- {hostname: Relayed, managed_object: behind-a-relay}
- {hostname: bad-clock, time: received}
"""


def test_each_thing_is_told_of_a_sender_by_the_first_source_that_tells_it() -> None:
    first = line_of(told(b"<13>Feb 28 13:00:00 h x", rules=SOURCES).outgoing[0])
    assert (first.managed_object, first.region, first.vendor) == ("core-7", "north", "acme-net")
    assert (first.source_system_id, first.logged_time.hour) == ("ems-1", 12)
    for address in ("192.0.2.8", "::ffff:192.0.2.8", "2001:db8::1"):
        other = line_of(told(b"<13>Feb 28 13:00:00 h x", rules=SOURCES, address=address).outgoing[0])
        assert (other.managed_object, other.region, other.vendor) == ("h", "south", "")
    relayed = line_of(told(b"<13>1 - relayed - - - - x", rules=SOURCES, address="203.0.113.1").outgoing[0])
    assert relayed.managed_object == "behind-a-relay"
    wrong = told(b"<13>1 2031-01-01T00:00:00Z bad-clock - - - - x", rules=SOURCES)
    assert line_of(wrong.outgoing[0]).logged_time.isoformat() == "2026-03-01T12:00:00+00:00"
    assert line_of(wrong.outgoing[0]).extra["timestamp"] == "2031-01-01T00:00:00Z"


def test_a_trap_of_a_proxy_is_the_alarm_of_its_agent() -> None:
    agent = [("1.3.6.1.6.3.18.1.3.0", v2c.IpAddress("192.0.2.7"))]
    alarm = alarm_of(
        told(notification("1.3.6.1.4.1.9", agent), SNMP, rules=SOURCES, address="203.0.113.1").outgoing[0]
    )
    assert (alarm.managed_object, alarm.region, alarm.source_system_id) == ("core-7", "north", "ems-1")
    assert alarm.additional_information["sourceAddress"] == "203.0.113.1"


@pytest.mark.parametrize(
    ("data", "listener", "field"),
    [
        (b"no syslog", UDP, "PRI"),
        (b"<13>Feb 28 13:00:00 h x", TCP, "TIMESTAMP"),
        (b"\x30\x00", SNMP, "message"),
        (notification(LINK_DOWN)[:-2], SNMP, "PDU"),
    ],
)
def test_what_cannot_be_read_is_a_dead_letter_with_the_reason_and_where_it_came_from(
    data: bytes, listener: Listener, field: str
) -> None:
    found = told(data, listener)
    (letter,) = found.outgoing
    headers = dict(letter.headers)
    assert (found.refused, letter.what, letter.topic) == (field, LETTER, "dead-letters")
    assert headers["field"] == field.encode() and headers["reason"]
    assert headers["source-topic"] == listener.value.encode()
    assert headers["source-address"] == b"192.0.2.7"
    assert headers["source-append-ms"] == str(NOON_MS).encode()
    assert headers["id"].startswith(b"dlq-")
    assert letter.value == (data.replace(b"noc", b"***") if field == "PDU" else data)
    assert told(data, listener) == found


def test_an_alarm_that_its_rule_makes_too_long_is_a_dead_letter_and_not_lost() -> None:
    rules = r"""rules:
- name: long
  syslog: {match: '(?P<what>x+)'}
  alarm: {specific_problem: p, managed_object: "{what}"}
"""
    found = told(b"<13>1 - - - - - - " + b"x" * 1_025, rules=rules)
    assert found.refused == "managedObject"
    assert b"mend the rule or the sender" in dict(found.outgoing[0].headers)["reason"]


def test_a_long_text_is_shortened_in_an_alarm_and_whole_in_its_log_line() -> None:
    rules = "rules: [{name: a, syslog: {}, log: true, alarm: {specific_problem: p}}]"
    first, second = told(b"<13>1 - - - - - - " + b"\xff" * 6_000, rules=rules).outgoing
    assert len(alarm_of(first).additional_text) == 16_384
    assert len(line_of(second).text) == 24_000


def test_without_a_topic_of_its_kind_a_message_is_a_dead_letter_that_says_so() -> None:
    translator = Translator(PLAIN, alarms=None, logs=None, dead_letters="dead-letters")
    for listener, data in ((UDP, b"<13>x"), (SNMP, notification(LINK_DOWN))):
        found = translator.translate(Received(listener, "192.0.2.7", NOON_MS, data, len(data)))
        assert found.refused == "rule"
        assert b"add one to [[sources]]" in dict(found.outgoing[0].headers)["reason"]


WORDS = st.sampled_from(
    [
        "%LINK-3-UPDOWN: ",
        "Interface ",
        "Gi0/1, changed state to ",
        "down",
        "up",
        "\x00",
        "{text}",
        "\u202e",
        "é",
    ]
)


@settings(max_examples=60)
@given(
    st.one_of(
        st.binary(max_size=120),
        st.lists(WORDS, max_size=8).map(lambda words: ("<13>" + "".join(words)).encode()),
        st.lists(WORDS, max_size=8).map(lambda words: ("<13>1 - h a - - - " + "".join(words)).encode()),
        st.binary(max_size=60).map(lambda tail: notification(LINK_DOWN, [(IF_DESCR, v2c.OctetString(tail))])),
    ),
    st.sampled_from(Listener),
)
def test_whatever_comes_becomes_records_that_the_worker_reads_or_a_dead_letter(
    data: bytes, listener: Listener
) -> None:
    found = told(data, listener)
    assert found.outgoing
    for record in found.outgoing:
        if record.what == ALARM:
            alarm_of(record)
        elif record.what == LOG:
            line_of(record)
        else:
            assert found.refused and dict(record.headers)["reason"]
    assert told(data, listener) == found
