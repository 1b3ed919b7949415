"""Laws of the desks: each request has one answer, whatever ends in between, and only live ones are sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.desks import ReplyDesk, RoutingDesk, changed_request, changed_requests
from streams.intake import IntakeStage, reply_request, route_request, wants_route
from streams.outbox import nothing
from streams.testing import consume_all
from streams.topics import DEAD_LETTERS, REPLIES, ROUTES, on_wire, reply_lane, route_lane
from telcollm.codec import decode
from telcollm.errors import FencedError, TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING
from telcollm.records import CareMessage, Incident, Mode, Reply, Route, TicketStatus, TroubleTicket
from telcollm.store.opening import Stores, open_stores
from telcollm.store.tickets import TicketQuery
from tests.streams.desk_pipeline import (
    POINTS,
    ByWordRouter,
    CountingSuggester,
    Crash,
    Desks,
    StillClock,
    message,
    ticket,
)
from tests.telcollm.store.desk_examples import care_message, reply
from tests.telcollm.store.desk_examples import ticket as ticket_record
from tests.telcollm.store.examples import NOON_MS, at, incident
from tests.telcollm.store.examples import request as diagnosis_request

LANE = "tickets/0"


@pytest.fixture
def stores(database: list[str]) -> Iterator[Stores]:
    opened = open_stores(database[0])
    yield opened
    opened.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Stores]:
    opened = open_stores(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield opened
    opened.close()


def wait_for_routes(stores: Stores, *tickets: TroubleTicket) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_tickets(tickets)
        transaction.put_desk_requests(route_request(one, LANE) for one in tickets)


def routing(stores: Stores, router: Any, reached: Callable[[str], None] = nothing) -> RoutingDesk:
    return RoutingDesk(
        stores.store,
        StillClock(),
        router,
        lanes=lambda: [LANE],
        topic="routes",
        reached=reached,
        idle_wait_s=0.01,
    )


def replying(stores: Stores, suggester: Any, reached: Callable[[str], None] = nothing) -> ReplyDesk:
    return ReplyDesk(
        stores.store, StillClock(), suggester, lanes=lambda: ["care/0"], topic="replies", reached=reached
    )


def histories(stores: Stores, *names: str) -> list[int]:
    return [len(stores.tickets.route_history(EVERYTHING, name)) for name in names]


def test_a_ticket_is_routed_once_and_live_routes_alone_are_sent(stores: Stores) -> None:
    wait_for_routes(stores, ticket_record("live"), ticket_record("old", mode=Mode.REPLAY))
    desk = routing(stores, ByWordRouter())
    assert desk.waiting() == 2
    assert (desk.serve_once(), desk.serve_once(), desk.waiting(), desk.answers) == (2, 0, 0, 2)
    assert histories(stores, "live", "old") == [1, 1]
    (sent,) = stores.store.pending_outbox([LANE], 9)
    route = msgspec.json.decode(sent.value)
    assert (sent.topic, sent.key, sent.headers) == ("routes", "live", (("mode", "live"),))
    assert (route["subjectId"], route["team"]) == ("live", "No")
    (kept,) = stores.tickets.route_history(EVERYTHING, "old")
    assert kept.mode is Mode.REPLAY


def test_of_two_desks_that_serve_the_same_request_one_answers(stores: Stores) -> None:
    wait_for_routes(stores, ticket_record())
    late: list[int] = []

    def other(point: str) -> None:
        # Between the first one's thinking and its writing another owner of the lane is done with it.
        if point == "before routes store" and not late:
            late.append(routing(stores, ByWordRouter()).serve_once())

    desk = routing(stores, ByWordRouter(), other)
    desk.serve_once()
    assert (late, desk.answers, histories(stores, "t1")) == ([1], 0, [1])
    assert len(stores.store.pending_outbox([LANE], 9)) == 1


@pytest.mark.parametrize("point", ["before routes store", "after routes store"])
def test_a_desk_that_ends_leaves_each_ticket_one_route(lite: Stores, point: str) -> None:
    wait_for_routes(lite, ticket_record("a"), ticket_record("b"))

    def reached(passed: str) -> None:
        if passed == point:
            raise Crash

    with pytest.raises(Crash):
        routing(lite, ByWordRouter(), reached).serve_once()
    assert routing(lite, ByWordRouter()).serve_once() == (2 if point.startswith("before") else 0)
    assert histories(lite, "a", "b") == [1, 1]
    assert len(lite.store.pending_outbox([LANE], 9)) == 2


def test_a_ticket_that_the_router_cannot_take_keeps_no_other_from_its_route(lite: Stores) -> None:
    tickets = [ticket_record(name) for name in ("a", "bad", "b")]
    wait_for_routes(lite, *tickets)
    done = threading.Event()

    class Picky(ByWordRouter):
        def route(self, tickets: Sequence[TroubleTicket], *, decided_time: datetime) -> list[Route]:
            if any(ticket.ticket_id == "bad" for ticket in tickets):
                raise RuntimeError
            if any(ticket.ticket_id == "b" for ticket in tickets):
                done.set()
            return super().route(tickets, decided_time=decided_time)

    desk = routing(lite, Picky())
    desk.start()
    assert done.wait(60)
    desk.stop()
    assert (desk.waiting(), histories(lite, "a", "bad", "b")) == (0, [1, 0, 1])


def test_a_router_that_does_not_answer_leaves_the_tickets_waiting(lite: Stores) -> None:
    wait_for_routes(lite, ticket_record())

    class Away(ByWordRouter):
        def route(self, tickets: Sequence[TroubleTicket], *, decided_time: datetime) -> list[Route]:
            message = "the model did not answer; one that runs is needed; start it"
            raise TransientError(message)

    desk = routing(lite, Away())
    with pytest.raises(TransientError):
        desk.serve_once()
    assert (desk.waiting(), histories(lite, "t1")) == (1, [0])


def test_a_router_that_answers_another_number_is_told_so(lite: Stores) -> None:
    wait_for_routes(lite, ticket_record())

    class Silent(ByWordRouter):
        def route(self, tickets: Sequence[TroubleTicket], *, decided_time: datetime) -> list[Route]:
            return []

    with pytest.raises(TelcollmError, match="the router gave 0 answers to 1 requests; one each"):
        routing(lite, Silent()).serve_once()


def test_a_change_of_dates_alone_asks_for_no_other_route_and_one_of_words_does() -> None:
    first = route_request(ticket_record(), LANE).request_id
    assert route_request(ticket_record(last_update=at(9)), LANE).request_id == first
    assert route_request(ticket_record(description="worse"), LANE).request_id != first
    assert route_request(ticket_record(tenant="bell"), LANE).request_id != first


def test_only_an_open_ticket_without_a_team_wants_a_route() -> None:
    assert wants_route(ticket_record())
    assert not wants_route(ticket_record(team="core"))
    assert not any(
        wants_route(ticket_record(status=status))
        for status in (TicketStatus.CLOSED, TicketStatus.RESOLVED, TicketStatus.CANCELLED)
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


def test_a_change_while_the_reply_is_thought_of_is_seen(stores: Stores) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_incidents([incident("i1", 1)])
    ask(stores, care_message())

    def reached(passed: str) -> None:
        # Whoever changes the incident now finds no reply on it yet.
        if passed == "before replies store" and stores.store.pending_counts([reply_lane("care/0")]):
            with stores.store.transaction() as transaction:
                transaction.put_incidents([incident("i1", 2)])
                assert transaction.replied_on(["i1"]) <= {"i1"}

    desk = replying(stores, CountingSuggester(stores.store, stores, "i1"), reached)
    while desk.serve_once():
        pass
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


def test_lanes_of_desks_are_apart() -> None:
    assert len({LANE, route_lane(LANE), reply_lane(LANE)}) == 3


# From here on against a real broker.

TICKETS = [
    ticket(0),
    b"{not json",
    [ticket(1), ticket(2, "core is wanted")],
    ticket(0),
    ticket(3, status="closed"),
    ticket(4, team="core"),
    [ticket(5), {"ticketId": 7}, ticket(6)],
    ticket(0, lastUpdate="2026-01-02T00:00:00Z"),
    ticket(1, "core after all"),
    {"ticketId": "t9" * 400, "description": "x"},
]
MESSAGES = [
    message(0, "c1"),
    message(1, "c2"),
    b"[",
    message(2, "c1", "agent"),
    [message(3, "c1"), message(4, "c2")],
    message(3, "c1"),
    {"messageId": "m9", "conversationId": "c1", "sentTime": "yesterday", "text": "x"},
    message(5, "c1"),
]


def outcome(desks: Desks) -> dict[str, Any]:
    care = desks.stores.care
    found = desks.stores.tickets.tickets(EVERYTHING, TicketQuery(limit=99))
    return {
        "tickets": sorted(one.ticket_id for one in found),
        "routes": sorted(
            (one.ticket_id, route.team)
            for one in found
            for route in desks.stores.tickets.route_history(EVERYTHING, one.ticket_id)
        ),
        "replies": sorted(texts(desks.stores, "c1") + texts(desks.stores, "c2")),
        "messages": [len(care.conversation(EVERYTHING, name)) for name in ("c1", "c2")],
        "sent routes": sorted((one["subjectId"], one["team"]) for one in desks.sent(ROUTES)),
        "sent replies": sorted(one["text"] for one in desks.sent(REPLIES)),
        "letters": [
            (one.topic.rpartition(".")[2], one.offset, one.field) for one in desks.stores.store.dead_letters()
        ],
    }


ROUTED = [
    ("t0", "team-0"),
    ("t1", "core"),
    ("t1", "team-1"),
    ("t2", "core"),
    ("t5", "team-2"),
    ("t6", "team-0"),
]
REPLIED = [
    "to m0 after 1",
    "to m1 after 1",
    "to m3 after 3",
    "to m4 after 2",
    "to m5 after 4",
]


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_kills_at_every_point_leave_the_routes_and_replies_of_a_calm_run(
    kafka_settings: KafkaSettings, stores: Stores
) -> None:
    desks = Desks(kafka_settings, stores)
    desks.write(desks.tickets, TICKETS)
    desks.write(desks.care, MESSAGES)
    for number, point in enumerate(POINTS):
        # Something new on each topic, so that every point is passed.
        desks.write(desks.tickets, [ticket(10 + number, "radio is wanted")])
        desks.write(desks.care, [message(10 + number, "c1")])
        assert not desks.run(point), point
    assert desks.run()
    late = range(len(POINTS))
    routed = [*ROUTED, *((f"t{10 + number}", "radio") for number in late)]
    replied = [*REPLIED, *(f"to m{10 + number} after {5 + number}" for number in late)]
    assert outcome(desks) == {
        "tickets": sorted([f"t{number}" for number in range(7)] + [f"t{10 + number}" for number in late]),
        "routes": sorted(routed),
        "replies": sorted(replied),
        "messages": [4 + len(POINTS), 2],
        "sent routes": sorted(routed),
        "sent replies": sorted(replied),
        "letters": [
            ("care", 2, ""),
            ("care", 6, "sentTime"),
            ("tickets", 1, ""),
            ("tickets", 6, "[1].ticketId"),
            ("tickets", 9, "ticketId"),
        ],
    }
    letters = desks.stores.store.dead_letters()
    assert [letter.value for letter in letters if letter.field == "sentTime"] == [
        json.dumps(MESSAGES[6]).encode()
    ]
    assert len(consume_all(kafka_settings, on_wire(kafka_settings, DEAD_LETTERS))) == 5


@pytest.mark.broker
def test_what_is_not_live_is_kept_and_sent_to_nobody(kafka_settings: KafkaSettings, lite: Stores) -> None:
    desks = Desks(kafka_settings, lite, mode="backfill")
    desks.write(desks.tickets, TICKETS)
    desks.write(desks.care, MESSAGES)
    assert desks.run()
    found = outcome(desks)
    assert (found["routes"], found["replies"]) == (ROUTED, REPLIED)
    assert (found["sent routes"], found["sent replies"]) == ([], [])


@pytest.mark.broker
def test_an_owner_that_was_overtaken_writes_nothing(kafka_settings: KafkaSettings, lite: Stores) -> None:
    desks = Desks(kafka_settings, lite)
    desks.write(desks.tickets, TICKETS)

    def overtaken(point: str) -> None:
        if point == "before tickets store":
            lite.store.claim(desks.tickets, 0)

    stage = IntakeStage(desks.settings, lite.store, "tickets", queue=True, reached=overtaken)
    with pytest.raises(FencedError):
        for _ in range(200):
            stage.step(100)
    stage.close()
    assert lite.tickets.count(EVERYTHING, TicketQuery()) == lite.store.count_dead_letters() == 0
    assert lite.store.pending_desk_requests([route_lane(f"{desks.tickets}/0")], 9) == []
