"""Laws of composition: names that are telcollm's own, and a guard that does not grow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from streams.kafka.client import build_admin
from streams.kafka.topics import partition_counts
from streams.topics import DEAD_LETTERS, DIAGNOSES, EVENTS, INCIDENTS, on_wire
from telcollm.app.runtime import OWN_PACKAGES, check_names, make_topics
from telcollm.kafka_settings import KafkaSettings, OutputTopic, OwnTopics
from telcollm.settings import Settings, SourceSettings, StreamSettings

ROOT = Path(__file__).resolve().parents[3]


def names_checked(first: Path) -> subprocess.CompletedProcess[str]:
    code = "from telcollm.app.cli import main; main()"
    path = os.pathsep.join([str(first), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-c", code, "--version"],
        env={**os.environ, "PYTHONPATH": path},
        cwd=first,
        capture_output=True,
        text=True,
        check=False,
    )


def test_telcollms_own_packages_pass() -> None:
    check_names()


@pytest.mark.parametrize("name", OWN_PACKAGES)
def test_a_foreign_package_of_the_name_is_said_plainly(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    done = names_checked(tmp_path)
    assert done.returncode == 1
    assert f"the package name {name} is taken by {tmp_path / name / '__init__.py'}" in done.stderr
    assert "Traceback" not in done.stderr


def settings_on(kafka: KafkaSettings) -> Settings:
    source = SourceSettings(topic=kafka.topic("alarms"))
    return Settings(kafka=kafka, sources=(source,), streams=StreamSettings(partitions=3))


@pytest.mark.broker
def test_own_topics_are_made_as_the_settings_say_and_stay_as_they_were_made(
    any_kafka_settings: KafkaSettings,
) -> None:
    wide = OwnTopics(incidents=OutputTopic(partitions=2), dead_letters=OutputTopic(retention_s=0))
    kafka = any_kafka_settings.model_copy(update={"topics": wide})
    names = [on_wire(kafka, name) for name in (EVENTS, INCIDENTS, DIAGNOSES, DEAD_LETTERS)]
    settings = settings_on(kafka)
    source = settings.sources[0].topic
    assert make_topics(settings) == [f"{source}/0", f"{source}/1", f"{source}/2"]
    made = [partition_counts(kafka, names)[name] for name in names]
    assert made == [3, 2, 1, 1]
    assert make_topics(settings_on(any_kafka_settings)) == [f"{source}/{number}" for number in range(3)]
    assert [partition_counts(kafka, names)[name] for name in names] == made


@pytest.mark.broker
def test_own_topics_keep_records_as_long_as_the_settings_say(kafka_settings: KafkaSettings) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType  # streams.kafka.library has quietened it

    short = OwnTopics(incidents=OutputTopic(retention_s=60), dead_letters=OutputTopic(retention_s=0))
    kafka = kafka_settings.model_copy(update={"topics": short})
    make_topics(settings_on(kafka))
    names = [on_wire(kafka, name) for name in (EVENTS, INCIDENTS, DIAGNOSES, DEAD_LETTERS)]
    with build_admin(kafka) as admin:
        asked: Any = admin
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        told = asked.describe_configs(resources)["topic"]
    day_ms = 86_400_000
    kept_ms = [told[name].get("retention.ms", {}).get("value") for name in names]
    assert kept_ms == [str(7 * day_ms), "60000", str(30 * day_ms), None]
