"""Laws of the desk: replies rest on records of the conversation's own customer, within the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from agents.care.book import ScriptBook
from agents.care.desk import NamedDecider
from agents.care.policy import Policy
from telcollm.decider.decider import Decision
from telcollm.decider.rows import HISTORY
from telcollm.errors import TransientError
from telcollm.ports import ReplySuggester
from telcollm.records import DecidedBy, PlannedWork, TicketStatus
from telcollm.store.opening import Stores
from tests.agents.care.conftest import ANNA, BEN, NOW, Desk, incident, ticket


def test_the_desk_is_what_the_worker_asks_for(desk: Desk) -> None:
    suggester: ReplySuggester = desk.care
    assert suggester.suggest([], decided_time=NOW) == []


def test_a_reply_names_the_open_incident_of_the_customers_services_and_its_estimate(desk: Desk) -> None:
    due = NOW + timedelta(hours=3, minutes=30)
    desk.put(incident())
    desk.stores.tickets.put([ticket(due)])
    reply = desk.reply("my internet is down")
    assert (reply.script_id, reply.incident_id, reply.incident_revision) == (
        "explain_known_incident",
        "inc-1",
        1,
    )
    assert "15:30 UTC on 4 Mar" in reply.text and "inc-1" in reply.text
    assert reply.slot_sources == {
        "incident_started": "inc-1",
        "incident_estimate": "tt-1",
        "incident_reference": "inc-1",
    }
    assert {"c1-m1", "inc-1", "tt-1"} <= set(reply.evidence)
    assert reply.valid_until == due
    assert reply.text.endswith(reply.next_question) and reply.next_question


def test_without_an_estimate_or_with_one_that_has_passed_none_is_told(desk: Desk) -> None:
    desk.put(incident())
    none = desk.reply("my internet is down")
    desk.stores.tickets.put([ticket(NOW - timedelta(minutes=1))])
    passed = desk.reply("my internet is down")
    assert none.text == passed.text and "There is no repair time yet" in none.text
    assert passed.valid_until is None and "tt-1" not in passed.evidence


def test_the_newest_ticket_tells_the_estimate(desk: Desk) -> None:
    desk.put(incident(trouble_ticket=("tt-2",)))
    newer = ticket(NOW + timedelta(hours=5), ticket_id="tt-2", related_entity=(), last_update=NOW)
    closed = ticket(NOW + timedelta(hours=9), ticket_id="tt-3", status=TicketStatus.CLOSED, last_update=NOW)
    desk.stores.tickets.put([ticket(NOW + timedelta(hours=1)), newer, closed])
    assert "17:00 UTC" in desk.reply("when will it be repaired").text


def test_a_chinese_message_is_answered_in_chinese(desk: Desk) -> None:
    desk.put(incident())
    reply = desk.reply("家里断网了，怎么回事")
    assert (reply.language, reply.script_id) == ("zh", "explain_known_incident")
    assert "抢修" in reply.text and "{" not in reply.text


def test_an_incident_elsewhere_is_not_told(desk: Desk) -> None:
    desk.put(incident(affected_objects=("cell-2",)))
    reply = desk.reply("my internet is down")
    assert (reply.incident_id, reply.script_id) == ("", "ask_fault_details")


def test_an_incident_of_another_tenant_is_not_told(desk: Desk) -> None:
    desk.put(incident(tenant="bell", affected_service=("svc-1",)))
    assert desk.reply("my internet is down").incident_id == ""


def test_a_repaired_incident_is_told_for_a_day(desk: Desk) -> None:
    desk.put(incident(TicketStatus.RESOLVED))
    assert desk.reply("when will it be repaired").script_id == "confirm_repaired"
    late = desk.reply("when will it be repaired", at=NOW + timedelta(days=2))
    assert (late.script_id, late.incident_id) == ("check_fault_state", "")


def test_of_several_incidents_the_gravest_counts(desk: Desk) -> None:
    desk.put(incident(priority=5), incident(incident_id="inc-2", priority=1))
    assert desk.reply("my internet is down").incident_id == "inc-2"


def test_planned_work_is_told_with_its_end(desk: Desk) -> None:
    work = PlannedWork(
        tenant="acme",
        planned_work_id="pw-1",
        managed_objects=("cell-1",),
        start_time=NOW - timedelta(hours=1),
        end_time=NOW + timedelta(hours=2),
        description="secret internal note",
    )
    desk.stores.store.put_planned_work([work])
    reply = desk.reply("my internet is down")
    assert reply.script_id == "explain_planned_work" and "14:00 UTC" in reply.text
    assert "pw-1" in reply.evidence and "secret" not in reply.text


def test_a_slot_is_filled_from_the_customers_own_record(desk: Desk) -> None:
    reply = desk.reply("add 2 GB of data to my line")
    assert reply.script_id == "confirm_refuel_price"
    assert (reply.slots, reply.slot_sources) == (
        {"refuel_price_per_gb": "5.00"},
        {"refuel_price_per_gb": "P1001"},
    )


def test_without_a_record_a_wording_without_the_slot_is_used(desk: Desk) -> None:
    reply = desk.reply("add 2 GB of data to my line", customer_id="nobody")
    assert (reply.script_id, reply.slots, reply.slot_sources) == ("confirm_refuel_price", {}, {})


def test_what_several_lines_disagree_on_is_not_told(desk: Desk) -> None:
    lines = [ANNA.facts["lines"][0], {**ANNA.facts["lines"][0], "line_id": "L2", "status": "Suspended"}]
    both = msgspec.structs.replace(ANNA, facts={**ANNA.facts, "lines": lines})
    desk.stores.care.put_customers([both])
    assert "line_ending" not in desk.reply("please switch on roaming").slots
    assert desk.reply("why is my line suspended").script_id == "check_line"


@pytest.mark.parametrize(
    ("facts", "rule", "script"),
    [
        ({"status": "Suspended"}, "", "lift_suspension"),
        ({"status": "Suspended", "contract_end_date": "2025-01-01"}, "", "suspended_contract_ended"),
    ],
)
def test_a_suspension_is_lifted_only_within_the_contract(
    desk: Desk, facts: dict[str, str], rule: str, script: str
) -> None:
    line = {**ANNA.facts["lines"][0], **facts}
    bills = [{"bill_id": "B1", "status": "Paid", "total_due": 10.0}]
    changed = msgspec.structs.replace(ANNA, facts={**ANNA.facts, "lines": [line], "bills": bills})
    desk.stores.care.put_customers([changed])
    reply = desk.reply("why is my line suspended")
    assert (reply.refused_by, reply.script_id) == (rule, script)


def test_a_payment_request_is_sent_only_for_an_overdue_bill(desk: Desk) -> None:
    bills = [{"bill_id": "B1005", "status": "Overdue", "total_due": 425.0, "due_date": "2026-02-26"}]
    desk.stores.care.put_customers([msgspec.structs.replace(ANNA, facts={**ANNA.facts, "bills": bills})])
    reply = desk.reply("I want to pay my overdue bill")
    assert reply.script_id == "send_payment_request" and reply.slot_sources["bill_amount"] == "B1005"
    bills[0]["status"] = "Paid"
    desk.stores.care.put_customers([msgspec.structs.replace(ANNA, facts={**ANNA.facts, "bills": bills})])
    assert desk.reply("I want to pay my overdue bill").script_id == "nothing_overdue"


def test_a_bill_that_names_another_customer_is_not_told(desk: Desk) -> None:
    bills = [{"bill_id": "B9", "customer_id": BEN.customer_id, "status": "Overdue", "total_due": 99.0}]
    desk.stores.care.put_customers([msgspec.structs.replace(ANNA, facts={**ANNA.facts, "bills": bills})])
    reply = desk.reply("I want to pay my overdue bill")
    assert "B9" not in reply.text and "99" not in reply.text


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("please refuel my data, add 5 GB", "refuel-at-most-2-gb"),
        ("给我加5个G流量", "refuel-at-most-2-gb"),
        ("which plan is best for me?", "no-own-opinion"),
        ("你推荐哪个套餐", "no-own-opinion"),
        ("please waive my bill", "no-fee-waived"),
        ("tell me my PUK", "no-unlocking-of-cards"),
        ("show me the list of customers", "ask-for-another-customers-data"),
    ],
)
def test_what_policy_forbids_is_refused_by_the_rules_name(desk: Desk, text: str, rule: str) -> None:
    reply = desk.reply(text)
    assert (reply.refused_by, reply.script_id) == (rule, "")
    assert reply.text and f"rule {rule}" in reply.citations


def test_nothing_is_changed_for_somebody_who_is_not_known(desk: Desk) -> None:
    turns = ("please refuel my data, add 2 GB", "> Is that price all right, shall I add it?", "yes please")
    assert desk.reply(*turns, customer_id="").refused_by == "identify-before-changes"
    assert desk.reply(*turns).script_id == "add_data"


def test_a_short_answer_keeps_its_matter(desk: Desk) -> None:
    first = ("I want to cancel my contract", "> If you stay: half price, interested?")
    assert desk.reply(*first, "no").script_id == "confirm_cancellation"
    assert desk.reply(*first, "yes").script_id == "keep_contract"
    assert desk.reply(*first, "wait, when does my phone bill come").intent in ("cancel", "bill_question")


def test_what_says_nothing_is_asked_about(desk: Desk) -> None:
    reply = desk.reply("xyzzy plugh")
    assert (reply.script_id, reply.abstained) == ("ask_what_it_is", True)


def test_where_the_desk_spoke_last_nothing_is_suggested(desk: Desk) -> None:
    assert desk.care.suggest([desk.conversation("hello", "> hi"), []], decided_time=NOW) == []


def test_the_same_reply_to_the_same_message_has_the_same_id(desk: Desk) -> None:
    assert desk.reply("my internet is down") == desk.reply("my internet is down")
    assert desk.reply("my internet is down").reply_id != desk.reply("my internet is down", name="c2").reply_id


def test_one_by_one_and_together_replies_are_the_same(desk: Desk) -> None:
    texts = ("my internet is down", "网速很慢", "why is my bill so high", "xyzzy")
    several = [desk.conversation(text, name=f"c{number}") for number, text in enumerate(texts)]
    together = desk.care.suggest(several, decided_time=NOW)
    assert together == [desk.care.suggest([one], decided_time=NOW)[0] for one in several]


class Deciding:
    """A decider that says what it is told, and keeps what it was shown."""

    def __init__(self, label: str, confidence: float = 0.9, abstained: bool = False) -> None:
        self.decision = Decision(label, confidence, ((label, confidence),), abstained=abstained)
        self.rows: list[Mapping[str, object]] = []

    def decide(self, rows: Sequence[Mapping[str, object]]) -> list[Decision]:
        self.rows += rows
        return [self.decision] * len(rows)


def test_a_decider_that_is_sure_decides_and_is_named(desk_with: Callable[[Any], Desk]) -> None:
    reply = desk_with(Deciding("roaming")).reply("it is about the connection")
    assert (reply.intent, reply.decided_by, reply.model, reply.adapter) == (
        "roaming",
        DecidedBy.MODEL,
        "own@3",
        "own",
    )


@pytest.mark.parametrize(
    "decider", [Deciding("roaming", 0.1, True), Deciding("roaming", 0.4), Deciding("weather")]
)
def test_a_decider_that_abstains_or_is_off_leaves_it_to_the_phrases(
    desk_with: Callable[[Any], Desk], decider: Deciding
) -> None:
    reply = desk_with(decider).reply("my internet is down")
    assert (reply.intent, reply.decided_by, reply.model) == ("outage_report", DecidedBy.RULE, "")


def test_what_a_decider_never_learned_is_told_by_phrases(desk_with: Callable[[Any], Desk]) -> None:
    reply = desk_with(Deciding("outage_report")).reply("I cannot send picture messages")
    assert (reply.intent, reply.decided_by) == ("picture_message", DecidedBy.RULE)


@pytest.mark.parametrize(("confidence", "said"), [(0.5, "outage_report"), (1.0, "roaming")])
def test_whoever_is_surer_decides(desk_with: Callable[[Any], Desk], confidence: float, said: str) -> None:
    by_phrases = desk_with(Deciding("weather")).reply("my internet is down")
    assert 0.5 < by_phrases.confidence < 1.0
    assert desk_with(Deciding("roaming", confidence)).reply("my internet is down").intent == said


def test_no_name_or_number_reaches_a_decider(desk_with: Callable[[Any], Desk]) -> None:
    decider = Deciding("roaming")
    desk_with(decider).reply(
        "I am Anna O'Neill, 555-123-2002, +49 170 1234567, a@b.org",
        "> Thank you Anna O'Neill?",
        "13812345678",
    )
    (row,) = decider.rows
    earlier = row[HISTORY]
    seen = " ".join(str(part) for part in (row["text"], row["desk_said"], earlier))
    assert isinstance(earlier, tuple) and len(earlier) == 1
    for secret in ("Anna", "555-123", "1234567", "a@b.org", "138123"):
        assert secret not in seen


@pytest.mark.parametrize("wish", ["add 6 GB of data to my line", "show me the customer database"])
def test_what_policy_refuses_stays_refused_whatever_a_decider_takes_it_for(
    desk: Desk, stores: Stores, book: ScriptBook, policy: Policy, wish: str
) -> None:
    by_phrases = desk.reply(wish)
    sure = NamedDecider(Deciding("slow_data", confidence=0.99), "own@3", frozenset(book.intents), "own")
    reply = Desk(stores, book, policy, decider=sure).reply(wish)
    assert by_phrases.refused_by
    assert (reply.refused_by, reply.text) == (by_phrases.refused_by, by_phrases.text)


def test_a_decider_that_does_not_answer_is_told_to_whoever_asked(desk_with: Callable[[Any], Desk]) -> None:
    class Silent:
        def decide(self, rows: Sequence[Mapping[str, object]]) -> list[Decision]:
            message = "model server did not answer; it must be up; try again"
            raise TransientError(message)

    with pytest.raises(TransientError, match="did not answer"):
        desk_with(Silent()).reply("my internet is down")
