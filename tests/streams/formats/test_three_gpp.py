from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from streams.event import EventKind, alarm_key, event_of
from streams.formats import decode_alarms, to_3gpp, to_tmf642
from telcollm.errors import DecodeError
from telcollm.records import (
    Alarm,
    AlarmType,
    NotificationType,
    PerceivedSeverity,
    ProbableCause,
    TrendIndication,
)
from telcollm.settings import SourceSettings
from tests.mutations import THREE_GPP_ALARM, TMF642_ALARM, rebuilt_list, three_gpp_clear

SOURCE = SourceSettings(tenant="acme")


def decoded_all(wire: dict[str, Any], source: SourceSettings = SOURCE) -> list[Alarm]:
    return decode_alarms(json.dumps(wire).encode(), source)


def decoded(wire: dict[str, Any], source: SourceSettings = SOURCE) -> Alarm:
    [alarm] = decoded_all(wire, source)
    return alarm


def changed(**fields: Any) -> dict[str, Any]:
    wire = {**deepcopy(THREE_GPP_ALARM), **fields}
    return {name: value for name, value in wire.items() if value is not ...}


def test_every_field_of_the_standard_finds_its_place() -> None:
    alarm = decoded(THREE_GPP_ALARM)

    assert alarm.managed_object == "SubNetwork=North,ManagedElement=gnb-17,GnbDuFunction=1"
    assert alarm.managed_object_type == "GnbDuFunction"
    assert alarm.source_system_id == "SubNetwork=North,MnsAgent=1"
    assert alarm.external_alarm_id == "gnb-17-9913"
    assert alarm.notification_id == "442119"
    assert alarm.alarm_type is AlarmType.EQUIPMENT_ALARM
    assert alarm.probable_cause == ProbableCause(name="equipmentMalfunction", code=15)
    assert alarm.specific_problem == "7741"
    assert alarm.perceived_severity is PerceivedSeverity.CRITICAL
    assert alarm.alarm_raised_time == datetime(2026, 1, 5, 3, 14, 15, tzinfo=UTC)
    assert alarm.backed_up_status is True
    assert alarm.back_up_object == "ManagedElement=gnb-17,Unit=2"
    assert alarm.trend_indication is TrendIndication.MORE_SEVERE
    assert alarm.threshold_info == THREE_GPP_ALARM["thresholdInfo"]
    assert alarm.correlated_notifications == (
        "SubNetwork=North,ManagedElement=gnb-18#12",
        "SubNetwork=North,ManagedElement=gnb-18#13",
    )
    assert alarm.state_change_definition == THREE_GPP_ALARM["stateChangeDefinition"]
    assert alarm.monitored_attributes == {"voltage_v": 41.5}
    assert alarm.proposed_repair_actions == "Replace unit 1"
    assert alarm.additional_text == "Unit 1 lost power"
    assert alarm.additional_information == {"rack": "2", "temperature_c": 61}
    assert alarm.root_cause_indicator is True
    assert alarm.extra["serviceUser"] == "none"
    assert alarm.extra["href"] == THREE_GPP_ALARM["href"]


def test_the_object_is_the_href_where_no_instance_is_named() -> None:
    assert decoded(changed(objectInstance=...)).managed_object == THREE_GPP_ALARM["href"]


def test_a_record_that_names_no_system_is_of_the_sources_else_of_its_topic() -> None:
    bare = changed(systemDN=...)

    assert decoded(bare).source_system_id == "alarms"
    assert decoded(bare, SourceSettings(source_system_id="ems-9")).source_system_id == "ems-9"


def test_a_new_alarm_without_a_raise_time_was_raised_at_its_event_time() -> None:
    alarm = decoded(changed(alarmRaisedTime=...))

    assert alarm.alarm_raised_time == datetime(2026, 1, 5, 3, 14, 16, tzinfo=UTC)
    assert "eventTime" not in alarm.extra


