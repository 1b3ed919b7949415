"""Workers whose diagnoses a decider leads: drained, stopped, killed, they leave what no kill leaves."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.opinion import OpinionAdviser
from streams.broker import EmbeddedBroker
from streams.testing import consume_all
from streams.topics import DIAGNOSES, on_wire
from telcollm.app.clock import SystemClock
from telcollm.app.runtime import run_worker
from telcollm.codec import decode
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING, IncidentQuery
from telcollm.records import DecidedBy, Diagnosis, Shadow
from telcollm.settings import (
    DiagnosisSettings,
    ModelSettings,
    Settings,
    SourceSettings,
    StreamSettings,
    TrackingSettings,
)
from telcollm.state import DiagnosisRequest
from telcollm.store import open_store
from telcollm.store.opening import Stores
from telcollm.store.switch import StopSwitch
from telcollm.testing import ScriptedModel
from tests.agents.test_opinion import GUARD, decider, sure_of, windows
from tests.streams.pipeline import Pipeline, alarm_payloads, chains, fill, pipelines
from tests.streams.test_edge import payload
from tests.telcollm.store.examples import at


class Patient(OpinionAdviser):
    """A decider that answers once the worker has nothing left to do but to wait for it."""

    def __init__(self) -> None:
        super().__init__(windows(), GUARD, root_cause=decider(ScriptedModel(score_rule=sure_of("after 2"))))
        self.awaited = threading.Event()

    def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
        assert self.awaited.wait(120)
        return super().advise(requests, prompt_tokens=prompt_tokens)


class Telling(threading.Event):
    """A worker's stop, which tells when the worker waits."""

    def __init__(self, told: threading.Event) -> None:
        super().__init__()
        self._told = told

    def wait(self, timeout: float | None = None) -> bool:
        self._told.set()
        return super().wait(timeout)


def led_settings(kafka: KafkaSettings, home: Path) -> Settings:
    """A worker of one partition whose diagnoses a decider leads."""
    return Settings(
        home=home,
        kafka=kafka,
        sources=(SourceSettings(topic=kafka.topic("alarms"), kind="alarms"),),
        streams=StreamSettings(partitions=1, lateness_s=20, gap_s=10),
        model=ModelSettings(engine="none"),
        diagnosis=DiagnosisSettings(led_by="champion"),
        tracking=TrackingSettings(enabled=False),
    )


@pytest.mark.broker
@pytest.mark.timeout(300)
def test_a_drain_sends_what_a_slow_decider_changed_at_its_very_end(
    kafka_settings: KafkaSettings, lite: Stores, tmp_path: Path
) -> None:
    settings = led_settings(kafka_settings, tmp_path)
    lite.store.put_topology(chains())
    fill(kafka_settings, kafka_settings.topic("alarms"), [payload("c0-n0"), payload("c0-n1", 2)])
    slow = Patient()
    run_worker(settings, lite.store, stop=Telling(slow.awaited), draining=lambda: True, adviser=slow)
    (incident,) = lite.store.incidents(EVERYTHING, IncidentQuery())
    after = lite.store.diagnoses(EVERYTHING, incident.incident_id)[-1]
    assert (after.decided_by, after.hypotheses[0].root_cause_resource) == (DecidedBy.MODEL, "c0-n1")
    sent = consume_all(kafka_settings, on_wire(kafka_settings, DIAGNOSES))
    assert decode(sent[-1].value or b"", Diagnosis) == after
    before = decode(sent[-2].value or b"", Diagnosis)
    assert (before.diagnosis_id, before.decided_by) == (after.diagnosis_id, DecidedBy.RULE)


