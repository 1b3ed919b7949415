"""Laws of `telcollm ask`, `handover` and `postmortem`: what a person at a terminal sees of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from telcollm.app.cli.ask import ask
from telcollm.app.cli.handover import handover, postmortem
from telcollm.errors import TelcollmError
from telcollm.store.opening import Stores, open_stores
from tests.telcollm.store.examples import alarm, component, diagnosis, element, incident

app = typer.Typer()
app.command("ask")(ask)
app.command("handover")(handover)
app.command("postmortem")(postmortem)


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCOLLM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "home").mkdir()
    opened = open_stores(f"sqlite:///{tmp_path / 'home' / 'telcollm.db'}")
    with opened.store.transaction() as transaction:
        transaction.put_components([component("inc-aa11")])
        transaction.put_alarms([alarm("a1", component_id="inc-aa11", problem="LOSS \x1b[31m[bold]")])
        transaction.put_incidents([incident("inc-aa11")])
        transaction.put_diagnoses([diagnosis("dia-1", "inc-aa11")])
    opened.store.put_topology([element()])
    yield opened
    opened.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words, catch_exceptions=False)


def test_an_answer_shows_its_records_and_no_control_character_of_an_alarm(stores: Stores) -> None:
    result = run("ask", "why did cell 7 drop?", "--at", "2026-01-01T14:00", "--zone", "UTC")
    assert result.exit_code == 0
    assert "[why] cell-7" in result.stdout and "[inc-aa11]" in result.stdout
    assert "\x1b[31m" not in result.stdout


def test_json_holds_sentences_ids_and_what_was_called(stores: Stores) -> None:
    result = run("ask", "小区7昨晚为什么掉线", "--at", "2026-01-02T09:00", "--zone", "UTC", "--json")
    told = json.loads(result.stdout)
    assert (told["language"], told["objects"]) == ("zh", ["cell-7"])
    assert told["since"].startswith("2026-01-01T20:00")
    assert {step["name"] for step in told["steps"]} >= {"alarms", "incidents"}
    assert result.exit_code == (1 if told["declined"] else 0)


def test_a_time_without_an_offset_is_one_of_the_zone(stores: Stores) -> None:
    asked = ("ask", "what happened in the last 2 hours on cell 7", "--json", "--at", "2026-01-01T14:00")
    told = [json.loads(run(*asked, "--zone", zone).stdout) for zone in ("UTC", "Europe/Berlin")]
    assert [one["until"] for one in told] == ["2026-01-01T14:00:00Z", "2026-01-01T13:00:00Z"]


def test_a_question_that_is_declined_ends_in_1_with_the_reason(stores: Stores) -> None:
    result = run("ask", "what is the weather like?")
    assert result.exit_code == 1 and "not a question that telcollm answers" in result.stdout
    result = run("ask", "why did cell 8 drop?", "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["reason"], told["suggestions"]) == (1, "unknown object", ["cell-7"])


def test_a_role_that_may_not_ask_is_told_so(stores: Stores) -> None:
    result = run("ask", "why did cell 7 drop?", "--role", "customer_service_agent", "--json")
    assert (result.exit_code, json.loads(result.stdout)["reason"]) == (1, "no permission")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", "why", "--zone", "Nowhere/City"), "is no IANA time zone"),
        (("ask", "why", "--at", "soon"), "is no time"),
        (("handover", "--since", "1h", "--until", "2h"), "is not before the end"),
        (("handover", "--since", "soon"), "is no time"),
    ],
)
def test_an_option_that_cannot_be_read_says_what_is_allowed(
    stores: Stores, words: tuple[str, ...], said: str
) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_handover_is_printed_and_written_to_a_file(stores: Stores, tmp_path: Path) -> None:
    shift = ("handover", "--since", "2026-01-01T08:00", "--until", "2026-01-01T16:00", "--zone", "UTC")
    shown = run(*shift)
    assert shown.exit_code == 0
    assert shown.stdout.startswith("# Shift handover, 2026-01-01 08:00 UTC to 2026-01-01 16:00 UTC")
    assert "inc-aa11" in shown.stdout
    assert "written to" in run(*shift, "--lang", "zh", "--out", "shift.md").stdout
    assert (tmp_path / "shift.md").read_text(encoding="utf-8").startswith("# 交接班")
    assert json.loads(run(*shift, "--json").stdout)["sections"]


def test_a_file_that_cannot_be_written_is_named(stores: Stores) -> None:
    with pytest.raises(TelcollmError, match=r"--out=.*cannot be written"):
        run("handover", "--out", "nowhere/shift.md")


def test_a_post_mortem_is_found_by_the_beginning_of_an_id(stores: Stores) -> None:
    result = run("postmortem", "inc-aa", "--zone", "UTC")
    assert result.exit_code == 0 and "# Post-mortem of inc-aa11 (draft)" in result.stdout
    with pytest.raises(TelcollmError, match="is not known"):
        run("postmortem", "inc-zz")


def test_help_shows_examples() -> None:
    for command in ("ask", "handover", "postmortem"):
        assert f"telcollm {command}" in run(command, "--help").stdout
