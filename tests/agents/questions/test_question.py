"""Laws of understanding: the same question in two languages is the same question; orders are no questions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.questions.intents import Intent
from agents.questions.objects import Named, Names
from agents.questions.question import Question, understand

NOW = datetime(2026, 1, 8, 9, 20, tzinfo=UTC)
NAMES = Names([Named(f"cell-{number}", "cell", (f"cell-{number}",)) for number in (1042, 1043)])


def asked(text: str) -> Question:
    return understand(text, NAMES, NOW, UTC)


@pytest.mark.parametrize(
    ("english", "chinese", "intent"),
    [
        ("why did cell 1042 drop last night?", "小区1042昨晚为什么掉线", Intent.WHY),
        ("what is wrong with cell 1042 now", "小区1042现在怎么了", Intent.STATUS),
        (
            "what happened on cell 1042 between 14:00 and 16:00",
            "小区1042 14:00到16:00发生了什么",
            Intent.HAPPENED,
        ),
        ("which customers are affected by cell 1042", "小区1042影响哪些客户", Intent.AFFECTED),
        ("what changed on cell 1042 yesterday", "小区1042昨天有什么变更", Intent.CHANGED),
        ("is cell 1042 healthy", "小区1042正常吗", Intent.HEALTHY),
        ("were there similar incidents on cell 1042", "小区1042以前有过类似故障吗", Intent.SIMILAR),
    ],
)
def test_both_languages_ask_the_same(english: str, chinese: str, intent: Intent) -> None:
    one, other = asked(english), asked(chinese)
    assert one.intent == other.intent == intent
    assert one.objects == other.objects == ("cell-1042",)
    assert one.span == other.span
    assert (one.language, other.language) == ("en", "zh")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("which incidents are open", Intent.OPEN_INCIDENTS),
        ("有哪些未解决的故障", Intent.OPEN_INCIDENTS),
        ("how do I clear a loss of signal alarm?", Intent.KNOWLEDGE),
        ("光路告警怎么处理", Intent.KNOWLEDGE),
        ("hand over the night shift", Intent.HANDOVER),
        ("交班", Intent.HANDOVER),
        ("good morning", None),
    ],
)
def test_questions_without_an_object_have_an_intent_of_their_own(text: str, intent: Intent | None) -> None:
    assert asked(text).intent is intent


@pytest.mark.parametrize(
    "text", ["restart cell 1042", "Please lock cell-1042 now", "重启小区1042", "帮我闭锁小区1042"]
)
def test_an_order_is_no_question(text: str) -> None:
    assert asked(text).order


@pytest.mark.parametrize(
    "text", ["why did cell 1042 restart", "how do I restart cell 1042", "如何重启小区1042"]
)
def test_asking_about_a_restart_is_no_order(text: str) -> None:
    assert not asked(text).order


def test_full_width_signs_and_digits_are_read_as_plain_ones() -> None:
    found = asked("小区\uff11\uff10\uff14\uff12昨天\uff11\uff14\uff1a00怎么了\uff1f")
    assert found.objects == ("cell-1042",)
    assert found.span is not None and found.span.since.hour == 13


def test_an_incident_is_named_by_its_id() -> None:
    assert asked("why INC-0687b75e6f8552a6?").incident_ids == ("inc-0687b75e6f8552a6",)


@given(st.text(max_size=200))
def test_no_text_breaks_understanding_or_makes_up_an_object(text: str) -> None:
    assert set(asked(text).objects) <= {"cell-1042", "cell-1043"}
