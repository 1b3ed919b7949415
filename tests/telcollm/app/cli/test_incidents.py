from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from telcollm.app.cli.incidents import app, parse_time
from telcollm.codec import from_wire
from telcollm.errors import TelcollmError
from telcollm.ports import Store
from telcollm.records import Claim, Diagnosis, Incident, PerceivedSeverity, Shadow, TicketStatus
from telcollm.store import open_store
from tests.telcollm.store.examples import (
    NOON_MS,
    alarm,
    at,
    component,
    diagnosis,
    hypothesis,
    incident,
)

CLAIMS = (
    Claim(text="router-1 lost power", evidence=("a1",)),
    Claim(text="its neighbours followed", evidence=("a2", "a1", "a3")),
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCOLLM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "220")
    store = open_store(f"sqlite:///{tmp_path / 'home' / 'telcollm.db'}")
    yield store
    store.close()


@pytest.fixture
def filled(store: Store) -> Store:
    with store.transaction() as transaction:
        transaction.put_incidents(
            [
                incident(
                    "inc-aa11",
                    2,
                    perceived_severity=PerceivedSeverity.CRITICAL,
                    alarm_count=3,
                    active_alarms=2,
                    affected_objects=tuple(f"cell-{number}" for number in range(10)),
                    extra={"vendorField": 1},
                ),
                incident(
                    "inc-aa22",
                    status=TicketStatus.RESOLVED,
                    last_event_time=at(9),
                    root_cause_resource="hub-9",
                ),
                incident("inc-bb33", tenant="bell", region="south", last_event_time=at(3)),
                incident("inc-lost", superseded_by="inc-aa11", last_event_time=at(1)),
            ]
        )
        transaction.put_diagnoses(
            [
                diagnosis("d1", "inc-aa11", abstained=True, hypotheses=(), confidence=0.25),
                diagnosis(
                    "d2",
                    "inc-aa11",
                    incident_revision=2,
                    hypotheses=(
                        hypothesis(
                            root_cause_resource="router-1", claims=CLAIMS, path=("router-1", "cell-7")
                        ),
                        hypothesis(confidence=0.125),
                    ),
                    summary="power lost at router-1",
                    missing=("the state of the rectifier",),
                    dropped_claims=4,
                    shadow=Shadow(model="smollm2", probabilities=(0.625, 0.375), agrees=True),
                ),
                diagnosis("d3", "inc-bb33", tenant="bell", region="south", abstained=True, confidence=0.0),
            ]
        )
        transaction.put_components([component("inc-aa11")])
        transaction.put_alarms(
            [
                alarm(f"a{number}", component_id="inc-aa11", raised_ms=NOON_MS + number, cleared_ms=clear)
                for number, clear in ((1, None), (2, NOON_MS + 60_000), (3, None))
            ]
        )
    return store


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words, catch_exceptions=False)


def listed(*words: str) -> list[str]:
    told = json.loads(run("list", "--json", *words).stdout)
    assert told["total"] >= len(told["incidents"])
    return [row["incident"]["incidentId"] for row in told["incidents"]]


def test_table_shows_cause_confidence_and_evidence(filled: Store) -> None:
    result = run("list")
    assert result.exit_code == 0
    (row,) = [line for line in result.stdout.splitlines() if "inc-aa11" in line]
    cells = re.split(r"\s{2,}", row.strip())
    assert cells == [
        "inc-aa11",
        "inProgress",
        "01-01 12:05",
        "2/3",
        "router-1: LINK_LOSS",
        "0.75",
        "3",
    ]
    (row,) = [line for line in result.stdout.splitlines() if "inc-aa22" in line]
    assert "hub-9" in row and "not diagnosed yet" in row
    (row,) = [line for line in result.stdout.splitlines() if "inc-bb33" in line]
    assert "abstains" in row
    assert "inc-lost" not in result.stdout
    assert "3 incidents;" in result.stdout


def test_json_holds_whole_records_beside_their_latest_diagnoses(filled: Store) -> None:
    told = json.loads(run("list", "--json").stdout)
    assert told["total"] == 3
    pairs = [(row["incident"]["incidentId"], row["diagnosis"] and row["diagnosis"]["diagnosisId"])
             for row in told["incidents"]]  # fmt: skip
    assert pairs == [("inc-aa22", None), ("inc-aa11", "d2"), ("inc-bb33", "d3")]
    whole = from_wire(told["incidents"][1]["incident"], Incident)
    assert whole.extra == {"vendorField": 1}


