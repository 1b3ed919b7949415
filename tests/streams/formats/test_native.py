from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from streams.formats import decode_alarms, decode_record
from telcollm.errors import DecodeError
from telcollm.records import (
    Alarm,
    CareMessage,
    KpiSample,
    LogLine,
    Mode,
    OperatorState,
    ProbableCause,
    TroubleTicket,
)
from telcollm.settings import SourceSettings
from tests.mutations import NATIVE_ALARM

SOURCE = SourceSettings()
KPI = {"managedObject": "c", "kpi": "latency_ms", "sampledTime": "2026-01-05T00:00:00Z", "value": 3}


def decoded(wire: dict[str, Any], source: SourceSettings = SOURCE) -> Alarm:
    [alarm] = decode_alarms(json.dumps(wire).encode(), source)
    return alarm


def test_telcollms_own_names_are_read() -> None:
    alarm = decoded(NATIVE_ALARM)

    assert alarm.managed_object == "cell-7"
    assert alarm.probable_cause == ProbableCause(name="thresholdCrossed", code=51, vendor="PRB_HIGH")
    assert alarm.operator_state is OperatorState.SHELVED


def test_the_id_is_derived_and_the_senders_is_kept_beside_it() -> None:
    alarm = decoded(NATIVE_ALARM | {"alarmId": "mine"})

    assert alarm.alarm_id == decoded(NATIVE_ALARM).alarm_id
    assert alarm.external_alarm_id == "mine"
    assert decoded(NATIVE_ALARM | {"alarmId": alarm.alarm_id}).external_alarm_id == ""


def test_only_a_list_notice_reads_an_alarm_list() -> None:
    assert decoded(NATIVE_ALARM | {"alarmList": [1]}).extra == {"alarmList": [1]}


@pytest.mark.parametrize("tenant", ["other", 7, [], ""])
def test_a_record_of_another_tenant_is_refused(tenant: object) -> None:
    with pytest.raises(DecodeError, match="its source's tenant") as raised:
        decoded(NATIVE_ALARM | {"tenant": tenant})

    assert raised.value.field == "tenant"


@pytest.mark.parametrize("version", [0, 2, "1", True, 1.0])
def test_a_record_of_a_version_to_come_is_refused(version: object) -> None:
    with pytest.raises(DecodeError) as raised:
        decoded(NATIVE_ALARM | {"schemaVersion": version})

    assert raised.value.field == "schemaVersion"


def test_the_other_records_are_read_with_what_their_source_knows() -> None:
    source = SourceSettings(tenant="acme", region="north", mode="backfill", time_zone="Europe/Berlin")

    sample = decode_record(
        json.dumps(KPI | {"sampledTime": "2026-07-01T12:00:00"}).encode(), KpiSample, source
    )

    assert sample == KpiSample(
        tenant="acme",
        region="north",
        managed_object="c",
        kpi="latency_ms",
        sampled_time=datetime(2026, 7, 1, 10, tzinfo=UTC),
        value=3.0,
        mode=Mode.BACKFILL,
    )


def test_each_kind_of_record_that_comes_in_is_read() -> None:
    at = "2026-01-05T00:00:00Z"
    rows: list[tuple[type[Any], dict[str, Any]]] = [
        (LogLine, {"managedObject": "r", "loggedTime": at, "text": "link down", "colour": 1}),
        (TroubleTicket, {"ticketId": "t", "description": "d", "creationDate": 1767571200}),
        (CareMessage, {"messageId": "m", "conversationId": "c", "sentTime": at, "text": "no signal"}),
    ]
    for kind, wire in rows:
        record = decode_record(json.dumps(wire).encode(), kind, SOURCE)
        assert record.tenant == "default"
        assert record.mode is Mode.LIVE
    ticket = decode_record(json.dumps(rows[1][1]).encode(), TroubleTicket, SOURCE)
    assert ticket.creation_date == datetime(2026, 1, 5, tzinfo=UTC)


def test_a_mapping_moves_foreign_fields_of_any_record() -> None:
    wire = {"k": {"n": "latency_ms"}, "managedObject": "c", "sampledTime": 1767571200, "value": 1}

    sample = decode_record(json.dumps(wire).encode(), KpiSample, SourceSettings(mapping={"kpi": "k.n"}))

    assert (sample.kpi, sample.extra) == ("latency_ms", {"k": {}})


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        (KPI | {"value": None}, "value"),
        (KPI | {"sampledTime": "2026-01-05T00:00:00"}, "sampledTime"),
        (KPI | {"tenant": "other"}, "tenant"),
        (KPI | {"kpi": "a\x00"}, "kpi"),
        ({"value": 1}, "managedObject"),
    ],
)
def test_a_bad_record_is_refused_with_its_field(wire: dict[str, Any], field: str) -> None:
    with pytest.raises(DecodeError) as raised:
        decode_record(json.dumps(wire).encode(), KpiSample, SOURCE)

    assert raised.value.field == field
