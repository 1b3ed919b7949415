from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.formats import decode_alarms, resource, tmf642, to_tmf642
from streams.formats.wire import object_of
from telcollm.errors import DecodeError
from telcollm.records import (
    AckState,
    Alarm,
    AlarmType,
    Mode,
    NotificationType,
    PerceivedSeverity,
    ProbableCause,
)
from telcollm.settings import SourceSettings
from tests.mutations import TMF642_ALARM, good_records, mutated_records, tmf642_event

SOURCE = SourceSettings(format="tmf642", tenant="acme")


def decoded(wire: dict[str, Any], source: SourceSettings = SOURCE) -> Alarm:
    [alarm] = decode_alarms(json.dumps(wire).encode(), source)
    return alarm


def changed(**fields: Any) -> dict[str, Any]:
    wire = {**deepcopy(TMF642_ALARM), **fields}
    return {name: value for name, value in wire.items() if value is not ...}


def test_every_field_of_the_standard_finds_its_place() -> None:
    alarm = decoded(TMF642_ALARM)

    assert alarm.tenant == "acme"
    assert alarm.managed_object == "SubNetwork=North,ManagedElement=MW-0231,Port=3"
    assert alarm.managed_object_type == "Port"
    assert alarm.source_system_id == "ems-north-1"
    assert alarm.reporting_system_id == "umbrella"
    assert alarm.alarm_type is AlarmType.COMMUNICATIONS_ALARM
    assert alarm.probable_cause == ProbableCause(name="lossOfSignal", code=29)
    assert alarm.specific_problem == "LOS on port 1/1/3"
    assert alarm.perceived_severity is PerceivedSeverity.MAJOR
    assert alarm.notification_type is NotificationType.NEW_ALARM
    assert alarm.alarm_raised_time == datetime(2026, 1, 5, 3, 14, 15, 926000, UTC)
    assert alarm.alarm_reporting_time == datetime(2026, 1, 5, 3, 14, 16, tzinfo=UTC)
    assert alarm.ack_state is AckState.UNACKNOWLEDGED
    assert alarm.additional_text == "Loss of optical signal towards the far end"
    assert alarm.root_cause_indicator is False
    assert alarm.service_affecting is True
    assert alarm.planned_outage_indicator == "inService"
    assert alarm.proposed_repair_actions == "Check fibre and far-end transmitter"
    assert alarm.affected_service == ("svc-1021", "svc-2210")
    assert alarm.correlated_notifications == ("8675301",)
    assert alarm.threshold_info == {"thresholdId": "rx-low", "observedValue": "-31.2"}
    assert alarm.external_alarm_id == "ems1-553412"
    assert alarm.mode is Mode.LIVE


def test_what_an_alarm_has_no_place_for_survives_in_extra() -> None:
    alarm = decoded(TMF642_ALARM)

    for name in ("href", "@type", "@baseType", "place", "comment", "vendorShelf"):
        assert alarm.extra[name] == TMF642_ALARM[name]
    assert alarm.extra["tmf642"] == {
        "id": "8675309",
        "alarmedObject": TMF642_ALARM["alarmedObject"],
        "affectedService": TMF642_ALARM["affectedService"],
    }


def test_an_unknown_field_with_the_name_of_a_known_one_is_kept_apart() -> None:
    alarm = decoded(changed(tenant="evil", schemaVersion="v4", alarmId="a-1"))

    assert alarm.tenant == "acme"
    assert alarm.schema_version == 1
    kept = alarm.extra["tmf642"]
    assert (kept["tenant"], kept["schemaVersion"], kept["alarmId"]) == ("evil", "v4", "a-1")


def test_a_null_field_is_an_absent_one() -> None:
    assert decoded(changed(specificProblem=None)) == decoded(changed(specificProblem=...))


@pytest.mark.parametrize("spelling", ["Critical", "CRITICAL", "critical", " critical", "6", 6])
def test_a_severity_is_read_whatever_its_spelling(spelling: object) -> None:
    assert decoded(changed(perceivedSeverity=spelling)).perceived_severity is PerceivedSeverity.CRITICAL


@pytest.mark.parametrize(
    "spelling",
    ["equipmentAlarm", "EQUIPMENT_ALARM", "Equipment Alarm", "equipment-alarm", "equipment", 5],
)
def test_an_alarm_type_is_read_whatever_its_spelling(spelling: object) -> None:
    assert decoded(changed(alarmType=spelling)).alarm_type is AlarmType.EQUIPMENT_ALARM