def test_a_clear_without_a_raise_time_carries_the_time_of_the_clear() -> None:
    alarm = decoded(three_gpp_clear())

    assert alarm.notification_type is NotificationType.CLEARED_ALARM
    assert alarm.alarm_cleared_time == alarm.alarm_raised_time == datetime(2026, 1, 5, 3, 20, tzinfo=UTC)
    assert alarm.perceived_severity is PerceivedSeverity.INDETERMINATE
    assert alarm.clear_user_id == "noc1"


@pytest.mark.parametrize("kind", ["notifyNewAlarm", "notifyChangedAlarm", "NOTIFY_CHANGED_ALARM_GENERAL"])
def test_a_severity_of_cleared_makes_a_clear_of_a_raise_or_change(kind: str) -> None:
    alarm = decoded(changed(notificationType=kind, perceivedSeverity="CLEARED"))

    assert alarm.notification_type is NotificationType.CLEARED_ALARM


@pytest.mark.parametrize("kind", ["notifyComments", "notifyAckStateChanged"])
def test_a_note_on_a_cleared_alarm_is_no_second_clear(kind: str) -> None:
    alarm = decoded(changed(notificationType=kind, perceivedSeverity="CLEARED"))

    assert alarm.notification_type == kind


def test_a_correlation_change_needs_only_the_senders_id() -> None:
    alarm = decoded(
        {
            "objectInstance": "gnb-17",
            "notificationType": "notifyCorrelatedNotificationChanged",
            "eventTime": "2026-01-05T00:00:00Z",
            "alarmId": "a-1",
            "correlatedNotifications": ["n-1"],
        }
    )

    assert alarm.correlated_notifications == ("n-1",)


@pytest.mark.parametrize(
    ("spelt", "attribute", "value"),
    [
        ({"thresholdInfo": ..., "thresholdinfo": {"v": 1}}, "threshold_info", {"v": 1}),
        ({"backUpObject": ..., "backedUpObject": "u"}, "back_up_object", "u"),
        ({"backedUpStatus": "NOT_BACKED_UP"}, "backed_up_status", False),
        (
            {"alarmType": ..., "eventType": "Communications Alarm"},
            "alarm_type",
            AlarmType.COMMUNICATIONS_ALARM,
        ),
        ({"additionalInformation": [{"name": "a", "value": 1}]}, "additional_information", {"a": 1}),
        ({"specificProblem": "text"}, "specific_problem", "text"),
        ({"notificationId": "n-9"}, "notification_id", "n-9"),
    ],
)
def test_older_and_looser_spellings_are_read(spelt: dict[str, Any], attribute: str, value: object) -> None:
    assert getattr(decoded(changed(**spelt)), attribute) == value


def test_a_rebuilt_list_gives_its_alarms_and_then_a_notice_that_names_them() -> None:
    *listed, notice = decoded_all(rebuilt_list())

    [alarm] = listed
    assert alarm == decoded(THREE_GPP_ALARM)
    assert notice.notification_type is NotificationType.ALARM_LIST_REBUILT
    assert notice.source_system_id == alarm.source_system_id
    assert notice.alarm_raised_time == datetime(2026, 1, 5, 4, tzinfo=UTC)
    assert notice.additional_information == {"alarmIds": [alarm.alarm_id], "keys": [list(alarm.key)]}
    assert event_of(notice).kind is EventKind.REBUILT
    assert event_of(notice).listed == {alarm_key(alarm)}
    assert notice.extra["reason"] == "System-NE communication error"


def test_a_rebuilt_list_may_be_written_as_alarms_by_id() -> None:
    by_id = rebuilt_list() | {"alarmList": {"gnb-17-9913": THREE_GPP_ALARM}}

    assert decoded_all(by_id) == decoded_all(rebuilt_list())


def test_alarms_of_a_rebuilt_list_are_of_the_lists_system() -> None:
    bare = rebuilt_list() | {"alarmList": [changed(systemDN=...)]}

    assert decoded_all(bare)[0].source_system_id == THREE_GPP_ALARM["systemDN"]


def test_an_empty_list_names_nothing_and_no_list_at_all_says_nothing() -> None:
    [empty] = decoded_all(rebuilt_list() | {"alarmList": []})
    without = rebuilt_list()
    del without["alarmList"]
    [silent] = decoded_all(without)

    assert empty.additional_information == {"alarmIds": [], "keys": []}
    assert silent.additional_information == {}


