"""The command line: `telcollm ...`. Commands parse and print; services and stages do the work."""

from __future__ import annotations

import logging
import os
import sys

import typer

from telcollm import __version__
from telcollm.app.cli import (
    access,
    api,
    ask,
    broker,
    care,
    console,
    demo,
    dlq,
    finetune,
    graph,
    handover,
    incidents,
    knowledge,
    model,
    receive,
    replay,
    route,
    simulate,
    store,
    topology,
    worker,
)
from telcollm.app.cli.guarding import guarded
from telcollm.errors import TelcollmError

app = typer.Typer(
    name="telcollm",
    help="Alarms in through Kafka, checked diagnoses out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(broker.app, name="broker", help="Run the embedded Kafka-compatible broker.")
app.add_typer(graph.app, name="graph", help="Learn and evaluate the cause graph over alarm types.")
app.add_typer(model.app, name="model", help="Fetch and list language models.")
app.add_typer(finetune.app, name="finetune", help="Train deciders on labelled rows of your own.")
app.add_typer(incidents.app, name="incidents", help="Look at incidents and their diagnoses.")
app.add_typer(
    knowledge.app, name="knowledge", help="Runbooks, manuals and past tickets: add, search, remove."
)
app.add_typer(route.app, name="route", help="Route tickets to teams: one, or a file of them.")
app.add_typer(care.app, name="care", help="Replies to customers: suggest, judge, and check scripts.")
app.add_typer(access.account_app, name="account", help="People's accounts: add, list, remove, password.")
app.add_typer(access.key_app, name="key", help="Programs' keys to the API: make, list, revoke.")
app.add_typer(receive.app, name="receive", help="Receive syslog and SNMP traps into Kafka.")
app.add_typer(dlq.app, name="dlq", help="Look at dead letters and replay them.")
app.add_typer(store.app, name="store", help="Look after what telcollm keeps.")
app.add_typer(topology.app, name="topology", help="Bring the network's elements and links into the store.")
app.command("ask")(ask.ask)
app.command("handover")(handover.handover)
app.command("postmortem")(handover.postmortem)
app.command("stop-model")(access.stop_model)
app.command("start-model")(access.start_model)
app.command("api")(api.api)
app.command("console")(console.console)
app.command("simulate")(simulate.simulate)
app.command("replay")(replay.replay)
app.command("worker")(worker.worker)
app.command("demo")(demo.demo)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"telcollm {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what is done, to standard error."),
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    if not verbose:
        logging.getLogger("kafka").setLevel(logging.CRITICAL)


def main() -> None:
    """Run the command line; errors telcollm raises on purpose end in one message and exit code 1."""
    from telcollm.app.runtime import check_names

    # Threads of the model that spin while they wait take the cores from the stream.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        check_names()
        guarded(typer.main.get_command(app))()
    except TelcollmError as error:
        typer.secho(f"telcollm: {error}", fg=typer.colors.RED, err=True)
        raise SystemExit(1) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
