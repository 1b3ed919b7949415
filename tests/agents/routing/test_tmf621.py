"""Laws of filing by TMF621: once each, whatever the server does, and only what is live and sure."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from agents.routing.filing import Filed, Outcome, StoredTickets, external_identifier, file_routes, routed
from agents.routing.tmf621 import FilingError, Tmf621System, to_tmf621
from telcollm.errors import SettingsError, TransientError
from telcollm.ports import Scope
from telcollm.records import Mode, TicketPriority, TicketStatus
from telcollm.store.opening import Stores
from tests.agents.routing.desk import NOON, router, ticket

Answer = tuple[int, bytes]


class Desk(ThreadingHTTPServer):
    """A ticket server that keeps what it is given; `fault` answers in its place where it gives an answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: list[str] = []
        self.fault: Callable[[str, int], Answer | None] = lambda method, number: None
        self.url = f"http://127.0.0.1:{self.server_address[1]}/tmf-api/troubleTicket/v5"


class _Handler(BaseHTTPRequestHandler):
    server: Desk

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        wanted = parse_qs(urlsplit(self.path).query)["externalIdentifier.id"][0]
        found = [one for one in self.server.kept if one["externalIdentifier"][0]["id"] == wanted]
        self._say("GET", (200, json.dumps(found).encode()))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body["id"] = f"TT{len(self.server.kept) + 1}"
        self.server.kept.append(body)
        self._say("POST", (201, json.dumps(body).encode()))

    def _say(self, method: str, answer: Answer) -> None:
        self.server.asked.append(method)
        self.server.tokens.append(self.headers.get("Authorization", ""))
        status, body = self.server.fault(method, len(self.server.asked)) or answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def desk() -> Iterator[Desk]:
    server = Desk()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def system(desk: Desk, slept: list[float]) -> Iterator[Tmf621System]:
    opened = Tmf621System(desk.url, token="secret-token", sleep_s=slept.append)
    yield opened
    opened.close()


def test_a_ticket_is_filed_once_however_often_it_is_given(desk: Desk, system: Tmf621System) -> None:
    first, again = (system.file(ticket(), "telcollm:acme:t1") for _ in range(2))
    assert (first.ticket_id, first.created, again.ticket_id, again.created) == ("TT1", True, "TT1", False)
    assert len(desk.kept) == 1
    assert set(desk.tokens) == {"Bearer secret-token"}
    assert "secret" not in repr(system)


def test_a_ticket_whose_answer_was_lost_is_found_and_not_filed_again(
    desk: Desk, system: Tmf621System, slept: list[float]
) -> None:
    desk.fault = lambda method, number: (503, b"") if number == 2 else None
    assert system.file(ticket(), "telcollm:acme:t1") == Filed("TT1", "", TicketStatus.ACKNOWLEDGED, False)
    assert (desk.asked, len(desk.kept), slept) == (["GET", "POST", "GET"], 1, [1.0])


def test_a_server_that_stays_away_is_told_after_all_attempts(
    desk: Desk, system: Tmf621System, slept: list[float]
) -> None:
    desk.fault = lambda method, number: (503, b"busy")
    with pytest.raises(TransientError, match=r"HTTP 503\); tried 3 times; file it again later"):
        system.file(ticket(), "x")
    assert slept == [1.0, 2.0]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"code": "21"}'),
        (302, b""),
        (201, b"<html>hello</html>"),
        (201, b"[]"),
        (201, b'{"id": ""}'),
        (201, b'{"id": {"a": 1}}'),
        (201, b'{"id": "a\\u0000b"}'),
        (201, json.dumps({"id": "x" * 300}).encode()),
        (201, b'{"id": "1", "status": "eaten"}'),
        (201, b'{"id": "1", "status": ["closed"]}'),
        (201, b"[" * 100_000),
        (201, b'"' + b"x" * 1_000_001 + b'"'),
        (201, b"\xff\xfe"),
    ],
)
def test_an_answer_that_is_no_ticket_is_refused_not_believed(
    desk: Desk, system: Tmf621System, status: int, body: bytes
) -> None:
    desk.fault = lambda method, number: (status, body) if method == "POST" else None
    with pytest.raises(FilingError, match="check its address") as told:
        system.file(ticket(), "x")
    assert len(str(told.value)) < 800


