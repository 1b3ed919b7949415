"""The desks of tickets and of customer care: what waits is answered, each request once, crashes or not.

An answer is written with the end of its request; only the one who ends the request writes. Routes and
replies to what is live are sent through the outbox, all others are kept and sent to nobody. Does not know how
anything is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from streams.desk import Desk
from streams.intake import MessageAsk
from streams.outbox import Reached, nothing
from streams.topics import reply_lane, route_lane
from telcollm.codec import decode, encode
from telcollm.errors import TelcollmError
from telcollm.identity import derive_id
from telcollm.ports import Clock, ReplySuggester, Scope, Store, StoreTransaction, TicketRouter
from telcollm.records import CareMessage, Incident, Mode, Reply, Route, TroubleTicket
from telcollm.state import DeskRequest, DiagnosisRequest, OutboxMessage

BATCH: Final = 32
_CHANGED: Final = "changed"
_HOLDS_S: Final = 2 * 3_600
"""For how long after a reply an outage that it knew nothing of is told to the care desk."""
_ASK = msgspec.json.Decoder(MessageAsk)


class RequestDesk(Desk):
    """A desk of `DeskRequest`s; after a failure it goes on one by one, so that a bad one harms none."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        name: str,
        lanes: Callable[[], Sequence[str]],
        lane_of: Callable[[str], str],
        topic: str,
        reached: Reached = nothing,
        idle_wait_s: float = 0.2,
    ) -> None:
        super().__init__(store, name=f"telcollm-{name}", idle_wait_s=idle_wait_s)
        self._clock = clock
        self._kind = name
        self._lanes = lanes
        self._lane_of = lane_of
        self._topic = topic
        self._reached = reached
        self.answers = 0

    def _waiting_lanes(self) -> list[str]:
        return [self._lane_of(lane) for lane in self._lanes()]

    def _requests(self) -> list[DeskRequest]:
        lanes = self._waiting_lanes()
        return self._store.pending_desk_requests(lanes, 1 if self._failures else BATCH) if lanes else []

    def _first(self) -> list[str]:
        return [request.request_id for request in self._requests()]

    def _decided_time(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)

    def serve_once(self) -> int:
        """Return how many requests were answered: one batch, or none that waited.

        Raises:
            TransientError: the database, or what decides, did not answer; the requests wait.
            TelcollmError: what decides gave another number of answers than it was asked for.
        """
        requests = self._requests()
        if not requests:
            return 0
        answers = self._answered(requests)
        self._reached(f"before {self._kind} store")
        with self._store.transaction() as transaction:
            mine = transaction.take_requests(request.request_id for request in requests)
            for request in requests:
                if request.request_id in mine:
                    self._write(transaction, request, answers[request.request_id])
        self._reached(f"after {self._kind} store")
        self.answers += sum(len(answers[name]) for name in mine)
        self._served()
        return len(requests)

    def _answered(self, requests: Sequence[DeskRequest]) -> Mapping[str, Sequence[Route] | Sequence[Reply]]:
        raise NotImplementedError

    def _write(
        self, transaction: StoreTransaction, request: DeskRequest, answers: Sequence[Route] | Sequence[Reply]
    ) -> None:
        raise NotImplementedError

    def _message(self, request: DeskRequest, number: int, answer: Route | Reply, key: str) -> OutboxMessage:
        withdrawn = isinstance(answer, Reply) and answer.withdrawn
        headers = (("mode", answer.mode.value), *((("withdrawn", "1"),) if withdrawn else ()))
        return OutboxMessage(
            message_id=f"{request.request_id}:{number}",
            lane=request.lane.removeprefix(self._lane_of("")),
            topic=self._topic,
            key=key,
            value=encode(answer),
            headers=headers,
        )


