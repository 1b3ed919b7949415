"""Telemetry, tickets and conversations that tests put into a store; calls take what should differ."""

from __future__ import annotations

from typing import Any

from telcollm.records import CareMessage, Customer, KpiSample, LogLine, Reply, Route, TroubleTicket
from tests.telcollm.store.examples import at

PLACE: dict[str, Any] = {"tenant": "acme", "region": "north"}


def kpi(minutes: float = 0, managed_object: str = "cell-7", **changes: Any) -> KpiSample:
    fields = {**PLACE, "kpi": "prb_utilisation_ratio", "sampled_time": at(minutes), "value": 0.5, **changes}
    return KpiSample(managed_object=managed_object, **fields)


def line(minutes: float = 0, managed_object: str = "cell-7", **changes: Any) -> LogLine:
    fields = {**PLACE, "logged_time": at(minutes), "text": "link down", **changes}
    return LogLine(managed_object=managed_object, **fields)


def ticket(ticket_id: str = "t1", **changes: Any) -> TroubleTicket:
    fields = {**PLACE, "description": "No light on the fibre", "creation_date": at(0), **changes}
    return TroubleTicket(ticket_id=ticket_id, **fields)


def route(route_id: str = "r1", subject_id: str = "t1", **changes: Any) -> Route:
    fields = {**PLACE, "decided_time": at(1), "team": "transport", **changes}
    return Route(route_id=route_id, subject_id=subject_id, **fields)


def care_message(message_id: str = "m1", **changes: Any) -> CareMessage:
    fields = {**PLACE, "conversation_id": "c1", "sent_time": at(0), "text": "no internet", **changes}
    return CareMessage(message_id=message_id, **fields)


def customer(customer_id: str = "k1", **changes: Any) -> Customer:
    return Customer(customer_id=customer_id, **{**PLACE, "service_ids": ("svc-1",), **changes})


def reply(reply_id: str = "p1", **changes: Any) -> Reply:
    fields = {**PLACE, "conversation_id": "c1", "decided_time": at(2), "text": "We are at work.", **changes}
    return Reply(reply_id=reply_id, **fields)
