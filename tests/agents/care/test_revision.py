"""Laws of replies that rest on incidents: they stand while those are as told, and are taken back then."""

from __future__ import annotations

from datetime import timedelta

from telcollm.ports import Scope
from telcollm.records import Reply, TicketStatus
from tests.agents.care.conftest import BEN, NOW, Desk, incident, ticket

ACME = Scope(("acme",))
OUT = "my internet is down"


def standing(desk: Desk) -> list[Reply]:
    return [reply for reply in desk.stores.care.replies(ACME, "c1") if not reply.withdrawn]


def test_a_reply_stands_while_nothing_that_it_says_changes(desk: Desk) -> None:
    desk.put(incident())
    desk.kept(OUT)
    assert desk.changed(incident(revision=2, alarm_count=9)) == []


def test_a_reply_is_withdrawn_and_worded_anew_when_the_incident_is_repaired(desk: Desk) -> None:
    desk.put(incident())
    told = desk.kept("when will it be repaired")
    withdrawn, new = desk.changed(incident(TicketStatus.RESOLVED, revision=3))
    assert (withdrawn.reply_id, withdrawn.withdrawn) == (told.reply_id, True)
    assert withdrawn.withdrawn_reason == "incident inc-1 is resolved"
    assert (new.script_id, new.supersedes, new.withdrawn) == ("confirm_repaired", told.reply_id, False)
    assert standing(desk) == [new]


def test_a_new_estimate_rewords_a_reply(desk: Desk) -> None:
    desk.put(incident())
    told = desk.kept(OUT)
    desk.stores.tickets.put([ticket(NOW + timedelta(hours=2))])
    withdrawn, new = desk.changed(incident(revision=2))
    assert withdrawn.reply_id == told.reply_id and "14:00 UTC" in new.text
    assert withdrawn.withdrawn_reason == "what is known of incident inc-1 has changed"
    later = ticket(NOW + timedelta(hours=4), last_update=NOW + timedelta(minutes=1))
    desk.stores.tickets.put([later])
    gone, newest = desk.changed(incident(revision=3), at=NOW + timedelta(minutes=2))
    assert gone.reply_id == new.reply_id and "16:00 UTC" in newest.text
    assert standing(desk) == [newest]


def test_the_same_change_twice_is_told_once(desk: Desk) -> None:
    desk.put(incident())
    desk.kept(OUT)
    resolved = incident(TicketStatus.RESOLVED, revision=3)
    assert len(desk.changed(resolved)) == 2
    assert desk.changed(resolved) == []


def test_words_that_come_up_again_come_under_another_id(desk: Desk) -> None:
    desk.put(incident())
    told = desk.kept(OUT)
    desk.changed(incident(TicketStatus.RESOLVED, revision=3))
    again = desk.changed(incident(revision=4))
    assert [reply.withdrawn for reply in again] == [True, False]
    assert again[1].text == told.text and again[1].reply_id != told.reply_id
    assert [one.text for one in standing(desk)] == [told.text]


def test_a_merged_incident_hands_its_replies_to_the_one_that_stays(desk: Desk) -> None:
    desk.put(incident(incident_id="inc-2", priority=9), incident())
    told = desk.kept(OUT)
    assert told.incident_id == "inc-1"
    withdrawn, new = desk.changed(incident(revision=5, superseded_by="inc-2"))
    assert withdrawn.withdrawn_reason == "incident inc-1 was merged into inc-2"
    assert (new.incident_id, new.supersedes) == ("inc-2", told.reply_id)


def test_an_incident_that_no_longer_touches_the_customer_takes_its_reply_back(desk: Desk) -> None:
    desk.put(incident())
    desk.kept(OUT)
    withdrawn, new = desk.changed(incident(revision=2, affected_objects=("cell-2",)))
    assert withdrawn.withdrawn and new.incident_id == "" and new.script_id == "ask_fault_details"


def test_a_reply_given_before_the_incident_was_known_is_replaced(desk: Desk) -> None:
    told = desk.kept(OUT)
    withdrawn, new = desk.changed(incident())
    assert (withdrawn.reply_id, new.incident_id) == (told.reply_id, "inc-1")
    assert withdrawn.withdrawn_reason == "incident inc-1 touches the customer's services by now"
    assert desk.changed(incident(revision=2)) == []


def test_conversations_on_other_matters_and_of_other_customers_are_left_alone(desk: Desk) -> None:
    desk.kept("why is my bill so high")
    desk.kept(OUT, customer_id=BEN.customer_id, name="c2")
    assert desk.changed(incident()) == []


def test_after_the_desk_has_answered_the_change_still_comes_up(desk: Desk) -> None:
    desk.put(incident())
    told = desk.kept(OUT)
    desk.stores.care.put_messages(desk.conversation(OUT, f"> {told.text}"))
    withdrawn, new = desk.changed(incident(TicketStatus.RESOLVED, revision=3))
    assert (withdrawn.reply_id, new.supersedes) == (told.reply_id, told.reply_id)


def test_a_reply_to_an_earlier_message_is_only_taken_back(desk: Desk) -> None:
    desk.put(incident())
    desk.kept(OUT)
    desk.stores.care.put_messages(desk.conversation(OUT, "> ok", "thank you, bye"))
    (withdrawn,) = desk.changed(incident(TicketStatus.RESOLVED, revision=3))
    assert withdrawn.withdrawn


def test_an_incident_of_another_tenant_changes_nothing(desk: Desk) -> None:
    desk.put(incident())
    desk.kept(OUT)
    other = incident(TicketStatus.RESOLVED, tenant="bell", revision=3)
    assert desk.care.incident_changed(other, decided_time=NOW) == []
