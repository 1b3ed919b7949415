"""TMF621 v5 trouble tickets over HTTP. Does not know how they are kept or routed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import AwareDatetime

from telcollm.access import Action, Caller
from telcollm.app import tmf
from telcollm.app.api.asking import Place, asks
from telcollm.app.api.hub import hub_routes
from telcollm.app.api.listing import Fields, Listing, lists, selected, words
from telcollm.app.api.placing import placed
from telcollm.app.api.shapes import Event, TroubleTicketCreate
from telcollm.app.services import subscriptions, tickets
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError
from telcollm.records import TicketStatus, TroubleTicket
from telcollm.store.tickets import TicketQuery

router = APIRouter(prefix=tmf.TICKETS, tags=["TMF621 trouble tickets"])
Resource = dict[str, Any]


@router.get("/troubleTicket")
def list_tickets(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.TICKET_LIST)],
    listing: Annotated[
        Listing, lists("status", "relatedEntity", "team", "text", "creationDate.gte", "creationDate.lt")
    ],
    status: Annotated[
        str | None, Query(max_length=200, description="Of these states, joined by commas.")
    ] = None,
    related_entity: Annotated[str, Query(alias="relatedEntity", max_length=1024)] = "",
    team: Annotated[str, Query(max_length=200)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    since: Annotated[AwareDatetime | None, Query(alias="creationDate.gte")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="creationDate.lt")] = None,
) -> list[Resource]:
    """List tickets, the newest first."""
    query = TicketQuery(
        statuses=tuple(status_named(one) for one in words(status)),
        related_entity=related_entity,
        team=team,
        text=text,
        since=since,
        until=until,
        limit=listing.limit,
        offset=listing.offset,
    )
    page = tickets.list_tickets(workplace, caller, query)
    return listing.page((tmf.ticket_resource(row.ticket, row.route) for row in page.rows), page.total)


def status_named(value: str) -> str:
    """Return the state of that name.

    Raises:
        TelcollmError: there is none.
    """
    try:
        return TicketStatus(value).value
    except ValueError as error:
        message = f"status={value[:80]!r} is not known; {', '.join(TicketStatus)} is allowed; mend it"
        raise TelcollmError(message) from error


@router.post("/troubleTicket", status_code=201)
def create_ticket(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.TICKET_WRITE)],
    ticket: TroubleTicketCreate,
) -> Resource:
    """File a ticket; one with an external identifier that is known is given back as it is."""
    wire = placed(workplace, caller, tmf.ticket_fields(ticket.model_dump(mode="json", exclude_none=True)))
    made = tickets.file_ticket(workplace, caller, wire)
    return _told(workplace, made, "Create")


@router.get("/troubleTicket/{ticket_id}")
def read_ticket(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.TICKET_READ)],
    ticket_id: str,
    fields: Fields = "",
) -> Resource:
    """Give one ticket, with where it was routed last."""
    found = tickets.detail(workplace, caller, ticket_id)
    return selected(tmf.ticket_resource(found.ticket, found.routes[-1] if found.routes else None), fields)


@router.patch("/troubleTicket/{ticket_id}")
def change_ticket(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.TICKET_WRITE)],
    ticket_id: str,
    changes: Annotated[dict[str, Any], Body(description="Merged into the ticket, as RFC 7386 says.")],
) -> Resource:
    """Change a ticket by a merge patch."""
    before = tickets.ticket(workplace, caller, ticket_id, Action.TICKET_WRITE)
    changed = tickets.change_ticket(workplace, caller, ticket_id, tmf.ticket_fields(changes))
    return _told(workplace, changed, _kind(before, changed))


def _kind(before: TroubleTicket, after: TroubleTicket) -> str:
    if before.status is after.status:
        return "AttributeValueChange"
    return "Resolved" if after.status is TicketStatus.RESOLVED else "StatusChange"


def _told(workplace: Workplace, ticket: TroubleTicket, kind: str) -> Resource:
    resource = tmf.ticket_resource(ticket)
    at: datetime = ticket.last_update or workplace.now()
    event = tmf.event(
        f"{ticket.ticket_id}:{at.isoformat()}", f"TroubleTicket{kind}Event", "troubleTicket", resource, at
    )
    subscriptions.tell(workplace, "ticket", event, tenant=ticket.tenant, region=ticket.region)
    return resource


@router.post("/listener/{event_name}", status_code=201)
def hear_of_ticket(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.TICKET_WRITE)],
    event_name: str,
    event: Event,
) -> Resource:
    """Take an event of another system's hub: its ticket is filed here under the other's id."""
    body = event.event.get("troubleTicket")
    if not isinstance(body, dict) or not str(body.get("id", "")).strip():
        message = (
            f"event {event_name[:80]!r} holds no event.troubleTicket with an id; both are needed; mend it"
        )
        raise TelcollmError(message)
    wire = tmf.ticket_fields(body)
    wire["externalIdentifier"] = [str(body["id"])]
    made = tickets.file_ticket(workplace, caller, placed(workplace, caller, wire))
    changes = {
        name: value
        for name, value in wire.items()
        if name not in (*tickets.UNCHANGEABLE, "externalIdentifier", "lastUpdate", "statusChangeDate")
    }
    changed = tickets.change_ticket(workplace, caller, made.ticket_id, changes, elsewhere=True)
    return tmf.ticket_resource(changed)


hub_routes(router, "ticket")
