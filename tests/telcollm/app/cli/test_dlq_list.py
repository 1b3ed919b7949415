from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.receivers.received import Listener
from telcollm.app.cli.dlq import app
from telcollm.errors import SettingsError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import Store
from telcollm.store import open_store
from tests.streams.receivers.test_letters import send
from tests.telcollm.store.examples import dead_letter

ELSEWHERE = "what telcollm receive could not read: telcollm dlq list --received"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCOLLM_STORE_URL", f"sqlite:///{tmp_path / 'telcollm.db'}")
    monkeypatch.setenv("COLUMNS", "220")
    store = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield store
    store.close()


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["list", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_dead_letters_are_shown_with_place_and_reason(store: Store) -> None:
    assert run() == f"no dead letters\n{ELSEWHERE}\n"
    with store.transaction() as transaction:
        transaction.put_dead_letters(
            [
                dead_letter(
                    7, value=b"\xff{\x1b[31m", field="alarmRaisedTime", reason="has no [red] time zone"
                ),
                dead_letter(9, topic="kpis", value=b"x" * 1000),
                dead_letter(8),
            ]
        )
    shown = run()
    for words in ("alarms/0@7", "alarmRaisedTime", "has no [red] time zone", r"\xff{\x1b[31m", "(no value)"):
        assert words in shown
    assert "\x1b" not in shown
    assert "3 dead letters" in shown
    assert "2 to 2 of 3 dead letters" in run("--limit", "1", "--offset", "1")
    assert "kpis/0@9" not in run("--topic", "alarms")
    assert run("--offset", "5") == f"none of 3 dead letters lie so far back\n{ELSEWHERE}\n"
    assert run().endswith(f"{ELSEWHERE}\n")


def test_json_gives_every_byte_back(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_dead_letters([dead_letter(7, value=b"\xff{", key=b"k"), dead_letter(8, key=None)])
    store.mark_dead_letters_replayed([("alarms", 0, 8)])
    told = json.loads(run("--json"))
    assert told["total"] == 1
    (letter,) = told["deadLetters"]
    assert (letter["key"], base64.b64decode(letter["valueBase64"])) == ("k", b"\xff{")
    both = json.loads(run("--json", "--replayed"))["deadLetters"]
    assert [(one["offset"], one["value"] if "value" in one else "bytes") for one in both] == [
        (7, "bytes"),
        (8, None),
    ]


@pytest.mark.parametrize(
    ("append_ms", "shown"),
    [(-1, "(no time)"), (2**62, f"{2**62} ms"), (253_402_300_800_000, "253402300800000 ms")],
)
def test_a_producers_absurd_clock_hides_no_letter(store: Store, append_ms: int, shown: str) -> None:
    with store.transaction() as transaction:
        transaction.put_dead_letters([dead_letter(7, append_ms=append_ms), dead_letter(8)])
    told = run()
    assert shown in told
    assert "alarms/0@8" in told


@pytest.fixture
def brokers(kafka_settings: KafkaSettings, store: Store, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    monkeypatch.setenv("TELCOLLM_KAFKA__BOOTSTRAP_SERVERS", json.dumps(kafka_settings.bootstrap_servers))
    monkeypatch.setenv("TELCOLLM_KAFKA__TOPIC_PREFIX", kafka_settings.topic_prefix)
    return kafka_settings


@pytest.mark.broker
def test_what_receivers_could_not_read_is_shown_with_who_sent_it(brokers: KafkaSettings) -> None:
    assert run("--received") == "receivers wrote no dead letters that the brokers still hold\n"
    hostile = b"no [red]syslog\x1b[31m\xff"
    send(brokers, [(Listener.SYSLOG_UDP, "192.0.2.7", hostile), (Listener.SNMP, "192.0.2.8", b"\x30\x00")])

    shown = run("--received")
    for words in (
        "syslog-udp 192.0.2.7",
        "snmp 192.0.2.8",
        "PRI",
        "no [red]syslog",
        "2 dead letters of recei",
    ):
        assert words in shown
    assert "\x1b" not in shown
    assert "1 to 1 of 2 dead letters of receivers" in run("--received", "--limit", "1")
    assert "192.0.2.8" not in run("--received", "--topic", "syslog-udp")
    assert run("--received", "--offset", "2") == "none of 2 dead letters lie so far back\n"
    told = json.loads(run("--received", "--json", "--topic", "syslog-udp"))
    (letter,) = told["deadLetters"]
    assert (told["total"], letter["source"], letter["address"]) == (1, "syslog-udp", "192.0.2.7")
    assert base64.b64decode(letter["valueBase64"]) == hostile


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--replayed"], "what came by no topic is never replayed; give one of them"),
        (["--topic", "alarms"], "syslog-udp, syslog-tcp, snmp are allowed; give one of these"),
    ],
)
def test_what_receivers_letters_have_not_is_refused_in_words(
    store: Store, words: list[str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        run("--received", *words)
