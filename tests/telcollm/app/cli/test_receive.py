"""Laws of `telcollm receive`, as an operator types it."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.receivers.counts import COMMUNITY, NO_ROOM, Counts
from streams.receivers.received import Listener
from streams.testing import consume_all
from telcollm.app.cli.receive import _announcement, _line, _summary, app
from telcollm.app.receiving import Prepared
from telcollm.errors import SettingsError
from telcollm.kafka_settings import KafkaSettings


def test_check_says_what_a_mapping_holds_and_warns_of_what_looks_wrong(tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "rules:\n- {name: up, trap: '1.3.6', alarm: {specific_problem: x, perceived_severity: cleared}}\n"
    )
    result = CliRunner().invoke(app, ["check", str(mapping)], catch_exceptions=False)
    assert result.exit_code == 0
    assert "0 rules for syslog, 1 for traps, 0 sources, 0 names; no faults" in result.stdout
    assert "m.yaml:2: rule up: clears what no rule raises" in result.stderr
    as_json = CliRunner().invoke(app, ["check", str(mapping), "--json"], catch_exceptions=False)
    told = json.loads(as_json.stdout)
    assert told["faults"] == [] and len(told["warnings"]) == 1 and told["rules"] == 1


def test_check_ends_with_one_where_something_is_wrong(tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text("rules:\n- {name: a, syslog: {facility: bad}, log: true}\n")
    plain = CliRunner().invoke(app, ["check", str(mapping)])
    assert plain.exit_code == 1 and isinstance(plain.exception, SettingsError)
    assert "m.yaml:2: rule a: syslog.facility: 'bad' is not known" in str(plain.exception)
    as_json = CliRunner().invoke(app, ["check", str(mapping), "--json"])
    assert as_json.exit_code == 1
    assert "m.yaml:2: rule a" in json.loads(as_json.stdout)["faults"][0]


def test_options_without_a_command_are_those_of_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["--snmp", "1162"])
    assert isinstance(result.exception, SettingsError)
    assert "--snmp has no community" in str(result.exception)


def test_help_shows_how_it_is_used() -> None:
    shown = CliRunner().invoke(app, ["listen", "--help"], env={"COLUMNS": "160"}).stdout
    assert "telcollm receive --syslog-udp 127.0.0.1:5514" in shown
    assert "TELCOLLM_SNMP_COMMUNITY" in shown and "snmptrap -v 2c" in shown


def test_the_progress_line_tells_rates_and_what_was_lost() -> None:
    counts = Counts(
        received={"syslog-udp": 1_200, "snmp": 3},
        written={"log lines": 1_000},
        dropped={NO_ROOM: 200, COMMUNITY: 7},
        refused={"PRI": 2},
        unmapped={"1.3.6.1.4.1.9": 3},
        ruled={"linkDown": 4},
        connections=2,
    )
    line = _line(counts, {"syslog-udp": 99.6})
    assert line.startswith(
        "received syslog-udp 1,200 (100/s)  snmp 3 | written log lines 1,000 | dropped 207"
    )
    assert "unparsable 2" in line and "LOST 200" in line and "wrong community 7" in line
    assert "connections 2, 0 refused" in line
    summary = "\n".join(_summary(counts))
    assert "unparsable, by the part at fault: PRI 2" in summary
    assert "traps that no rule names, the most frequent: 1.3.6.1.4.1.9 3" in summary
    assert "by rule: linkDown 4" in summary


@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_has_written_what_it_was_sent(
    kafka_settings: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    prefix = kafka_settings.topic_prefix
    (tmp_path / "telcollm.toml").write_text(
        f"""home = "{tmp_path / "state"}"
[kafka]
bootstrap_servers = "{",".join(kafka_settings.bootstrap_servers)}"
topic_prefix = "{prefix}"
[streams]
partitions = 1
[[sources]]
topic = "{prefix}alarms"
[[sources]]
topic = "{prefix}logs"
kind = "logs"
"""
    )

    def send_and_stop(prepared: Prepared, bound: Mapping[Listener, tuple[str, int]]) -> list[str]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for place in range(20):
                sender.sendto(b"<13>1 - core1 app - - - line %d" % place, bound[Listener.SYSLOG_UDP])
        os.kill(os.getpid(), number)
        return _announcement(prepared, bound)

    monkeypatch.setattr("telcollm.app.cli.receive._announcement", send_and_stop)
    words = ["--syslog-udp", "127.0.0.1:0", "--json", "--config", str(tmp_path / "telcollm.toml")]
    result = CliRunner().invoke(app, [*words, "--drain-s", "120"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "telcollm receive at syslog-udp 127.0.0.1:" in result.stderr
    assert f"log lines to topic {prefix}logs; Ctrl-C ends it" in result.stderr
    counts = json.loads(result.stdout)
    assert counts["received"] == {"syslog-udp": 20} and counts["written"] == {"log lines": 20}
    records = consume_all(kafka_settings, f"{prefix}logs")
    texts = [json.loads(record.value or b"")["text"] for record in records]
    assert texts == [f"line {place}" for place in range(20)]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_could_not_be_written_in_time_is_told_and_ends_it_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "telcollm.toml").write_text(
        f"""home = "{tmp_path / "state"}"
[kafka]
bootstrap_servers = "127.0.0.1:1"
[kafka.client]
bootstrap_timeout_ms = 100
[[sources]]
topic = "alarms"
[[sources]]
topic = "logs"
kind = "logs"
"""
    )

    def send_and_stop(prepared: Prepared, bound: Mapping[Listener, tuple[str, int]]) -> list[str]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<13>1 - core1 app - - - text", bound[Listener.SYSLOG_UDP])
        os.kill(os.getpid(), signal.SIGTERM)
        return _announcement(prepared, bound)

    monkeypatch.setattr("telcollm.app.cli.receive._announcement", send_and_stop)
    words = ["--syslog-udp", "127.0.0.1:0", "--drain-s", "0", "--config", str(tmp_path / "telcollm.toml")]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 1
    assert "LOST 1" in result.stdout and "stopped before Kafka answered 1" in result.stdout
    assert "1 messages were lost" in result.stderr
