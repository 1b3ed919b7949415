"""`telcollm dlq`: records that could not be read, where they lay and why.

It does not mend them.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telcollm.app.cli.incidents import AsJson, Config, opened_store

if TYPE_CHECKING:
    from telcollm.state import DeadLetter

app = typer.Typer(help="Look at dead letters and replay them.", no_args_is_help=True)

_SHOWN_CHARACTERS = 200


@app.callback()
def _group() -> None:
    """Look at dead letters and replay them."""


@app.command(name="list")
def list_(
    topic: Annotated[str, typer.Option(help="Only of this source topic.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Skip so many.")] = 0,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those already replayed as well.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show dead letters in order of topic, partition and offset, with the reason of each."""
    with opened_store(config) as store:
        letters = store.dead_letters(topic, include_replayed=replayed, limit=limit, offset=offset)
        total = store.count_dead_letters(topic, include_replayed=replayed)
    if as_json:
        wire = {"total": total, "deadLetters": [_wire(letter) for letter in letters]}
        typer.echo(json.dumps(wire, indent=1))
        return
    if not letters:
        typer.echo(f"none of {total} dead letters lie so far back" if total else "no dead letters")
        return
    from rich.console import Console
    from rich.table import Table

    from telcollm.app.incident_view import plain, time_text

    table = Table("record", "appended", "field", "reason", "value")
    for letter in letters:
        table.add_row(
            plain(f"{letter.topic}/{letter.partition}@{letter.offset}"),
            time_text(datetime.fromtimestamp(letter.append_ms / 1000, UTC)),
            plain(letter.field),
            plain(letter.reason),
            plain(_excerpt(letter.value)),
        )
    console = Console()
    console.print(table)
    shown = f"{offset + 1} to {offset + len(letters)} of {total}" if len(letters) < total else f"{total}"
    console.print(f"{shown} dead letters", highlight=False)


@app.command()
def replay(
    topic: Annotated[str, typer.Option(help="Only what came from this source topic.")] = "",
    reason: Annotated[str, typer.Option(help="Only where the reason contains this text.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Those already replayed as well.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many; send nothing.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Send dead letters to the topics they came from, as they were, once what was wrong has been mended.

    Each goes once: a second call sends what has come since. Examples:

        telcollm dlq replay --dry-run

        telcollm dlq replay --topic alarms --reason "time zone"
    """
    from streams.dead_letters import Letter, read_letters, replay_letters
    from telcollm.app.runtime import find_broker
    from telcollm.settings import load_settings

    kafka = find_broker(load_settings(config)).kafka
    with opened_store(config) as store:
        known = {letter.place for letter in read_letters(kafka)}
        waiting = {
            (item.topic, item.partition, item.offset)
            for item in store.dead_letters(topic, include_replayed=again, limit=len(known) or 1)
        }

        def wanted(letter: Letter) -> bool:
            named = (not topic or letter.topic == topic) and reason in letter.reason
            return named and letter.place in waiting

        if dry_run:
            count = sum(wanted(letter) for letter in read_letters(kafka))
        else:
            count = replay_letters(
                kafka, wanted, lambda sent: store.mark_dead_letters_replayed(item.place for item in sent)
            )
    if as_json:
        typer.echo(json.dumps({"replayed": 0 if dry_run else count, "wanted": count}))
    else:
        typer.echo(f"{count:,} dead letters {'would be ' if dry_run else ''}sent to their topics again")


def _excerpt(value: bytes | None) -> str:
    if value is None:
        return "(no value)"
    text = value[: 4 * _SHOWN_CHARACTERS].decode(errors="backslashreplace")
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _wire(letter: DeadLetter) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "reason": letter.reason,
        "field": letter.field,
        "appendMs": letter.append_ms,
    }
    for name, value in (("key", letter.key), ("value", letter.value)):
        try:
            wire[name] = None if value is None else value.decode()
        except UnicodeDecodeError:
            # Bytes that are no text; a script needs them whole all the same.
            wire[f"{name}Base64"] = base64.b64encode(value or b"").decode()
    return wire
