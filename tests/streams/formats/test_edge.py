from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.event import event_of
from streams.formats import check_mapping, decode_alarms, detected, to_3gpp, to_tmf642
from streams.formats.wire import MAX_BYTES, MAX_DEPTH, object_of
from telcollm import codec
from telcollm.errors import DecodeError, SettingsError
from telcollm.records import Alarm
from telcollm.settings import SourceSettings
from tests.mutations import NATIVE_ALARM, THREE_GPP_ALARM, TMF642_ALARM, good_records, mutated_records
from tests.strategies import JSON_VALUES

AUTO = SourceSettings()


def test_the_format_is_told_by_the_fields() -> None:
    forms = [detected(record) for record in good_records()]

    assert forms == ["tmf642", "tmf642", "tmf642", "tmf642", "3gpp", "3gpp", "3gpp", "telcollm"]


def test_a_record_of_no_known_format_is_refused_with_what_would_tell_one() -> None:
    with pytest.raises(DecodeError) as raised:
        decode_alarms(b'{"colour": "red", "ne": 7}', AUTO)

    for word in ("colour, ne", "alarmedObject", "objectInstance", "managedObject", "sources.mapping"):
        assert word in str(raised.value)


def test_a_source_of_one_format_reads_no_other() -> None:
    wire = {name: value for name, value in THREE_GPP_ALARM.items() if name != "correlatedNotifications"}

    with pytest.raises(DecodeError) as raised:
        decode_alarms(json.dumps(wire).encode(), SourceSettings(format="tmf642"))

    assert raised.value.field == "alarmedObject"


@pytest.mark.parametrize("value", [None, b""])
def test_an_empty_record_is_refused(value: bytes | None) -> None:
    with pytest.raises(DecodeError, match="is empty"):
        decode_alarms(value, AUTO)


def test_a_record_longer_than_kafka_allows_is_refused() -> None:
    with pytest.raises(DecodeError, match=f"at most {MAX_BYTES}"):
        decode_alarms(json.dumps(TMF642_ALARM | {"x": "y" * MAX_BYTES}).encode(), AUTO)


@pytest.mark.parametrize(("levels", "allowed"), [(MAX_DEPTH - 1, True), (MAX_DEPTH, False), (5000, False)])
def test_a_record_may_nest_so_deep_and_no_deeper(levels: int, allowed: bool) -> None:
    data = json.dumps(TMF642_ALARM)[:-1].encode() + b', "deep": ' + b"[" * levels + b"]" * levels + b"}"

    if allowed:
        [alarm] = decode_alarms(data, AUTO)
        assert "deep" in alarm.extra
    else:
        with pytest.raises(DecodeError):
            decode_alarms(data, AUTO)


@pytest.mark.parametrize(
    "fields",
    [{"vendorText": "a\x00"}, {"vendor\x00": "a"}, {"deep": [{"er": "\x00"}]}, {"specificProblem": "\x00"}],
)
def test_a_nul_is_refused_wherever_it_stands(fields: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match=r"U\+0000"):
        decode_alarms(json.dumps(TMF642_ALARM | fields).encode(), AUTO)


def test_text_that_spells_an_escape_is_no_nul() -> None:
    [alarm] = decode_alarms(json.dumps(TMF642_ALARM | {"specificProblem": "\\u0000"}).encode(), AUTO)

    assert alarm.specific_problem == "\\u0000"


def test_a_mapping_to_a_name_no_alarm_has_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError) as raised:
        check_mapping(SourceSettings(topic="north", mapping={"managed_objct": "ne.name"}))

    for word in ("'managed_objct'", "managedObject", "'north'"):
        assert word in str(raised.value)
    check_mapping(SourceSettings(mapping={"managed_object": "a", "alarmedObject": "b", "systemDN": "c"}))


