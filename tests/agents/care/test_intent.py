"""Laws of intents and stages, and how well phrases do on conversations they were not written for."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import pytest

from agents.care.book import ScriptBook
from agents.care.matter import clauses
from agents.care.reading import Reader, Reading, asked_gb
from agents.care.stage import stage_of
from streams.simulator.messages import MessageTruth, write_conversations
from telcollm.records import CareMessage


@pytest.fixture(scope="module")
def read(book: ScriptBook) -> list[tuple[Reading, MessageTruth]]:
    reader = Reader(book)
    conversations: dict[str, list[CareMessage]] = defaultdict(list)
    found = []
    for written in write_conversations([], seed=77, days=6, per_day=30):
        own = conversations[written.record.conversation_id]
        own.append(written.record)
        if written.truth is not None:
            reading = reader.read(own)
            assert reading is not None
            found.append((reading, written.truth))
    return found


def test_phrases_alone_find_most_intents_and_stages(read: list[tuple[Reading, MessageTruth]]) -> None:
    assert len(read) > 500
    right = [reading.intent == truth.intent for reading, truth in read]
    assert sum(right) / len(right) > 0.75
    both = [hit and reading.stage == truth.stage for hit, (reading, truth) in zip(right, read, strict=True)]
    assert sum(both) / len(both) > 0.72


def test_confidence_is_what_it_says(read: list[tuple[Reading, MessageTruth]]) -> None:
    ranked = sorted(read, key=lambda pair: pair[0].confidence)
    size = len(ranked) // 5
    off = 0.0
    for start in range(0, size * 5, size):
        part = ranked[start : start + size]
        sure = sum(reading.confidence for reading, _ in part) / size
        off += abs(sure - sum(reading.intent == truth.intent for reading, truth in part) / size) / 5
    assert off < 0.1


def test_what_is_decided_is_right_more_often_than_what_is_left_open(
    read: list[tuple[Reading, MessageTruth]],
) -> None:
    decided = [reading.intent == truth.intent for reading, truth in read if not reading.abstained]
    left = [reading.intent == truth.intent for reading, truth in read if reading.abstained]
    assert sum(decided) / len(decided) > sum(left) / max(len(left), 1) + 0.2


def test_language_is_told_by_script(read: list[tuple[Reading, MessageTruth]]) -> None:
    assert all(reading.language == truth.language for reading, truth in read if not truth.needs_history)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ('my son says "i want to cancel", not my matter. my calls drop', [0.0, 0.0, 1.0]),
        ("不是要销户，我的网速很慢", [0.0, 1.0]),
        ("i do not want to cancel, only a question", [0.0, 0.0]),
    ],
)
def test_what_is_quoted_dismissed_or_ruled_out_does_not_count(text: str, weights: list[float]) -> None:
    assert [clause.weight for clause in clauses(text)] == weights


@pytest.mark.parametrize(
    ("text", "said", "stage"),
    [
        ("my internet is down", "", "first"),
        ("yes please", "Shall I send a new card?", "accepted"),
        ("no thanks", "Shall I send a new card?", "declined"),
        ("how much is it?", "Shall I send a new card?", "answer"),
        ("since monday", "Since when?", "answer"),
        ("yes", "Is it your only phone?", "answer"),
        ("ok", "We have noted it.", "first"),
        ("好的，办吧", "需要我为您申请补卡吗？", "accepted"),
        ("不用了", "给您补卡好吗", "declined"),
        ("不清楚", "给您补卡好吗", "answer"),
        ("好一阵了", "什么时候开始的", "answer"),
    ],
)
def test_a_stage_is_told_by_the_question_and_the_answer(text: str, said: str, stage: str) -> None:
    assert stage_of(text, said) == stage


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("add 2 GB", "within"),
        ("add 2.5gb", "over"),
        ("ten gigabytes please", "over"),
        ("加两个G", "within"),
        ("充十个G", "over"),
        ("5G is slow", "over"),
        ("no data", "none"),
    ],
)
def test_how_much_data_is_asked_for_is_read(text: str, asked: str) -> None:
    assert asked_gb(text) == asked


def test_thanks_at_the_end_of_a_complaint_close_nothing(book: ScriptBook) -> None:
    phrases = Reader(book).phrases
    assert phrases.guess("my internet is down since noon. Thanks", "en").intent != "thanks"
    assert phrases.guess("thanks a lot, that was all", "en").intent == "thanks"


def test_what_a_phone_shows_tells_the_matter_where_nothing_else_does(book: ScriptBook) -> None:
    message = CareMessage(
        tenant="acme",
        message_id="m1",
        conversation_id="c1",
        sent_time=datetime(2026, 3, 4, tzinfo=UTC),
        text="显示WiFi通话已启用。",
    )
    reading = Reader(book).read([message])
    assert reading is not None
    assert (reading.sign, reading.intent, reading.abstained) == ("wifi_calling", "picture_message", False)
