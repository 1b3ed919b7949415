"""`telcollm ask`: questions in plain English or Chinese, answered with citations or declined with the reason.

It changes nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from telcollm.app.cli.incidents import AsJson, Config, Regions, Tenants, parse_time
from telcollm.ports import Scope

if TYPE_CHECKING:
    from rich.console import RenderableType

    from agents.ask import Answer

Zone = Annotated[
    str,
    typer.Option(
        "--zone", help="The time zone of 'last night', as Europe/Berlin; this machine's by default."
    ),
]
Language = Annotated[str, typer.Option("--lang", help="en or zh; by default that of the question.")]


def zone_of(name: str) -> tzinfo:
    """Return the time zone of a name, or this machine's for an empty one.

    Raises:
        typer.BadParameter: there is none of that name.
    """
    if not name:
        return datetime.now(UTC).astimezone().tzinfo or UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        message = f"{name!r} is no IANA time zone; a name such as Europe/Berlin or UTC is allowed"
        raise typer.BadParameter(message, param_hint="--zone") from error


def time_of(value: str, option: str, zone: tzinfo) -> datetime:
    """Return the time an option names; one without an offset is one of `zone`.

    Raises:
        typer.BadParameter: it names none.
    """
    try:
        time = parse_time(value, datetime.now(UTC))
        try:
            naive = datetime.fromisoformat(value)
        except ValueError:
            return time
        return time if naive.tzinfo else naive.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        allowed = "ISO 8601 (2026-01-31T12:00) or an age such as 90m, 8h or 7d is allowed"
        message = f"{value!r} is no time; {allowed}"
        raise typer.BadParameter(message, param_hint=option) from error


def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes; English or Chinese.")],
    at: Annotated[
        str | None, typer.Option("--at", help="Ask as of this time, or an age such as 24h; now by default.")
    ] = None,
    lang: Language = "",
    zone: Zone = "",
    role: Annotated[
        list[str] | None, typer.Option("--role", help="As whom; noc_engineer by default. May be given again.")
    ] = None,
    tenant: Tenants = None,
    region: Regions = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Ask about the network: why, what is wrong, who is affected, what changed, how to proceed.

    Every sentence names the records it rests on. Where there is no answer the reason is told, and the exit
    code is 1. Examples:

        telcollm ask "why did cell 1042 drop last night?"

        telcollm ask "小区1042昨晚为什么掉线?"

        telcollm ask "which incidents are open?" --json

        telcollm ask "what changed on site NO00102 yesterday 14:00-16:00" --zone Europe/Berlin
    """
    from telcollm.app.questions import answer_question, answer_wire
    from telcollm.app.workplace import open_workplace
    from telcollm.settings import load_settings

    place = zone_of(zone)
    now = time_of(at, "--at", place) if at else None
    workplace = open_workplace(load_settings(config))
    try:
        found = answer_question(
            workplace,
            question,
            scope=Scope(tuple(tenant or ()), tuple(region or ())),
            roles=tuple(role or ("noc_engineer",)),
            model=not workplace.switch.stopped(),
            zone=place,
            now=now,
            language=lang or None,
        )
    finally:
        workplace.close()
    if as_json:
        # In ASCII, so that no control character of an alarm reaches a terminal.
        typer.echo(json.dumps(answer_wire(found), indent=1, default=str))
    else:
        from rich.console import Console

        Console().print(_page(found, place))
    if found.declined:
        raise typer.Exit(1)


def _page(answer: Answer, zone: tzinfo) -> RenderableType:
    """Return an answer for a terminal: what was understood, sentences with their records, steps to take."""
    from rich.console import Group
    from rich.text import Text

    from agents.questions.phrases import load_phrases, time_text
    from telcollm.app.incident_view import plain

    phrases = load_phrases(answer.language)
    lines: list[RenderableType] = []
    if answer.intent:
        about = phrases.named(answer.objects)
        if answer.since is not None and answer.until is not None:
            about += f"  {time_text(answer.since, zone)} - {time_text(answer.until, zone)}"
        lines.append(plain(f"[{answer.intent}] {about}".strip(), "dim"))
    if answer.declined:
        return Group(*lines, plain(answer.declined, "yellow"))
    for sentence in answer.sentences:
        ids = ", ".join(sentence.ids[:4]) + (f" +{len(sentence.ids) - 4}" if len(sentence.ids) > 4 else "")
        lines.append(Text.assemble(plain(sentence.text), " ", plain(f"[{ids}]", "dim")))
    for step in answer.next_steps:
        mark = phrases.say("step approval" if step.needs_approval else "step safe")
        style = "yellow" if step.needs_approval else "green"
        lines.append(
            Text.assemble(
                "  → ", plain(step.text), " ", plain(f"({mark})", style), " ", plain(step.source, "dim")
            )
        )
    return Group(*lines)
