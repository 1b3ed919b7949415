"""TM Forum's interfaces: lists with paging, filters and fields; create, patch, hubs and listeners."""

from __future__ import annotations

import json
from typing import Any

import pytest

from telcollm.access import Role
from telcollm.app.workplace import Workplace
from telcollm.records import TicketStatus
from tests.telcollm.app.api.conftest import Ask
from tests.telcollm.app.places import Hand, Topic
from tests.telcollm.store.examples import NOON_MS, alarm, diagnosis, incident

TICKETS = "/tmf-api/troubleTicket/v5"
PROBLEMS = "/tmf-api/serviceProblemManagement/v5"
ALARMS = "/tmf-api/alarmManagement/v4"
T, N = Role.TRIAGE_OPERATOR, Role.NOC_ENGINEER
TICKET = {"description": "no power at site 7", "severity": "major", "ticketType": "fault"}
ALARM = {
    "alarmType": "communicationsAlarm",
    "perceivedSeverity": "major",
    "probableCause": "lossOfSignal",
    "alarmedObject": {"id": "cell-7"},
    "sourceSystemId": "ems1",
    "state": "raised",
    "alarmRaisedTime": "2026-01-01T11:00:00Z",
}


def file(ask: Ask, number: int, **changes: Any) -> dict[str, Any]:
    body = {**TICKET, "externalIdentifier": [{"id": f"X{number}"}], **changes}
    answer = ask("POST", f"{TICKETS}/troubleTicket", T, json=body)
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


def test_pages_add_up_to_the_whole_and_say_how_much_there_is(ask: Ask) -> None:
    made = {file(ask, number)["id"] for number in range(5)}
    pages = [
        ask("GET", f"{TICKETS}/troubleTicket", T, params={"offset": at, "limit": 2}) for at in (0, 2, 4, 6)
    ]
    assert [page.headers["X-Total-Count"] for page in pages] == ["5"] * 4
    assert [page.headers["X-Result-Count"] for page in pages] == ["2", "2", "1", "0"]
    assert {one["id"] for page in pages for one in page.json()} == made


def test_only_the_fields_asked_for_are_given_beside_what_names_the_resource(ask: Ask) -> None:
    name = file(ask, 1)["id"]
    listed = ask("GET", f"{TICKETS}/troubleTicket", T, params={"fields": "status,severity"}).json()[0]
    assert listed.keys() == {"id", "href", "@type", "status", "severity"}
    read = ask("GET", f"{TICKETS}/troubleTicket/{name}", T, params={"fields": "none"}).json()
    assert read.keys() == {"id", "href", "@type"}


def test_filters_keep_what_matches_and_an_unknown_one_is_refused(ask: Ask) -> None:
    first, second = file(ask, 1), file(ask, 2, relatedEntity=[{"id": "cell-7"}])
    ask("PATCH", f"{TICKETS}/troubleTicket/{first['id']}", T, json={"status": "held"})

    def ids(**params: str) -> list[str]:
        return [one["id"] for one in ask("GET", f"{TICKETS}/troubleTicket", T, params=params).json()]

    assert ids(status="held") == [first["id"]]
    assert sorted(ids(status="held,acknowledged")) == sorted([first["id"], second["id"]])
    assert ids(relatedEntity="cell-7") == [second["id"]]
    for params in ({"statuss": "held"}, {"status": "lost"}):
        answer = ask("GET", f"{TICKETS}/troubleTicket", T, params=params)
        assert answer.status_code == 400 and "allowed" in answer.json()["message"]


def test_the_same_external_identifier_files_one_ticket(ask: Ask) -> None:
    assert file(ask, 1)["id"] == file(ask, 1, description="told again")["id"]
    assert ask("GET", f"{TICKETS}/troubleTicket", T).json()[0]["description"] == TICKET["description"]


def test_a_patch_is_merged_and_what_identifies_a_ticket_stays(ask: Ask) -> None:
    made = file(ask, 1, vendorField={"a": 1, "b": 2})
    path = f"{TICKETS}/troubleTicket/{made['id']}"
    changed = ask("PATCH", path, T, json={"priority": "High", "vendorField": {"a": None}, "name": "power"})
    assert changed.status_code == 200
    assert (changed.json()["priority"], changed.json()["vendorField"]) == ("High", {"b": 2})
    assert ask("PATCH", path, T, json={"name": None}).json().get("name") is None
    for wrong in ({"tenant": "rival"}, {"creationDate": "2020-01-01T00:00:00Z"}, {"status": "lost"}):
        assert ask("PATCH", path, T, json=wrong).status_code == 400


