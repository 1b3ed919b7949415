"""Intake, desks and outbox driven in one thread, so that a crash falls where a test wants it to."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from streams.intake import IntakeStage
from streams.kafka.sink import RecordSink
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.outbox import OutboxRelay
from streams.reply_desk import ReplyDesk
from streams.routing_desk import RoutingDesk
from streams.testing import consume_all, produce_all
from streams.topics import DEAD_LETTERS, REPLIES, ROUTES, on_wire
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import EVERYTHING, Store
from telcollm.records import CareMessage, Incident, Reply, Route, TroubleTicket
from telcollm.settings import Settings, SourceSettings, StreamSettings
from telcollm.store.opening import Stores

NOW_MS = 1_767_268_800_000
# Reached only where something never comes: a machine may be slow.
WITHIN_S = 240.0
POINTS = (
    "before tickets store",
    "after tickets store",
    "before routes store",
    "after routes store",
    "before care store",
    "after care store",
    "before replies store",
    "after replies store",
    "before outbox",
    "after outbox",
)


class Crash(BaseException):
    """The process ends here: nothing that is not durable is left."""


class StillClock:
    """A clock that stands."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic_s(self) -> float:
        return NOW_MS / 1000


class ByWordRouter:
    """Routes by the first word; each answer has an id of its own, so that a doubled one shows."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def route(self, tickets: Sequence[TroubleTicket], *, decided_time: datetime) -> list[Route]:
        self.asked += [ticket.ticket_id for ticket in tickets]
        return [
            Route(
                route_id=uuid.uuid4().hex,
                subject_id=ticket.ticket_id,
                tenant=ticket.tenant,
                decided_time=decided_time,
                team=ticket.description.split()[0],
            )
            for ticket in tickets
        ]


class CountingSuggester:
    """Says how many messages it saw and what an open incident's revision is; withdraws when that changes."""

    def __init__(self, store: Store, stores: Stores, incident_id: str = "") -> None:
        self._store = store
        self._stores = stores
        self._incident_id = incident_id

    def _revision(self) -> str:
        incident = self._store.incident(EVERYTHING, self._incident_id) if self._incident_id else None
        return "" if incident is None else f" revision {incident.revision}"

    def suggest(
        self, conversations: Sequence[Sequence[CareMessage]], *, decided_time: datetime
    ) -> list[Reply]:
        return [
            Reply(
                reply_id=uuid.uuid4().hex,
                conversation_id=conversation[-1].conversation_id,
                tenant=conversation[-1].tenant,
                decided_time=decided_time,
                text=f"to {conversation[-1].message_id} after {len(conversation)}{self._revision()}",
                incident_id=self._incident_id,
            )
            for conversation in conversations
        ]

    def incident_changed(self, incident: Incident, *, decided_time: datetime) -> list[Reply]:
        found = self._stores.care.replies_on_incident(EVERYTHING, incident.incident_id)
        return [
            msgspec.structs.replace(reply, withdrawn=True)
            for reply in found
            if not reply.text.endswith(f" revision {incident.revision}")
        ]


class Desks:
    """Topics of tickets and of conversations, read and answered against a real broker and a real store."""

    def __init__(self, kafka: KafkaSettings, stores: Stores, *, mode: Any = "live") -> None:
        self.kafka = kafka
        self.stores = stores
        self.tickets, self.care = kafka.topic("tickets"), kafka.topic("care")
        self.settings = Settings(
            kafka=kafka,
            sources=(
                SourceSettings(topic=self.tickets, kind="tickets", mode=mode),
                SourceSettings(topic=self.care, kind="care", mode=mode),
            ),
            streams=StreamSettings(batch_max_records=4),
        )
        self.router = ByWordRouter()
        self.suggester = CountingSuggester(stores.store, stores)
        own = (on_wire(kafka, name) for name in (ROUTES, REPLIES, DEAD_LETTERS))
        ensure_topics(kafka, {name: TopicSpec(1) for name in (self.tickets, self.care, *own)})

    def write(self, topic: str, values: Sequence[Any]) -> None:
        raw = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in values]
        produce_all(self.kafka, topic, [(b"key", value) for value in raw])

    def run(self, point: str = "") -> bool:
        """Go on until all is through, or until a point is passed: False."""

        def reached(passed: str) -> None:
            if passed == point:
                raise Crash(passed)

        relay = OutboxRelay(
            self.stores.store, lambda: RecordSink(self.kafka), self.kafka, reached=reached, batch=3
        )
        intake = [
            IntakeStage(
                self.settings,
                self.stores.store,
                kind,
                queue=True,
                reached=reached,
                on_owned=relay.take_over,
            )
            for kind in ("tickets", "care")
        ]
        desks = self._desks(intake, reached)
        try:
            end_s = time.monotonic() + WITHIN_S
            while time.monotonic() < end_s:
                read = sum(stage.step(50) for stage in intake)
                served = sum(desk.serve_once() for desk in desks)
                sent = relay.relay([lane for stage in intake for lane in stage.lanes])
                if not (read or served or sent) and all(stage.lanes and stage.drained() for stage in intake):
                    return True
            message = "it does not come to an end"
            raise AssertionError(message)
        except Crash:
            return False
        finally:
            for one in (*intake, relay):
                with suppress(Exception):
                    one.close()

    def _desks(
        self, intake: Sequence[IntakeStage], reached: Callable[[str], None]
    ) -> list[RoutingDesk | ReplyDesk]:
        tickets, care = intake
        return [
            RoutingDesk(
                self.stores.store,
                StillClock(),
                self.router,
                lanes=lambda: tickets.lanes,
                topic=on_wire(self.kafka, ROUTES),
                reached=reached,
            ),
            ReplyDesk(
                self.stores.store,
                StillClock(),
                self.suggester,
                lanes=lambda: [*care.lanes, "events/0"],
                topic=on_wire(self.kafka, REPLIES),
                reached=reached,
            ),
        ]

    def sent(self, name: str) -> list[dict[str, Any]]:
        records = consume_all(self.kafka, on_wire(self.kafka, name))
        return [msgspec.json.decode(record.value or b"") for record in records]


def moment(minute: int) -> str:
    return datetime.fromtimestamp(NOW_MS / 1000 + 60 * minute, UTC).isoformat()


def ticket(number: int, description: str = "", **changes: Any) -> dict[str, Any]:
    wire = {"ticketId": f"t{number}", "description": description or f"team-{number % 3} is wanted"}
    return {**wire, "creationDate": moment(number), **changes}


def message(number: int, conversation: str, author: str = "customer") -> dict[str, Any]:
    return {
        "messageId": f"m{number}",
        "conversationId": conversation,
        "sentTime": moment(number),
        "text": "no internet",
        "author": author,
    }