@pytest.mark.parametrize(
    ("named", "field"),
    [
        ({"keys": 5}, "additionalInformation.keys"),
        ({"keys": [["a", "b"]]}, "additionalInformation.keys"),
        ({"keys": [["a", "b", "c", "d", "e", 6]]}, "additionalInformation.keys"),
        ({"alarmIds": "all"}, "additionalInformation.alarmIds"),
        ("all", "additionalInformation"),
    ],
)
def test_a_notice_that_names_alarms_in_another_way_is_refused(named: object, field: str) -> None:
    notice = rebuilt_list() | {"additionalInformation": named}
    del notice["alarmList"]

    with pytest.raises(DecodeError) as raised:
        decoded_all(notice)

    assert raised.value.field == field


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ("none", "alarmList"),
        ([7], "alarmList[0]"),
        ([THREE_GPP_ALARM, {"objectInstance": "x", "eventTime": 1767571200}], "alarmList[1].alarmType"),
        ({"a": changed(ackState=1)}, "alarmList.a.ackState"),
    ],
)
def test_a_bad_entry_of_a_rebuilt_list_is_named_by_its_place(entries: object, field: str) -> None:
    with pytest.raises(DecodeError) as raised:
        decoded_all(rebuilt_list() | {"alarmList": entries})

    assert raised.value.field == field


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"objectInstance": "", "href": ...}, "objectInstance", "1 to 1024"),
        ({"objectInstance": ..., "href": ...}, "objectInstance", "(missing)"),
        ({"alarmRaisedTime": ..., "eventTime": ...}, "alarmRaisedTime", "is required"),
        ({"correlatedNotifications": "all"}, "correlatedNotifications", "notificationIds"),
        (
            {"correlatedNotifications": [{"notificationIds": [[]]}]},
            "correlatedNotifications[0].notificationIds",
            "text",
        ),
        ({"backedUpStatus": 1}, "backedUpStatus", "true or false"),
        ({"alarmId": ""}, "alarmId", "1 to 1024"),
        (
            {"notificationType": "notifyClearedAlarm", "eventTime": ..., "alarmRaisedTime": ...},
            "alarmClearedTime",
            "time",
        ),
    ],
)
def test_a_bad_field_is_named_with_what_is_allowed(fields: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(DecodeError) as raised:
        decoded(changed(**fields))

    assert raised.value.field == field
    assert says in str(raised.value)


@pytest.mark.parametrize(
    "wire", [THREE_GPP_ALARM, three_gpp_clear(), changed(notificationType="notifyComments")]
)
def test_an_alarm_written_as_3gpp_reads_as_the_same_alarm(wire: dict[str, Any]) -> None:
    alarm = decoded(wire)

    assert decoded(to_3gpp(alarm)) == alarm


def test_what_came_in_as_3gpp_goes_out_with_every_field_it_came_with() -> None:
    written = to_3gpp(decoded(THREE_GPP_ALARM))

    for name, value in THREE_GPP_ALARM.items():
        if name not in ("probableCause", "specificProblem", "ackState"):
            assert written[name] == value, name


def test_an_alarm_goes_through_both_formats_and_back_unchanged() -> None:
    for wire in (THREE_GPP_ALARM, TMF642_ALARM, three_gpp_clear()):
        alarm = decoded(wire)
        through_3gpp = decoded(to_3gpp(alarm), SourceSettings(tenant="acme", format="3gpp"))
        through_both = decoded(to_tmf642(through_3gpp), SourceSettings(tenant="acme", format="tmf642"))

        assert (through_3gpp.alarm_id, through_3gpp.key) == (alarm.alarm_id, alarm.key)
        assert through_both.alarm_id == alarm.alarm_id
        assert through_both.notification_type == alarm.notification_type
        assert through_both.alarm_cleared_time == alarm.alarm_cleared_time
        assert through_both.perceived_severity == alarm.perceived_severity
        assert through_both.probable_cause == alarm.probable_cause
        assert through_both.additional_text == alarm.additional_text
