"""`telcollm broker`: starting, stopping and seeing the embedded Kafka-compatible broker.

It does not write or read a record.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The embedded broker: start, stop, status.", no_args_is_help=True)

_PARENT_CHECK_S = 0.3

Home = Annotated[
    Path | None,
    typer.Option(help="State folder; TELCOLLM_HOME, else .telcollm here.", show_default=False),
]


def _home(given: Path | None) -> Path:
    from streams.broker.detached import default_home

    return given.absolute() if given is not None else default_home()


@app.command()
def start(
    kind: Annotated[str, typer.Option(help="noida keeps its data on disk, tansu in memory.")] = "noida",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Run on until telcollm broker stop.")] = False,
    home: Home = None,
) -> None:
    """Start a broker on the loopback interface and print its address.

    In the foreground it ends with Ctrl-C, SIGTERM, or the process that started it. Examples:

        telcollm broker start --detach

        telcollm broker start --port 9092
    """
    from streams.broker.detached import foreground, start_detached
    from streams.broker.wheel import broker_kind

    folder = _home(home)
    if detach:
        typer.echo(start_detached(folder, broker_kind(kind), port).address)
        return
    parent = os.getppid()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda signum, frame: ended.set())
    with foreground(folder, broker_kind(kind), port) as broker:
        typer.echo(broker.address)
        while broker.running and os.getppid() == parent and not ended.wait(_PARENT_CHECK_S):
            pass
        died = not broker.running and not ended.is_set()
    if died:
        typer.echo(f"the broker has ended; its log is {folder / 'broker' / 'broker.log'}", err=True)
        raise typer.Exit(1)


@app.command()
def stop(home: Home = None) -> None:
    """Stop the broker of the state folder; with none running there is nothing to do.

    Whoever used it loses it. Example:

        telcollm broker stop
    """
    from streams.broker.detached import stop_running

    state = stop_running(_home(home))
    typer.echo("no broker was running" if state is None else f"stopped {state.kind} at {state.address}")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    home: Home = None,
) -> None:
    """Show the broker of the state folder; exit 1 where none runs.

    What it is, where it listens and where its data lies. Example:

        telcollm broker status --json
    """
    from streams.broker.detached import running_broker

    state = running_broker(_home(home))
    if as_json:
        typer.echo(json.dumps({"running": state is not None, **(asdict(state) if state else {})}, indent=1))
    elif state is None:
        typer.echo("no broker is running; start one with telcollm broker start --detach")
    else:
        how = "detached" if state.detached else "in the foreground of another process"
        typer.echo(f"{state.kind} at {state.address}, process {state.pid}, {how}, data in {state.data_dir}")
    if state is None:
        raise typer.Exit(1)
