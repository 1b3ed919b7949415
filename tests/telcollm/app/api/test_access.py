"""The permission matrix of every endpoint, and keys that open nothing: generated from the one table."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from telcollm.access import ALLOWED, Action, Role
from telcollm.app.api.application import build_app
from telcollm.app.api.asking import action_of
from telcollm.app.workplace import Workplace
from telcollm.ports import EVERYTHING
from tests.telcollm.app.api.conftest import Ask
from tests.telcollm.app.places import NORTH, RIVAL, SOUTH, Hand, key_of
from tests.telcollm.store.examples import incident

OPEN = {"/live", "/ready"}
TICKETS = "/tmf-api/troubleTicket/v5/troubleTicket"
PROBLEMS = "/tmf-api/serviceProblemManagement/v5/serviceProblem"
TICKET = {"description": "no power", "severity": "major", "ticketType": "fault"}


def endpoints(workplace: Workplace) -> list[tuple[str, str, Action | None]]:
    """(method, path, action) of every endpoint of telcollm's own, however deep the routers lie."""
    spec = build_app(workplace, background=False).openapi()
    actions = {}
    for module in ("alarms", "tickets", "problems", "platform", "status"):
        router = __import__(f"telcollm.app.api.{module}", fromlist=["router"]).router
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods:
                actions[method, route.path] = action_of(route.endpoint)
    found = [(m.upper(), path) for path, methods in spec["paths"].items() for m in methods]
    assert set(found) == set(actions)
    return [(method, path, actions[method, path]) for method, path in found]


def test_every_endpoint_asks_the_table_but_those_that_tell_life(workplace: Workplace) -> None:
    found = endpoints(workplace)
    assert {path for _, path, action in found if action is None} == OPEN
    assert len(found) > 25


def test_every_endpoint_answers_every_role_as_the_table_says(workplace: Workplace, ask: Ask) -> None:
    wrong = []
    for method, path, action in endpoints(workplace):
        if action is None or path == "/v1/ask":
            continue
        address = re.sub(r"\{\w+\}", "nothing", path)
        for role in Role:
            # A body that no endpoint takes: whoever may gets as far as its check, or to what is not there.
            answer = ask(method, address, role, json=[] if method in ("POST", "PATCH") else None)
            denied = answer.status_code == 403
            if denied == (role in ALLOWED[action]) or answer.status_code >= 500:
                wrong.append((method, path, role.value, answer.status_code))
        if (code := ask(method, address).status_code) != 401:
            wrong.append((method, path, "nobody", code))
    assert wrong == []


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic cm9vdDpyb290", "Bearer tck_' OR '1'='1", "x" * 5000],
)
def test_whoever_brings_no_key_in_force_is_not_recognised(client: TestClient, header: str) -> None:
    answer = client.get(TICKETS, headers={"Authorization": header})
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "401"


def test_a_key_that_expired_or_was_revoked_opens_nothing_from_that_moment_on(
    workplace: Workplace, client: TestClient, clock: Hand
) -> None:
    headers = {"Authorization": f"Bearer {key_of(workplace, Role.TRIAGE_OPERATOR)}"}
    other = {"Authorization": f"Bearer {key_of(workplace, Role.TRIAGE_OPERATOR)}"}
    assert client.get(TICKETS, headers=headers).status_code == 200
    workplace.accounts.revoke_key(other["Authorization"].split("_")[1], at=workplace.now())
    assert client.get(TICKETS, headers=other).status_code == 401
    clock.passed_s += timedelta(hours=1).total_seconds()
    answer = client.get(TICKETS, headers=headers)
    assert answer.status_code == 401 and "expired" in answer.json()["message"]


def test_what_lies_in_another_tenant_or_region_is_not_there(workplace: Workplace, ask: Ask) -> None:
    made = ask("POST", TICKETS, Role.TRIAGE_OPERATOR, json=TICKET).json()
    with workplace.stores.store.transaction() as transaction:
        transaction.put_incidents([incident()])
    for scope in (SOUTH, RIVAL):
        roles = (Role.TRIAGE_OPERATOR, Role.NOC_ENGINEER)
        for base, name in ((TICKETS, made["id"]), (PROBLEMS, "i1")):
            listed = ask("GET", base, *roles, scope=scope)
            assert listed.json() == [] and listed.headers["X-Total-Count"] == "0"
            answers: list[Any] = [
                ask("GET", f"{base}/{name}", *roles, scope=scope),
                ask("PATCH", f"{base}/{name}", *roles, scope=scope, json={"description": "mine"}),
            ]
            assert [one.status_code for one in answers] == [404, 404]
            assert "no power" not in "".join(one.text for one in answers)
    assert ask("GET", f"{TICKETS}/{made['id']}", Role.TRIAGE_OPERATOR, scope=NORTH).status_code == 200
    assert ask("GET", f"{PROBLEMS}/i1", Role.NOC_ENGINEER).json()["id"] == "i1"


@pytest.mark.parametrize("place", [{"tenant": "rival"}, {"region": "south"}])
def test_nothing_is_filed_in_another_tenant_or_region(ask: Ask, place: dict[str, str]) -> None:
    answer = ask("POST", TICKETS, Role.TRIAGE_OPERATOR, json={**TICKET, **place})
    assert answer.status_code == 403 and "outside the scope" in answer.json()["message"]


def test_refusals_are_in_the_audit_trail_and_a_flood_of_them_is_one_a_second(
    workplace: Workplace, ask: Ask, clock: Hand
) -> None:
    for _ in range(20):
        ask("GET", TICKETS, Role.CARE_AGENT)
        ask("GET", TICKETS, headers={"Authorization": "Bearer wrong"})
    entries = workplace.stores.audit.entries(EVERYTHING, 100)
    assert sorted(one.action for one in entries) == ["access refused", "key refused"]
    clock.passed_s += 1
    ask("GET", TICKETS, Role.CARE_AGENT)
    assert workplace.stores.audit.count(EVERYTHING) == 3
    assert workplace.stores.audit.verify() is None
