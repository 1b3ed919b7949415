"""Laws of `telcollm care`: suggestions for conversations are kept, typed ones not, faults end with 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telcollm.app.cli.care import app
from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING, Scope
from telcollm.records import CareMessage, Customer
from telcollm.store.opening import Stores, open_stores
from tests.agents.care.conftest import NOW


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCOLLM_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def stores(home: Path) -> Stores:
    return open_stores(f"sqlite:///{home / 'telcollm.db'}")


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def said(conversation_id: str, text: str, author: str = "customer") -> CareMessage:
    return CareMessage(
        tenant="default",
        message_id=f"{conversation_id}-1",
        conversation_id=conversation_id,
        sent_time=NOW,
        text=text,
        author=author,
        customer_id="c-1",
    )


def test_a_typed_message_is_answered_and_nothing_is_kept(stores: Stores) -> None:
    stores.care.put_customers([Customer(tenant="default", customer_id="c-1", name="Kim Lee")])
    reply = json.loads(run("suggest", "--text", "thanks, bye", "--customer", "c-1", "--json"))
    assert reply["scriptId"] == "close_politely" and "Kim Lee" in reply["text"]
    assert reply["slotSources"] == {"customer_name": "c-1"}
    assert stores.care.replies(EVERYTHING, "as-typed") == []
    stores.close()


def test_a_conversation_is_answered_judged_and_kept(stores: Stores) -> None:
    stores.care.put_messages([said("c1", "网速很慢")])
    reply = json.loads(run("suggest", "--conversation", "c1", "--json"))
    assert reply["language"] == "zh"
    (kept,) = stores.care.replies(Scope(("default",)), "c1")
    assert kept.reply_id == reply["replyId"]
    assert "is kept" in run("feedback", kept.reply_id, "--edited", "我们马上查", "--actor", "kim")
    (feedback,) = stores.store.feedback(EVERYTHING)
    assert (feedback.correction, feedback.actor) == ("我们马上查", "kim")
    stores.close()


def test_what_a_person_reads_names_script_evidence_and_id(stores: Stores) -> None:
    stores.care.put_messages([said("c1", "my internet is slow \x1b[31m")])
    shown = run("suggest", "--conversation", "c1")
    assert "script: ask_speed_checks" in shown and "reply: rpl-" in shown and "\x1b" not in shown
    stores.close()


def test_what_is_not_known_is_told_with_the_next_step(stores: Stores) -> None:
    stores.care.put_messages([said("c2", "hello", "agent")])
    for arguments, message in (
        (("suggest", "--conversation", "gone"), "gone.*is not known"),
        (("suggest", "--conversation", "c2"), "the desk spoke last"),
        (("feedback", "rpl-gone", "--sent"), "rpl-gone.*is not known"),
    ):
        with pytest.raises(TelcollmError, match=message):
            run(*arguments)
    run("suggest", code=2)
    run("suggest", "--conversation", "c1", "--customer", "c-1", code=2)
    stores.close()


def test_lint_tells_each_fault_and_ends_with_1(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("scripts:\n  - {id: a, intent: help, text: {en: Hello}}\n", encoding="utf-8")
    shown = run("lint", str(path), code=1)
    assert "own.yaml:2: intent:" in shown and "own.yaml:2: language:" in shown
    found = json.loads(run("lint", str(path), "--json", code=1))["findings"]
    assert {one["check"] for one in found} == {"intent", "language"}
    path.write_text(
        "intents:\n  - {id: help, phrases: {en: [help], zh: [帮]}}\n"
        "scripts:\n  - {id: a, intent: help, text: {en: Hello, zh: 您好}}\n",
        encoding="utf-8",
    )
    assert run("lint", str(path)) == "no faults\n"
