"""The cookie is given for a ticket only, and every answer carries the stricter headers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboards import opened
from dashboards.login import COOKIE
from dashboards.server import OPTIONS, KnownAddresses, SafeHeaders, give_cookie
from telcollm.access import Caller, Role
from telcollm.app.workplace import Workplace
from telcollm.ports import Scope

EVA = Caller("eva", frozenset({Role.AUDITOR}), Scope())


@pytest.fixture
def client(desk: Workplace) -> Iterator[TestClient]:
    app = Starlette(
        routes=[Route("/session", give_cookie, methods=["POST"])], middleware=[Middleware(SafeHeaders)]
    )
    with TestClient(app) as client:
        yield client


def test_a_ticket_is_changed_for_a_cookie_that_scripts_cannot_read(client: TestClient) -> None:
    token = opened.sessions().begin(EVA, "")
    answer = client.post("/session", json={"ticket": opened.sessions().ticket(token)})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert f"{COOKIE}={token}" in cookie
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie


@pytest.mark.parametrize("body", [{"ticket": "guessed"}, {"ticket": 7}, {}, [], "x"])
def test_anything_but_a_ticket_gives_no_cookie(client: TestClient, body: object) -> None:
    answer = client.post("/session", json=body)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_what_is_no_json_gives_no_cookie(client: TestClient) -> None:
    assert client.post("/session", content=b"{").status_code == 400


def test_another_site_gets_no_cookie(client: TestClient) -> None:
    ticket = opened.sessions().ticket(opened.sessions().begin(EVA, ""))
    answer = client.post("/session", json={"ticket": ticket}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_answers_forbid_framing_and_sniffing(client: TestClient) -> None:
    headers = client.post("/session", json={}).headers
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_nothing_is_told_to_others_and_nothing_of_the_inside_is_shown() -> None:
    assert OPTIONS["browser.gatherUsageStats"] is False
    assert OPTIONS["client.showErrorDetails"] == "none"
    assert OPTIONS["runner.magicEnabled"] is False


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/now?page=3", "/?page=3"),
        ("/now", "/"),
        ("/nothing", "/?nowhere=1"),
        ("/incident/inc-1", "/?nowhere=1"),
        ("/%2e%2e/etc/passwd", "/?nowhere=1"),
        ("/incident?id=%00", None),
        ("/?page=x", None),
        ("/_stcore/nothing", None),
    ],
)
def test_a_page_that_there_is_not_leads_to_the_first_one(asked: str, led_to: str | None) -> None:
    app = Starlette(middleware=[Middleware(KnownAddresses)])
    with TestClient(app, follow_redirects=False) as client:
        answer = client.get(asked, headers={"Accept": "text/html,*/*"})
        assert answer.headers.get("location") == led_to
        assert "location" not in client.get(asked, headers={"Accept": "*/*"}).headers