def test_filters_are_those_of_the_store(filled: Store) -> None:
    assert listed("--status", "resolved", "--status", "closed") == ["inc-aa22"]
    assert listed("--object", "cell-9") == ["inc-aa11"]
    assert listed("--object", "hub-9") == ["inc-aa22"]
    assert listed("--since", "2026-01-01T13:05+01:00") == ["inc-aa22", "inc-aa11"]
    assert listed("--since", "1h") == []
    assert listed("--until", "2026-01-01") == []
    assert listed("--tenant", "bell") == ["inc-bb33"]
    assert listed("--tenant", "bell", "--tenant", "acme", "--region", "north") == ["inc-aa22", "inc-aa11"]
    assert listed("--superseded")[-1] == "inc-lost"
    assert listed("--limit", "1", "--offset", "1") == ["inc-aa11"]
    assert "2 to 2 of 3 incidents" in run("list", "--limit", "1", "--offset", "1").stdout


def test_nothing_to_list_is_said(filled: Store) -> None:
    assert run("list", "--tenant", "nobody").stdout == "no incident matches\n"
    assert run("list", "--offset", "7").stdout == "none of 3 incidents lie so far back\n"


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (("--since", "yesterday"), "24h"),
        (("--until", "9999999d"), "24h"),
        (("--since", "999999d"), "24h"),
        (("--status", "open"), "inProgress"),
        (("--limit", "0"), "greater than or equal to 1"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_is_allowed(
    store: Store, words: tuple[str, ...], allowed: str
) -> None:
    result = run("list", *words)
    assert result.exit_code == 2
    assert allowed in result.stderr


@pytest.mark.parametrize(
    ("text", "age"), [("30s", timedelta(seconds=30)), ("24h", timedelta(days=1)), ("7d", timedelta(days=7))]
)
def test_age_counts_back_from_now(text: str, age: timedelta) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_time(text, now) == now - age


def test_page_tells_all_of_an_incident(filled: Store) -> None:
    page = run("show", "inc-aa1").stdout
    for words in (
        "inProgress, revision 2",
        "still open: provisional",
        "cell-7 and 2 more",
        "d2 of revision 2",
        "power lost at router-1",
        "the state of the rectifier",
        "router-1 → cell-7",
        "its neighbours followed",
        "a2, a1, a3",
        "smollm2 agrees; it decides nothing",
        "0.62, 0.38",
        "history",
        "abstains",
        "2026-01-01 12:01:00Z",
    ):
        assert words in page
    assert "2 of 3" in run("show", "inc-aa11", "--members", "2").stdout


def test_page_of_an_incident_that_was_taken_in_names_where_it_went(filled: Store) -> None:
    page = run("show", "inc-lost").stdout
    assert "superseded by" in page and "inc-aa11" in page
    assert "not diagnosed yet" in page


def test_json_page_holds_records_and_alarms(filled: Store) -> None:
    told = json.loads(run("show", "inc-aa11", "--json").stdout)
    assert from_wire(told["incident"], Incident).revision == 2
    assert [from_wire(one, Diagnosis).diagnosis_id for one in told["diagnoses"]] == ["d1", "d2"]
    assert [(one["alarmId"], one["severity"], one["clearedMs"]) for one in told["members"]] == [
        ("a1", "MAJOR", None),
        ("a2", "MAJOR", NOON_MS + 60_000),
        ("a3", "MAJOR", None),
    ]
    assert told["members"][0]["alarm"] == {"alarmId": "a1"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("inc-aa",), r"beginning of several ids \(inc-aa11, inc-aa22, .*give more of its id"),
        (("inc-bb34",), "not known; .*the nearest are inc-bb33"),
        (("inc-aa11", "--tenant", "nobody"), "there is none in this tenant and region"),
        (("",), "not known"),
    ],
)
def test_unknown_id_is_told_with_the_nearest(filled: Store, words: tuple[str, ...], reason: str) -> None:
    with pytest.raises(TelcollmError, match=reason):
        run("show", *words)


@pytest.mark.parametrize(
    "words", [("list",), ("list", "--json"), ("show", "inc-x"), ("show", "inc-x", "--json")]
)
def test_what_a_vendor_wrote_never_steers_the_terminal(store: Store, words: tuple[str, ...]) -> None:
    evil = "\x1b]0;owned\x07\x9b31m[bold red]\u202ename"
    texts: dict[str, Any] = {"root_cause_resource": evil, "root_cause_problem": evil}
    with store.transaction() as transaction:
        transaction.put_incidents([incident("inc-x", description=evil, reason=evil, **texts)])
        transaction.put_diagnoses(
            [diagnosis("d", "inc-x", summary=evil, hypotheses=(hypothesis(path=(evil,), **texts),))]
        )
        transaction.put_components([component("inc-x")])
        transaction.put_alarms([alarm(component_id="inc-x", managed_object=evil, problem=evil)])
    shown = run(*words).stdout
    assert not set(shown) & set("\x1b\x07\x9b\u202e")
    assert "[bold red]" in shown
