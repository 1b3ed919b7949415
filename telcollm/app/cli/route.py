"""`telcollm route`: which team a ticket goes to, for one text or a whole file, and corrections to learn from.

It does not decide: `agents.routing` does. Nothing is filed outside.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from telcollm.errors import SettingsError, TelcollmError
from telcollm.records import Mode, Route, TicketPriority, TroubleTicket

if TYPE_CHECKING:
    from telcollm.settings import Settings
    from telcollm.store.opening import Stores

_SHOWN_BAD = 5


class _TextOrCommand(TyperGroup):
    """A group whose first word may be a ticket's text: what is no command goes to `ticket`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Return the arguments with `ticket` before those that name no command."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["ticket", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_TextOrCommand,
    no_args_is_help=True,
    help="Route tickets to teams: `telcollm route TEXT`, `telcollm route --file tickets.csv`.",
)

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Tenant = Annotated[str, typer.Option(help="Whose ticket it is.")]


@app.command("ticket")
def ticket(
    text: Annotated[str, typer.Argument(help="What the ticket says; or give --file.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="Route every row of this CSV, JSON lines or Parquet file.")
    ] = None,
    text_column: Annotated[
        str, typer.Option("--text", help="With --file: the column that holds what people wrote.")
    ] = "description",
    id_column: Annotated[
        str, typer.Option("--id", help="With --file: the column of ids; found by itself where usual.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="With --file: the result; beside it as NAME.routed.csv by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a result that is there.")] = False,
    decider: Annotated[
        str, typer.Option(help="Decider of the team: a name or folder; model.team by default.")
    ] = "",
    priority_decider: Annotated[
        str, typer.Option(help="Decider of the priority; model.priority by default.")
    ] = "",
    policy: Annotated[
        Path | None,
        typer.Option(help="Routing policy (YAML): costs, rules; routing.policy_path by default."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep tickets and routes in the store, to correct them later.")
    ] = False,
    related: Annotated[
        list[str] | None, typer.Option("--object", help="Object or service it is about; may be given again.")
    ] = None,
    tenant: Tenant = "default",
    region: Annotated[str, typer.Option(help="Of which region.")] = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say which team gets a ticket, how urgent it is, how sure that is, and why. Nothing is filed outside.

    For example:

        telcollm route "No light on port 3 since 14:02, OTDR shows a break at 3.8 km"

        telcollm route --file tickets.csv --text description --decider tickets-team
    """
    if bool(text.strip()) == (file is not None):
        message = "give either a ticket's text or --file, one of both is needed; see telcollm route --help"
        raise SettingsError(message)
    settings = _settings(config)
    now = datetime.now(UTC)
    with _stores(settings) as stores:
        from telcollm.app.routing import open_router
        from telcollm.app.stopping import models_stopped

        stopped = models_stopped(stores.database)
        if stopped:
            typer.echo("model output is stopped: rules alone route", err=True)
        router = open_router(
            settings, stores, policy=policy, team=decider, priority=priority_decider, rules_only=stopped
        )
        if file is not None:
            result = out or _default_out(file)
            _refuse_overwriting(result, file, force)
            from telcollm.app.routing_batch import read_batch, routed_rows

            batch = read_batch(
                _bytes(file), file, text=text_column, id_column=id_column, tenant=tenant, region=region
            )
            with _progress(len(batch.tickets), as_json) as advance:
                routes = router.route(batch.tickets, decided_time=now, progress=advance)
            from finetune.labelling import write_labelled

            write_labelled(routed_rows(batch, routes), result)
            if keep:
                _keep(stores, batch.tickets, routes)
            _tell_batch(batch, routes, result, as_json=as_json)
            if batch.bad:
                raise typer.Exit(1)
            return
        from telcollm.identity import derive_id

        one = TroubleTicket(
            tenant=tenant,
            region=region,
            ticket_id=derive_id("tkt", tenant, "telcollm route", text, now.isoformat()),
            description=text,
            creation_date=now,
            related_entity=tuple(related or ()),
            channel="cli",
            mode=Mode.BACKFILL,
        )
        route = router.route([one], decided_time=now)[0]
        if keep:
            _keep(stores, [one], [route])
    if as_json:
        typer.echo(json.dumps(_wire(route), ensure_ascii=False, indent=1))
    else:
        _tell(route, kept=keep)


@app.command("correct")
def correct(
    wanted: Annotated[
        str, typer.Argument(metavar="ROUTE_OR_TICKET", help="Id of a kept route or of its ticket.")
    ],
    team: Annotated[str, typer.Option(help="The team the ticket belongs to.")],
    priority: Annotated[
        TicketPriority | None, typer.Option(help="The right priority, if it was wrong.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for those who train on it later.")] = "",
    actor: Annotated[str, typer.Option(help="Who says so; you by default.")] = "",
    new_team: Annotated[bool, typer.Option("--new-team", help="The team is a new one.")] = False,
    policy: Annotated[
        Path | None, typer.Option(help="Routing policy (YAML); routing.policy_path by default.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Only of this tenant; any by default.")] = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say which team was right: the ticket moves there, and the next training learns it.

    `telcollm finetune run --data tickets.csv --id ticket_id --label team --feedback` uses it. The same team
    again accepts the route. For example:

        telcollm route correct T0c1 --team field_power --reason "mains failure, not the radio"
    """
    from agents.routing.correction import check_team
    from agents.routing.correction import correct as corrected
    from telcollm.app.routing import known_teams
    from telcollm.ports import Scope

    settings = _settings(config)
    scope = Scope(tenants=(tenant,) if tenant else ())
    with _stores(settings) as stores:
        route = stores.tickets.route(scope, wanted)
        subject = route.subject_id if route else wanted
        own = Scope(tenants=(route.tenant,)) if route else scope
        found = stores.tickets.ticket(own, subject)
        if found is None:
            message = (
                f"{wanted!r} is neither a kept route nor a kept ticket; the id of one is allowed; route with "
                "--keep, or look it up in the list of tickets"
            )
            raise TelcollmError(message)
        own = Scope(tenants=(found.tenant,))
        latest = stores.tickets.routes(own, [found.ticket_id]).get(found.ticket_id)
        if not new_team:
            check_team(team, known_teams(settings, policy))
        done = corrected(
            found,
            latest,
            team=team,
            priority=priority,
            reason=reason,
            actor=actor or getpass.getuser(),
            given_time=datetime.now(UTC),
        )
        for one in done.feedback:
            stores.store.put_feedback(one)
        stores.tickets.put([done.ticket])
        stores.tickets.put_routes([done.route])
    if as_json:
        from telcollm import codec

        told = [codec.to_wire(one) for one in done.feedback]
        typer.echo(json.dumps({"route": _wire(done.route), "feedback": told}, ensure_ascii=False, indent=1))
        return
    before = latest.team if latest and latest.team else "no team"
    typer.echo(
        f"{found.ticket_id}: {before} -> {done.route.team}, kept as feedback ({done.feedback[0].kind})"
    )


def _settings(config: Path | None) -> Settings:
    from telcollm.settings import load_settings

    return load_settings(config)


@contextmanager
def _stores(settings: Settings) -> Iterator[Stores]:
    from telcollm.store.opening import open_stores

    stores = open_stores(settings.store_location)
    try:
        yield stores
    finally:
        stores.close()


def _keep(stores: Stores, tickets: Any, routes: Any) -> None:
    stores.tickets.put(tickets)
    stores.tickets.put_routes(routes)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        message = (
            f"--file {file} cannot be read ({error.strerror}); a CSV, JSON lines or Parquet file is allowed; "
            "check the path"
        )
        raise SettingsError(message) from error


def _default_out(file: Path) -> Path:
    from telcollm.app.routing_batch import routed_path

    return routed_path(file)


def _refuse_overwriting(result: Path, file: Path, force: bool) -> None:
    if result.exists() and result.samefile(file):
        message = f"--out {result} is the file of tickets itself; another name is needed; leave --out away"
        raise SettingsError(message)
    if result.exists() and not force:
        message = (
            f"{result} is there already; it is kept as it is; give --force to write over it, or --out NAME"
        )
        raise SettingsError(message)


@contextmanager
def _progress(count: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("routing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task("routing", total=count)
        yield lambda done: bar.advance(task, done)


def _tell_batch(batch: Any, routes: list[Route], result: Path, *, as_json: bool) -> None:
    automatic = sum(one.automatic for one in routes)
    linked = sum(bool(one.duplicate_of or one.parent_incident) for one in routes)
    set_aside = sum(bool(one.set_aside) for one in routes)
    for place, why in list(batch.bad.items())[: None if as_json else _SHOWN_BAD]:
        typer.secho(f"line {batch.lines[place]}: {why}", fg=typer.colors.YELLOW, err=True)
    if len(batch.bad) > _SHOWN_BAD and not as_json:
        typer.secho(f"... and {len(batch.bad) - _SHOWN_BAD} more, see routed_error", err=True)
    if as_json:
        body = {
            "file": str(result),
            "rows": len(batch.rows),
            "routed": len(routes),
            "automatic": automatic,
            "linked": linked,
            "set_aside": set_aside,
            "failed": [{"line": batch.lines[place], "why": why} for place, why in batch.bad.items()],
        }
        typer.echo(json.dumps(body, ensure_ascii=False, indent=1))
        return
    for note in batch.notes:
        typer.echo(f"note: {note}")
    typer.echo(
        f"{len(routes)} of {len(batch.rows)} rows routed: {automatic} automatic, "
        f"{len(routes) - automatic} for a person to look at, {linked} linked to a ticket or incident"
    )
    if set_aside:
        typer.echo(
            f"{set_aside} tickets had words to the router, which were not read: column routed_set_aside"
        )
    typer.echo(f"written: {result}")


def _wire(route: Route) -> dict[str, Any]:
    from telcollm import codec

    return codec.to_wire(route)


def _tell(route: Route, *, kept: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    verdict = "automatic" if route.automatic else "a person looks"
    console.print(
        f"[bold]{escape(route.team or 'no team')}[/]  {route.confidence:.0%}  ({verdict})", highlight=False
    )
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("priority", route.priority.value if route.priority else "-")
    table.add_row("severity", escape(route.severity or "-"))
    table.add_row("type", escape(route.ticket_type or "-"))
    if route.duplicate_of:
        table.add_row("duplicate of", escape(route.duplicate_of))
    if route.parent_incident:
        table.add_row("child of", escape(route.parent_incident))
    if not route.automatic and route.alternatives:
        table.add_row("top three", escape(", ".join(f"{name} {odd:.0%}" for name, odd in route.alternatives)))
    for passage in route.set_aside:
        table.add_row("not read", f"[yellow]{escape(passage)}[/]")
    table.add_row("why", escape(route.reason))
    console.print(table)
    if kept:
        console.print(f"kept as {route.subject_id}, route {route.route_id}", highlight=False)