def test_an_incident_is_told_with_its_diagnosis_and_who_decided_it(workplace: Workplace, ask: Ask) -> None:
    with workplace.stores.store.transaction() as transaction:
        transaction.put_incidents([incident(), incident("i2", status=TicketStatus.RESOLVED)])
        transaction.put_diagnoses([diagnosis(model="smollm2", adapter="rca@3", prompt_version="w4")])
    listed = ask("GET", f"{PROBLEMS}/serviceProblem", N, params={"status": "inProgress"})
    assert [one["id"] for one in listed.json()] == ["i1"] and listed.headers["X-Total-Count"] == "1"
    said = listed.json()[0]["diagnosis"]
    assert (said["decidedBy"], said["model"], said["adapter"]) == ("graph", "smollm2", "rca@3")
    seen = ask("GET", f"{PROBLEMS}/serviceProblem", Role.CARE_AGENT).json()
    assert {one["id"] for one in seen} == {"i1", "i2"}
    assert all("diagnosis" not in one and "underlyingAlarm" not in one for one in seen)


def test_what_the_pipeline_found_is_acknowledged_assigned_and_commented_but_not_rewritten(
    workplace: Workplace, ask: Ask
) -> None:
    with workplace.stores.store.transaction() as transaction:
        transaction.put_incidents([incident()])
    path = f"{PROBLEMS}/serviceProblem/i1"
    body = {"status": "acknowledged", "responsibleParty": {"id": "transport team"}, "comment": "on my way"}
    answer = ask("PATCH", path, N, json=body)
    assert answer.status_code == 200
    assert answer.json()["acknowledged"]["by"].startswith("robot/")
    assert answer.json()["responsibleParty"]["id"] == "transport team"
    assert [one["description"] for one in answer.json()["trackingRecord"]].count("commented on my way") == 1
    refused = ask("PATCH", path, N, json={"description": "nothing to see"})
    assert refused.status_code == 400 and "cannot be changed" in refused.json()["message"]


def test_a_problem_that_somebody_raises_is_theirs_to_change(ask: Ask) -> None:
    body = {
        "category": "network",
        "priority": 2,
        "description": "customers call",
        "reason": "unknown",
        "originatorParty": {"id": "care desk"},
    }
    made = ask("POST", f"{PROBLEMS}/serviceProblem", N, json=body)
    assert made.status_code == 201 and made.json()["decidedBy"] == "person"
    path = f"{PROBLEMS}/serviceProblem/{made.json()['id']}"
    changed = ask("PATCH", path, N, json={"status": "resolved", "priority": 5})
    assert (changed.json()["status"], changed.json()["priority"]) == ("resolved", 5)
    assert ask("GET", path, N).json()["status"] == "resolved"
    forged = ask(
        "POST", f"{PROBLEMS}/serviceProblem", N, json={**body, "originatorParty": {"id": "telcollm"}}
    )
    assert forged.status_code == 400


def test_alarms_are_listed_filtered_acknowledged_and_commented(
    workplace: Workplace, ask: Ask, clock: Hand
) -> None:
    with workplace.stores.store.transaction() as transaction:
        transaction.put_alarms(
            [alarm("a1"), alarm("a2", severity=6, raised_ms=NOON_MS + 1, cleared_ms=NOON_MS + 5)]
        )

    def ids(**params: str) -> list[str]:
        return [one["id"] for one in ask("GET", f"{ALARMS}/alarm", N, params=params).json()]

    assert ids() == ["a2", "a1"]
    assert ids(state="raised") == ["a1"] and ids(perceivedSeverity="critical,minor") == ["a2"]
    assert ids(**{"alarmedObject.id": "cell-8"}) == []
    body = {"ackState": "acknowledged", "comment": [{"comment": "known fault"}]}
    changed = ask("PATCH", f"{ALARMS}/alarm/a1", N, json=body).json()
    assert changed["ackState"] == "acknowledged" and changed["comment"][0]["comment"] == "known fault"
    clock.passed_s += 1
    ask("PATCH", f"{ALARMS}/alarm/a1", N, json={"ackState": "unacknowledged"})
    assert ask("GET", f"{ALARMS}/alarm/a1", N).json()["ackState"] == "unacknowledged"
    assert ask("PATCH", f"{ALARMS}/alarm/a1", N, json={}).status_code == 400
    assert ask("GET", f"{ALARMS}/alarm/a2", N).json()["state"] == "cleared"


