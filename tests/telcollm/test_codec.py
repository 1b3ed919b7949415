from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcollm import codec
from telcollm.errors import DecodeError
from telcollm.records import RECORD_TYPES, Alarm, Incident, KpiSample, Record
from tests.strategies import RECORDS, records_of

KPI = {
    "tenant": "acme",
    "managedObject": "cell-7",
    "kpi": "prb_utilisation_ratio",
    "sampledTime": "2026-01-05T00:00:00Z",
    "value": 0.5,
}
INCIDENT = {
    "tenant": "acme",
    "incidentId": "inc-1",
    "revision": 1,
    "status": "held",
    "openedTime": "2026-01-05T00:00:00Z",
    "lastEventTime": "2026-01-05T00:00:00Z",
}


@settings(deadline=None, max_examples=600)
@given(RECORDS)
def test_what_is_encoded_decodes_to_the_same_record_unknown_fields_included(record: Record) -> None:
    assert codec.decode(codec.encode(record), type(record)) == record


@settings(deadline=None)
@given(RECORDS)
def test_encoding_a_second_time_gives_the_same_bytes(record: Record) -> None:
    once = codec.encode(record)

    assert codec.encode(codec.decode(once, type(record))) == once


@settings(deadline=None)
@given(st.sampled_from(list(RECORD_TYPES.values())).flatmap(records_of))
def test_unknown_fields_stand_beside_the_known_ones_on_the_wire(record: Record) -> None:
    wire = json.loads(codec.encode(record))

    assert {name: wire[name] for name in record.extra} == json.loads(json.dumps(record.extra))


def test_an_unknown_field_survives_under_its_own_name() -> None:
    sample = codec.decode(json.dumps(KPI | {"cellColour": {"deep": [1, None]}}).encode(), KpiSample)

    assert sample.extra == {"cellColour": {"deep": [1, None]}}


def test_an_unknown_field_called_extra_is_one_like_any_other() -> None:
    sample = codec.decode(json.dumps(KPI | {"extra": 7}).encode(), KpiSample)

    assert sample.extra == {"extra": 7}
    assert codec.decode(codec.encode(sample), KpiSample) == sample


def test_what_extra_holds_never_overrules_a_known_field() -> None:
    sample = KpiSample(**_fields(), extra={"value": 9, "other": 1})

    assert json.loads(codec.encode(sample)) == KPI | {"other": 1}


def _fields() -> dict[str, object]:
    sample = codec.decode(json.dumps(KPI).encode(), KpiSample)
    return {
        name: getattr(sample, name) for name in ("tenant", "managed_object", "kpi", "sampled_time", "value")
    }


@pytest.mark.parametrize(
    ("payload", "field", "received", "allowed"),
    [
        (KPI | {"value": "high"}, "value", "'high'", "float"),
        (KPI | {"kpi": ""}, "kpi", "''", "length >= 1"),
        (KPI | {"kpi": "k" * 1025}, "kpi", "(1027 characters)", "length <= 1024"),
        (KPI | {"sampledTime": "2026-01-05T00:00:00"}, "sampledTime", "2026-01-05T00:00:00", "timezone"),
        (KPI | {"sampledTime": "yesterday"}, "sampledTime", "'yesterday'", "RFC3339"),
        (KPI | {"mode": "rehearsal"}, "mode", "'rehearsal'", "enum"),
        ({name: KPI[name] for name in KPI if name != "kpi"}, "kpi", "(missing)", "required"),
        ({name: KPI[name] for name in KPI if name != "tenant"}, "tenant", "(missing)", "required"),
    ],
)
def test_a_bad_field_is_named_with_its_value_and_what_is_allowed(
    payload: dict[str, object], field: str, received: str, allowed: str
) -> None:
    with pytest.raises(DecodeError) as raised:
        codec.decode(json.dumps(payload).encode(), KpiSample)

    assert raised.value.field == field
    message = str(raised.value)
    assert message.startswith(f"KpiSample: {field}=")
    assert received in message
    assert allowed in message
    assert "telcollm dlq replay" in message


@pytest.mark.parametrize(
    ("beside", "field", "received"),
    [
        ({"confidence": 1.5}, "confidence", "1.5"),
        ({"provenance": [{"topic": "t", "partition": "x"}]}, "provenance[0].partition", "'x'"),
        ({"provenance": [{"topic": "t"}]}, "provenance[0].partition", "(missing)"),
        ({"affectedObjects": ["a", 7]}, "affectedObjects[1]", "7"),
    ],
)
def test_a_bad_field_inside_a_record_is_named_by_its_path(
    beside: dict[str, object], field: str, received: str
) -> None:
    with pytest.raises(DecodeError) as raised:
        codec.decode(json.dumps(INCIDENT | beside).encode(), Incident)

    assert raised.value.field == field
    assert f"{field}={received} is not allowed" in str(raised.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not valid JSON"),
        (b"{", "is not valid JSON"),
        (b'{"tenant": NaN}', "is not valid JSON"),
        (b'{"tenant": "\xff"}', "is not valid JSON"),
        (b'{"tenant": "\\ud800"}', "is not valid JSON"),
        (b"[" * 100_000, "is not valid JSON"),
        (b'{"tenant": ' + b"9" * 5000 + b"}", "is not valid JSON"),
        (b"[]", "is a JSON list"),
        (b"7", "is a JSON int"),
        (b"null", "is a JSON NoneType"),
    ],
)
def test_what_is_no_json_object_is_refused_as_a_whole(data: bytes, says: str) -> None:
    with pytest.raises(DecodeError) as raised:
        codec.decode(data, Alarm)

    assert raised.value.field == ""
    assert says in str(raised.value)
    assert "one" in str(raised.value) and "is allowed" in str(raised.value)
    assert len(str(raised.value)) < 1000


def test_an_excerpt_of_a_long_value_says_how_long_it_was() -> None:
    assert codec.excerpt("a" * 500) == f"'{'a' * 119}... (502 characters)"
