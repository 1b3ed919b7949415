"""TMF656 v5 service problems over HTTP: the incidents. Does not know how they come about."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import AwareDatetime

from telcollm.access import Action, Caller, allows
from telcollm.app import tmf
from telcollm.app.api.asking import Place, asks
from telcollm.app.api.hub import hub_routes
from telcollm.app.api.listing import Fields, Listing, lists, selected, words
from telcollm.app.api.placing import placed
from telcollm.app.api.shapes import ServiceProblemCreate
from telcollm.app.api.tickets import status_named
from telcollm.app.services import incidents, problems, subscriptions
from telcollm.app.workplace import Workplace
from telcollm.ports import IncidentQuery
from telcollm.records import Incident

router = APIRouter(prefix=tmf.PROBLEMS, tags=["TMF656 service problems"])
Resource = dict[str, Any]

_IN_FULL = ("diagnosis", "hypotheses", "evidence", "underlyingAlarm")
"""What the list leaves out for whoever may list incidents and not read one."""


@router.get("/serviceProblem")
def list_problems(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.INCIDENT_LIST)],
    listing: Annotated[
        Listing, lists("status", "affectedResource", "text", "lastUpdate.gte", "creationDate.lt")
    ],
    status: Annotated[
        str | None, Query(max_length=200, description="Of these states, joined by commas.")
    ] = None,
    affected: Annotated[str, Query(alias="affectedResource", max_length=1024)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    since: Annotated[AwareDatetime | None, Query(alias="lastUpdate.gte")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="creationDate.lt")] = None,
) -> list[Resource]:
    """List incidents with their latest diagnoses, the latest last event first."""
    query = IncidentQuery(
        statuses=tuple(status_named(one) for one in words(status)),
        managed_object=affected,
        text=text,
        since=since,
        until=until,
        limit=listing.limit,
        offset=listing.offset,
    )
    page = incidents.list_incidents(workplace, caller, query)
    hidden = () if allows(caller, Action.INCIDENT_READ) else _IN_FULL
    resources = (tmf.problem_resource(row) for row in page.rows)
    shown = ({name: value for name, value in one.items() if name not in hidden} for one in resources)
    return listing.page(shown, page.counts.total)


@router.post("/serviceProblem", status_code=201)
def create_problem(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.INCIDENT_WRITE)],
    problem: ServiceProblemCreate,
) -> Resource:
    """Raise an incident that telcollm did not find."""
    wire = placed(workplace, caller, tmf.problem_fields(problem.model_dump(mode="json", exclude_none=True)))
    made = problems.raise_problem(workplace, caller, wire)
    return _told(workplace, caller, made, "Create")


@router.get("/serviceProblem/{problem_id}")
def read_problem(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.INCIDENT_READ)],
    problem_id: str,
    fields: Fields = "",
) -> Resource:
    """Give one incident, with its diagnosis and what people did with it."""
    found = incidents.incident(workplace, caller, problem_id)
    return selected(_resource(workplace, caller, found), fields)


@router.patch("/serviceProblem/{problem_id}")
def change_problem(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.INCIDENT_WRITE)],
    problem_id: str,
    changes: Annotated[
        dict[str, Any],
        Body(
            description="Merged in. Of an incident that telcollm found: the status acknowledged, "
            "responsibleParty and comment."
        ),
    ],
) -> Resource:
    """Change an incident by a merge patch, or acknowledge, assign or comment on it."""
    before = incidents.incident(workplace, caller, problem_id, Action.INCIDENT_WRITE)
    after = problems.change_problem(workplace, caller, problem_id, tmf.problem_fields(changes))
    kind = "AttributeValueChange" if before.status is after.status else "StateChange"
    return _told(workplace, caller, after, kind)


def _resource(workplace: Workplace, caller: Caller, found: Incident) -> Resource:
    row = incidents.rows_of(workplace, caller.scope, [found])[0]
    return tmf.problem_resource(row, workplace.actions.actions(caller.scope, found.incident_id))


def _told(workplace: Workplace, caller: Caller, found: Incident, kind: str) -> Resource:
    resource = _resource(workplace, caller, found)
    now = workplace.now()
    event = tmf.event(
        f"{found.incident_id}:{now.isoformat()}",
        f"ServiceProblem{kind}Event",
        "serviceProblem",
        resource,
        now,
    )
    subscriptions.tell(workplace, "problem", event, tenant=found.tenant, region=found.region)
    return resource


hub_routes(router, "problem")
