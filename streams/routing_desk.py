"""The desk of tickets: asks the router about those that wait. Does not know how a team is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from streams.request_desk import RequestDesk, check_count
from streams.topics import route_lane
from telcollm.codec import decode
from telcollm.ports import StoreTransaction, TicketRouter
from telcollm.records import Route, TroubleTicket
from telcollm.state import DeskRequest


class RoutingDesk(RequestDesk[TicketRouter, Route]):
    """Asks the router about waiting tickets."""

    kind: ClassVar = "routes"

    def _lane_of(self, lane: str) -> str:
        return route_lane(lane)

    def _answered(
        self, requests: Sequence[DeskRequest], decided_time: datetime
    ) -> Mapping[str, Sequence[Route]]:
        tickets = [decode(request.body, TroubleTicket) for request in requests]
        routes = self._decides.route(tickets, decided_time=decided_time)
        check_count("the router", len(routes), len(tickets))
        return {
            request.request_id: [msgspec.structs.replace(route, mode=ticket.mode)]
            for request, ticket, route in zip(requests, tickets, routes, strict=True)
        }

    def _keep(self, transaction: StoreTransaction, request: DeskRequest, answers: Sequence[Route]) -> None:
        transaction.put_routes(answers)

    def _key(self, answer: Route) -> str:
        return answer.subject_id
