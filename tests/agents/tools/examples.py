"""Records that tests of tools put into a store; each call takes what it should differ in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.tools import ToolBudget
from telcollm import codec
from telcollm.records import Alarm, KpiSample, Link, LogLine, TopologyElement, TroubleTicket
from telcollm.state import AlarmState
from telcollm.store.opening import Stores
from tests.telcollm.store.examples import alarm

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday."""

HOUR = timedelta(hours=1)
BEFORE = NOW - HOUR


def allowing(**changes: Any) -> ToolBudget:
    """A budget that a busy machine does not use up, but for what the test is about."""
    return ToolBudget(**{"call_s": 120.0, "run_s": 600.0, **changes})


def at(minutes: float) -> datetime:
    """So many minutes after an hour before now."""
    return BEFORE + timedelta(minutes=minutes)


def ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def raised(alarm_id: str, managed_object: str = "cell-7", minutes: float = 0, **changes: Any) -> AlarmState:
    text = changes.pop("text", "")
    body = Alarm(
        tenant="acme",
        alarm_id=alarm_id,
        source_system_id="ems1",
        managed_object=managed_object,
        alarm_raised_time=at(minutes),
        additional_text=text,
    )
    given = {"managed_object": managed_object, "raised_ms": ms(at(minutes)), "body": codec.encode(body)}
    return alarm(alarm_id, **{**given, **changes})


def put_alarms(stores: Stores, alarms: Iterable[AlarmState]) -> None:
    with stores.store.transaction() as transaction:
        transaction.put_alarms(alarms)


def sample(time: datetime, value: float, managed_object: str = "cell-7", **changes: Any) -> KpiSample:
    given = {"tenant": "acme", "region": "north", "kpi": "prb_utilisation_ratio", "granularity_s": 3600}
    return KpiSample(managed_object=managed_object, sampled_time=time, value=value, **{**given, **changes})


def line(text: str, minutes: float = 0, managed_object: str = "router-1", **changes: Any) -> LogLine:
    given = {"tenant": "acme", "region": "north"}
    return LogLine(managed_object=managed_object, logged_time=at(minutes), text=text, **{**given, **changes})


def ticket(ticket_id: str, **changes: Any) -> TroubleTicket:
    given: dict[str, Any] = {
        "tenant": "acme",
        "region": "north",
        "description": "no service",
        "creation_date": at(0),
        "related_entity": ("cell-7",),
    }
    return TroubleTicket(ticket_id=ticket_id, **{**given, **changes})


def element(element_id: str, element_type: str, *links: str | Link, **changes: Any) -> TopologyElement:
    made = tuple(Link(target=link) if isinstance(link, str) else link for link in links)
    given: dict[str, Any] = {"tenant": "acme", "region": "north"}
    return TopologyElement(
        element_id=element_id, element_type=element_type, links=made, **{**given, **changes}
    )
