"""Laws of health: 200 while the worker makes progress, 503 while it does not, on the loopback only."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import pytest

from streams.broker.process import free_port
from streams.worker import Status
from telcollm.app.health import Health, serve_health
from telcollm.errors import SettingsError


class Time:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def answer(health: Health) -> tuple[int, dict[str, Any]]:
    code, body = health.answer()
    return code, json.loads(body)


def test_before_the_first_status_it_is_starting() -> None:
    assert answer(Health()) == (503, {"state": "starting"})


def test_while_the_worker_reports_it_is_well_and_tells_the_status() -> None:
    health = Health()
    health.note(Status(alarms=7, lag=3))
    code, body = answer(health)
    assert (code, body["state"], body["alarms"], body["lag"]) == (200, "ok", 7, 3)


def test_a_worker_that_cannot_go_on_is_failing_and_says_why() -> None:
    health = Health()
    health.note(Status(failure="the brokers did not answer"))
    code, body = answer(health)
    assert (code, body["state"], body["failure"]) == (503, "failing", "the brokers did not answer")


def test_a_worker_that_has_not_reported_for_a_minute_is_stale() -> None:
    time = Time()
    health = Health(time)
    health.note(Status())
    time.now_s += 60
    assert health.answer()[0] == 200
    time.now_s += 0.1
    assert (health.answer()[0], answer(health)[1]["state"]) == (503, "stale")
    health.note(Status())
    assert health.answer()[0] == 200


def get(port: int, path: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        assert reply.headers["Content-Type"] == "application/json"
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def test_it_is_served_over_http_while_the_block_runs() -> None:
    port = free_port()
    with serve_health(port) as health:
        assert get(port, "/healthz") == (503, {"state": "starting"})
        health.note(Status(alarms=1))
        assert get(port, "/healthz")[0] == 200
        assert get(port, "/")[1]["alarms"] == 1
        assert get(port, "/other") == (404, {})
    with pytest.raises(ConnectionRefusedError):
        get(port, "/healthz")


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = rf"health_port={port} cannot be listened on .*; set a free port, or 0 for none"
        with pytest.raises(SettingsError, match=words), serve_health(port):
            pass
