from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import msgspec
import pytest

from streams.simulator.messages import WrittenMessage, write_conversations
from streams.simulator.messages_scripts import INTENTS, SCRIPTS, Desk, script_of
from telcollm.errors import SettingsError
from tests.streams.simulator.made_faults import made_faults


@pytest.fixture(scope="module")
def turns() -> list[WrittenMessage]:
    return write_conversations(made_faults(300), 1)


def test_the_same_arguments_give_the_same_turns_and_another_seed_gives_others() -> None:
    faults = made_faults(30)
    assert write_conversations(faults, 2, days=3) == write_conversations(faults, 2, days=3)
    assert write_conversations(faults, 2, days=3) != write_conversations(faults, 3, days=3)


def test_all_intents_scripts_and_both_languages_are_there(turns: list[WrittenMessage]) -> None:
    truths = [turn.truth for turn in turns if turn.truth]
    assert {truth.intent for truth in truths} == set(INTENTS)
    assert {truth.script for truth in truths} == set(SCRIPTS)
    assert {truth.language for truth in truths} == {"en", "zh"}
    assert any(truth.fault_id for truth in truths)


def test_only_customers_turns_have_a_truth(turns: list[WrittenMessage]) -> None:
    for turn in turns:
        assert (turn.truth is not None) == (turn.record.author == "customer")


def test_turns_of_a_conversation_follow_each_other_and_begin_with_the_customer(
    turns: list[WrittenMessage],
) -> None:
    conversations = defaultdict(list)
    for turn in turns:
        conversations[turn.record.conversation_id].append(turn)
    assert max(map(len, conversations.values())) > 4
    for members in conversations.values():
        times = [turn.record.sent_time for turn in members]
        assert times == sorted(times)
        assert members[0].record.author == "customer"
        assert members[0].truth is not None and not members[0].truth.needs_history
        assert len({turn.record.customer_id for turn in members}) == 1


def test_the_same_words_mean_different_things_after_different_questions(turns: list[WrittenMessage]) -> None:
    meanings = defaultdict(set)
    for turn in turns:
        if turn.truth and turn.truth.needs_history:
            meanings[turn.record.text.lower().strip(". !,")].add(turn.truth.intent)
    assert sum(len(intents) > 2 for intents in meanings.values()) > 10


def test_a_good_share_of_the_messages_needs_the_turns_before(turns: list[WrittenMessage]) -> None:
    truths = [turn.truth for turn in turns if turn.truth]
    assert 0.15 < sum(truth.needs_history for truth in truths) / len(truths) < 0.5


def test_the_record_tells_neither_intent_nor_script(turns: list[WrittenMessage]) -> None:
    for turn in turns[:400]:
        if turn.truth:
            seen = msgspec.json.encode(turn.record).decode()
            assert turn.truth.script not in seen
            assert not turn.truth.fault_id or turn.truth.fault_id not in seen
            assert "_" not in turn.truth.intent or turn.truth.intent not in seen


def test_a_known_incident_is_explained_and_a_repaired_one_confirmed() -> None:
    assert script_of("outage_report", "first", Desk(incident="open")) == "explain_known_incident"
    assert script_of("outage_report", "first", Desk()) == "ask_fault_details"
    assert script_of("outage_status", "first", Desk(incident="open")) == "give_repair_time"
    assert script_of("outage_status", "first", Desk(incident="resolved")) == "confirm_repaired"


def test_the_desks_records_decide_where_they_should() -> None:
    assert script_of("slow_data", "first", Desk(allowance_used=True)) == "explain_allowance"
    assert script_of("roaming", "first", Desk(roaming_on=False)) == "offer_roaming"
    assert script_of("payment_trouble", "first", Desk(overdue=True)) == "offer_payment_plan"
    assert script_of("cancel", "accepted", Desk()) == "keep_contract"
    assert script_of("fraud", "declined", Desk()) == "ask_what_else"


def test_every_intent_has_a_script_at_every_stage() -> None:
    for intent in INTENTS:
        for stage in ("first", "answer", "accepted", "declined"):
            assert script_of(intent, stage, Desk()) in SCRIPTS  # type: ignore[arg-type]


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(SettingsError, match="add tzinfo=UTC"):
        write_conversations([], start=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(SettingsError, match="per_day=-1"):
        write_conversations([], per_day=-1)


def test_without_faults_people_still_write() -> None:
    assert write_conversations([], days=2, per_day=10)
    assert write_conversations([], days=2, per_day=0) == []
