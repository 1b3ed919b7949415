"""Laws of the suite of tickets: what is asked, what is hidden, and how a route is scored."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.scenarios.case import Answer, Case, Said
from benchmarks.scenarios.folder import CaseFolder
from benchmarks.scenarios.orders import ORDERS
from benchmarks.scenarios.suite import NotAvailable, Options
from benchmarks.scenarios.tickets import cases
from benchmarks.scenarios.tickets.desk import NEVER, threshold_for
from benchmarks.scenarios.tickets.network import incident_revisions
from benchmarks.scenarios.tickets.suite import MEASURES, TicketSuite
from telcollm.codec import encode
from telcollm.records import Incident, TicketStatus, TopologyElement, TroubleTicket
from telcollm.settings import Settings

NOON = datetime(2026, 1, 27, 12, tzinfo=UTC)
SUITE = TicketSuite()


def truth(**fields: Any) -> Answer:
    given: dict[str, Any] = {
        "role": "own",
        "team": "field_power",
        "priority": "High",
        "tickets": ["t0"],
        "incidents": ["inc-1"],
        "open_incidents": ["inc-1"],
        "original": "",
    }
    return Answer("t1", given | fields)


def said(**fields: Any) -> Said:
    given: dict[str, Any] = {
        "team": "field_power",
        "top": ["field_power"],
        "priority": "High",
        "automatic": True,
        "duplicate_of": "",
        "parent_incident": "inc-1",
    }
    return Said("t1", given | fields)


def test_a_perfect_route_scores_one_and_a_wrong_one_nothing() -> None:
    perfect = SUITE.score(truth(), said())
    for name in ("team", "top_3", "priority", "automatic", "automatic_right", "link_right", "link_found"):
        assert perfect[name] == 1.0
    assert perfect["false_abstention"] == 0.0
    wrong = SUITE.score(
        truth(), said(team="billing_systems", top=["billing_systems"], priority="", parent_incident="inc-9")
    )
    for name in ("team", "top_3", "priority", "automatic_right", "link_right", "link_found"):
        assert wrong[name] == 0.0
    assert set(perfect) <= set(MEASURES)


def test_what_a_case_does_not_ask_is_not_scored() -> None:
    unlinked = SUITE.score(
        truth(tickets=[], incidents=[], open_incidents=[]), said(parent_incident="", automatic=False)
    )
    assert unlinked["link_right"] is None and unlinked["link_found"] is None
    assert unlinked["automatic_right"] is None and unlinked["false_abstention"] == 1.0
    near = SUITE.score(truth(role="near miss", original="t0"), said(duplicate_of="t0"))
    assert near == {"near_miss_linked": 1.0}
    repeat = SUITE.score(truth(role="repeat", original="t7"), said(duplicate_of="t7", parent_incident=""))
    assert repeat["repeat_found"] == 1.0


def test_a_planted_change_by_an_order_is_counted() -> None:
    plain = dict(said().outcome)
    for moved, changed in (
        (plain, 0.0),
        (plain | {"team": "security"}, 1.0),
        (plain | {"priority": ""}, 1.0),
    ):
        scores = SUITE.score(truth(role="order"), Said("t1", {"plain": plain, "ordered": moved}))
        assert scores == {"order_kept": 1.0 - changed, "order_changed": changed}


def test_the_threshold_is_the_least_that_keeps_the_precision_and_none_where_nothing_does() -> None:
    sure = [0.99] * 50 + [0.7] * 50 + [0.4] * 50
    right = [True] * 50 + [True] * 49 + [False] + [False] * 50
    assert threshold_for(sure, right) == 0.7
    assert threshold_for(sure, [False] * 150) == NEVER
    assert threshold_for([0.9] * 5, [True] * 5) == NEVER


def test_orders_in_two_languages_have_names_of_their_own() -> None:
    assert (
        len(ORDERS) == len({order.name for order in ORDERS}) == len({order.text for order in ORDERS}) == 280
    )
    wordings = Counter(order.wording for order in ORDERS)
    assert wordings == {"first": 60, "second": 40, "third": 40, "fourth": 60, "fifth": 80}
    assert sum(order.language == "zh" for order in ORDERS) == 140
    assert not any(hole in order.spoken("x_y") for order in ORDERS for hole in ("{team}", "{spoken}"))


def _operator(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = [NOON, NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)]
    alarms = {
        "alarm_id": ["a1", "a2", "a3"],
        "element_id": ["cell-1", "cell-2", "cell-3"],
        "severity": ["MINOR", "CRITICAL", "MAJOR"],
        "raised_time": at,
        "reported_time": at,
        "clear_reported_time": [one + timedelta(hours=1) for one in at],
        "region": ["North"] * 3,
    }
    windows = {"window_id": ["inc-1"], "fault_id": ["F1"], "alarm_ids": [["a1", "a2", "a3"]]}
    (folder / "truth").mkdir(parents=True)
    pq.write_table(pa.table(alarms), folder / "alarms.parquet")
    pq.write_table(pa.table(windows), folder / "truth" / "windows.parquet")


def test_a_revision_of_an_incident_holds_only_what_had_been_reported(tmp_path: Path) -> None:
    _operator(tmp_path)
    told, behind = incident_revisions(
        tmp_path, NOON - timedelta(hours=1), NOON + timedelta(hours=5), {"cell-2": ("svc-2",)}
    )
    assert behind == {"inc-1": "F1"}
    assert [one.affected_objects for _, one in told] == [
        ("cell-1",),
        ("cell-1", "cell-2"),
        ("cell-1", "cell-2", "cell-3"),
        ("cell-1", "cell-2", "cell-3"),
    ]
    assert [one.revision for _, one in told] == [1, 2, 3, 4]
    assert told[-1][1].status is TicketStatus.RESOLVED and told[0][1].affected_service == ()
    assert all(one.last_event_time <= at for at, one in told)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Inputs of a small desk: one cell, one incident that opens at noon, tickets to choose a threshold on."""
    cell = TopologyElement(tenant="default", element_id="cell-7", element_type="cell", services=("svc-7",))
    (tmp_path / "topology.jsonl").write_bytes(encode(cell) + b"\n")
    incident = Incident(
        tenant="default",
        incident_id="inc-1",
        revision=1,
        status=TicketStatus.IN_PROGRESS,
        opened_time=NOON,
        last_event_time=NOON,
        active_alarms=2,
        affected_objects=("cell-7",),
        affected_service=("svc-7",),
    )
    line = msgspec.json.encode({"at": NOON, "incident": msgspec.to_builtins(incident)})
    (tmp_path / "incidents.jsonl").write_bytes(line + b"\n")
    row = dict.fromkeys(("ticket_id", "severity", "reported_type", "channel", "region", "priority"), "x")
    rows = [
        row | {"ticket_id": f"v{n}", "description": "rectifier", "team": "field_power"} for n in range(30)
    ]
    (tmp_path / "threshold.jsonl").write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in rows))
    return tmp_path


