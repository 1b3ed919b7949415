"""Laws of the desk of care: a message has one reply, and what an incident made untrue is withdrawn once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pytest

from streams.intake import reply_request
from streams.outbox import nothing
from streams.reply_desk import ReplyDesk, changed_request, changed_requests
from streams.topics import reply_lane
from telcollm.codec import decode
from telcollm.ports import EVERYTHING
from telcollm.records import CareMessage, DecidedBy, Incident, Reply
from telcollm.store.opening import Stores
from telcollm.store.switch import ModelStoppedError, StopSwitch
from tests.streams.desk_pipeline import (
    CountingSuggester,
    Crash,
    StillClock,
)
from tests.telcollm.store.desk_examples import care_message, reply
from tests.telcollm.store.examples import NOON_MS, at, incident
from tests.telcollm.store.examples import request as diagnosis_request


def replying(
    stores: Stores,
    suggester: Any,
    reached: Callable[[str], None] = nothing,
    check: Callable[[], None] = lambda: None,
) -> ReplyDesk:
    return ReplyDesk(
        stores.store,
        StillClock(),
        suggester,
        lanes=lambda: ["care/0"],
        topic="replies",
        check=check,
        reached=reached,
    )


def ask(stores: Stores, *messages: CareMessage) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_care_messages(messages)
        ids = [one.message_id for one in messages]
        transaction.put_desk_requests([reply_request(messages[-1], ids, "care/0")])


def texts(stores: Stores, conversation: str = "c1") -> list[str]:
    return [reply.text for reply in stores.care.replies(EVERYTHING, conversation)]


def test_a_reply_sees_the_conversation_as_it_was_when_the_message_came(stores: Stores) -> None:
    first, second = care_message("m1"), care_message("m2", sent_time=at(1))
    ask(stores, first)
    ask(stores, first, second)
    desk = replying(stores, CountingSuggester(stores.store, stores))
    assert (desk.serve_once(), desk.waiting()) == (2, 0)
    assert sorted(texts(stores)) == ["to m1 after 1", "to m2 after 2"]
    assert [one.topic for one in stores.store.pending_outbox(["care/0"], 9)] == ["replies"] * 2


def test_the_message_that_waits_comes_last_even_if_its_clock_is_slow(lite: Stores) -> None:
    ask(lite, care_message("m1", sent_time=at(5)), care_message("m2", sent_time=at(1)))
    replying(lite, CountingSuggester(lite.store, lite)).serve_once()
    assert texts(lite) == ["to m2 after 2"]


@pytest.mark.parametrize("point", ["", "before replies store", "after replies store"])
def test_replies_on_an_incident_that_changed_are_withdrawn_once(lite: Stores, point: str) -> None:
    with lite.store.transaction() as transaction:
        transaction.put_incidents([incident("i1", 1)])
    ask(lite, care_message())
    suggester = CountingSuggester(lite.store, lite, "i1")
    while replying(lite, suggester).serve_once():
        pass
    assert texts(lite) == ["to m1 after 1 revision 1"]
    with lite.store.transaction() as transaction:
        transaction.put_incidents([changed := incident("i1", 2)])
        assert transaction.replied_on(["i1", "i2", ""]) == {"i1"}
        transaction.put_desk_requests([changed_request(changed, "care/0")] * 2)

    def reached(passed: str) -> None:
        if passed == point:
            raise Crash

    if point:
        with pytest.raises(Crash):
            replying(lite, suggester, reached).serve_once()
    while replying(lite, suggester).serve_once():
        pass
    assert [reply.withdrawn for reply in lite.care.replies(EVERYTHING, "c1")] == [True]
    sent = lite.store.pending_outbox(["care/0"], 9)
    assert [dict(one.headers).get("withdrawn", "") for one in sent] == ["", "1"]


class ModelSuggester(CountingSuggester):
    """All that it says a model decided."""

    def suggest(
        self, conversations: Sequence[Sequence[CareMessage]], *, decided_time: datetime
    ) -> list[Reply]:
        found = super().suggest(conversations, decided_time=decided_time)
        return [msgspec.structs.replace(one, decided_by=DecidedBy.MODEL) for one in found]


def test_while_models_are_stopped_their_replies_wait_and_are_taken_back_where_they_are_untrue(
    lite: Stores,
) -> None:
    with lite.store.transaction() as transaction:
        transaction.put_incidents([incident("i1", 1)])
    switch = StopSwitch(lite.database, lambda: 0.0)
    desk = replying(lite, ModelSuggester(lite.store, lite, "i1"), check=switch.check_now)
    ask(lite, care_message())
    while desk.serve_once():
        pass
    switch.set(stopped=True, by="eva", at=at(7))
    with lite.store.transaction() as transaction:
        transaction.put_incidents([changed := incident("i1", 2)])
        transaction.put_desk_requests([changed_request(changed, "care/0")])
    while desk.serve_once():
        pass
    assert [one.withdrawn for one in lite.care.replies(EVERYTHING, "c1")] == [True]
    ask(lite, care_message("m2"))
    with pytest.raises(ModelStoppedError):
        desk.serve_once()
    assert desk.waiting() == 1 and len(texts(lite)) == 1


def test_a_change_while_the_reply_is_thought_of_is_seen(stores: Stores) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_incidents([incident("i1", 1)])
    ask(stores, care_message())
    found: list[object] = []

    def reached(passed: str) -> None:
        # Whoever changes the incident now finds no reply on it yet.
        if passed == "before replies store" and not found:
            with stores.store.transaction() as transaction:
                transaction.put_incidents([incident("i1", 2)])
                found.append(transaction.replied_on(["i1"]))

    desk = replying(stores, CountingSuggester(stores.store, stores, "i1"), reached)
    while desk.serve_once():
        pass
    assert found == [set()]
    assert [reply.withdrawn for reply in stores.care.replies(EVERYTHING, "c1")] == [True]


def test_of_several_changes_of_an_incident_the_newest_is_looked_at(lite: Stores) -> None:
    asked: list[int] = []

    class Listening(CountingSuggester):
        def incident_changed(self, incident: Incident, *, decided_time: datetime) -> list[Reply]:
            asked.append(incident.revision)
            return []

    with lite.store.transaction() as transaction:
        changed = [incident("i1", revision) for revision in (1, 3, 2)]
        transaction.put_desk_requests(changed_request(one, "care/0") for one in changed)
    desk = replying(lite, Listening(lite.store, lite))
    assert (desk.serve_once(), asked, desk.waiting()) == (3, [3], 0)


def test_incidents_that_may_make_a_reply_untrue_are_looked_at_and_no_others(stores: Stores) -> None:
    now_ms = NOON_MS + 60_000
    silent = diagnosis_request("silent")
    served = diagnosis_request("served", incident=incident("i2", affected_service=("svc-1",)))
    with stores.store.transaction() as transaction:
        assert changed_requests(transaction, [silent, served], now_ms) == []
        transaction.put_replies([reply(decided_time=at(0))])
        (found,) = changed_requests(transaction, [silent, served], now_ms)
        assert (decode(found.body, Incident).incident_id, found.lane) == ("i2", reply_lane("alarms/0"))
        assert changed_requests(transaction, [silent, served], now_ms + 3 * 3_600_000) == []
        transaction.put_replies([reply("p2", incident_id="i1", decided_time=at(-999))])
        (found,) = changed_requests(transaction, [silent, served], now_ms + 3 * 3_600_000)
        assert decode(found.body, Incident).incident_id == "i1"


def test_a_desk_that_has_nothing_to_say_to_a_message_is_asked_once(lite: Stores) -> None:
    class Silent(CountingSuggester):
        def suggest(
            self, conversations: Sequence[Sequence[CareMessage]], *, decided_time: datetime
        ) -> list[Reply]:
            return []

    ask(lite, care_message())
    desk = replying(lite, Silent(lite.store, lite))
    assert (desk.serve_once(), desk.waiting(), desk.answers, texts(lite)) == (1, 0, 0, [])
