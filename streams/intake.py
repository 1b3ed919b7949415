"""Intake: KPIs, logs, tickets, customers' messages and feedback, written with the offsets they came from.

One stage reads the topics of one kind as a member of a group of its own, so that no flood of one kind holds
up another. Does not know what a desk makes of a ticket or a message: it queues them, where a desk is there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

import msgspec

from streams.claims import ClaimedSource, Place
from streams.formats.desk import check_desk_mapping, decode_records
from streams.kafka.source import PartitionSource, RawRecord
from streams.outbox import Reached, nothing
from streams.refusals import check_size, letter_of, put_letters
from streams.topics import DEAD_LETTERS, INTAKE_GROUP, group, lane_of, on_wire, reply_lane, route_lane
from telcollm.codec import encode
from telcollm.errors import DecodeError
from telcollm.identity import derive_id
from telcollm.ports import Store, StoreTransaction
from telcollm.records import (
    CareMessage,
    Feedback,
    KpiSample,
    LogLine,
    Mode,
    Record,
    TicketStatus,
    TroubleTicket,
)
from telcollm.settings import Settings
from telcollm.state import DeadLetter, DeskRequest

OVER: Final = frozenset(
    {TicketStatus.CLOSED, TicketStatus.RESOLVED, TicketStatus.CANCELLED, TicketStatus.REJECTED}
)
_MOST_ROWS: Final = 4_000
"""About how many rows a step writes, once it has seen how long the lists are: alarms wait while it does."""
_REMEMBERED: Final = 200
"""How many messages before it a reply may look back on."""


class MessageAsk(msgspec.Struct, frozen=True):
    """A customer's message that waits for a reply, and the messages of its conversation up to it."""

    tenant: str
    conversation_id: str
    mode: Mode
    message_ids: tuple[str, ...]


class IntakeStage:
    """Reads one kind of topic as one member of its group."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        kind: str,
        *,
        queue: bool = False,
        open_source: Callable[..., PartitionSource] = PartitionSource,
        reached: Reached = nothing,
        on_owned: Callable[[Collection[str]], None] = lambda lanes: None,
    ) -> None:
        """Join the group of `kind`; with `queue`, tickets and messages wait for their desk."""
        self.kind = kind
        self._store = store
        self._queue = queue
        self._reached = reached
        self._batch = self._most = settings.streams.batch_max_records
        self._sources = {item.topic: item for item in settings.sources if item.kind == kind}
        for source in self._sources.values():
            check_desk_mapping(source)
        self._dead_letter_topic = on_wire(settings.kafka, DEAD_LETTERS)
        self._source = ClaimedSource(
            settings.kafka,
            group(settings.kafka, f"{INTAKE_GROUP}-{kind}"),
            self._sources,
            store,
            open_source=open_source,
            on_owned=on_owned,
        )
        self.records = 0
        self.taken = 0
        """How many records of the kind were written; a Kafka record may hold several."""
        self.dead_letters = 0

    @property
    def lanes(self) -> list[str]:
        """The lanes whose messages this worker sends and whose requests it serves."""
        return self._source.lanes

    def lag(self) -> int:
        """Return how many records of the assigned partitions were not read yet, as the last fetch said."""
        return sum(self._source.behind().values())

    def drained(self) -> bool:
        """Tell whether every record that is on the brokers now was read and stored; asks the brokers."""
        return self._source.drained()

    def step(self, timeout_ms: int) -> int:
        """Return how many records were read and made durable with their offsets, in one transaction.

        Raises:
            TransientError: brokers or database did not answer.
            FencedError: another worker has taken a partition over.
        """
        letters: list[DeadLetter] = []
        found: list[tuple[str, Record]] = []
        touched: set[Place] = set()
        read = 0
        for record in self._source.poll(timeout_ms, self._most):
            place = (record.topic, record.partition)
            mine = self._source.progress.get(place)
            if mine is None:
                continue
            good, refused = self._decoded(record)
            found += [(lane_of(*place), one) for one in good]
            if refused is not None:
                letters.append(letter_of(record, refused))
            mine.next_offset = record.offset + 1
            touched.add(place)
            read += 1
        if not touched:
            return 0
        self._reached(f"before {self.kind} store")
        with self._store.transaction() as transaction:
            transaction.fence([self._source.progress[place] for place in touched])
            if self._queue:
                # Before the messages themselves: what was known of a conversation counts.
                transaction.put_desk_requests(_requests(transaction, found))
            _put(transaction, [record for _, record in found])
            put_letters(transaction, letters, self._dead_letter_topic)
        self._reached(f"after {self.kind} store")
        self._source.told(touched)
        self._most = max(1, min(self._batch, _MOST_ROWS * read // max(1, len(found))))
        self.records += read
        self.taken += len(found)
        self.dead_letters += len(letters)
        return read

    def _decoded(self, record: RawRecord) -> tuple[list[Record], DecodeError | None]:
        try:
            check_size(record)
        except DecodeError as error:
            return [], error
        return decode_records(record.value, self._sources[record.topic])

    def close(self) -> None:
        """Leave the group and let go of the connection."""
        self._source.close()


def _put(transaction: StoreTransaction, records: Sequence[Record]) -> None:
    transaction.put_kpis(one for one in records if isinstance(one, KpiSample))
    transaction.put_logs(one for one in records if isinstance(one, LogLine))
    transaction.put_tickets(one for one in records if isinstance(one, TroubleTicket))
    transaction.put_care_messages(one for one in records if isinstance(one, CareMessage))
    for one in records:
        if isinstance(one, Feedback):
            transaction.put_feedback(one)


def _requests(transaction: StoreTransaction, found: Iterable[tuple[str, Record]]) -> list[DeskRequest]:
    listed = list(found)
    requests = [
        route_request(one, lane)
        for lane, one in listed
        if isinstance(one, TroubleTicket) and wants_route(one)
    ]
    messages = [(lane, one) for lane, one in listed if isinstance(one, CareMessage)]
    if messages:
        known = transaction.message_ids((one.tenant, one.conversation_id) for _, one in messages)
        for lane, message in messages:
            ids = known.setdefault((message.tenant, message.conversation_id), [])
            if message.message_id in ids:
                continue
            ids.append(message.message_id)
            if message.author == "customer":
                requests.append(reply_request(message, ids, lane))
    return requests


def wants_route(ticket: TroubleTicket) -> bool:
    """Tell whether a ticket waits for a team: open, and with none that it names."""
    return ticket.status not in OVER and not ticket.team


def route_request(ticket: TroubleTicket, lane: str) -> DeskRequest:
    """Return the request for a route; the same for versions of a ticket that differ in dates alone.

    A system that files a route and tells of the change thus asks for no other.
    """
    timeless = msgspec.structs.replace(
        ticket, creation_date=None, last_update=None, status_change_date=None, status_change_reason=""
    )
    name = derive_id("route", ticket.tenant, ticket.ticket_id, encode(timeless).decode())
    return DeskRequest(name, route_lane(lane), encode(ticket))


def reply_request(message: CareMessage, message_ids: Sequence[str], lane: str) -> DeskRequest:
    """Return the request for a reply to the last of the messages."""
    name = derive_id("reply", message.tenant, message.conversation_id, message.message_id)
    ask = MessageAsk(message.tenant, message.conversation_id, message.mode, tuple(message_ids[-_REMEMBERED:]))
    return DeskRequest(name, reply_lane(lane), msgspec.json.encode(ask))
