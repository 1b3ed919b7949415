"""Laws of `telcollm simulate`: it writes what it says, says that it is simulated, and refuses clearly."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

from streams.formats import decode_alarms
from streams.testing import consume_all
from telcollm.app.cli.simulate import simulate
from telcollm.errors import SettingsError
from telcollm.kafka_settings import KafkaSettings
from telcollm.settings import SourceSettings

APP = typer.Typer()
APP.command("simulate")(simulate)
SMALL = ("--elements", "200", "--days", "0.2", "--seed", "3")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(APP, list(arguments), env={"TELCOLLM_CONFIG": None, **environment})


def test_tables_are_written_and_the_manifest_says_what_they_are(tmp_path: Path) -> None:
    result = run("--out", str(tmp_path / "operator"), *SMALL, "--no-kpis", "--json")

    assert result.exit_code == 0, result.output
    manifest = json.loads(result.stdout)
    assert manifest["simulated"] is True
    assert manifest["plan"]["simulation"]["seed"] == 3
    tickets = pd.read_parquet(tmp_path / "operator" / "tickets.parquet")
    assert len(tickets) == manifest["counts"]["tickets"] > 0
    assert "kpis.parquet" not in manifest["files"]


def test_the_summary_begins_with_that_it_is_simulated(tmp_path: Path) -> None:
    result = run("--out", str(tmp_path / "operator"), *SMALL, "--no-kpis", "--quiet")

    assert result.stdout.startswith("simulated: ")


def test_windows_told_otherwise_are_counted(tmp_path: Path) -> None:
    result = run("--out", str(tmp_path / "operator"), *SMALL, "--no-kpis", "--changed", "--quiet")

    assert result.exit_code == 0, result.output
    windows = pd.read_parquet(tmp_path / "operator" / "windows-vendors.parquet")
    assert f"of {len(windows)} windows read otherwise" in result.stdout


def test_nowhere_to_write_is_refused() -> None:
    assert isinstance(run(*SMALL).exception, SettingsError)


def test_too_few_elements_are_refused_with_what_is_allowed(tmp_path: Path) -> None:
    found = run("--out", str(tmp_path / "operator"), "--elements", "3").exception

    assert isinstance(found, SettingsError)
    assert "200" in str(found)


@pytest.mark.broker
def test_alarms_go_to_kafka_as_they_arrive(kafka_settings: KafkaSettings) -> None:
    topic = kafka_settings.topic("alarms")
    result = run(
        *SMALL,
        "--kafka",
        "--topic",
        topic,
        "--json",
        TELCOLLM_KAFKA__BOOTSTRAP_SERVERS=json.dumps(list(kafka_settings.bootstrap_servers)),
    )

    assert result.exit_code == 0, result.output
    records = consume_all(kafka_settings, topic)
    assert len(records) == json.loads(result.stdout)["kafka"]["messages"] > 100
    alarms = [alarm for record in records[:50] for alarm in decode_alarms(record.value, SourceSettings())]
    assert all(alarm.source_system_id.startswith("ems-") for alarm in alarms)