@pytest.mark.broker
@pytest.mark.timeout(300)
def test_a_worker_whose_models_are_stopped_after_they_answered_sends_the_graphs_diagnosis_alone(
    kafka_settings: KafkaSettings, lite: Stores, tmp_path: Path
) -> None:
    settings = led_settings(kafka_settings, tmp_path)
    lite.store.put_topology(chains())
    fill(kafka_settings, kafka_settings.topic("alarms"), [payload("c0-n0"), payload("c0-n1", 2)])
    switch = StopSwitch(lite.database, SystemClock().monotonic_s)
    stop = threading.Event()

    def reached(point: str) -> None:
        if point == "before advice store":
            switch.set(stopped=True, by="eva", at=at(7))
            stop.set()

    def run(stop: threading.Event, **changes: Any) -> list[Diagnosis]:
        asked = OpinionAdviser(
            windows(), GUARD, root_cause=decider(ScriptedModel(score_rule=sure_of("after 2")))
        )
        run_worker(
            settings, lite.store, stop=stop, draining=lambda: True, adviser=asked, switch=switch, **changes
        )
        sent = consume_all(kafka_settings, on_wire(kafka_settings, DIAGNOSES))
        return [decode(message.value or b"", Diagnosis) for message in sent]

    assert all(one.decided_by is DecidedBy.RULE for one in run(stop, reached=reached))
    assert stop.is_set()
    (incident,) = lite.store.incidents(EVERYTHING, IncidentQuery())
    stored = lite.store.diagnoses(EVERYTHING, incident.incident_id)
    assert stored and all(one.decided_by is DecidedBy.RULE for one in stored)

    switch.set(stopped=False, by="eva", at=at(8))
    assert [one.decided_by for one in run(threading.Event())[-2:]] == [DecidedBy.RULE, DecidedBy.MODEL]


class LedPipeline(Pipeline):
    """A pipeline whose diagnoses are led by the scripted model."""

    def settings(self, static: bool) -> dict[str, Any]:
        return {**super().settings(static), "diagnosis": {"led_by": "champion"}}


@pytest.mark.broker
@pytest.mark.timeout(1800)
def test_kills_leave_the_diagnoses_no_kill_leaves_and_readers_hold_what_the_store_holds(
    broker: EmbeddedBroker, database: list[str], tmp_path: Path
) -> None:
    made = pipelines(broker, database, tmp_path, alarm_payloads(200, seed=23))
    calm, killed = (LedPipeline(**{name: getattr(one, name) for name in vars(one)}) for one in made)
    assert calm.run() == 0
    for point in ("before advice store", "after advice store", "after outbox"):
        assert killed.run(static=True, point=point, times=1) == -signal.SIGKILL, point
    assert killed.run(static=True) == 0
    expected, found = calm.outcome(), killed.outcome()
    assert expected["doubled"] == found["doubled"] == []
    assert found["diagnoses"] == expected["diagnoses"]
    led = [one for one in expected["diagnoses"].values() if one.get("decidedBy") == "model"]
    assert len(led) > 20
    for pipeline in (calm, killed):
        assert held(pipeline) == stored(pipeline)


def held(pipeline: Pipeline) -> dict[str, Diagnosis]:
    """What a reader of the topic holds who keeps, of each incident, the highest revision's last word."""
    found: dict[str, Diagnosis] = {}
    for record in consume_all(pipeline.kafka, on_wire(pipeline.kafka, DIAGNOSES)):
        told = decode(record.value or b"", Diagnosis)
        known = found.get(told.incident_id)
        if known is None or told.incident_revision >= known.incident_revision:
            found[told.incident_id] = told
    return {name: without_shadow(one) for name, one in found.items()}


def stored(pipeline: Pipeline) -> dict[str, Diagnosis]:
    store = open_store(pipeline.store_url)
    names = [
        one.incident_id
        for one in store.incidents(EVERYTHING, IncidentQuery(include_superseded=True, limit=100_000))
    ]
    found = store.latest_diagnoses(EVERYTHING, names)
    store.close()
    return {name: without_shadow(one) for name, one in found.items()}


def without_shadow(diagnosis: Diagnosis) -> Diagnosis:
    """An opinion that changed nothing is kept and not sent."""
    return msgspec.structs.replace(diagnosis, shadow=None)
