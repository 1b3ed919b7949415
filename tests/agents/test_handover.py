"""Laws of handovers and post-mortems: every sentence cites records of the store; what it lacks is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest

from agents.handover import handover
from agents.postmortem import postmortem
from agents.questions.phrases import load_phrases
from agents.report import Report, markdown, wire
from telcollm.errors import TelcollmError
from telcollm.guard import Guard
from telcollm.ports import EVERYTHING, Scope
from telcollm.records import (
    Claim,
    Customer,
    NextStep,
    PerceivedSeverity,
    TicketStatus,
    TroubleTicket,
    Verdict,
)
from telcollm.store.opening import Stores, open_stores
from tests.telcollm.store.examples import (
    NOON_MS,
    alarm,
    at,
    component,
    diagnosis,
    feedback,
    hypothesis,
    incident,
    planned_work,
)

GUARD = Guard(b"0123456789abcdef")
ACME = Scope(tenants=("acme",))
CLAIMS = (
    Claim(text="router-1 raised POWER.", evidence=("a1",)),
    Claim(
        text="1 KPI of router-1 stayed within what is normal: dc_voltage_v.",
        evidence=("kpi-1",),
        against=True,
    ),
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    opened = open_stores(f"sqlite:///{tmp_path_factory.mktemp('handover') / 'telcollm.db'}")
    with opened.store.transaction() as transaction:
        transaction.put_components([component("inc-open"), component("inc-over")])
        transaction.put_alarms(
            alarm(
                f"a{number}",
                managed_object="router-1",
                problem=f"POWER *{number}*",
                raised_ms=NOON_MS + number * 1_000,
                cleared_ms=NOON_MS + 60_000 + number,
                component_id="inc-over",
            )
            for number in range(1, 21)
        )
        transaction.put_incidents(
            [
                incident(
                    "inc-open",
                    perceived_severity=PerceivedSeverity.CRITICAL,
                    opened_time=at(-600),
                    active_alarms=2,
                    root_cause_resource="cell-7",
                    root_cause_problem="LINK_LOSS",
                ),
                incident(
                    "inc-over",
                    2,
                    status=TicketStatus.RESOLVED,
                    last_event_time=at(135),
                    affected_objects=("router-1",),
                    affected_service=("svc-9",),
                    alarm_count=20,
                    trouble_ticket=("tt-1",),
                ),
                incident("inc-later", opened_time=at(500), last_event_time=at(501)),
                incident("inc-theirs", tenant="bell"),
            ]
        )
        first = hypothesis(
            root_cause_resource="router-1",
            root_cause_alarm="a1",
            root_cause_problem="POWER",
            claims=CLAIMS,
            path=("router-1", "cell-7"),
        )
        second = hypothesis(root_cause_alarm="a2", confidence=0.1, verdict=Verdict.CONTRADICTED)
        steps = (NextStep(text="Check it.", citations=("chk-1",), source="Power", needs_approval=False),)
        transaction.put_diagnoses(
            [
                diagnosis(
                    "dia-open",
                    "inc-open",
                    abstained=True,
                    hypotheses=(),
                    confidence=0.2,
                    missing=("a cause graph",),
                    dropped_claims=1,
                    grounding=0.5,
                ),
                diagnosis(
                    "dia-over",
                    "inc-over",
                    hypotheses=(first, second),
                    summary="power lost at router-1",
                    grounding=1.0,
                    next_steps=steps,
                ),
            ]
        )
    opened.store.put_planned_work(
        [
            planned_work("work-1", managed_objects=("router-1",), start_time=at(-60), end_time=at(-10)),
            planned_work("work-2", start_time=at(300), end_time=at(400), description="call +49 170 1234567"),
        ]
    )
    opened.store.put_feedback(feedback(subject_id="dia-open"))
    opened.tickets.put(
        [
            TroubleTicket(
                tenant="acme", ticket_id="tt-1", description="no light at router-1", creation_date=at(10)
            ),
            TroubleTicket(tenant="bell", ticket_id="tt-2", description="theirs", creation_date=at(10)),
        ]
    )
    opened.care.put_customers(
        [Customer(tenant="acme", customer_id="c-1", service_ids=("svc-9",), name="Ada")]
    )
    yield opened
    opened.close()


def shift(stores: Stores, language: str = "en", **changes: Any) -> Report:
    given: dict[str, Any] = {"since": at(-480), "until": at(240), "guard": GUARD, "zone": UTC, **changes}
    return handover(stores, given.pop("scope", ACME), language=language, **given)


def review(stores: Stores, name: str = "inc-over", language: str = "en", scope: Scope = ACME) -> Report:
    return postmortem(stores, scope, name, guard=GUARD, language=language, zone=UTC)


def by_heading(report: Report) -> dict[str, list[str]]:
    return {section.heading: [one.text for one in section.sentences] for section in report.sections}


def ids(report: Report) -> set[str]:
    return {one for section in report.sections for sentence in section.sentences for one in sentence.ids}


def test_a_handover_tells_what_is_open_over_doubtful_and_to_come(stores: Stores) -> None:
    told = by_heading(shift(stores))
    assert told["Needs someone now"] == [
        "inc-open is CRITICAL and still has 2 alarms active after 14 h 0 min: LINK_LOSS on cell-7."
    ]
    assert [line.split()[0] for line in told["Open incidents"]] == ["inc-open"]
    assert [line.split()[0] for line in told["Resolved in this shift"]] == ["inc-over"]
    assert "needed: a cause graph" in told["Where the diagnosis abstains"][0]
    assert [line.split()[0] for line in told["Planned work, now and in the next 12 hours"]] == ["work-2"]
    assert [line.split()[0] for line in told["Tickets opened or still open"]] == ["tt-1"]
    assert "the fibre, not the cell" in told["What people decided"][0]
    assert told["How well diagnoses are grounded"] == [
        "67% of the claims of 2 diagnoses were borne out by the store; dropped: 1."
    ]


def test_what_was_opened_after_the_shift_or_by_others_is_not_told(stores: Stores) -> None:
    assert not ids(shift(stores)).intersection({"inc-later", "inc-theirs", "tt-2"})


def test_a_shift_without_anything_says_what_was_not_there(stores: Stores) -> None:
    report = shift(stores, scope=Scope(tenants=("nobody",)))
    assert report.sections == ()
    assert "Open incidents" in report.absent
    assert "Nothing in the store on: Needs someone now, Open incidents" in markdown(report)


def test_a_post_mortem_tells_impact_timeline_cause_and_what_is_not_known(stores: Stores) -> None:
    report = review(stores)
    told = by_heading(report)
    assert told["Summary"][0].startswith(
        "inc-over (INDETERMINATE) lasted 2 h 15 min, from 2026-01-01 12:00 UTC"
    )
    assert "1 service rides on the affected objects: svc-9." in told["Impact"]
    assert "1 customer has services on the affected objects." in told["Impact"]
    timeline = told["Timeline"]
    assert timeline[0] == "2026-01-01 12:00 UTC: the incident was opened."
    assert "8 further alarms between are left out here." in timeline
    assert any("the last alarm cleared" in line for line in timeline)
    assert any("ticket tt-1 was created" in line for line in timeline)
    assert told["Root cause and evidence"][1:] == [
        "router-1 raised POWER.",
        "Against it: 1 KPI of router-1 stayed within what is normal: dc_voltage_v.",
        "The topology links it to what followed: router-1 - cell-7.",
    ]
    assert "contradicted" in told["What else was considered"][0]
    assert "work-1" in told["Planned work at the time"][0]
    assert told["Steps the runbooks propose"] == ["Check it. (safe; Power)"]
    assert any(line.startswith("Was POWER on router-1 the cause?") for line in told["Open questions"])
    assert "Ada" not in markdown(report) and "c-1" not in ids(report)


def test_an_incident_that_goes_on_is_not_told_as_over(stores: Stores) -> None:
    told = by_heading(review(stores, "inc-open"))
    assert told["Summary"][0].startswith("inc-open (CRITICAL) has been going on since")
    assert not any("What ended it" in line for line in told["Open questions"])


@pytest.mark.parametrize("name", ["inc-nowhere", "inc-theirs"])
def test_an_incident_that_may_not_be_seen_is_not_known(stores: Stores, name: str) -> None:
    with pytest.raises(TelcollmError, match=f"incident='{name}' is not known; .* telcollm incidents list"):
        review(stores, name)


def test_every_sentence_cites_a_record_and_no_sentence_is_left_without_one(stores: Stores) -> None:
    known = {
        *(f"a{number}" for number in range(1, 21)),
        *("inc-open", "inc-over", "dia-open", "dia-over", "work-1", "work-2", "tt-1", "f1", "svc-9"),
        *("chk-1", "kpi-1", "router-1", "cell-7"),
    }
    for report in (shift(stores), review(stores), review(stores, "inc-open"), review(stores, language="zh")):
        sentences = [sentence for section in report.sections for sentence in section.sentences]
        assert sentences and all(sentence.ids for sentence in sentences)
        assert ids(report) <= known


def test_both_languages_tell_the_same_records(stores: Stores) -> None:
    for write in (shift, review):
        english, chinese = write(stores, language="en"), write(stores, language="zh")
        assert [one.ids for section in english.sections for one in section.sentences] == [
            one.ids for section in chinese.sections for one in section.sentences
        ]
        assert chinese.title != english.title and "故障" in markdown(chinese)


def test_languages_have_the_same_phrases() -> None:
    english, chinese = load_phrases("en").names, load_phrases("zh").names
    plural = {name for name in english if name.endswith("_one")}
    fixed = {name for name in english | chinese if name.startswith("word ")}
    assert english - plural - fixed == chinese - fixed


def test_what_networks_and_people_wrote_is_neither_markup_nor_an_identity(stores: Stores) -> None:
    text = markdown(review(stores))
    assert r"POWER \*1\*" in text and "POWER *1*" not in text
    assert "1234567" not in markdown(shift(stores)) and "<MSISDN:" in markdown(shift(stores)).replace(
        "\\", ""
    )


def test_json_has_what_markdown_has(stores: Stores) -> None:
    report = shift(stores)
    values = wire(report)
    assert values["title"] == report.title
    assert [one["heading"] for one in values["sections"]] == [one.heading for one in report.sections]


def test_an_unknown_language_is_refused(stores: Stores) -> None:
    with pytest.raises(TelcollmError, match="language='de' is not known; en or zh is allowed"):
        review(stores, language="de", scope=EVERYTHING)