@pytest.mark.parametrize("spelling", ["lossOfSignal", "LOSS_OF_SIGNAL", "Loss of signal", "29", 29])
def test_a_probable_cause_is_read_by_name_or_number(spelling: object) -> None:
    cause = decoded(changed(probableCause=spelling)).probable_cause

    assert cause == ProbableCause(name="lossOfSignal", code=29)


def test_a_vendors_probable_cause_keeps_number_name_and_word_side_by_side() -> None:
    assert decoded(changed(probableCause="MW_FADE_DEEP")).probable_cause == ProbableCause(
        vendor="MW_FADE_DEEP"
    )
    assert decoded(changed(probableCause=50_012)).probable_cause == ProbableCause(code=50_012)
    both = decoded(changed(probableCauseCode=50_012, probableCauseVendor="MW_FADE_DEEP"))
    assert both.probable_cause == ProbableCause(name="lossOfSignal", code=50_012, vendor="MW_FADE_DEEP")


def test_a_missing_severity_stays_indeterminate() -> None:
    alarm = decoded(changed(perceivedSeverity=...))

    assert (alarm.perceived_severity, alarm.raw_severity) == (PerceivedSeverity.INDETERMINATE, "")


@pytest.mark.parametrize("word", ["P1", "0", 7, "rot"])
def test_an_unknown_severity_stays_indeterminate_and_is_kept_as_it_came(word: object) -> None:
    alarm = decoded(changed(perceivedSeverity=word))

    assert (alarm.perceived_severity, alarm.raw_severity) == (PerceivedSeverity.INDETERMINATE, str(word))


def test_an_unknown_alarm_type_is_other_and_is_kept_as_it_came() -> None:
    alarm = decoded(changed(alarmType="radioAlarm"))

    assert (alarm.alarm_type, alarm.raw_type) == (AlarmType.OTHER, "radioAlarm")


def test_severity_number_one_never_clears_an_alarm() -> None:
    alarm = decoded(changed(perceivedSeverity=1))

    assert alarm.notification_type is NotificationType.NEW_ALARM
    assert (alarm.perceived_severity, alarm.raw_severity) == (PerceivedSeverity.INDETERMINATE, "1")


def test_a_clear_keeps_the_severity_it_was_raised_with() -> None:
    alarm = decoded(changed(state="cleared", alarmClearedTime="2026-01-05T04:00:00Z"))

    assert alarm.notification_type is NotificationType.CLEARED_ALARM
    assert alarm.perceived_severity is PerceivedSeverity.MAJOR
    assert alarm.alarm_cleared_time == datetime(2026, 1, 5, 4, tzinfo=UTC)


def test_a_clear_that_says_so_by_its_severity_has_none_and_keeps_the_word() -> None:
    alarm = decoded(changed(perceivedSeverity="Cleared", alarmChangedTime="2026-01-05T04:00:00Z"))

    assert alarm.notification_type is NotificationType.CLEARED_ALARM
    assert alarm.perceived_severity is PerceivedSeverity.INDETERMINATE
    assert alarm.raw_severity == "Cleared"
    assert alarm.alarm_cleared_time == datetime(2026, 1, 5, 4, tzinfo=UTC)


def test_a_clear_has_the_id_and_key_of_its_raise() -> None:
    raised = decoded(TMF642_ALARM)
    cleared = decoded(changed(state="cleared", alarmClearedTime="2026-01-05T04:00:00Z", id="another"))

    assert cleared.alarm_id == raised.alarm_id
    assert cleared.key == raised.key


def test_a_raise_with_a_clear_time_and_no_word_of_a_clear_is_a_whole_life() -> None:
    alarm = decoded(changed(alarmClearedTime="2026-01-05T03:14:15.926Z"))

    assert alarm.notification_type is NotificationType.NEW_ALARM
    assert alarm.alarm_cleared_time == alarm.alarm_raised_time


