"""A desk over a real store: one customer whose services ride on one cell, and others that are not his."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.care.book import ScriptBook, load_book
from agents.care.desk import CareDesk, NamedDecider
from agents.care.policy import Policy, load_policy
from telcollm.records import (
    CareMessage,
    Customer,
    Incident,
    Reply,
    TicketStatus,
    TopologyElement,
    TroubleTicket,
)
from telcollm.store.opening import Stores, open_stores
from telcollm.topology import Topology

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
KEY = b"0123456789abcdef"

ANNA = Customer(
    tenant="acme",
    customer_id="customer-000001",
    name="Anna O'Neill",
    language="en",
    service_ids=("svc-1",),
    plan="Basic Plan",
    facts={
        "lines": [
            {
                "line_id": "L1001",
                "phone_number": "555-123-2002",
                "status": "Active",
                "plan_id": "P1001",
                "data_used_gb": 3.2,
                "contract_end_date": "2027-12-31",
            }
        ],
        "plans": [
            {
                "plan_id": "P1001",
                "name": "Basic Plan",
                "data_limit_gb": 5.0,
                "data_refueling_price_per_gb": 5.0,
            }
        ],
        "bills": [],
    },
)
BEN = msgspec.structs.replace(
    ANNA, customer_id="customer-000002", name="Ben Secretive", service_ids=("svc-2",), plan="Ruby Hidden"
)


def incident(status: TicketStatus = TicketStatus.IN_PROGRESS, **changes: Any) -> Incident:
    given: dict[str, Any] = {
        "tenant": "acme",
        "incident_id": "inc-1",
        "revision": 1,
        "status": status,
        "opened_time": NOW - timedelta(hours=1),
        "last_event_time": NOW - timedelta(minutes=5),
        "affected_objects": ("cell-1",),
    }
    return Incident(**(given | changes))


def ticket(due: datetime, **changes: Any) -> TroubleTicket:
    given: dict[str, Any] = {
        "tenant": "acme",
        "ticket_id": "tt-1",
        "description": "fibre cut",
        "status": TicketStatus.IN_PROGRESS,
        "related_entity": ("inc-1",),
        "last_update": NOW - timedelta(minutes=10),
        "creation_date": NOW - timedelta(minutes=30),
        "expected_resolution_date": due,
    }
    return TroubleTicket(**(given | changes))


@pytest.fixture(scope="session")
def book() -> ScriptBook:
    return load_book()


@pytest.fixture(scope="session")
def policy(book: ScriptBook) -> Policy:
    return load_policy(signs=book.signs, intents=book.intents)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = open_stores(f"sqlite:///{tmp_path / 'telcollm.db'}")
    opened.care.put_customers([ANNA, BEN])
    yield opened
    opened.close()


TOPOLOGY = Topology(
    [
        TopologyElement(tenant="acme", element_id="cell-1", services=("svc-1",)),
        TopologyElement(tenant="acme", element_id="cell-2", services=("svc-2",)),
    ]
)


class Desk:
    """A desk, with words instead of records going in."""

    def __init__(self, stores: Stores, book: ScriptBook, policy: Policy, **given: Any) -> None:
        self.stores = stores
        self.care = CareDesk(stores, TOPOLOGY, book, policy, guard_key=KEY, **given)

    def put(self, *incidents: Incident) -> None:
        with self.stores.store.transaction() as transaction:
            transaction.put_incidents(incidents)

    def conversation(
        self, *texts: str, customer_id: str = ANNA.customer_id, tenant: str = "acme", name: str = "c1"
    ) -> list[CareMessage]:
        """Return messages one minute apart up to now; texts that begin with "> " are the desk's."""
        return [
            CareMessage(
                tenant=tenant,
                message_id=f"{name}-m{number}",
                conversation_id=name,
                sent_time=NOW - timedelta(minutes=len(texts) - number),
                text=text.removeprefix("> "),
                author="agent" if text.startswith("> ") else "customer",
                customer_id=customer_id,
            )
            for number, text in enumerate(texts, start=1)
        ]

    def reply(self, *texts: str, at: datetime = NOW, **given: Any) -> Reply:
        (reply,) = self.care.suggest([self.conversation(*texts, **given)], decided_time=at)
        return reply

    def kept(self, *texts: str, at: datetime = NOW, **given: Any) -> Reply:
        """Return a reply after conversation and reply have been kept in the store."""
        messages = self.conversation(*texts, **given)
        self.stores.care.put_messages(messages)
        (reply,) = self.care.suggest([messages], decided_time=at)
        self.stores.care.put_replies([reply])
        return reply

    def changed(self, incident: Incident, at: datetime = NOW) -> Sequence[Reply]:
        """Return what becomes of replies, as kept, after the incident was kept."""
        self.put(incident)
        replies = self.care.incident_changed(incident, decided_time=at)
        self.stores.care.put_replies(replies)
        return replies


@pytest.fixture
def desk(stores: Stores, book: ScriptBook, policy: Policy) -> Desk:
    return Desk(stores, book, policy)


@pytest.fixture
def desk_with(stores: Stores, book: ScriptBook, policy: Policy) -> Callable[[Any], Desk]:
    """A desk whose intents are decided by the given decider."""
    learned = frozenset({"roaming", "outage_report", "weather"})
    return lambda decider: Desk(stores, book, policy, decider=NamedDecider(decider, "own@3", learned, "own"))
