"""TMF642 v4 alarms over HTTP. What is sent in goes by Kafka, as all alarms do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from telcollm.access import Action, Caller
from telcollm.app import tmf
from telcollm.app.api.asking import Place, asks
from telcollm.app.api.hub import hub_routes
from telcollm.app.api.listing import Fields, Listing, lists, selected, words
from telcollm.app.api.shapes import AlarmCreate, AlarmPatch, Event
from telcollm.app.services import alarms, subscriptions
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError
from telcollm.records import SEVERITY_RANK, AckState
from telcollm.store.alarm_listing import AlarmQuery

router = APIRouter(prefix=tmf.ALARMS, tags=["TMF642 alarms"])
Resource = dict[str, Any]
Tenant = Annotated[str, Query(max_length=1024, description="Whose; needed where the key sees several.")]


@router.get("/alarm")
def list_alarms(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.ALARM_LIST)],
    listing: Annotated[
        Listing,
        lists("alarmedObject.id", "perceivedSeverity", "state", "alarmRaisedTime.gte", "alarmRaisedTime.lt"),
    ],
    managed_object: Annotated[str, Query(alias="alarmedObject.id", max_length=1024)] = "",
    severity: Annotated[
        str | None, Query(alias="perceivedSeverity", max_length=200, description="Joined by commas.")
    ] = None,
    state: Annotated[str | None, Query(pattern="^(raised|cleared)$")] = None,
    since: Annotated[AwareDatetime | None, Query(alias="alarmRaisedTime.gte")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="alarmRaisedTime.lt")] = None,
) -> list[Resource]:
    """List alarms, the latest raised first."""
    query = AlarmQuery(
        managed_object=managed_object,
        severities=tuple(_rank(one) for one in words(severity)),
        cleared=None if state is None else state == "cleared",
        since=since,
        until=until,
        limit=listing.limit,
        offset=listing.offset,
    )
    found, total = alarms.list_alarms(workplace, caller, query)
    return listing.page((tmf.alarm_resource(row) for row in found), total)


def _rank(name: str) -> int:
    rank = SEVERITY_RANK.get(name.upper())
    if rank is None:
        allowed = ", ".join(known.lower() for known in SEVERITY_RANK)
        message = f"perceivedSeverity={name[:80]!r} is not known; {allowed} is allowed; mend it"
        raise TelcollmError(message)
    return rank


@router.post("/alarm", status_code=201)
def create_alarm(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.ALARM_WRITE)],
    alarm: AlarmCreate,
    tenant: Tenant = "",
    region: Annotated[str, Query(max_length=1024)] = "",
) -> Resource:
    """Send an alarm into the pipeline; it is in the list as soon as the worker has read it."""
    wire = alarm.model_dump(mode="json", exclude_none=True)
    sent = alarms.send_in(workplace, caller, wire, tenant=tenant, region=region)
    return tmf.alarm_resource(alarms.AlarmRow(sent))


@router.get("/alarm/{alarm_id}")
def read_alarm(
    workplace: Place, caller: Annotated[Caller, asks(Action.ALARM_READ)], alarm_id: str, fields: Fields = ""
) -> Resource:
    """Give one alarm, with who acknowledged it and what was said of it."""
    return selected(tmf.alarm_resource(alarms.alarm(workplace, caller, alarm_id)), fields)


@router.patch("/alarm/{alarm_id}")
def change_alarm(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.ALARM_WRITE)],
    alarm_id: str,
    changes: AlarmPatch,
) -> Resource:
    """Acknowledge an alarm, take that back, or comment on it."""
    ack = None if changes.ackState is None else AckState(changes.ackState.upper())
    said = "\n".join(one.comment for one in changes.comment)
    row = alarms.change_alarm(workplace, caller, alarm_id, ack=ack, comment=said)
    kind = "AlarmStateChangeEvent" if ack is not None else "AlarmAttributeValueChangeEvent"
    return _told(workplace, row, kind)


def _told(workplace: Workplace, row: alarms.AlarmRow, kind: str) -> Resource:
    resource = tmf.alarm_resource(row)
    now = workplace.now()
    event = tmf.event(f"{row.alarm.alarm_id}:{now.isoformat()}", kind, "alarm", resource, now)
    subscriptions.tell(workplace, "alarm", event, tenant=row.alarm.tenant, region=row.alarm.region)
    return resource


@router.post("/listener/{event_name}", status_code=201)
def hear_of_alarm(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.ALARM_WRITE)],
    event_name: str,
    event: Event,
    tenant: Tenant = "",
    region: Annotated[str, Query(max_length=1024)] = "",
) -> Resource:
    """Take an alarm event of another system's hub into the pipeline."""
    wire = event.model_dump(mode="json")
    sent = alarms.send_in(workplace, caller, wire, tenant=tenant, region=region)
    return tmf.alarm_resource(alarms.AlarmRow(sent))


hub_routes(router, "alarm")