@pytest.mark.parametrize(
    ("event_type", "state", "notification"),
    [
        ("AlarmCreateEvent", "raised", NotificationType.NEW_ALARM),
        ("AlarmCreateEvent", "cleared", NotificationType.CLEARED_ALARM),
        ("AlarmStateChangeEvent", "updated", NotificationType.CHANGED_ALARM),
        ("AlarmStateChangeEvent", "cleared", NotificationType.CLEARED_ALARM),
        ("alarmAttributeValueChangeEvent", "raised", NotificationType.CHANGED_ALARM),
        ("AlarmDeleteEvent", "raised", NotificationType.CLEARED_ALARM),
    ],
)
def test_an_envelope_and_the_state_in_it_tell_what_happened(
    event_type: str, state: str, notification: NotificationType
) -> None:
    event = tmf642_event()
    event["eventType"] = event_type
    event["event"]["alarm"]["state"] = state

    assert decoded(event).notification_type is notification


def test_an_envelope_gives_the_alarm_inside_and_is_kept_beside_it() -> None:
    alarm = decoded(tmf642_event())

    assert alarm.alarm_id == decoded(TMF642_ALARM).alarm_id
    assert alarm.extra["eventEnvelope"] == {
        "eventId": "e-1",
        "eventType": "AlarmCreateEvent",
        "eventTime": "2026-01-05T03:14:17Z",
        "correlationId": "c-9",
    }


def test_a_deletion_without_a_clear_time_clears_at_the_events_time() -> None:
    event = tmf642_event() | {"eventType": "AlarmDeleteEvent"}

    assert decoded(event).alarm_cleared_time == datetime(2026, 1, 5, 3, 14, 17, tzinfo=UTC)


def test_a_record_may_be_less_live_than_its_source_and_never_more() -> None:
    backfill = SOURCE.model_copy(update={"mode": "backfill"})

    assert decoded(changed(mode="replay")).mode is Mode.REPLAY
    assert decoded(changed(mode="live"), backfill).mode is Mode.BACKFILL


def test_the_source_fills_in_what_its_records_lack() -> None:
    source = SourceSettings(source_system_id="ems-9", region="north", vendor="acme-radio")

    alarm = decoded(changed(sourceSystemId=...), source)

    assert (alarm.source_system_id, alarm.region, alarm.vendor) == ("ems-9", "north", "acme-radio")


def test_a_mapping_moves_foreign_fields_to_the_names_alarms_have() -> None:
    source = SourceSettings(
        mapping={"specific_problem": "vendorData.alarm.text", "managedObject": "ne.name"},
        source_system_id="ems",
    )
    wire = {
        "ne.name": "cell-7",
        "vendorData": {"alarm": {"text": "VSWR high", "code": 4}},
        "alarmRaisedTime": "2026-01-05T00:00:00Z",
    }

    alarm = decoded(wire, source)

    assert (alarm.managed_object, alarm.specific_problem) == ("cell-7", "VSWR high")
    assert alarm.extra == {"vendorData": {"alarm": {"code": 4}}}


@pytest.mark.parametrize("wire", [TMF642_ALARM, *good_records()[:2]])
def test_an_alarm_written_as_tmf642_reads_as_the_same_alarm(wire: dict[str, Any]) -> None:
    alarm = decoded(wire)

    assert decoded(to_tmf642(alarm)) == alarm