class RoutingDesk(RequestDesk):
    """Asks the router about waiting tickets."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        router: TicketRouter,
        *,
        lanes: Callable[[], Sequence[str]],
        topic: str,
        reached: Reached = nothing,
        idle_wait_s: float = 0.2,
    ) -> None:
        super().__init__(
            store,
            clock,
            name="routes",
            lanes=lanes,
            lane_of=route_lane,
            topic=topic,
            reached=reached,
            idle_wait_s=idle_wait_s,
        )
        self._router = router

    def _answered(self, requests: Sequence[DeskRequest]) -> Mapping[str, Sequence[Route]]:
        tickets = [decode(request.body, TroubleTicket) for request in requests]
        routes = self._router.route(tickets, decided_time=self._decided_time())
        _check_count("the router", len(routes), len(tickets))
        return {
            request.request_id: [msgspec.structs.replace(route, mode=ticket.mode)]
            for request, ticket, route in zip(requests, tickets, routes, strict=True)
        }

    def _write(
        self, transaction: StoreTransaction, request: DeskRequest, answers: Sequence[Route] | Sequence[Reply]
    ) -> None:
        routes = [route for route in answers if isinstance(route, Route)]
        transaction.put_routes(routes)
        transaction.put_outbox(
            self._message(request, number, route, route.subject_id)
            for number, route in enumerate(routes)
            if route.mode is Mode.LIVE
        )


class ReplyDesk(RequestDesk):
    """Asks for replies to customers' messages, and which still hold when an incident changes."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        suggester: ReplySuggester,
        *,
        lanes: Callable[[], Sequence[str]],
        topic: str,
        reached: Reached = nothing,
        idle_wait_s: float = 0.2,
    ) -> None:
        super().__init__(
            store,
            clock,
            name="replies",
            lanes=lanes,
            lane_of=reply_lane,
            topic=topic,
            reached=reached,
            idle_wait_s=idle_wait_s,
        )
        self._suggester = suggester

    def _answered(self, requests: Sequence[DeskRequest]) -> Mapping[str, Sequence[Reply]]:
        decided_time = self._decided_time()
        answers: dict[str, Sequence[Reply]] = {}
        asked: list[tuple[DeskRequest, MessageAsk]] = []
        changes: dict[str, tuple[DeskRequest, Incident]] = {}
        for request in requests:
            if _is_change(request):
                answers[request.request_id] = []
                incident = decode(request.body, Incident)
                known = changes.get(incident.incident_id)
                if known is None or incident.revision >= known[1].revision:
                    changes[incident.incident_id] = (request, incident)
            else:
                asked.append((request, _ASK.decode(request.body)))
        # What the newest revision takes back, older ones need not.
        for request, incident in changes.values():
            answers[request.request_id] = self._suggester.incident_changed(
                incident, decided_time=decided_time
            )
        if asked:
            conversations = [self._conversation(ask) for _, ask in asked]
            replies = self._suggester.suggest(conversations, decided_time=decided_time)
            if len(asked) == 1 and not replies:
                answers[asked[0][0].request_id] = []
                return answers
            _check_count("the care desk", len(replies), len(asked))
            for (request, ask), reply in zip(asked, replies, strict=True):
                answers[request.request_id] = [msgspec.structs.replace(reply, mode=ask.mode)]
        return answers

    def _conversation(self, ask: MessageAsk) -> list[CareMessage]:
        wanted = frozenset(ask.message_ids)
        scope = Scope(tenants=(ask.tenant,))
        found = self._store.conversation(scope, ask.conversation_id)
        earlier = [message for message in found if message.message_id in wanted]
        last = [message for message in earlier if message.message_id == ask.message_ids[-1]]
        # The one that waits comes last, wherever the clock of who sent it puts it.
        return [message for message in earlier if message.message_id != ask.message_ids[-1]] + last

    def _write(
        self, transaction: StoreTransaction, request: DeskRequest, answers: Sequence[Route] | Sequence[Reply]
    ) -> None:
        replies = [reply for reply in answers if isinstance(reply, Reply)]
        transaction.put_replies(replies)
        transaction.put_outbox(
            self._message(request, number, reply, reply.conversation_id)
            for number, reply in enumerate(replies)
            if reply.mode is Mode.LIVE
        )
        # The incident may have changed while the reply was thought of, and whoever changed it did not know.
        resting = {reply.incident_id: reply.incident_revision for reply in replies if not reply.withdrawn}
        seen = decode(request.body, Incident).revision if _is_change(request) else None
        transaction.put_desk_requests(
            changed_request(incident, request.lane.removeprefix(reply_lane("")), request.request_id)
            for incident in transaction.current_incidents(resting)
            if incident.revision != (resting[incident.incident_id] if seen is None else seen)
            or (seen is None and incident.superseded_by)
        )


def changed_requests(
    transaction: StoreTransaction, requests: Sequence[DiagnosisRequest], now_ms: int
) -> list[DeskRequest]:
    """Return the requests to look at replies again, for the incidents that may make one untrue.

    Those that replies rest on, and, while there are replies of the last hours, those that touch services.
    """
    touched = transaction.replied_on(request.incident.incident_id for request in requests)
    lately = transaction.replied_since(now_ms - _HOLDS_S * 1000)
    return [
        changed_request(request.incident, request.lane)
        for request in requests
        if request.incident.incident_id in touched or (lately and request.incident.affected_service)
    ]


def _is_change(request: DeskRequest) -> bool:
    return request.request_id.startswith(f"{_CHANGED}-")


def changed_request(incident: Incident, lane: str, since: str = "") -> DeskRequest:
    """Return the request to look again at the replies that rest on an incident, because of `since`."""
    name = derive_id(_CHANGED, incident.incident_id, str(incident.revision), incident.superseded_by, since)
    return DeskRequest(name, reply_lane(lane), encode(incident))


def _check_count(who: str, given: int, wanted: int) -> None:
    if given != wanted:
        message = (
            f"{who} gave {given} answers to {wanted} requests; one each, in order, is allowed; mend its code"
        )
        raise TelcollmError(message)