def test_a_server_that_ignores_the_filter_does_not_pass_off_another_ticket(
    desk: Desk, system: Tmf621System
) -> None:
    others = json.dumps([{"id": "TT99", "externalIdentifier": [{"id": "other"}]}, 5, {"id": "TT98"}])
    desk.fault = lambda method, number: (200, others.encode()) if method == "GET" else None
    assert system.file(ticket(), "x").ticket_id == "TT1"


@pytest.mark.parametrize(
    ("url", "reason"),
    [("ftp://desk/x", "scheme 'ftp'"), ("desk", "scheme ''"), ("https://a:b@desk/", "without a password"),
     ("http://desk.example/", "unencrypted")],
)  # fmt: skip
def test_an_address_that_is_none_or_betrays_the_token_is_refused(url: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        Tmf621System(url, token="secret")


def test_the_body_has_what_tmf621_requires() -> None:
    body = to_tmf621(ticket(priority=TicketPriority.HIGH, team="core", related_entity=("cell-7",)), "x")
    assert {"description", "severity", "ticketType"} <= body.keys()
    assert (body["severity"], body["ticketType"], body["priority"]) == ("INDETERMINATE", "incident", "High")
    assert body["relatedParty"][0]["partyOrPartyRole"]["name"] == "core"
    assert body["relatedEntity"][0]["entity"]["id"] == "cell-7"


def test_only_what_is_live_sure_and_no_duplicate_is_filed(
    stores: Stores, desk: Desk, system: Tmf621System
) -> None:
    tickets = [ticket(f"t{number}", "battery low") for number in range(5)]
    tickets[1] = msgspec.structs.replace(tickets[1], mode=Mode.REPLAY)
    tickets[4] = msgspec.structs.replace(tickets[4], status=TicketStatus.CLOSED)
    routes = [
        msgspec.structs.replace(one, automatic=place != 2, duplicate_of="t0" if place == 3 else "")
        for place, one in enumerate(router(stores).route(tickets, decided_time=NOON))
    ]
    results = file_routes(tickets, routes, system)
    assert [one.outcome for one in results] == [
        Outcome.FILED,
        Outcome.NOT_LIVE,
        Outcome.WAITING,
        Outcome.LINKED,
        Outcome.WAITING,
    ]
    assert [one["externalIdentifier"][0]["id"] for one in desk.kept] == ["telcollm:acme:t0"]
    again = file_routes(tickets, routes, system, approved=frozenset({"t2"}))
    assert [one.outcome for one in again][:3] == [Outcome.FOUND, Outcome.NOT_LIVE, Outcome.FILED]


def test_one_that_cannot_be_filed_stops_no_other(stores: Stores, desk: Desk, system: Tmf621System) -> None:
    tickets = [ticket("t0", "battery low"), ticket("t1", "battery low")]
    routes = [
        msgspec.structs.replace(one, automatic=True)
        for one in router(stores).route(tickets, decided_time=NOON)
    ]
    desk.fault = lambda method, number: (400, b"no") if number == 2 else None
    first, second = file_routes(tickets, routes, system)
    assert (first.outcome, first.retry, second.outcome) == (Outcome.FAILED, False, Outcome.FILED)


def test_the_store_is_a_ticket_system_too(stores: Stores) -> None:
    one = ticket(description="battery low")
    route = router(stores).route([one], decided_time=NOON)[0]
    system = StoredTickets(stores.tickets, NOON)
    name = external_identifier(one)
    first, again = (system.file(routed(one, route), name) for _ in range(2))
    assert (first.created, again.created) == (True, False)
    kept = stores.tickets.ticket(Scope(tenants=("acme",)), "t1")
    assert kept is not None
    assert (kept.team, kept.external_identifier) == ("field_power", (name,))
