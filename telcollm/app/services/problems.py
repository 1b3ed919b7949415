"""Incidents that programs raise and change: what TMF656 calls service problems.

What telcollm found itself stays its own: others acknowledge, assign and comment on it, and do not rewrite it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from telcollm import codec
from telcollm.access import Action, Caller, require, require_place
from telcollm.app.services.incidents import acknowledge, assign, bounded, comment, incident
from telcollm.app.services.tickets import merged
from telcollm.app.workplace import Workplace
from telcollm.errors import DecodeError, TelcollmError
from telcollm.identity import derive_id
from telcollm.records import DecidedBy, Incident, TicketStatus

OWN: Final = "telcollm"
"""The originator of what the pipeline found."""

CHANGEABLE: Final = frozenset(
    {
        "status",
        "priority",
        "category",
        "description",
        "reason",
        "affectedService",
        "troubleTicket",
        "rootCauseResource",
    }
)


def raise_problem(workplace: Workplace, caller: Caller, wire: Mapping[str, Any]) -> Incident:
    """Return the incident that a person or program raises, in telcollm's own field names in camelCase.

    Raises:
        AccessDenied: the caller may not raise incidents, or not there.
        DecodeError: a field is missing or not allowed.
    """
    require(caller, Action.INCIDENT_WRITE)
    tenant, region = str(wire.get("tenant", "")), str(wire.get("region", ""))
    require_place(caller, tenant, region)
    now = workplace.now()
    originator = str(wire.get("originatorParty", "")) or caller.name
    if originator == OWN:
        message = f"originatorParty={OWN!r} is the pipeline itself; another name is allowed; give your own"
        raise TelcollmError(message)
    made = _decoded(
        {
            "status": TicketStatus.ACKNOWLEDGED.value,
            **wire,
            "incidentId": derive_id("inc", tenant, originator, caller.name, now.isoformat()),
            "revision": 1,
            "openedTime": now.isoformat(),
            "lastEventTime": now.isoformat(),
            "windowComplete": True,
            "originatorParty": originator,
            "decidedBy": DecidedBy.PERSON.value,
        }
    )
    workplace.audit(caller, "incident raised", made.incident_id, tenant=tenant, region=region)
    with workplace.stores.store.transaction() as transaction:
        transaction.put_incidents([made])
    return made


def change_problem(
    workplace: Workplace, caller: Caller, incident_id: str, changes: Mapping[str, Any]
) -> Incident:
    """Return the incident with the changes merged into it.

    `responsibleParty` assigns, `comment` comments and the status `acknowledged` acknowledges any incident;
    what else may be changed (CHANGEABLE) may only of those that others raised.

    Raises:
        AccessDenied, NotFoundError: not theirs to change.
        TelcollmError: a field must not be changed, or its value is not allowed.
    """
    found = incident(workplace, caller, incident_id, Action.INCIDENT_WRITE)
    rest = dict(changes)
    party, text = rest.pop("responsibleParty", None), rest.pop("comment", None)
    foreign = found.originator_party != OWN
    acknowledges = not foreign and rest.get("status") == TicketStatus.ACKNOWLEDGED.value
    if acknowledges:
        rest.pop("status")
    fixed = sorted(rest.keys() - (CHANGEABLE if foreign else frozenset()))
    if fixed:
        allowed = ", ".join(sorted({*(CHANGEABLE if foreign else ()), "comment", "responsibleParty"}))
        message = (
            f"{', '.join(fixed)[:200]} of incident {found.incident_id} cannot be changed; {allowed} can be"
            f"{'' if foreign else ', and the status acknowledged'}; leave the others out"
        )
        raise TelcollmError(message)
    if acknowledges:
        acknowledge(workplace, caller, found.incident_id)
    if party is not None:
        assign(workplace, caller, found.incident_id, bounded("responsibleParty", str(party), 200))
    if text is not None:
        comment(workplace, caller, found.incident_id, str(text))
    if rest:
        now = workplace.now()
        changed = _decoded(
            {
                **merged(codec.to_wire(found), rest),
                "revision": found.revision + 1,
                "lastEventTime": now.isoformat(),
            }
        )
        workplace.audit(
            caller,
            "incident changed",
            found.incident_id,
            tenant=found.tenant,
            region=found.region,
            detail=", ".join(sorted(rest))[:200],
        )
        with workplace.stores.store.transaction() as transaction:
            transaction.put_incidents([changed])
        return changed
    return found


def _decoded(wire: Mapping[str, Any]) -> Incident:
    try:
        return codec.from_wire(wire, Incident)
    except DecodeError as error:
        message = str(error).partition("; mend the producer")[0] + "; mend the field"
        raise DecodeError(message, field=error.field) from error