def test_an_alarm_that_is_sent_in_takes_the_way_of_all_alarms(workplace: Workplace, ask: Ask) -> None:
    answer = ask("POST", f"{ALARMS}/alarm", N, json=ALARM)
    assert answer.status_code == 201
    topic = workplace._publisher
    assert isinstance(topic, Topic)
    [(name, key, body)] = topic.records
    assert (name, key, json.loads(body)["alarmedObject"]) == ("alarms", "cell-7", {"id": "cell-7"})
    from streams.formats import decode_alarms

    read = decode_alarms(body, workplace.settings.sources[0])[0]
    assert read.alarm_id == answer.json()["id"] and read.tenant == "acme"
    assert ask("POST", f"{ALARMS}/alarm", N, json=ALARM, params={"tenant": "rival"}).status_code == 403


def test_alertmanager_alerts_become_alarms_all_of_a_payload_or_none(workplace: Workplace, ask: Ask) -> None:
    alert = {
        "status": "firing",
        "labels": {"alertname": "HighLoss", "instance": "router-1", "severity": "critical"},
        "annotations": {"summary": "loss above 5 %"},
        "startsAt": "2026-01-01T11:00:00Z",
    }
    answer = ask("POST", "/v1/alertmanager", Role.ADMINISTRATOR, json={"version": "4", "alerts": [alert]})
    assert (answer.status_code, answer.json()) == (202, {"alarms": 1})
    topic = workplace._publisher
    assert isinstance(topic, Topic)
    sent = json.loads(topic.records[0][2])
    assert (sent["specificProblem"], sent["perceivedSeverity"]) == ("HighLoss", "critical")
    broken = {"version": "4", "alerts": [alert, {"status": "firing"}]}
    refused = ask("POST", "/v1/alertmanager", Role.ADMINISTRATOR, json=broken)
    assert refused.status_code == 400 and "alerts.1" in refused.json()["message"]
    assert len(topic.records) == 1


def test_a_listener_takes_another_systems_ticket_once_and_its_changes(ask: Ask) -> None:
    def event(status: str) -> dict[str, Any]:
        ticket = {**TICKET, "id": "EXT-1", "status": status}
        return {"eventType": "TroubleTicketCreateEvent", "event": {"troubleTicket": ticket}}

    first = ask("POST", f"{TICKETS}/listener/troubleTicketCreateEvent", T, json=event("acknowledged"))
    again = ask("POST", f"{TICKETS}/listener/troubleTicketStatusChangeEvent", T, json=event("resolved"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"] and again.json()["status"] == "resolved"
    assert ask("GET", f"{TICKETS}/troubleTicket", T).headers["X-Total-Count"] == "1"


@pytest.mark.parametrize("base", [TICKETS, PROBLEMS, ALARMS])
def test_a_hub_takes_subscriptions_and_only_whoever_made_one_ends_it(ask: Ask, base: str) -> None:
    made = ask("POST", f"{base}/hub", N, json={"callback": "https://noc.example/events"})
    assert made.status_code == 201 and len(made.json()["key"]) == 64
    assert ask("DELETE", f"{base}/hub/{made.json()['id']}", Role.ADMINISTRATOR).status_code == 404
    assert ask("DELETE", f"{base}/hub/{made.json()['id']}", N).status_code == 204
    assert ask("DELETE", f"{base}/hub/{made.json()['id']}", N).status_code == 404
    for wrong in (
        {"callback": "http://noc.example/events"},
        {"callback": "file:///etc/passwd"},
        {"callback": "https://user:secret@noc.example/"},
        {"callback": "https://noc.example/", "query": "eventType=Nothing"},
    ):
        assert ask("POST", f"{base}/hub", N, json=wrong).status_code == 400
