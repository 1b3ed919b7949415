"""Laws of the desk of tickets: each has one route, whatever ends in between, and only live ones are sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pytest

from streams.intake import route_request, wants_route
from streams.outbox import nothing
from streams.routing_desk import RoutingDesk
from streams.topics import reply_lane, route_lane
from telcollm.codec import decode
from telcollm.errors import TelcollmError, TransientError
from telcollm.ports import EVERYTHING
from telcollm.records import DecidedBy, Mode, Route, TicketStatus, TroubleTicket
from telcollm.store.opening import Stores
from telcollm.store.switch import ModelStoppedError, StopSwitch
from tests.streams.desk_pipeline import (
    ByWordRouter,
    Crash,
    StillClock,
)
from tests.telcollm.store.desk_examples import ticket as ticket_record
from tests.telcollm.store.examples import at

LANE = "tickets/0"


def wait_for_routes(stores: Stores, *tickets: TroubleTicket) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_tickets(tickets)
        transaction.put_desk_requests(route_request(one, LANE) for one in tickets)


def routing(
    stores: Stores,
    router: Any,
    reached: Callable[[str], None] = nothing,
    check: Callable[[], None] = lambda: None,
) -> RoutingDesk:
    return RoutingDesk(
        stores.store,
        StillClock(),
        router,
        lanes=lambda: [LANE],
        topic="routes",
        check=check,
        reached=reached,
        idle_wait_s=0.01,
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


class SwitchedRouter(ByWordRouter):
    """Routes by a model while the switch lets it, else by rules."""

    def __init__(self, switch: StopSwitch) -> None:
        super().__init__()
        self._switch = switch

    def route(self, tickets: Sequence[TroubleTicket], *, decided_time: datetime) -> list[Route]:
        by = DecidedBy.RULE if self._switch.stopped() else DecidedBy.MODEL
        routes = super().route(tickets, decided_time=decided_time)
        return [msgspec.structs.replace(route, decided_by=by) for route in routes]


def test_a_route_that_a_model_made_is_neither_stored_nor_sent_once_models_are_stopped(stores: Stores) -> None:
    switch, elsewhere = (StopSwitch(stores.database, lambda: 0.0) for _ in range(2))

    def stopping(passed: str) -> None:
        if passed == "before routes store":
            elsewhere.set(stopped=True, by="eva", at=at(7))

    wait_for_routes(stores, ticket_record("t1"))
    desk = routing(stores, SwitchedRouter(switch), stopping, switch.check_now)
    with pytest.raises(ModelStoppedError):
        desk.serve_once()
    assert histories(stores, "t1") == [0] and not stores.store.pending_outbox([LANE], 9)
    assert (desk.waiting(), desk.answers, desk.batches) == (1, 0, 0)
    # Asked anew, by rules: the switch that is down keeps nobody waiting.
    assert (desk.serve_once(), desk.serve_once(), desk.waiting()) == (1, 0, 0)
    (route,) = stores.tickets.route_history(EVERYTHING, "t1")
    assert route.decided_by is DecidedBy.RULE
    (sent,) = stores.store.pending_outbox([LANE], 9)
    assert decode(sent.value, Route) == route


def test_the_switch_is_not_asked_about_routes_that_rules_made(lite: Stores) -> None:
    asked: list[str] = []
    wait_for_routes(lite, ticket_record("t1"))
    desk = routing(lite, ByWordRouter(), check=lambda: asked.append("asked"))
    assert (desk.serve_once(), asked) == (1, [])


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
    assert done.wait(120)
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


def test_lanes_of_desks_are_apart() -> None:
    assert len({LANE, route_lane(LANE), reply_lane(LANE)}) == 3
