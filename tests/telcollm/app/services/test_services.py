"""Laws of the services: access once, everything decided is audited, and models speak only while they may."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from telcollm.access import ALLOWED, PAGES, AccessDenied, Action, Caller, Role
from telcollm.app.alarm_source import alarm_source
from telcollm.app.services import (
    accounts,
    alarms,
    batches,
    care,
    citations,
    incident_detail,
    incidents,
    models,
    pipeline,
    questions,
    tickets,
    tickets_batch,
)
from telcollm.app.services.speaking import spoken
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING, IncidentQuery, Scope
from telcollm.records import CareMessage, FeedbackKind, Incident, KpiSample, Reply, TicketStatus
from telcollm.settings import SourceSettings
from telcollm.store.accounts import LoginError
from telcollm.store.tickets import TicketQuery
from tests.telcollm.app.places import NORTH, SOUTH, Hand, caller
from tests.telcollm.store.examples import NOON, alarm, at, component, diagnosis, element, incident

N, T, C = caller(Role.NOC_ENGINEER), caller(Role.TRIAGE_OPERATOR), caller(Role.CARE_AGENT)
WIRE = {"tenant": "acme", "region": "north", "description": "no power at site 7", "severity": "major"}
OPENERS: dict[str, Callable[[Workplace, Caller], Any]] = {
    "now": lambda w, c: incidents.list_incidents(w, c, IncidentQuery()),
    "incident": lambda w, c: incident_detail.detail(w, c, "i1"),
    "ask": lambda w, c: questions.ask(w, c, "which incidents are open?"),
    "tickets": lambda w, c: tickets.list_tickets(w, c, TicketQuery()),
    "care": lambda w, c: care.list_conversations(w, c),
    "models": lambda w, c: models.list_models(w, c),
    "audit": lambda w, c: accounts.audit_page(w, c),
    "accounts": lambda w, c: accounts.list_accounts(w, c),
}
"""What each page of the console calls first."""


def put(workplace: Workplace, *found: Incident) -> None:
    with workplace.stores.store.transaction() as transaction:
        transaction.put_incidents(found)


def said(workplace: Workplace) -> list[str]:
    return [entry.action for entry in reversed(workplace.stores.audit.entries(EVERYTHING, 100))]


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_for_every_role_as_the_table_says(workplace: Workplace, role: Role) -> None:
    put(workplace, incident())
    assert OPENERS.keys() == PAGES.keys()
    for page, action in PAGES.items():
        if role in ALLOWED[action]:
            OPENERS[page](workplace, caller(role))
        else:
            with pytest.raises(AccessDenied):
                OPENERS[page](workplace, caller(role))


def test_what_a_model_made_is_not_given_out_once_it_is_stopped(workplace: Workplace, clock: Hand) -> None:
    asked = []

    def ask(model: bool) -> str:
        asked.append(model)
        if model and len(asked) == 2:
            # While the model thinks, somebody stops it elsewhere, and a second passes.
            workplace.switch.__class__(workplace.stores.database, clock.monotonic_s).set(
                stopped=True, by="eva", at=NOON
            )
            clock.passed_s += 1
        return "model" if model else "rules"

    assert spoken(workplace, ask) == "model"
    assert spoken(workplace, ask) == "rules" and asked == [True, True, False]
    assert spoken(workplace, ask) == "rules" and asked[-1] is False
    accounts.start_model(workplace, caller(Role.MODEL_OWNER))
    assert spoken(workplace, ask) == "model"


def test_an_incident_is_acknowledged_assigned_and_listed_with_who_has_it(workplace: Workplace) -> None:
    put(workplace, incident(), incident("i2"))
    incidents.acknowledge(workplace, N, "i1")
    incidents.assign(workplace, N, "i1", "transport team")
    page = incidents.list_incidents(workplace, N, IncidentQuery())
    rows = {row.incident.incident_id: row for row in page.rows}
    assert page.counts.total == 2
    assert rows["i1"].acknowledged is not None and rows["i1"].acknowledged.actor == "eva"
    assert rows["i1"].assigned is not None and rows["i1"].assigned.detail == "transport team"
    assert rows["i2"].acknowledged is None and rows["i2"].assigned is None
    assert said(workplace) == ["incident acknowledged", "incident assigned"]


def test_a_judgement_on_a_diagnosis_is_kept_as_feedback(workplace: Workplace, clock: Hand) -> None:
    put(workplace, incident())
    with pytest.raises(TelcollmError, match="has no diagnosis yet"):
        incidents.accept(workplace, N, "i1")
    with workplace.stores.store.transaction() as transaction:
        transaction.put_diagnoses([diagnosis()])
    incidents.accept(workplace, N, "i1")
    clock.passed_s += 1
    incidents.correct(workplace, N, "i1", " router-1 ", reason="it was the fibre")
    clock.passed_s += 1
    incidents.reject(workplace, N, "i1", "no such fault")
    kept = workplace.stores.store.feedback(EVERYTHING)
    assert [one.kind for one in kept] == list(FeedbackKind)
    assert {one.subject_id for one in kept} == {"d1"} and kept[1].correction == "router-1"
    with pytest.raises(TelcollmError, match="correction is empty"):
        incidents.correct(workplace, N, "i1", "  ")
    with pytest.raises(AccessDenied):
        incidents.reject(workplace, T, "i1", "not mine to say")


def test_an_incident_elsewhere_is_not_there(workplace: Workplace) -> None:
    put(workplace, incident())
    south = caller(Role.NOC_ENGINEER, scope=SOUTH)
    for act in (incidents.acknowledge, incident_detail.detail):
        with pytest.raises(incidents.NotFoundError, match="nearest are none"):
            act(workplace, south, "i1")
    with pytest.raises(AccessDenied):
        incidents.list_incidents(workplace, south, IncidentQuery(), wanted=NORTH)


def test_all_of_an_incident_is_shown_around_its_root_cause(workplace: Workplace) -> None:
    store = workplace.stores.store
    store.put_topology([element(), element("router-1", links=()), element("far-away", links=())])
    with store.transaction() as transaction:
        transaction.put_alarms([alarm(component_id="i1")])
        transaction.put_components([component("i1")])
        transaction.put_incidents([incident()])
        transaction.put_diagnoses([diagnosis()])
    past = [
        KpiSample(
            tenant="acme",
            region="north",
            managed_object="cell-7",
            kpi="loss_ratio",
            sampled_time=NOON - timedelta(days=day) + timedelta(minutes=1),
            value=0.9 if day == 0 else 0.01 + day / 10_000,
        )
        for day in range(15)
    ]
    workplace.stores.telemetry.put_kpis(past)
    found = incident_detail.detail(workplace, N, "i1")
    assert [one.alarm_id for one in found.alarms] == ["a1"]
    around = found.neighbourhood
    assert around is not None and {node.element_id for node in around.nodes} == {"cell-7", "router-1"}
    assert around.edges == (("cell-7", "router-1"),) and around.complete
    [history] = found.kpis
    assert history.summary.departs and history.summary.normal == pytest.approx(0.0108, abs=1e-3)
    assert found.replies is None and found.tickets == ()


def test_a_page_of_ten_thousand_incidents_holds_no_more_than_was_asked_for(workplace: Workplace) -> None:
    put(workplace, *(incident(f"i{number:05}", last_event_time=at(number % 600)) for number in range(10_000)))
    page = incidents.list_incidents(workplace, N, IncidentQuery(sort="impact", limit=50, offset=5_000))
    assert page.counts.total == 10_000 and len(page.rows) == 50


def file(workplace: Workplace, **changes: Any) -> str:
    return tickets.file_ticket(workplace, T, {**WIRE, "ticketType": "fault", **changes}).ticket_id


def test_a_route_is_accepted_corrected_and_rejected_by_the_desk(workplace: Workplace, clock: Hand) -> None:
    name = file(workplace, description="Total power failure at the site, rectifier and battery alarms")
    [route] = tickets.route(workplace, T, [name])
    assert route.subject_id == name and route.decided_by.value == "rule"
    team = tickets.teams(workplace, T)[0]
    clock.passed_s += 1
    given = tickets.correct(workplace, T, name, team, reason="knows the site")
    row = tickets.list_tickets(workplace, T, TicketQuery()).rows[0]
    assert given.subject_id == name
    assert row.ticket.team == team and row.ticket.status is TicketStatus.IN_PROGRESS
    assert row.route is not None and row.route.decided_by.value == "person" and row.judged is not None
    clock.passed_s += 1
    assert tickets.accept(workplace, T, name).kind is FeedbackKind.ACCEPTED
    assert tickets.reject(workplace, T, name, "closed twice").kind is FeedbackKind.REJECTED
    with pytest.raises(TelcollmError, match="is not a team"):
        tickets.correct(workplace, T, name, "no such team")
    with pytest.raises(AccessDenied):
        tickets.correct(workplace, N, name, team)


def test_a_status_follows_the_life_cycle_of_tickets(workplace: Workplace) -> None:
    name = file(workplace)
    with pytest.raises(TelcollmError, match="acknowledged cannot become closed"):
        tickets.change_ticket(workplace, T, name, {"status": "closed"})
    assert tickets.change_ticket(workplace, T, name, {"status": "held"}).status is TicketStatus.HELD


def test_a_file_of_tickets_comes_back_with_routes_and_no_formula(workplace: Workplace) -> None:
    data = b'id,description\n1,no power at site 7\n2,\n3,=HYPERLINK("http://evil.example")\n'
    done = tickets_batch.route_batch(workplace, T, "../day.csv", data)
    assert (done.filename, done.rows, done.routed, done.failed) == ("day.routed.csv", 3, 2, 1)
    text = done.content.decode("utf-8-sig")
    assert "'=HYPERLINK" in text and text.count("\n") == 4
    assert tickets.list_tickets(workplace, T, TicketQuery()).total == 0


def test_a_batch_that_waits_is_finished_after_a_restart_for_whoever_asked(workplace: Workplace) -> None:
    made = batches.submit(workplace, T, [{**WIRE, "severity": "major"}] * 3)
    assert batches.batch(workplace, T, made.batch_id).state == "waiting"
    assert batches.run_waiting(workplace) == 1 and batches.run_waiting(workplace) == 0
    done = batches.batch(workplace, T, made.batch_id)
    assert done.state == "done" and len(done.routes) == 3
    for name in (made.batch_id, "bat-../../etc", "x"):
        with pytest.raises(incidents.NotFoundError):
            batches.batch(workplace, caller(Role.TRIAGE_OPERATOR, name="bob"), name)
    with pytest.raises(AccessDenied):
        batches.submit(workplace, T, [{**WIRE, "tenant": "rival"}])


def test_a_fault_does_not_end_the_service_of_batches(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = batches.submit(workplace, T, [WIRE])
    stop = threading.Event()
    faults: list[OSError] = [OSError("no space left on device")]
    run_waiting = batches.run_waiting

    def once_without_space(workplace: Workplace) -> int:
        if faults:
            raise faults.pop()
        stop.set()
        return run_waiting(workplace)

    monkeypatch.setattr(batches, "run_waiting", once_without_space)
    batches.serve(workplace, stop, 0.001)
    assert batches.batch(workplace, T, made.batch_id).state == "done"


def message(text: str, **changes: Any) -> CareMessage:
    fields: dict[str, Any] = {
        "tenant": "acme",
        "region": "north",
        "message_id": "m1",
        "conversation_id": "c1",
        "sent_time": NOON,
    }
    return CareMessage(text=text, **{**fields, **changes})


def test_a_reply_is_suggested_edited_and_sent_and_what_was_sent_is_kept(workplace: Workplace) -> None:
    care.add_message(workplace, C, message("My internet is down since this morning"))
    reply = care.suggest(workplace, C, "c1")
    given = care.send(workplace, C, "c1", reply.reply_id, "We are on it.")
    assert (given.kind, given.correction) == (FeedbackKind.CORRECTED, "We are on it.")
    found = care.conversation(workplace, C, "c1")
    assert [one.author for one in found.messages] == ["customer", care.AGENT]
    with pytest.raises(TelcollmError, match="the desk spoke last"):
        care.suggest(workplace, C, "c1")
    with pytest.raises(AccessDenied):
        care.conversation(workplace, N, "c1")


def test_a_withdrawn_reply_is_shown_and_not_sent(workplace: Workplace) -> None:
    care.add_message(workplace, C, message("Is it fixed?"))
    workplace.stores.care.put_replies(
        [
            Reply(
                tenant="acme",
                region="north",
                reply_id="r1",
                conversation_id="c1",
                decided_time=NOON,
                text="It will be fixed at noon.",
                withdrawn=True,
            )
        ]
    )
    assert [one.withdrawn for one in care.conversation(workplace, C, "c1").replies] == [True]
    with pytest.raises(TelcollmError, match="was withdrawn"):
        care.send(workplace, C, "c1", "r1")
    assert care.reject(workplace, C, "c1", "r1", "no longer true").kind is FeedbackKind.REJECTED


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"valid_until": NOON}, "that has passed"), ({"approvals": ("administrator",)}, "needs an approval")],
)
def test_a_reply_is_not_sent_too_late_nor_without_its_approval(
    workplace: Workplace, clock: Hand, changes: dict[str, Any], why: str
) -> None:
    care.add_message(workplace, C, message("Is it fixed?"))
    fields: dict[str, Any] = {
        "reply_id": "r1",
        "conversation_id": "c1",
        "decided_time": NOON,
        "text": "Soon.",
    }
    workplace.stores.care.put_replies([Reply(tenant="acme", region="north", **fields, **changes)])
    clock.passed_s += 1
    with pytest.raises(TelcollmError, match=why):
        care.send(workplace, C, "c1", "r1")
    approver = caller(Role.CARE_AGENT, Role.ADMINISTRATOR)
    if "approvals" in changes:
        assert care.send(workplace, approver, "c1", "r1").kind is FeedbackKind.ACCEPTED


def test_a_citation_opens_what_it_names_for_those_who_may_see_it(workplace: Workplace) -> None:
    put(workplace, incident())
    name = file(workplace)
    assert citations.cited(workplace, N, "i1").kind == "incident"
    assert citations.cited(workplace, N, name).text == WIRE["description"]
    for who, thing in ((C, name), (N, "nothing"), (caller(Role.NOC_ENGINEER, scope=SOUTH), "i1")):
        with pytest.raises(incidents.NotFoundError):
            citations.cited(workplace, who, thing)


def test_nobody_gives_away_more_than_they_see(workplace: Workplace) -> None:
    admin = caller(Role.ADMINISTRATOR)
    with pytest.raises(AccessDenied, match="is more than 'eva' sees"):
        accounts.make_key(workplace, admin, "robot", roles=[Role.AUDITOR], scope=EVERYTHING)
    with pytest.raises(AccessDenied, match="is more than 'eva' sees"):
        accounts.add_account(
            workplace, admin, "bob", "a long password", roles=[Role.AUDITOR], scope=Scope(("acme",))
        )
    accounts.add_account(workplace, admin, "bob", "a long password", roles=[Role.AUDITOR], scope=NORTH)
    assert accounts.log_in(workplace, "bob", "a long password").scope == NORTH
    with pytest.raises(LoginError):
        accounts.log_in(workplace, "bob", "a wrong password")
    assert said(workplace) == ["account added", "login", "login refused"]


def test_accounts_and_keys_that_see_more_are_neither_listed_nor_changed(workplace: Workplace) -> None:
    chief, admin = caller(Role.ADMINISTRATOR, scope=EVERYTHING), caller(Role.ADMINISTRATOR)
    for name, scope in (("bob", NORTH), ("kim", EVERYTHING)):
        accounts.add_account(workplace, chief, name, "a long password", roles=[Role.AUDITOR], scope=scope)
        accounts.make_key(workplace, chief, name, roles=[Role.AUDITOR], scope=scope)
    assert [one.name for one in accounts.list_accounts(workplace, admin)] == ["bob"]
    assert [one.owner for one in accounts.list_keys(workplace, admin)] == ["bob"]
    wide = next(one.key_id for one in accounts.list_keys(workplace, chief) if one.owner == "kim")
    for act in (
        lambda: accounts.remove_account(workplace, admin, "kim"),
        lambda: accounts.set_password(workplace, admin, "kim", "another password"),
        lambda: accounts.revoke_key(workplace, admin, wide),
    ):
        with pytest.raises(AccessDenied, match="is more than 'eva' sees"):
            act()
    accounts.remove_account(workplace, admin, "bob")


def test_alarms_are_sent_in_to_a_source_of_alarms_alone(workplace: Workplace) -> None:
    filed, raised = (
        SourceSettings(topic=kind, kind=kind, tenant="acme", region="north") for kind in ("tickets", "alarms")
    )
    workplace.settings = workplace.settings.model_copy(update={"sources": (filed, raised)})
    assert alarms.source_of(workplace, N, "", "") is raised
    assert alarm_source(workplace.settings) is raised
    none = workplace.settings.model_copy(update={"sources": (filed,)})
    with pytest.raises(TelcollmError, match="hold tickets and no alarms"):
        alarm_source(none)


def test_a_group_that_the_settings_do_not_name_is_no_role(workplace: Workplace) -> None:
    access = workplace.settings.access.model_copy(update={"oidc_roles": {"noc": Role.NOC_ENGINEER}})
    workplace.settings = workplace.settings.model_copy(update={"access": access})
    who = accounts.identified(workplace, {"email": "eva@example.org", "groups": ["noc", "admins"]})
    assert (who.name, who.roles) == ("eva@example.org", {Role.NOC_ENGINEER})
    for claims in ({"email": "x@example.org", "groups": ["admins"]}, {"groups": ["noc"]}, {"email": "x"}):
        with pytest.raises(LoginError):
            accounts.identified(workplace, claims)


def test_the_pipeline_is_told_as_far_as_it_is_known(workplace: Workplace) -> None:
    found = pipeline.pipeline(workplace, C)
    assert (found.state, found.lag, found.rate_per_s, found.degraded) == ("unknown", None, None, None)
    assert found.requests_waiting == 0 and not found.model.stopped
    assert pipeline.ready(workplace) == ""
    assert Action.PIPELINE_READ in ALLOWED