def test_what_came_in_as_tmf642_goes_out_with_every_field_it_came_with() -> None:
    written = to_tmf642(decoded(TMF642_ALARM))

    for name, value in TMF642_ALARM.items():
        if name not in ("alarmRaisedTime", "alarmReportingTime", "parentAlarm", "ackState"):
            assert written[name] == value, name


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"alarmedObject": ...}, "alarmedObject", "(missing)"),
        ({"alarmedObject": {}}, "alarmedObject", "an id, an href or a name"),
        ({"alarmedObject": {"id": ["x"]}}, "alarmedObject.id", "a text"),
        ({"alarmedObject": {"id": "x" * 1025}}, "alarmedObject.id", "1 to 1024"),
        ({"sourceSystemId": ...}, "sourceSystemId", "sources.source_system_id"),
        ({"sourceSystemId": ""}, "sourceSystemId", "1 to 1024"),
        ({"alarmRaisedTime": ...}, "alarmRaisedTime", "is required"),
        ({"alarmRaisedTime": "soon"}, "alarmRaisedTime", "ISO 8601"),
        ({"perceivedSeverity": ["major"]}, "perceivedSeverity", "CRITICAL"),
        ({"perceivedSeverity": True}, "perceivedSeverity", "CRITICAL"),
        ({"alarmType": {}}, "alarmType", "X.733"),
        ({"probableCause": [1]}, "probableCause", "X.733 name"),
        ({"probableCause": {"name": 5}}, "probableCause", "X.733 name"),
        ({"probableCauseCode": "many"}, "probableCauseCode", "whole number"),
        ({"state": "asleep"}, "state", "raised, updated"),
        ({"ackState": "maybe"}, "ackState", "ACKNOWLEDGED"),
        ({"isRootCause": "perhaps"}, "isRootCause", "true or false"),
        ({"mode": "rehearsal"}, "mode", "replay"),
        ({"notificationType": "notifyTea"}, "notificationType", "notifyNewAlarm"),
        ({"operatorState": "on leave"}, "operatorState", "shelved"),
        ({"trendIndication": "UP"}, "trendIndication", "MORE_SEVERE"),
        ({"affectedService": [{"id": "a"}, 1.5]}, "affectedService[1]", "a text"),
        ({"alarmDetails": "x" * 16_385}, "alarmDetails", "16384"),
        ({"specificProblem": "a\x00b"}, "specificProblem", "U+0000"),
        ({"additionalInformation": "none"}, "additionalInformation", "names and values"),
        (
            {"alarmType": ..., "probableCause": ..., "specificProblem": ...},
            "alarmType",
            "alarmType, probableCause or specificProblem",
        ),
    ],
)
def test_a_bad_field_is_named_with_its_value_and_what_is_allowed(
    fields: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(DecodeError) as raised:
        decoded(changed(**fields))

    message = str(raised.value)
    assert raised.value.field == field
    assert message.startswith(f"{field}=")
    assert says in message
    assert "dlq replay" in message
    assert len(message) < 1000


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"eventType": "AlarmTeaEvent", "event": {"alarm": TMF642_ALARM}}, "eventType"),
        ({"eventType": "AlarmCreateEvent", "event": {}}, "event.alarm"),
        ({"eventType": "AlarmCreateEvent", "event": {"alarm": changed(ackState=9)}}, "event.alarm.ackState"),
        ({"eventType": "AlarmCreateEvent", "eventTime": "x", "event": {"alarm": TMF642_ALARM}}, "eventTime"),
    ],
)
def test_a_bad_field_of_an_envelope_is_named_by_its_path(event: dict[str, Any], field: str) -> None:
    with pytest.raises(DecodeError) as raised:
        decoded(event)

    assert raised.value.field == field


def test_the_typed_pass_reads_common_records_itself() -> None:
    wire = changed(vendorShelf=...)

    assert resource.read(json.dumps(wire).encode(), SOURCE) is not None


def _through_tables(data: bytes, source: SourceSettings) -> Alarm | None:
    try:
        return tmf642.decode(object_of(data), source)
    except DecodeError:
        return None


_VALUES = st.sampled_from(
    (
        *(None, "", "x", 0, 5, True, [], {}, ["s"], "major", "acknowledged", "replay", "raised", "cleared"),
        *(
            [{"id": "a"}],
            [{"id": "a", "href": "b"}],
            ["s", {"id": "a", "href": "b"}],
            {"id": "b"},
            {"href": "h"},
        ),
        *({"id": "a", "@referredType": "Port"}, {"id": "a", "href": "h"}, "2026-01-05T01:02:03Z"),
        *("2026-01-05T01:02:03.1234567+02:00", "2026-01-05T01:02:03", "0001-01-01T00:00:00+14:00", "updated"),
    )
)


@settings(deadline=None, max_examples=600)
@given(
    st.dictionaries(
        st.sampled_from([*TMF642_ALARM, "mode", "vendor", "alarmClearedTime"]), _VALUES, max_size=4
    )
)
def test_the_typed_pass_answers_as_the_tables_do(fields: dict[str, Any]) -> None:
    wire = changed(**{"vendorShelf": ..., **fields})
    data = json.dumps(wire).encode()
    source = SourceSettings(vendor="v", region="r")
    try:
        fast = resource.read(data, source)
    except DecodeError:
        assert _through_tables(data, source) is None
        return
    if fast is not None:
        assert fast == _through_tables(data, source)


def test_the_typed_pass_answers_as_the_tables_do_on_damaged_records() -> None:
    answered = 0
    for data, _ in mutated_records(7, 2000):
        try:
            fast = resource.read(data, SOURCE)
        except DecodeError:
            fast = None
        if fast is not None:
            answered += 1
            assert fast == _through_tables(data, SOURCE)
    assert answered > 20
