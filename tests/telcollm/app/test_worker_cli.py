"""Laws of `telcollm worker`, as an operator starts it: drained, told to stop, or without a broker."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from streams.broker.process import free_port
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.testing import consume_all, produce_all
from streams.topics import DEAD_LETTERS, DIAGNOSES, INCIDENTS, on_wire
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING, IncidentQuery
from telcollm.store import open_store

ROOT = Path(__file__).resolve().parents[3]
SECRET = "hunter2-never-shown"


def alarm(managed_object: str, second: int, **changes: Any) -> bytes:
    wire = {
        "alarmType": "communicationsAlarm",
        "perceivedSeverity": "major",
        "probableCause": "lossOfSignal",
        "alarmedObject": {"id": managed_object},
        "sourceSystemId": "ems",
        "state": "raised",
        "alarmRaisedTime": f"2026-01-01T12:{second // 60:02}:{second % 60:02}Z",
    }
    return json.dumps({**wire, **changes}).encode()


class Site:
    """A home, settings in a file, and a source topic of its own."""

    def __init__(self, kafka: KafkaSettings, home: Path, **tables: Any) -> None:
        self.kafka = kafka
        self.home = home
        self.topic = kafka.topic("alarms")
        self.running: list[subprocess.Popen[str]] = []
        home.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TELCOLLM_")},
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "TELCOLLM_HOME": str(home / "state"),
            "TELCOLLM_MODEL__ENGINE": "none",
            "TELCOLLM_TRACKING__ENABLED": "false",
            "TELCOLLM_SOURCES": json.dumps([{"topic": self.topic, "mode": "replay"}]),
            "TELCOLLM_STREAMS__PARTITIONS": "2",
            "TELCOLLM_KAFKA": kafka.model_dump_json(exclude_defaults=True),
            **tables,
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from telcollm.app.cli import main; main()", "worker", *words],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.communicate()

    def write(self, *values: bytes) -> None:
        produce_all(self.kafka, self.topic, [(b"k", value) for value in values])

    @property
    def store_url(self) -> str:
        return f"sqlite:///{self.home / 'state' / 'telcollm.db'}"


@pytest.fixture
def site(kafka_settings: KafkaSettings, tmp_path: Path) -> Iterator[Site]:
    made = Site(kafka_settings, tmp_path / "site")
    ensure_topics(kafka_settings, {made.topic: TopicSpec(1)})
    yield made
    made.end()


def until(said: Callable[[], bool], deadline_s: float = 180) -> None:
    """Look again and again until something outside this process is so."""
    end_s = time.monotonic() + deadline_s
    while not said():
        assert time.monotonic() < end_s, "it never came to that"
        time.sleep(0.05)


@pytest.mark.broker
def test_a_drained_worker_tells_what_it_did_and_leaves_it_in_store_topics_and_tracking(site: Site) -> None:
    site.environment["TELCOLLM_TRACKING__ENABLED"] = "true"
    site.environment["TELCOLLM_STORE_URL"] = site.store_url
    site.environment["TELCOLLM_MODEL__API_KEY"] = SECRET
    site.write(alarm("n0", 0), alarm("n0", 1), b"{not json", alarm("far", 2))
    out, err = site.start("--drain", "--json").communicate(timeout=240)
    status = json.loads(out)
    assert (status["records"], status["alarms"], status["dead_letters"], status["lag"]) == (4, 3, 1, 0)
    assert (status["failure"], status["restarts"], status["level"]) == ("", 0, "FULL")
    assert set(status["latency_ms"]) == {"p50", "p95", "p99"}
    store = open_store(site.store_url)
    incidents = store.incidents(EVERYTHING, IncidentQuery())
    assert sorted(item.alarm_count for item in incidents) == [1, 2]
    assert all(item.window_complete and item.mode == "replay" for item in incidents)
    assert all(store.diagnoses(EVERYTHING, item.incident_id) for item in incidents)
    store.close()
    for name, least in ((INCIDENTS, 2), (DIAGNOSES, 2), (DEAD_LETTERS, 1)):
        assert len(consume_all(site.kafka, on_wire(site.kafka, name))) >= least
    engine = sa.create_engine(f"sqlite:///{site.home / 'state' / 'mlflow.db'}")
    with engine.connect() as connection:
        (ended,) = connection.execute(sa.text("SELECT status FROM runs")).scalars()
        params = dict(connection.execute(sa.text("SELECT key, value FROM params")).all())
        metrics = dict(connection.execute(sa.text("SELECT key, value FROM latest_metrics")).all())
    engine.dispose()
    assert ended == "FINISHED"
    assert params["model.engine"] == "none" and SECRET not in repr(params)
    assert (metrics["alarms"], metrics["dead_letters"]) == (3.0, 1.0)
    assert SECRET not in out + err


@pytest.mark.broker
def test_a_second_drain_does_nothing_again(site: Site) -> None:
    site.write(alarm("n0", 0), alarm("far", 2))
    assert json.loads(site.start("--drain", "--json").communicate(timeout=240)[0])["alarms"] == 2
    incidents = consume_all(site.kafka, on_wire(site.kafka, INCIDENTS))
    again = json.loads(site.start("--drain", "--json").communicate(timeout=240)[0])
    assert (again["records"], again["incidents"], again["messages_sent"]) == (0, 0, 0)
    assert consume_all(site.kafka, on_wire(site.kafka, INCIDENTS)) == incidents


@pytest.mark.broker
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_ends_within_seconds_with_all_it_read_stored(
    site: Site, signum: signal.Signals
) -> None:
    port = free_port()
    site.environment["TELCOLLM_HEALTH_PORT"] = str(port)
    site.write(alarm("n0", 0), alarm("far", 2))
    worker = site.start("--json")

    def busy() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            reply = connection.getresponse()
            told = json.loads(reply.read())
            return reply.status == 200 and told["alarms"] == 2
        except OSError:
            assert worker.poll() is None, worker.communicate()
            return False
        finally:
            connection.close()

    until(busy)
    worker.send_signal(signum)
    out, err = worker.communicate(timeout=240)
    assert worker.returncode == 0, err[-2000:]
    assert json.loads(out)["alarms"] == 2
    store = open_store(site.store_url)
    assert store.count_incidents(EVERYTHING, IncidentQuery()) == 2
    store.close()


@pytest.fixture
def unreachable(tmp_path: Path) -> Iterator[Site]:
    """A site whose brokers do not answer."""
    kafka = KafkaSettings(
        bootstrap_servers=(f"127.0.0.1:{free_port()}",), client={"bootstrap_timeout_ms": 300}
    )
    made = Site(kafka, tmp_path / "site")
    yield made
    made.end()


def test_a_drain_without_a_broker_gives_up_and_names_the_address(unreachable: Site) -> None:
    out, err = unreachable.start("--drain", "--json").communicate(timeout=240)
    assert unreachable.running[0].returncode == 1
    assert out == ""
    assert unreachable.kafka.bootstrap_servers[0] in err and "Traceback" not in err
    assert err.strip().splitlines()[-1].startswith("telcollm: ")


def test_a_worker_without_a_broker_waits_for_one_and_ends_when_it_is_told_to(unreachable: Site) -> None:
    worker = unreachable.start()
    assert worker.stderr is not None
    for line in worker.stderr:
        if "taking everything up again" in line:
            break
    worker.send_signal(signal.SIGTERM)
    _, err = worker.communicate(timeout=120)
    assert worker.returncode == 0, err[-2000:]


def test_a_setting_out_of_range_is_one_line_and_no_traceback(unreachable: Site) -> None:
    unreachable.environment["TELCOLLM_STREAMS__GAP_S"] = "0"
    out, err = unreachable.start().communicate(timeout=240)
    assert unreachable.running[0].returncode == 1 and out == ""
    assert err.startswith("telcollm: streams.gap_s='0': ") and len(err.strip().splitlines()) == 1


def test_a_health_port_that_is_taken_ends_it_with_the_remedy(unreachable: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        unreachable.environment["TELCOLLM_HEALTH_PORT"] = str(taken.getsockname()[1])
        _, err = unreachable.start().communicate(timeout=240)
    assert unreachable.running[0].returncode == 1
    assert "set a free port, or 0 for none" in err and "Traceback" not in err
