from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telcollm.app.cli.dlq import app
from telcollm.ports import Store
from telcollm.store import open_store
from tests.telcollm.store.examples import dead_letter


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
    assert run() == "no dead letters\n"
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
    assert run("--offset", "5") == "none of 3 dead letters lie so far back\n"


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
