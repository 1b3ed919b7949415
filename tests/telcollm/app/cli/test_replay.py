from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from streams.formats import decode_alarms
from streams.testing import consume_all
from telcollm.app.cli.replay import replay
from telcollm.errors import DecodeError, SettingsError
from telcollm.kafka_settings import KafkaSettings
from telcollm.settings import SourceSettings

APP = typer.Typer()
APP.command("replay")(replay)


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(APP, list(arguments), env={"TELCOLLM_CONFIG": None, **environment})


def summary(*arguments: str, **environment: str) -> dict[str, Any]:
    result = run(*arguments, "--json", **environment)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def own_table(folder: Path) -> Path:
    path = folder / "own.csv"
    path.write_text("ne,name,up,down\nr1,LOS,0,4\nr2,LOS,2,2\nr3,AIS,3,1\n", encoding="utf-8")
    return path


def test_a_dry_run_says_what_would_be_written_and_needs_no_broker() -> None:
    found = summary("generated", "--dry-run", "--from-fraction", "0.9", "--speed", "600")

    assert found["alarms"] + found["clears"] == found["messages"] > 100
    assert found["speed"] == 600
    assert found["duration_s"] == pytest.approx(found["span_s"] / 600)
    assert found["start"] == "2026-01-05T00:00:00+00:00"
    assert "written" not in found


def test_a_table_of_ones_own_is_read_by_its_columns(tmp_path: Path) -> None:
    columns = [
        word
        for pair in ("managed_object=ne", "problem=name", "raised=up", "cleared=down")
        for word in ("--column", pair)
    ]

    found = summary(str(own_table(tmp_path)), *columns, "--dry-run", "--start", "2025-01-01T00:00:00Z")

    assert (found["record"], found["alarms"], found["momentary"], found["clears"]) == ("own", 3, 2, 1)
    assert found["cleared_before_raised_rows"] == 1
    assert found["last_event_time"] == "2025-01-01T00:00:04+00:00"


def test_a_replay_into_the_future_is_warned_of() -> None:
    [warning] = summary("generated", "--dry-run", "--start", "2090-01-01T00:00:00Z")["warnings"]

    assert "--start" in warning
    shown = run("generated", "--dry-run", "--start", "2090-01-01T00:00:00Z")
    assert "2090" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["huawei-99v"], "huawei-24v"),
        (["generated", "--start", "2026-01-05"], "mend --start"),
        (["generated", "--column", "raised"], "FIELD=NAME"),
        (["generated", "--column", "raised=at"], "leave --column out"),
        (["generated", "--speed", "3", "--flat-out"], "only one of speed"),
        (["none.csv"], "no existing"),
    ],
)
def test_a_mistake_is_answered_with_what_is_allowed(arguments: list[str], says: str) -> None:
    result = run(*arguments, "--dry-run")

    assert isinstance(result.exception, SettingsError | DecodeError)
    assert says in str(result.exception)


@pytest.mark.broker
def test_a_replay_writes_what_its_summary_says(kafka_settings: KafkaSettings) -> None:
    topic = kafka_settings.topic("alarms")
    brokers = json.dumps(list(kafka_settings.bootstrap_servers))

    found = summary(
        *("generated", "--flat-out", "--limit", "40", "--topic", topic, "--as", "3gpp"),
        *("--duplicate-ratio", "0.5", "--late-ratio", "0.2", "--late-s", "60"),
        TELCOLLM_KAFKA__BOOTSTRAP_SERVERS=brokers,
    )

    records = consume_all(kafka_settings, topic)
    assert found["written"]["messages"] == found["messages"] == len(records)
    assert found["duplicates"] > 0 and found["late"] > 0
    assert found["written"]["stopped"] is False
    ids = {decode_alarms(record.value, SourceSettings(format="3gpp"))[0].alarm_id for record in records}
    assert len(ids) == 40


@pytest.mark.broker
def test_ctrl_c_ends_a_replay_in_order(kafka_settings: KafkaSettings, tmp_path: Path) -> None:
    topic = kafka_settings.topic("alarms")
    code = "import typer; from telcollm.app.cli.replay import replay; typer.run(replay)"
    environment = {
        **os.environ,
        "TELCOLLM_KAFKA__BOOTSTRAP_SERVERS": json.dumps(list(kafka_settings.bootstrap_servers)),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONWARNINGS": "default",
    }
    with subprocess.Popen(
        [sys.executable, "-c", code, "generated", "--minutes", "60", "--topic", topic, "--quiet"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            _wait_for_records(kafka_settings, topic, process)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()

    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert out.startswith(f"{len(consume_all(kafka_settings, topic)):,} messages in topic")


def _wait_for_records(settings: KafkaSettings, topic: str, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        try:
            if consume_all(settings, topic):
                return
        except SettingsError:
            # The replay has yet to make its topic.
            continue
    pytest.fail("the replay ended before it wrote anything")
