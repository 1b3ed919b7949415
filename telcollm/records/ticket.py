"""Trouble tickets (TMF621 v5) and customers' messages. Does not know who should get either."""

from __future__ import annotations

from typing import Any

from telcollm.records.record import Identifier, Part, Record, UtcTime
from telcollm.records.vocabulary import Mode, TicketPriority, TicketStatus


class Note(Part, frozen=True):
    """A note on a ticket. Source: TMF621 v5 Note."""

    id: str = ""
    author: str = ""
    date: UtcTime | None = None
    text: str = ""


class TroubleTicket(Record, frozen=True):
    """One trouble ticket. Source: TMF621 v5 TroubleTicket."""

    ticket_id: Identifier
    description: str
    severity: str = ""
    ticket_type: str = ""
    creation_date: UtcTime | None = None
    name: str = ""
    channel: str = ""
    status: TicketStatus = TicketStatus.ACKNOWLEDGED
    status_change_date: UtcTime | None = None
    status_change_reason: str = ""
    priority: TicketPriority | None = None
    requested_resolution_date: UtcTime | None = None
    expected_resolution_date: UtcTime | None = None
    resolution_date: UtcTime | None = None
    last_update: UtcTime | None = None
    external_identifier: tuple[str, ...] = ()
    note: tuple[Note, ...] = ()
    related_entity: tuple[str, ...] = ()
    related_party: tuple[str, ...] = ()
    trouble_ticket_relationship: tuple[str, ...] = ()
    trouble_ticket_characteristic: dict[str, Any] = {}
    team: str = ""
    mode: Mode = Mode.LIVE


class CareMessage(Record, frozen=True):
    """One message of a conversation between a customer and the care desk; `text` is untrusted."""

    message_id: Identifier
    conversation_id: Identifier
    sent_time: UtcTime
    text: str
    author: str = "customer"
    language: str = ""
    customer_id: str = ""
    service_ids: tuple[str, ...] = ()
    channel: str = ""
    mode: Mode = Mode.LIVE


class Customer(Record, frozen=True):
    """What an operator's customer database tells of one customer; `facts` is whatever else it knows."""

    customer_id: Identifier
    name: str = ""
    language: str = ""
    service_ids: tuple[str, ...] = ()
    plan: str = ""
    facts: dict[str, Any] = {}
