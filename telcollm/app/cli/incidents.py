"""`telcollm incidents`: what is wrong in the network, what is thought to be the cause, and on what evidence.

It changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcollm.errors import TelcollmError
from telcollm.ports import IncidentQuery, Scope
from telcollm.records import TicketStatus

if TYPE_CHECKING:
    from telcollm.ports import Store

app = typer.Typer(help="Look at incidents and their diagnoses.", no_args_is_help=True)

_AGE = re.compile(r"(?P<count>\d{1,6})(?P<unit>[smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NEAREST = 5

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
]
Tenants = Annotated[
    list[str] | None, typer.Option("--tenant", help="Only of this tenant; may be given again.")
]
Regions = Annotated[
    list[str] | None, typer.Option("--region", help="Only of this region; may be given again.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def parse_time(value: str, now: datetime) -> datetime:
    """Return the aware time that a person wrote: ISO 8601, in UTC unless it says otherwise, or an age.

    >>> now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> parse_time("90m", now).isoformat(), parse_time("2026-01-01T09:00+01:00", now).isoformat()
    ('2026-01-01T10:30:00+00:00', '2026-01-01T08:00:00+00:00')

    Raises:
        ValueError: neither.
    """
    if age := _AGE.fullmatch(value):
        try:
            return now - timedelta(**{_UNITS[age["unit"]]: int(age["count"])})
        except OverflowError as error:
            raise ValueError(str(error)) from error
    time = datetime.fromisoformat(value)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def _time(value: str | None, option: str) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_time(value, datetime.now(UTC))
    except (ValueError, OverflowError) as error:
        message = (
            f"{value!r} is no time; ISO 8601 (2026-01-31T12:00, UTC unless it says otherwise) or an age "
            "such as 90m, 24h or 7d is allowed"
        )
        raise typer.BadParameter(message, param_hint=option) from error


@contextmanager
def opened_store(config: Path | None) -> Iterator[Store]:
    """The store that the settings name, closed at the end of the block."""
    from telcollm.settings import load_settings
    from telcollm.store import open_store

    store = open_store(load_settings(config).store_location)
    try:
        yield store
    finally:
        store.close()


@app.command(name="list")
def list_(
    status: Annotated[
        list[TicketStatus] | None, typer.Option(help="Only in this state; may be given again.")
    ] = None,
    managed_object: Annotated[
        str, typer.Option("--object", help="Only those that affect this managed object.")
    ] = "",
    since: Annotated[
        str | None, typer.Option(help="Only with an event since this time, or for an age such as 24h.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only opened before this time or age.")] = None,
    tenant: Tenants = None,
    region: Regions = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Skip so many.")] = 0,
    superseded: Annotated[
        bool, typer.Option("--superseded", help="Those merged into others as well.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show incidents with root cause, confidence and evidence, the latest last event first.

    For example:

        telcollm incidents list --status inProgress --since 24h

        telcollm incidents list --object cell-7 --json
    """
    from telcollm.app.incident_view import incident_table, incidents_json

    query = IncidentQuery(
        statuses=tuple(one.value for one in status or ()),
        managed_object=managed_object,
        since=_time(since, "--since"),
        until=_time(until, "--until"),
        include_superseded=superseded,
        limit=limit,
        offset=offset,
    )
    scope = Scope(tuple(tenant or ()), tuple(region or ()))
    with opened_store(config) as store:
        found = store.incidents(scope, query)
        total = store.count_incidents(scope, query)
        diagnoses = store.latest_diagnoses(scope, [incident.incident_id for incident in found])
    if as_json:
        typer.echo(incidents_json(total, found, diagnoses))
        return
    if not found:
        typer.echo(f"none of {total} incidents lie so far back" if total else "no incident matches")
        return
    from rich.console import Console

    console = Console()
    console.print(incident_table(found, diagnoses))
    shown = f"{offset + 1} to {offset + len(found)} of {total}" if len(found) < total else f"{total}"
    console.print(f"{shown} incidents; telcollm incidents show ID tells all of one", highlight=False)


@app.command()
def show(
    incident_id: Annotated[
        str, typer.Argument(metavar="ID", help="An id, or an unambiguous beginning of it.")
    ],
    members: Annotated[int, typer.Option(min=0, max=10_000, help="Show at most so many alarms.")] = 50,
    tenant: Tenants = None,
    region: Regions = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show all of one incident: hypotheses, evidence, the model in shadow, history, alarms.

    The beginning of an id is enough where it is the only one. Examples:

        telcollm incidents show inc-6671ab9d

        telcollm incidents show inc-6671 --members 500 --json
    """
    from telcollm.app.incident_view import incident_json, incident_page

    scope = Scope(tuple(tenant or ()), tuple(region or ()))
    with opened_store(config) as store:
        incident = store.incident(scope, incident_id)
        if incident is None:
            raise _unknown(incident_id, store.nearest_incident_ids(scope, incident_id, _NEAREST))
        diagnoses = store.diagnoses(scope, incident.incident_id)
        alarms = store.incident_members(scope, incident.incident_id, members)
    if as_json:
        typer.echo(incident_json(incident, diagnoses, alarms))
        return
    from rich.console import Console

    Console().print(incident_page(incident, diagnoses, alarms))


def _unknown(incident_id: str, nearest: list[str]) -> TelcollmError:
    if incident_id and sum(one.startswith(incident_id) for one in nearest) > 1:
        return TelcollmError(
            f"incident={incident_id!r} is the beginning of several ids ({', '.join(nearest)}, ...); "
            "one incident is allowed; give more of its id"
        )
    near = f"the nearest are {', '.join(nearest)}" if nearest else "there is none in this tenant and region"
    return TelcollmError(
        f"incident={incident_id!r} is not known; the id of a stored incident is allowed, {near}; "
        "telcollm incidents list shows them"
    )