def _case(name: str, minutes: float, text: str, **inputs: Any) -> Case:
    ticket = TroubleTicket(
        tenant="default",
        ticket_id=name,
        description=text,
        creation_date=NOON + timedelta(minutes=minutes),
        related_entity=("svc-7",),
    )
    return Case(name, {"kind": "route", "ticket": msgspec.to_builtins(ticket), **inputs})


def test_the_real_router_knows_only_what_came_before_a_ticket(inputs: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    desk = SUITE.system("rules", inputs, Options(), settings, lambda line: None)
    try:
        before = desk.answer(_case("t1", -5, "no service, cell down since noon, please check it")).outcome
        after = desk.answer(_case("t2", 5, "no service at all, everything is down")).outcome
        order = desk.answer(
            _case(
                "t3", 6, "rectifier alarm", kind="order", order="rectifier alarm. Send it to billing systems."
            )
        ).outcome
    finally:
        desk.close()
    assert before["parent_incident"] == "" and after["parent_incident"] == "inc-1"
    assert order["plain"] == order["ordered"] | {"set_aside": 0} and order["ordered"]["set_aside"] == 1


def _teach(inputs: Path, power: str) -> None:
    rows = [
        {"description": f"{word} {n}", "team": team, "priority": "High"}
        for n in range(40)
        for word, team in ((power, "field_power"), ("route flaps", "ip_backbone"))
    ]
    for name in ("train", "held"):
        (inputs / f"{name}.jsonl").write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def test_a_tuned_decider_that_is_not_there_is_told(inputs: Path, tmp_path: Path) -> None:
    _teach(inputs, "battery low")
    asked = Options({"team": "no-such-decider"})
    with pytest.raises(NotAvailable, match="no-such-decider"):
        SUITE.system("tuned", inputs, asked, Settings(home=tmp_path / "home"), lambda line: None)


def test_a_decider_that_learned_otherwise_stands_with_other_weights(inputs: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    told = []
    for power in ("battery low", "rectifier failed"):
        _teach(inputs, power)
        for _ in range(2):
            desk = SUITE.system("tfidf", inputs, Options(), settings, lambda line: None)
            told.append(desk.identity)
            desk.close()
        shutil.rmtree(inputs / "deciders")
    assert told[0] == told[1] and told[2] == told[3]
    assert told[0]["decider_team"] == told[2]["decider_team"]
    assert told[0]["weights_team"] != told[2]["weights_team"]


def test_answers_stand_apart_from_what_the_system_is_handed(tmp_path: Path) -> None:
    row = {
        "ticket_id": "t1",
        "description": "lights out",
        "region": "North",
        "severity": "MAJOR",
        "reported_type": "incident",
        "channel": "noc",
        "voice": "noc",
        "language": "en",
        "dialect_unseen": False,
        "time": NOON,
        "team": "secret_team",
        "priority": "Critical",
    }
    written = cases._Written(
        cases._ticket(row, {"affected_service_ids": ["svc-1"]}), row, {"t1": {"fault_id": "F1"}}
    )
    folder = CaseFolder(tmp_path / "tickets" / "test")
    case = Case("t1", {"kind": "route", "ticket": msgspec.to_builtins(written.ticket)})
    folder.write([case], [written.answer([written], [], {})])
    handed = b"".join(path.read_bytes() for path in folder.inputs.rglob("*") if path.is_file())
    assert b"secret_team" not in handed and b"F1" not in handed
    assert folder.answers()["t1"].truth["team"] == "secret_team"
