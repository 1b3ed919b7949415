"""Laws of health: who lives and who is ready, told over HTTP, on the loopback unless told otherwise."""

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


def told(health: Health) -> tuple[int, int, dict[str, Any]]:
    """Return the codes of live and ready, and what both say."""
    live, ready = health.live(), health.ready()
    assert live[1] == ready[1]
    return live[0], ready[0], json.loads(ready[1])


def test_before_the_first_status_it_lives_and_is_not_ready() -> None:
    assert told(Health()) == (200, 503, {"state": "starting"})


def test_while_the_worker_reports_it_is_ready_and_tells_the_status() -> None:
    health = Health()
    health.note(Status(alarms=7, lag=3))
    live, ready, body = told(health)
    assert (live, ready, body["state"], body["alarms"], body["lag"]) == (200, 200, "ok", 7, 3)


def test_a_worker_that_waits_for_a_broker_lives_is_not_ready_and_says_why() -> None:
    health = Health()
    health.note(Status(failure="the brokers did not answer"))
    live, ready, body = told(health)
    assert (live, ready, body["state"]) == (200, 503, "failing")
    assert body["failure"] == "the brokers did not answer"


@pytest.mark.parametrize("failure", ["", "the brokers did not answer"])
def test_a_worker_that_has_not_reported_for_a_minute_does_not_live(failure: str) -> None:
    time = Time()
    health = Health(time)
    health.note(Status(failure=failure))
    time.now_s += 60
    assert health.live()[0] == 200
    time.now_s += 0.1
    live, ready, body = told(health)
    assert (live, ready, body["state"]) == (503, 503, "stale")
    health.note(Status())
    assert told(health)[:2] == (200, 200)


def get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(host, port, timeout=60)
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
        assert get(port, "/live") == (200, {"state": "starting"})
        assert get(port, "/ready") == get(port, "/healthz") == (503, {"state": "starting"})
        health.note(Status(alarms=1))
        assert {get(port, path)[0] for path in ("/live", "/ready", "/healthz", "/ready?verbose")} == {200}
        assert get(port, "/")[1]["alarms"] == 1
        assert get(port, "/other") == (404, {})
    with pytest.raises(ConnectionRefusedError):
        get(port, "/ready")


OTHER = "127.0.0.2"


@pytest.mark.allow_hosts(["127.0.0.1", OTHER])
def test_by_default_only_the_loopback_address_answers() -> None:
    port = free_port()
    with serve_health(port):
        assert get(port, "/live")[0] == 200
        with pytest.raises(ConnectionRefusedError):
            get(port, "/live", OTHER)


@pytest.mark.allow_hosts(["127.0.0.1", OTHER])
def test_it_is_served_where_the_settings_say() -> None:
    port = free_port()
    with serve_health(port, OTHER):
        assert get(port, "/live", OTHER)[0] == 200
        with pytest.raises(ConnectionRefusedError):
            get(port, "/live")
    with serve_health(port, "0.0.0.0"):
        assert get(port, "/live", OTHER)[0] == get(port, "/live")[0] == 200


def test_a_host_that_is_not_this_machines_is_refused() -> None:
    words = r"health_host=203\.0\.113\.7, health_port=\d+ cannot be listened on .*; set a free port"
    with pytest.raises(SettingsError, match=words), serve_health(free_port(), "203.0.113.7"):
        pass


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = rf"health_host=127.0.0.1, health_port={port} cannot be listened on .*; set a free port, or 0"
        with pytest.raises(SettingsError, match=words), serve_health(port):
            pass
