"""Laws of the other topics: what can be read of a record is read, what cannot is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.formats.desk import KINDS, MAX_ID_BYTES, check_desk_mapping, decode_records
from telcollm.errors import SettingsError
from telcollm.records import CareMessage, Feedback, KpiSample, LogLine, Mode, Record, TroubleTicket
from telcollm.settings import SourceSettings

NOON = "2026-01-01T12:00:00Z"
GOOD: dict[str, dict[str, Any]] = {
    "kpis": {"managedObject": "cell-7", "kpi": "loss_ratio", "sampledTime": NOON, "value": 0.5},
    "logs": {"managedObject": "cell-7", "loggedTime": NOON, "text": "link down"},
    "tickets": {"ticketId": "t1", "description": "no light"},
    "care": {"messageId": "m1", "conversationId": "c1", "sentTime": NOON, "text": "no internet"},
    "feedback": {
        "feedbackId": "f1",
        "subjectId": "d1",
        "subjectKind": "diagnosis",
        "kind": "accepted",
        "givenTime": NOON,
    },
}
TIMES = {"kpis": "sampledTime", "logs": "loggedTime", "care": "sentTime", "feedback": "givenTime"}


def source(kind: Any, **changes: Any) -> SourceSettings:
    return SourceSettings(topic=kind, kind=kind, tenant="acme", **changes)


def decoded(kind: str, value: Any, **changes: Any) -> tuple[list[Record], str, str]:
    raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
    records, error = decode_records(raw, source(kind, **changes))
    return records, "" if error is None else str(error), "" if error is None else error.field


@pytest.mark.parametrize("kind", KINDS)
def test_one_record_or_a_list_of_them_is_read(kind: str) -> None:
    one, said, _ = decoded(kind, GOOD[kind])
    assert said == "" and [type(record) for record in one] == [KINDS[kind]]
    assert one[0].tenant == "acme"
    assert decoded(kind, [GOOD[kind], GOOD[kind]]) == (one * 2, "", "")
    assert decoded(kind, []) == ([], "", "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_record_of_a_list_is_named_and_keeps_no_other_out(kind: str) -> None:
    name = next(iter(GOOD[kind]))
    bad = {**GOOD[kind], name: 7}
    found, said, field = decoded(kind, [GOOD[kind], bad, 5, GOOD[kind]])
    assert len(found) == 2
    assert (said.startswith("record 1 of the list"), field) == (True, f"[1].{name}")
    assert f"{name}=7 is not allowed" in said
    assert decoded(kind, [5])[2] == "[0]"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is empty"),
        (b"", "is empty"),
        (b"{", "is not valid JSON"),
        (b"[{}", "is not valid JSON"),
        (b'[{}],"x":[{}]', "is not valid JSON"),
        (b"[" * 5_000 + b"]" * 5_000, "is not"),
        (b"7", "JSON"),
        (b'{"text": "\\u0000"}', "U\\+0000"),
        (b"[" + b" " * 1_100_000 + b"]", "too long"),
        (b'{"tenant": "bell"}', "tenant"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(kind: str, value: bytes | None, words: str) -> None:
    import re

    found, said, _ = decoded(kind, value)
    assert found == [] and re.search(words, said), said


@pytest.mark.parametrize("kind", TIMES)
def test_a_naive_time_is_read_in_the_sources_zone_and_refused_without_one(kind: str) -> None:
    naive = {**GOOD[kind], TIMES[kind]: "2026-01-01T13:00:00"}
    assert decoded(kind, naive)[2] == TIMES[kind]
    (record,), said, _ = decoded(kind, naive, time_zone="Europe/Berlin")
    assert said == "" and record == decoded(kind, GOOD[kind])[0][0]


def test_foreign_names_are_mapped_and_a_source_decides_region_and_mode() -> None:
    foreign = {"nr": "t1", "body": {"text": "no light"}, "mode": "live", "colour": "red"}
    mapping = {"ticket_id": "nr", "description": "body.text"}
    (ticket,), _, _ = decoded("tickets", foreign, mapping=mapping, region="north", mode="replay")
    assert isinstance(ticket, TroubleTicket)
    assert (ticket.ticket_id, ticket.description, ticket.region) == ("t1", "no light", "north")
    assert ticket.mode is Mode.REPLAY and ticket.extra["colour"] == "red"


def test_a_mapping_to_a_name_that_no_record_has_is_refused() -> None:
    check_desk_mapping(source("tickets", mapping={"ticket_id": "nr"}))
    with pytest.raises(SettingsError, match=r"sources.mapping names 'managed_object'; one of .*ticketId"):
        check_desk_mapping(source("tickets", mapping={"managed_object": "nr"}))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("tickets", "ticketId"), ("care", "messageId"), ("care", "conversationId"), ("care", "customerId")],
)
def test_an_id_that_no_index_holds_is_refused(kind: str, name: str) -> None:
    fits = {**GOOD[kind], name: "é" * (MAX_ID_BYTES // 2)}
    assert decoded(kind, fits)[1] == ""
    found, said, field = decoded(kind, {**fits, name: "é" * (MAX_ID_BYTES // 2 + 1)})
    assert (found, field) == ([], name) and "at most 512 bytes" in said


def test_every_kind_of_the_settings_but_alarms_has_its_record() -> None:
    kinds = SourceSettings.model_json_schema()["properties"]["kind"]["enum"]
    assert set(kinds) == {"alarms", *KINDS}
    assert set(KINDS.values()) == {KpiSample, LogLine, TroubleTicket, CareMessage, Feedback}
