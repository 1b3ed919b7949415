"""`telcollm console`: the pages for people, in a browser on this machine, until it is told to stop."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer


def console(
    port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65_535, help="The port; 0 takes any free one.")
    ] = 8501,
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond the loopback only behind TLS and a login you trust.")
    ] = "127.0.0.1",
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON.")] = False,
) -> None:
    """Show incidents, tickets, conversations and models in a browser, in English and Chinese.

    Log in with an account: telcollm account add NAME --role noc_engineer makes one. Stops on Ctrl-C or
    SIGTERM. Examples:

        telcollm console

        telcollm console --port 8600

        telcollm console --port 0 --json
    """
    import json
    import os

    from telcollm.app.console import running_console
    from telcollm.settings import load_settings

    load_settings(config)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running_console(config=config, host=host, port=port) as running:
            if as_json:
                typer.echo(json.dumps({"address": running.address, "pid": os.getpid()}))
            else:
                typer.echo(f"the console is at {running.address} (Ctrl-C ends it)")
            raise typer.Exit(running.wait())
    except KeyboardInterrupt:
        if not as_json:
            typer.echo("the console has ended")
