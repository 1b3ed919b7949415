"""`telcollm handover` and `telcollm postmortem`: drafts from the store, every sentence with its records.

They change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcollm.app.cli.ask import Zone, time_of, zone_of
from telcollm.app.cli.incidents import AsJson, Config, Regions, Tenants
from telcollm.errors import TelcollmError
from telcollm.ports import Scope

if TYPE_CHECKING:
    from agents.report import Report
    from telcollm.app.workplace import Workplace

Language = Annotated[str, typer.Option("--lang", help="en or zh.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write it to this file instead of the terminal.")
]


def handover(
    since: Annotated[
        str, typer.Option("--since", help="When the shift began: a time, or an age such as 8h.")
    ] = "8h",
    until: Annotated[
        str | None, typer.Option("--until", help="When it ended: a time or an age; now by default.")
    ] = None,
    lang: Language = "en",
    zone: Zone = "",
    out: Out = None,
    tenant: Tenants = None,
    region: Regions = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Draft a shift's handover in Markdown: what is open, what ended, what is doubtful, what comes next.

    Examples:
        telcollm handover --since 8h

        telcollm handover --since 2026-01-05T22:00 --until 2026-01-06T06:00 --zone Europe/Berlin --lang zh

        telcollm handover --since 12h --out handover.md
    """
    from telcollm.app.questions import shift_handover

    place = zone_of(zone)
    end = time_of(until, "--until", place) if until else datetime.now(UTC)
    begin = time_of(since, "--since", place)
    if begin >= end:
        message = (
            f"{since!r} is not before the end of the shift; an earlier time or an age such as 8h is allowed"
        )
        raise typer.BadParameter(message, param_hint="--since")

    def draft(workplace: Workplace) -> Report:
        return shift_handover(
            workplace,
            scope=Scope(tuple(tenant or ()), tuple(region or ())),
            since=begin,
            until=end,
            language=lang,
            zone=place,
        )

    _tell(draft, config, as_json, out)


def postmortem(
    incident_id: Annotated[
        str, typer.Argument(metavar="INCIDENT", help="An id, or an unambiguous beginning of it.")
    ],
    lang: Language = "en",
    zone: Zone = "",
    out: Out = None,
    tenant: Tenants = None,
    region: Regions = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Draft an incident's post-mortem in Markdown: impact, timeline, cause, evidence, open questions.

    Examples:
        telcollm postmortem inc-6671ab9d

        telcollm postmortem inc-6671 --lang zh --out postmortem.md
    """
    from telcollm.app.questions import incident_postmortem

    place = zone_of(zone)
    scope = Scope(tuple(tenant or ()), tuple(region or ()))

    def draft(workplace: Workplace) -> Report:
        return incident_postmortem(workplace, incident_id, scope=scope, language=lang, zone=place)

    _tell(draft, config, as_json, out)


def _tell(draft: Callable[[Workplace], Report], config: Path | None, as_json: bool, out: Path | None) -> None:
    """Print a report, or write it to a file.

    Raises:
        TelcollmError: the file cannot be written.
    """
    from agents.report import markdown, wire
    from telcollm.app.workplace import open_workplace
    from telcollm.settings import load_settings

    workplace = open_workplace(load_settings(config))
    try:
        report = draft(workplace)
    finally:
        workplace.close()
    text = json.dumps(wire(report), indent=1) if as_json else markdown(report)
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        message = (
            f"--out={out} cannot be written ({error}); a file in a folder that is there is allowed; name one"
        )
        raise TelcollmError(message) from error
    typer.echo(f"written to {out}")
