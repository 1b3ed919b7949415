"""Runs whole pipelines in processes of their own and collects what they left in store and topics."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from streams.broker import EmbeddedBroker
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.testing import consume_all, produce_all
from streams.topics import DEAD_LETTERS, DIAGNOSES, INCIDENTS, on_wire
from telcollm.codec import to_wire
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING, IncidentQuery
from telcollm.records import Link, TopologyElement
from telcollm.store import open_store
from tests.streams.nursery import ROOT, run_forked

POINTS = (
    "before edge store",
    "after edge store",
    "before store",
    "after store",
    "before diagnosis store",
    "before outbox",
    "after outbox",
)


def kafka_for(broker: EmbeddedBroker, prefix: str) -> KafkaSettings:
    """Settings under which a member that was killed is missed as soon as the broker allows."""
    return KafkaSettings(
        bootstrap_servers=(broker.address,),
        topic_prefix=prefix,
        client={"bootstrap_timeout_ms": 10_000, "reconnect_backoff_max_ms": 200},
        consumer={
            "session_timeout_ms": 6_000,
            "heartbeat_interval_ms": 500,
            # Long against a machine that stands still for a while: who was silent for longer is no member.
            "max_poll_interval_ms": 60_000,
        },
    )


def alarm_payloads(count: int, seed: int) -> list[tuple[bytes, bytes]]:
    """TMF642 alarms along chains of objects, with clears, duplicates, disorder and some bad records."""
    chance = random.Random(seed)
    timed: list[tuple[float, str, dict[str, Any] | str]] = []
    at_s = 0.0
    while len(timed) < count:
        at_s += chance.expovariate(1 / 8)
        chain, start = chance.randrange(6), chance.randrange(5)
        for step in range(chance.choice((1, 1, 2, 3, 5))):
            name = f"c{chain}-n{min(start + step, 7)}"
            raised_s = round(at_s + step * chance.uniform(0.1, 2), 3)
            alarm = {
                "id": f"x{len(timed)}",
                "alarmType": "communicationsAlarm",
                "perceivedSeverity": chance.choice(("critical", "major", "minor")),
                "probableCause": chance.choice(("lossOfSignal", "degradedSignal")),
                "alarmedObject": {"id": name},
                "sourceSystemId": "ems",
                "state": "raised",
                "alarmRaisedTime": stamp(raised_s),
            }
            timed.append((raised_s, name, alarm))
            if chance.random() < 0.7:
                cleared_s = round(raised_s + chance.uniform(0.5, 60), 3)
                clear = alarm | {"state": "cleared", "alarmClearedTime": stamp(cleared_s)}
                timed.append((cleared_s, name, clear))
            if chance.random() < 0.05:
                timed.append((raised_s, name, alarm))
            if chance.random() < 0.02:
                timed.append((raised_s, name, chance.choice(("{not json", '{"alarmedObject": 7}'))))
    timed.sort(key=lambda item: item[0] + chance.random() * 5)
    return [
        (name.encode(), (body if isinstance(body, str) else json.dumps(body)).encode())
        for _, name, body in timed
    ]


def stamp(second: float) -> str:
    """An event time, seconds after the start of the tests' year."""
    from datetime import UTC, datetime, timedelta

    return (datetime(2026, 1, 5, tzinfo=UTC) + timedelta(seconds=second)).isoformat()


def chains() -> list[TopologyElement]:
    """Six chains of eight objects."""
    return [
        TopologyElement(
            tenant="default",
            element_id=f"c{chain}-n{number}",
            links=(Link(target=f"c{chain}-n{number + 1}"),) if number < 7 else (),
        )
        for chain in range(6)
        for number in range(8)
    ]


