"""The case of one conversation: the live records that touch its customer, as traits and as values for slots.

Only records of the conversation's own tenant and customer are read, whoever else a message names. Does not
know scripts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agents.care.account import account_of
from agents.care.orders import sift
from agents.care.outages import OPEN, Outages
from agents.care.slots import Slot
from telcollm.ports import Scope
from telcollm.records import CareMessage, Customer, Incident
from telcollm.store.opening import Stores
from telcollm.store.tickets import TicketQuery

_ACCOUNT_TRAITS: Final = ("line", "contract", "overdue", "awaiting_payment", "allowance", "roaming")
_IDENTIFIER: Final = re.compile(r"(?<![\w-])(?=[\w-]*\d)[A-Za-z][\w-]{3,39}(?![\w-])", re.ASCII)
_MOST_NAMED: Final = 8
_OPEN_NAMES: Final = tuple(sorted(status.value for status in OPEN))


@dataclass(frozen=True, slots=True)
class Case:
    """One customer's records as of one time. `sources` names the record behind each trait that has one."""

    customer: Customer | None
    incident: Incident | None
    estimate_time: datetime | None
    traits: Mapping[str, str]
    slots: Mapping[str, Slot]
    sources: Mapping[str, str]


def gather(
    messages: Sequence[CareMessage], stores: Stores, outages: Outages, scope: Scope, at: datetime
) -> Case:
    """Return the case of a conversation whose messages are of one tenant, the last one the newest.

    Raises:
        TransientError: the store did not answer.
    """
    last = messages[-1]
    customer = stores.care.customer(scope, last.customer_id) if last.customer_id else None
    services = customer.service_ids if customer is not None and customer.service_ids else last.service_ids
    account, slots = account_of(customer, last.service_ids, at)
    traits = {
        "identified": "no" if customer is None else "yes",
        "names_other": "yes" if _names_other(last, customer, stores, scope) else "no",
        "estimate": "none",
        "ticket": "none",
        **account,
    }
    sources = dict.fromkeys(_ACCOUNT_TRAITS, customer.customer_id) if customer is not None else {}
    state, incident = outages.incident_on(services)
    traits["incident"] = state
    estimate = None
    if incident is not None:
        sources["incident"] = incident.incident_id
        slots["incident_reference"] = Slot(incident.incident_id, incident.incident_id)
        slots["incident_started"] = Slot(incident.opened_time, incident.incident_id)
        estimate = outages.estimate(incident) if state == "open" else None
    if estimate is not None:
        traits["estimate"] = "given"
        sources["estimate"] = estimate.ticket_id
        slots["incident_estimate"] = Slot(estimate.time, estimate.ticket_id)
    traits["planned_work"], work = outages.work_on(services)
    if work is not None:
        sources["planned_work"] = work.planned_work_id
        slots["work_start"] = Slot(work.start_time, work.planned_work_id)
        slots["work_end"] = Slot(work.end_time, work.planned_work_id)
    if customer is not None:
        # A service may be shared; only a ticket that names the customer is his.
        query = TicketQuery(statuses=_OPEN_NAMES, related_entity=customer.customer_id, limit=1)
        for ticket in stores.tickets.tickets(scope, query):
            traits["ticket"] = "open"
            sources["ticket"] = ticket.ticket_id
            slots["ticket_reference"] = Slot(ticket.ticket_id, ticket.ticket_id)
            if ticket.expected_resolution_date is not None and ticket.expected_resolution_date > at:
                slots["ticket_due"] = Slot(ticket.expected_resolution_date, ticket.ticket_id)
    return Case(
        customer=customer,
        incident=incident,
        estimate_time=None if estimate is None else estimate.time,
        traits=traits,
        slots=slots,
        sources=sources,
    )


def _names_other(message: CareMessage, customer: Customer | None, stores: Stores, scope: Scope) -> bool:
    """Tell whether a message names a customer of the store's that is not its own."""
    own = {message.customer_id.casefold()} | ({customer.customer_id.casefold()} if customer else set())
    named = dict.fromkeys(_IDENTIFIER.findall(sift(message.text[:4_000]).text))
    for name in list(named)[:_MOST_NAMED]:
        if name.casefold() in own:
            continue
        if any(
            stores.care.customer(scope, spelt) is not None for spelt in (name, name.lower(), name.upper())
        ):
            return True
    return False
