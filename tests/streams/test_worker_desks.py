"""A whole worker with desks: alarms, tickets and conversations through one drain after the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.kafka.topics import TopicSpec, ensure_topics
from streams.testing import consume_all, produce_all
from streams.topics import DEAD_LETTERS, REPLIES, ROUTES, on_wire
from streams.worker import Status
from telcollm.app.clock import SystemClock
from telcollm.app.runtime import run_worker
from telcollm.codec import decode
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING, IncidentQuery
from telcollm.records import DecidedBy, Reply, Route
from telcollm.settings import ModelSettings, Settings, SourceSettings, StreamSettings, TrackingSettings
from telcollm.store.opening import Stores, open_stores
from telcollm.store.switch import StopSwitch
from tests.streams.desk_pipeline import ByWordRouter, CountingSuggester, message, ticket
from tests.streams.test_edge import payload
from tests.telcollm.store.examples import at

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = open_stores(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield opened
    opened.close()


def settings_for(kafka: KafkaSettings, home: Path, *kinds: Any) -> Settings:
    return Settings(
        home=home,
        kafka=kafka,
        sources=tuple(SourceSettings(topic=kafka.topic(kind), kind=kind) for kind in kinds),
        streams=StreamSettings(partitions=1, lateness_s=20, gap_s=10),
        model=ModelSettings(engine="none"),
        tracking=TrackingSettings(enabled=False),
    )


def write(settings: Settings, kind: str, *values: Any) -> None:
    topic = settings.kafka.topic(kind)
    ensure_topics(settings.kafka, {topic: TopicSpec(1)})
    raw = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in values]
    produce_all(settings.kafka, topic, [(b"key", value) for value in raw])


def drained(settings: Settings, stores: Stores, **desks: Any) -> Status:
    return run_worker(settings, stores.store, stop=threading.Event(), draining=lambda: True, **desks)


def test_routes_are_sent_and_a_reply_is_withdrawn_when_its_incident_changes(
    kafka_settings: KafkaSettings, stores: Stores, tmp_path: Path
) -> None:
    settings = settings_for(kafka_settings, tmp_path, "alarms", "tickets", "care")
    write(settings, "alarms", payload("n0"))
    write(settings, "tickets", ticket(1), [ticket(2), {"ticketId": ""}])
    status = drained(settings, stores, router=ByWordRouter())
    assert (status.alarms, status.records, status.taken, status.routes) == (1, 3, 2, 2)
    assert (status.dead_letters, status.desk_failure, status.lag) == (1, "", 0)
    sent = consume_all(settings.kafka, on_wire(settings.kafka, ROUTES))
    assert [record.key for record in sent] == [b"t1", b"t2"]
    assert len(consume_all(settings.kafka, on_wire(settings.kafka, DEAD_LETTERS))) == 1

    (incident,) = stores.store.incidents(EVERYTHING, IncidentQuery())
    suggester = CountingSuggester(stores.store, stores, incident.incident_id)
    write(settings, "care", message(1, "c1"))
    assert drained(settings, stores, suggester=suggester).replies == 1
    (reply,) = stores.care.replies(EVERYTHING, "c1")
    assert reply.text == f"to m1 after 1 revision {incident.revision}" and not reply.withdrawn

    write(settings, "alarms", payload("n0", 5, state="cleared", alarmClearedTime="2026-01-01T12:00:09Z"))
    assert drained(settings, stores, suggester=suggester).replies == 1
    assert [one.withdrawn for one in stores.care.replies(EVERYTHING, "c1")] == [True]
    told = consume_all(settings.kafka, on_wire(settings.kafka, REPLIES))
    assert [dict(record.headers).get("withdrawn") for record in told] == [None, b"1"]
    assert [record.key for record in told] == [b"c1", b"c1"]


@pytest.mark.parametrize("kind", ["routes", "replies"])
def test_a_worker_whose_models_are_stopped_after_they_decided_asks_anew_by_rules(
    kafka_settings: KafkaSettings, stores: Stores, tmp_path: Path, kind: str
) -> None:
    switch = StopSwitch(stores.database, SystemClock().monotonic_s)
    decided: list[DecidedBy] = []

    def speaking(answers: list[Any]) -> list[Any]:
        decided.append(DecidedBy.RULE if switch.stopped() else DecidedBy.MODEL)
        return [msgspec.structs.replace(one, decided_by=decided[-1]) for one in answers]

    class Router(ByWordRouter):
        def route(self, *args: Any, **options: Any) -> list[Route]:
            return speaking(super().route(*args, **options))

    class Suggester(CountingSuggester):
        def suggest(self, *args: Any, **options: Any) -> list[Reply]:
            return speaking(super().suggest(*args, **options))

    def reached(point: str) -> None:
        if point == f"before {kind} store":
            switch.set(stopped=True, by="eva", at=at(7))

    settings = settings_for(kafka_settings, tmp_path, "tickets", "care")
    write(settings, "tickets", *([ticket(1)] if kind == "routes" else []))
    write(settings, "care", *([message(1, "c1")] if kind == "replies" else []))
    desks = {"router": Router(), "suggester": Suggester(stores.store, stores)}
    status = drained(settings, stores, **desks, switch=switch, reached=reached)
    assert decided == [DecidedBy.MODEL, DecidedBy.RULE]
    assert status.routes + status.replies == 1
    topic, record = (ROUTES, Route) if kind == "routes" else (REPLIES, Reply)
    (sent,) = consume_all(settings.kafka, on_wire(settings.kafka, topic))
    assert decode(sent.value or b"", record).decided_by is DecidedBy.RULE


def test_a_worker_without_alarms_takes_the_other_topics_and_its_drain_ends(
    kafka_settings: KafkaSettings, stores: Stores, tmp_path: Path
) -> None:
    settings = settings_for(kafka_settings, tmp_path, "kpis", "logs", "feedback")
    noon = "2026-01-01T12:00:00Z"
    sample = {"managedObject": "cell-7", "kpi": "loss_ratio", "sampledTime": noon, "value": 0.5}
    line = {"managedObject": "cell-7", "loggedTime": noon, "text": "link down"}
    said = {"feedbackId": "f1", "subjectId": "d1", "subjectKind": "diagnosis", "kind": "accepted"}
    write(settings, "kpis", [sample, {**sample, "value": "high"}], sample)
    write(settings, "logs", b"\xff", line)
    write(settings, "feedback", {**said, "givenTime": noon}, {**said, "kind": "liked", "givenTime": noon})
    status = drained(settings, stores)
    assert (status.records, status.taken, status.dead_letters) == (6, 4, 3)
    ever = {"since_ms": 0, "until_ms": 2_000_000_000_000, "limit": 9}
    assert [one.value for one in stores.telemetry.kpis(EVERYTHING, ["cell-7"], **ever)] == [0.5]
    assert [one.text for one in stores.telemetry.logs(EVERYTHING, ["cell-7"], **ever)] == ["link down"]
    assert [one.feedback_id for one in stores.store.feedback(EVERYTHING)] == ["f1"]
    assert [letter.field for letter in stores.store.dead_letters()] == ["kind", "[1].value", ""]
    assert drained(settings, stores).records == 0
