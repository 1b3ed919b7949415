"""`telcollm dlq`: records and received messages that could not be read, where they lay and why.

It does not mend them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telcollm.app.cli.incidents import AsJson, Config, opened_store

if TYPE_CHECKING:
    from streams.receivers.letters import ReceivedLetter
    from telcollm.state import DeadLetter

app = typer.Typer(help="Look at dead letters and replay them.", no_args_is_help=True)

_SHOWN_CHARACTERS = 200
_ELSEWHERE = "what telcollm receive could not read: telcollm dlq list --received"


@app.callback()
def _group() -> None:
    """Look at dead letters and replay them."""


@app.command(name="list")
def list_(
    topic: Annotated[
        str, typer.Option(help="Only of this source topic; of this listener with --received.")
    ] = "",
    received: Annotated[
        bool, typer.Option("--received", help="What `telcollm receive` could not read, from Kafka.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Skip so many.")] = 0,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those already replayed as well.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show dead letters in order of topic, partition and offset, with the reason of each.

    What was replayed is left out unless asked for. Messages that receivers (syslog, SNMP) could not read lie
    in the dead-letter topic alone: --received reads it whole and shows the latest first. They came by no
    topic, so none can be replayed. Examples:

        telcollm dlq list

        telcollm dlq list --topic alarms --limit 500 --json

        telcollm dlq list --received --topic syslog-udp
    """
    if received:
        _list_received(topic, limit, offset, replayed, as_json, config)
        return
    with opened_store(config) as store:
        letters = store.dead_letters(topic, include_replayed=replayed, limit=limit, offset=offset)
        total = store.count_dead_letters(topic, include_replayed=replayed)
    if as_json:
        wire = {"total": total, "deadLetters": [_wire(letter) for letter in letters]}
        typer.echo(json.dumps(wire, indent=1))
        return
    if not letters:
        typer.echo(f"none of {total} dead letters lie so far back" if total else "no dead letters")
        typer.echo(_ELSEWHERE)
        return
    rows = [
        (f"{one.topic}/{one.partition}@{one.offset}", _append_text(one.append_ms), one) for one in letters
    ]
    told = (f"{_shown(offset, len(letters), total)} dead letters", _ELSEWHERE)
    _print_letters(("record", "appended", "field", "reason", "value"), rows, told)


def _list_received(
    source: str, limit: int, offset: int, replayed: bool, as_json: bool, config: Config
) -> None:
    """Show what receivers could not read, the latest first.

    Raises:
        SettingsError: --replayed was given, or the source is no listener.
        TransientError: the brokers do not answer.
    """
    from streams.receivers.letters import latest_letters
    from streams.receivers.received import Listener
    from telcollm.app.runtime import find_broker
    from telcollm.errors import SettingsError
    from telcollm.settings import load_settings

    if replayed:
        message = (
            "--replayed and --received exclude each other; what came by no topic is never replayed; give "
            "one of them"
        )
        raise SettingsError(message)
    if source and source not in set(Listener):
        message = (
            f"--topic {source} is no listener; with --received {', '.join(Listener)} are allowed; give one "
            "of these, or leave --topic out"
        )
        raise SettingsError(message)
    kafka = find_broker(load_settings(config)).kafka
    total, letters = latest_letters(kafka, source=source, limit=limit, offset=offset)
    if as_json:
        typer.echo(
            json.dumps(
                {"total": total, "deadLetters": [_wire_received(letter) for letter in letters]}, indent=1
            )
        )
        return
    if not letters:
        none = "receivers wrote no dead letters that the brokers still hold"
        typer.echo(f"none of {total} dead letters lie so far back" if total else none)
        return
    rows = [(f"{one.source} {one.address}", _append_text(one.received_ms), one) for one in letters]
    told = (f"{_shown(offset, len(letters), total)} dead letters of receivers, the latest first",)
    _print_letters(("source", "received", "field", "reason", "message"), rows, told)


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

    Each goes once: a second call sends what has come since. They are taken from the store, so it matters not
    what the brokers still hold. Examples:

        telcollm dlq replay --dry-run

        telcollm dlq replay --topic alarms --reason "time zone"
    """
    from streams.dead_letters import Replayed, count_letters, replay_letters
    from telcollm.app.runtime import find_broker
    from telcollm.settings import load_settings

    def wanted(letter: DeadLetter) -> bool:
        return reason in letter.reason

    kafka = find_broker(load_settings(config)).kafka
    with opened_store(config) as store:
        if dry_run:
            count = count_letters(store, wanted, topic=topic, again=again)
            done = Replayed()
        else:
            done = replay_letters(kafka, store, wanted, topic=topic, again=again)
            count = done.sent + len(done.refused)
    if as_json:
        refused = [{**_wire_place(item.letter), "why": item.reason} for item in done.refused]
        typer.echo(json.dumps({"replayed": done.sent, "wanted": count, "refused": refused}))
        return
    shown = count if dry_run else done.sent
    typer.echo(f"{shown:,} dead letters {'would be ' if dry_run else ''}sent to their topics again")
    for item in done.refused:
        letter = item.letter
        typer.echo(f"refused: {letter.topic}/{letter.partition}@{letter.offset}: {item.reason}", err=True)


def _print_letters(
    columns: Sequence[str],
    rows: Sequence[tuple[str, str, DeadLetter | ReceivedLetter]],
    told: Sequence[str],
) -> None:
    """Print letters as a table, each after its place and its time, and what is told below it."""
    from rich.console import Console
    from rich.table import Table

    from telcollm.app.incident_view import plain

    table = Table(*columns)
    for place, time, letter in rows:
        table.add_row(
            plain(place), time, plain(letter.field), plain(letter.reason), plain(_excerpt(letter.value))
        )
    console = Console()
    console.print(table)
    for line in told:
        console.print(line, highlight=False)


def _shown(offset: int, count: int, total: int) -> str:
    return f"{offset + 1} to {offset + count} of {total}" if count < total else f"{total}"


def _append_text(append_ms: int) -> str:
    """Return when a record was appended, as far as a producer's clock can be told as a time."""
    from telcollm.app.incident_view import time_text

    if append_ms < 0:
        return "(no time)"
    try:
        return time_text(datetime.fromtimestamp(append_ms / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        return f"{append_ms} ms"


def _excerpt(value: bytes | None) -> str:
    if value is None:
        return "(no value)"
    text = value[: 4 * _SHOWN_CHARACTERS].decode(errors="backslashreplace")
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _wire_place(letter: DeadLetter) -> dict[str, Any]:
    return {"topic": letter.topic, "partition": letter.partition, "offset": letter.offset}


def _wire(letter: DeadLetter) -> dict[str, Any]:
    wire: dict[str, Any] = {
        **_wire_place(letter),
        "reason": letter.reason,
        "field": letter.field,
        "appendMs": letter.append_ms,
    }
    return {**wire, **_wire_bytes("key", letter.key), **_wire_bytes("value", letter.value)}


def _wire_received(letter: ReceivedLetter) -> dict[str, Any]:
    return {
        "source": letter.source,
        "address": letter.address,
        "receivedMs": letter.received_ms,
        "reason": letter.reason,
        "field": letter.field,
        "partition": letter.partition,
        "offset": letter.offset,
        **_wire_bytes("value", letter.value),
    }


def _wire_bytes(name: str, value: bytes | None) -> dict[str, Any]:
    try:
        return {name: None if value is None else value.decode()}
    except UnicodeDecodeError:
        # Bytes that are no text; a script needs them whole all the same.
        return {f"{name}Base64": base64.b64encode(value or b"").decode()}
