"""`telcollm store`: looking after what telcollm keeps.

It does not know what may be forgotten: the store does.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from telcollm.app.cli.incidents import AsJson, Config, opened_store, parse_time

app = typer.Typer(help="Look after what telcollm keeps.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Look after what telcollm keeps."""


@app.command()
def prune(
    older_than: Annotated[str, typer.Option("--older-than", help="An age (12h, 30d) or a time in ISO 8601.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Delete what is over and older, for good.

    Deleted are: messages sent to Kafka before then; finished requests for diagnoses; replayed dead
    letters; incidents that are resolved, closed, cancelled, rejected or superseded and had their last
    event before then, with their diagnoses and alarms; alarms of no incident that cleared before then;
    and KPIs and log lines from before then, four weeks of which say what is normal. What is open or
    waiting stays, and so does feedback. Keep more than Kafka's retention: a message that is not known any
    more would be sent again if its alarms were read again. Examples:

        telcollm store prune --older-than 30d

        telcollm store prune --older-than 2026-01-31T00:00 --json
    """
    now = datetime.now(UTC)
    try:
        before = parse_time(older_than, now)
    except (ValueError, OverflowError) as error:
        message = f"{older_than!r} is no time; an age such as 12h or 30d, or ISO 8601, is allowed; give one"
        raise typer.BadParameter(message, param_hint="--older-than") from error
    if before > now:
        message = f"{older_than!r} lies ahead; a time that has passed is allowed; give an earlier one"
        raise typer.BadParameter(message, param_hint="--older-than")
    with opened_store(config) as store:
        gone = store.prune(before)
    if as_json:
        typer.echo(json.dumps({"deleted": gone, "before": before.isoformat()}))
    else:
        typer.echo(f"{gone:,} rows from before {before:%Y-%m-%d %H:%M}Z deleted")