@dataclass
class Pipeline:
    """One pipeline: a source topic it shares with others, and topics, groups and a store of its own."""

    kafka: KafkaSettings
    source: str
    store_url: str
    home: Path
    streams: dict[str, Any]

    def settings(self, static: bool) -> dict[str, Any]:
        kafka = self.kafka.model_dump(mode="json", exclude_defaults=True)
        if static:
            kafka["consumer"] = kafka["consumer"] | {"group_instance_id": "one"}
        return {
            "home": str(self.home),
            "store_url": self.store_url,
            "kafka": kafka,
            "sources": [{"topic": self.source, "mode": "replay"}],
            "streams": {
                "lateness_s": 20,
                "gap_s": 10,
                "batch_max_records": 40,
                "coalesce_lag": 1_000_000,
                "idle_s": 3600,
                **self.streams,
            },
            "model": {"engine": "scripted"},
        }

    def prepare(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        store = open_store(self.store_url)
        store.put_topology(chains())
        store.close()

    def start(self, *, static: bool = False, **config: Any) -> subprocess.Popen[bytes]:
        """Start a worker; a static member that was killed has its partitions back at once."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        return subprocess.Popen(
            [sys.executable, "-m", "tests.streams.worker_process", str(self._config(static, config))],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *, static: bool = False, **config: Any) -> int:
        """Return a worker's exit code; anything but a drain or the chosen kill fails the test."""
        return checked(*run_forked(self._config(static, config)))

    def _config(self, static: bool, config: dict[str, Any]) -> Path:
        path = self.home / f"{uuid.uuid4().hex}.json"
        path.write_text(json.dumps({"settings": self.settings(static), **config}))
        return path

    def wait_until(self, reached: Callable[[sa.Connection], bool], deadline_s: float = 900) -> None:
        """Look into the store again and again until something is so."""
        engine = sa.create_engine(self.store_url.replace("postgresql://", "postgresql+psycopg://"))
        until_s = time.monotonic() + deadline_s
        try:
            while True:
                with engine.connect() as connection:
                    if reached(connection):
                        return
                assert time.monotonic() < until_s, "it never came to that"
                time.sleep(0.05)
        finally:
            engine.dispose()

    def outcome(self) -> dict[str, Any]:
        """What is in the store and on the topics, without what may differ: wall-clock times, offsets."""
        store = open_store(self.store_url)
        incidents = store.incidents(EVERYTHING, IncidentQuery(include_superseded=True, limit=100_000))
        found: dict[str, Any] = {
            "incidents": {item.incident_id: plain(to_wire(item)) for item in incidents},
            "members": {
                item.incident_id: sorted(
                    alarm.alarm_id for alarm in store.incident_members(EVERYTHING, item.incident_id, 10_000)
                )
                for item in incidents
                if not item.superseded_by
            },
            "diagnoses": {
                diagnosis.diagnosis_id: plain(to_wire(diagnosis))
                for item in incidents
                for diagnosis in store.diagnoses(EVERYTHING, item.incident_id)
            },
            "dead letters": store.count_dead_letters(),
            "waiting": dict(store.pending_counts([])),
        }
        store.close()
        sent = [
            (dict(record.headers)["id"].decode(), record.topic.removeprefix(self.kafka.topic_prefix), record)
            for name in (INCIDENTS, DIAGNOSES, DEAD_LETTERS)
            for record in consume_all(self.kafka, on_wire(self.kafka, name))
        ]
        found["doubled"] = [name for name, times in Counter(name for name, _, _ in sent).items() if times > 1]
        found["messages"] = {
            name: record.value if topic == DEAD_LETTERS else plain(msgspec.json.decode(record.value or b"{}"))
            for name, topic, record in sent
        }
        return found


def plain(wire: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says when and where it was computed."""
    return {name: value for name, value in wire.items() if name not in ("decidedTime", "provenance")}


def finished(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code; anything but a good end or a kill fails the test."""
    _, err = process.communicate(timeout=1800)
    return checked(process.returncode, err.decode())


def checked(code: int, err: str) -> int:
    """Return the exit code of a worker that drained or was killed; any other fails the test."""
    assert code in (0, -signal.SIGKILL), err[-2000:]
    return code


def make_source(broker: EmbeddedBroker, topic: str, partitions: int) -> None:
    """Make a source topic that several pipelines read."""
    ensure_topics(kafka_for(broker, ""), {topic: TopicSpec(partitions)})


def fill_source(broker: EmbeddedBroker, topic: str, payloads: list[tuple[bytes, bytes]]) -> None:
    """Write alarms to a source topic."""
    produce_all(kafka_for(broker, ""), topic, payloads)


def fill(settings: KafkaSettings, topic: str, values: list[bytes]) -> None:
    """Write values, without keys, to a new topic of one partition."""
    ensure_topics(settings, {topic: TopicSpec(1)})
    produce_all(settings, topic, [(None, value) for value in values])


def pipelines(
    broker: EmbeddedBroker,
    urls: list[str],
    tmp_path: Path,
    payloads: list[tuple[bytes, bytes]],
    partitions: int = 1,
) -> tuple[Pipeline, Pipeline]:
    """Return two pipelines over one source topic, filled with the payloads."""
    source = f"alarms-{uuid.uuid4().hex[:8]}"
    make_source(broker, source, partitions)
    fill_source(broker, source, payloads)
    made = []
    for name, url in zip(("calm", "disturbed"), urls, strict=True):
        kafka = kafka_for(broker, f"{name}-{source}.")
        made.append(Pipeline(kafka, source, url, tmp_path / name, {"partitions": 3}))
        made[-1].prepare()
    return made[0], made[1]


def standing(outcome: dict[str, Any]) -> dict[str, Any]:
    """What the incidents that were not superseded say, without where their neighbourhoods were cut."""
    return {
        name: {field: value for field, value in item.items() if field != "neighbourhoods"}
        for name, item in outcome["incidents"].items()
        if not item.get("supersededBy")
    }


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Assert that two pipelines came to the same, and doubled nothing."""
    assert expected["doubled"] == [] and found["doubled"] == []
    assert len(expected["incidents"]) > 50 and expected["dead letters"] > 3
    parts = ("incidents", "members", "dead letters", "diagnoses", "messages")
    differing = {
        part: differences(found[part], expected[part]) for part in parts if found[part] != expected[part]
    }
    assert not differing, json.dumps(differing, indent=1, default=str)


def differences(found: Any, expected: Any, limit: int = 5) -> Any:
    """Return in what two outcomes differ: [found, expected] at the leaves, `limit` entries of a mapping."""
    if not (isinstance(found, dict) and isinstance(expected, dict)):
        return [found, expected]
    names = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    told = {
        name: differences(found[name], expected[name])
        if name in found and name in expected
        else ("found alone" if name in found else "expected alone")
        for name in names[:limit]
    }
    return told if len(names) <= limit else {**told, "...": f"{len(names) - limit} more"}