@pytest.mark.parametrize(
    ("fields", "attribute", "value"),
    [
        ({"managedObject": "other"}, "managed_object", TMF642_ALARM["alarmedObject"]["id"]),
        ({"rootCauseIndicator": True}, "root_cause_indicator", False),
        ({"alarmDetails": "", "additionalText": "b"}, "additional_text", "b"),
        ({"correlatedAlarm": [], "correlatedNotifications": ["n"]}, "correlated_notifications", ("n",)),
    ],
)
def test_of_two_fields_for_one_thing_the_formats_own_counts_in_whatever_order(
    fields: dict[str, Any], attribute: str, value: object
) -> None:
    wire = TMF642_ALARM | fields
    alarms = [
        decode_alarms(json.dumps(dict(items)).encode(), AUTO)[0]
        for items in (wire.items(), reversed(wire.items()))
    ]

    assert getattr(alarms[0], attribute) == value
    assert alarms[0] == alarms[1]


def test_a_mapped_field_goes_before_the_formats_own_which_is_kept() -> None:
    wire = TMF642_ALARM | {"ne": {"name": "MW-0231"}}

    [alarm] = decode_alarms(json.dumps(wire).encode(), SourceSettings(mapping={"managed_object": "ne.name"}))

    assert alarm.managed_object == "MW-0231"
    assert alarm.extra["tmf642"]["alarmedObject"] == TMF642_ALARM["alarmedObject"]
    assert to_tmf642(alarm)["alarmedObject"]["id"] == "MW-0231"


def test_a_mapping_whose_path_leads_nowhere_changes_nothing() -> None:
    source = SourceSettings(mapping={"specificProblem": "state.deeper.still", "additionalText": "no.such"})

    [alarm] = decode_alarms(json.dumps(TMF642_ALARM).encode(), source)

    assert alarm.specific_problem == TMF642_ALARM["specificProblem"]


@pytest.mark.parametrize("record", good_records())
def test_a_decoded_alarm_survives_telcollms_own_codec(record: dict[str, Any]) -> None:
    for alarm in decode_alarms(json.dumps(record).encode(), AUTO):
        assert codec.decode(codec.encode(alarm), Alarm) == alarm


def _check(data: bytes, source: SourceSettings) -> bool:
    """Decode; whatever is not refused survives the codec and both formats. Tell whether it was read."""
    try:
        alarms = decode_alarms(data, source)
    except DecodeError as error:
        assert len(str(error)) < 4000
        return False
    assert alarms
    for alarm in alarms:
        assert codec.decode(codec.encode(alarm), Alarm) == alarm
        assert event_of(alarm).alarm_id == alarm.alarm_id
        for render, form in ((to_tmf642, "tmf642"), (to_3gpp, "3gpp")):
            again = decode_alarms(json.dumps(render(alarm)).encode(), SourceSettings(format=form))[-1]
            assert again.alarm_id == alarm.alarm_id
            assert again.notification_type == alarm.notification_type
            if form == detected(object_of(data)):
                assert again == alarm
    return True


def test_ten_thousand_damaged_records_are_read_or_refused_and_nothing_else() -> None:
    read = {True: 0, False: 0, None: 0}
    seen = {True: 0, False: 0, None: 0}
    for data, good in mutated_records(seed=20260105, n=10_000):
        seen[good] += 1
        read[good] += _check(data, AUTO)

    assert sum(seen.values()) == 10_000
    assert read[True] == seen[True] > 2000
    assert read[False] == 0 < seen[False]
    assert 0.1 < read[None] / seen[None] < 0.9


def test_mutated_records_are_the_same_for_the_same_seed() -> None:
    assert list(mutated_records(3, 200)) == list(mutated_records(3, 200))
    assert list(mutated_records(3, 200)) != list(mutated_records(4, 200))


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from([TMF642_ALARM, THREE_GPP_ALARM, NATIVE_ALARM]),
    st.dictionaries(
        st.sampled_from(
            sorted({*TMF642_ALARM, *THREE_GPP_ALARM, *NATIVE_ALARM, "alarmList", "event", "eventType"})
        )
        | st.text(max_size=8),
        JSON_VALUES,
        max_size=4,
    ),
)
def test_any_values_in_any_fields_are_read_or_refused_and_nothing_else(
    wire: dict[str, Any], fields: dict[str, Any]
) -> None:
    read = _check(json.dumps(wire | fields).encode(), AUTO)
    assert read or fields, "a record that nothing was changed in must be read"


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    assert _check(data, AUTO) is False
