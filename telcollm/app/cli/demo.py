"""`telcollm demo`: real alarms through the whole chain on this machine, in a minute or two."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcollm.settings import load_settings

if TYPE_CHECKING:
    from streams.worker import Status
    from telcollm.app.demo import Outcome

_PARENT_CHECK_S = 0.5
_CONSOLE_CHECK_S = 0.5
_ORDERLY_S = 20.0


def demo(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what came of it as JSON.")] = False,
    with_console: Annotated[
        bool, typer.Option("--console", help="Then show it in the console, until Ctrl-C.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65_535, help="The console's port; 0 takes any free one.")
    ] = 8501,
) -> None:
    """Replay a slice of real alarms through broker, correlation, model and diagnosis, and show the result.

    Uses the records in TELCOLLM_DATA_DIR, or a small generated network where there are none. Starts and stops
    all it needs. Ctrl-C stops it in good order, a second one at once; it ends with the process that started
    it. With --console the pages for people stay open on what came of it, under an account made for this run,
    whose password is printed once. Examples:

        telcollm demo

        telcollm demo --console

        TELCOLLM_DATA_DIR=../shared/data telcollm demo --json
    """
    from rich.console import Console

    from telcollm.app.demo import run_demo
    from telcollm.app.progress import ProgressView

    settings = load_settings(config)
    console = Console(stderr=True)
    stop = threading.Event()

    def stop_once(number: int, frame: object) -> None:
        # The second one ends it at once; the broker's watchman sees to the broker.
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop_once)
    outcomes: list[Outcome] = []
    with _ended_with_its_parent(stop):
        with ProgressView(console) as view:

            def show(record: str, status: Status) -> None:
                view.show(status)

            for outcome in run_demo(
                settings,
                stop=stop,
                tell=lambda line: console.print(f"[dim]-[/] {line}", highlight=False),
                on_status=show,
            ):
                outcomes.append(outcome)
        if as_json:
            typer.echo(json.dumps([_plain(outcome) for outcome in outcomes], indent=1))
        else:
            _print(outcomes, str(settings.tracking_uri))
        if stop.is_set():
            typer.echo("stopped before the end", err=True)
            raise typer.Exit(130)
        if with_console and outcomes:
            _show(outcomes, config, port, stop, err=as_json)


def _show(
    outcomes: list[Outcome], config: Path | None, port: int, stop: threading.Event, *, err: bool
) -> None:
    """Show the first outcome in the console until `stop` is set, or the console ends by itself.

    Raises:
        TelcollmError: the console cannot be started, or ended by itself.
    """
    from telcollm.app.console import running_console
    from telcollm.app.demo import ACCOUNT, make_account
    from telcollm.errors import TelcollmError

    shown = outcomes[0].settings
    environment = {
        "TELCOLLM_HOME": str(shown.home.absolute()),
        "TELCOLLM_STORE_URL": shown.store_location,
        "TELCOLLM_TRACKING__URI": shown.tracking_uri,
        "TELCOLLM_MODEL__ENGINE": "none",
    }
    with running_console(config=config, port=port, environment=environment) as running:
        password = make_account(shown)
        typer.echo(f"the console is at {running.address}, on {outcomes[0].record} (Ctrl-C ends it)", err=err)
        typer.echo(f"what was replayed is over: look at {running.address}/?state=all", err=err)
        typer.echo(f"log in as {ACCOUNT} with this password, shown this once: {password}", err=err)
        while not stop.wait(_CONSOLE_CHECK_S):
            if running.process.poll() is not None:
                message = (
                    f"the console ended with exit code {running.process.returncode}; it runs until Ctrl-C; "
                    f"start it again by TELCOLLM_HOME={shown.home} telcollm console"
                )
                raise TelcollmError(message)
    typer.echo("the console has ended", err=err)


@contextmanager
def _ended_with_its_parent(stop: threading.Event) -> Iterator[None]:
    """Stop what runs in the block when the process that started this one is gone, make by SIGKILL say."""
    parent = os.getppid()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_PARENT_CHECK_S):
            if os.getppid() != parent:
                stop.set()
                if not ended.wait(_ORDERLY_S):
                    os._exit(130)
                return

    threading.Thread(target=watch, name="telcollm-parent", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _print(outcomes: list[Outcome], tracking_uri: str) -> None:
    from rich.console import Console

    from telcollm.app.demo import DECIDER
    from telcollm.app.incident_view import incident_table

    console = Console()
    for outcome in outcomes:
        status = outcome.status
        console.rule(
            f"{outcome.record}: {outcome.total} incidents of {status.alarms} alarms, the most varied"
        )
        console.print(incident_table(outcome.incidents, outcome.diagnoses))
        opinions = [item.shadow for item in outcome.diagnoses.values() if item.shadow]
        agreed = [opinion.agrees for opinion in opinions]
        if agreed:
            console.print(
                f"The graph decides. The untuned model, asked in shadow, picked the same cause in "
                f"{sum(agreed)} of these {len(agreed)}.",
                highlight=False,
            )
        sure = [kind for opinion in opinions for kind in opinion.fault_kinds[:1]]
        if sure:
            name, chance = max(sure, key=lambda kind: kind[1])
            console.print(
                f"{DECIDER}, tuned on a simulated operator and asked in shadow, names a kind of fault for "
                f"{len(sure)} of these, the surest ({name.replace('_', ' ')}) at {chance:.0%}. This is "
                "another kind of network than it learned on: tune your own by telcollm finetune run.",
                highlight=False,
            )
        if status.failure:
            console.print(f"[yellow]{status.failure}[/]", highlight=False)
        latency = status.latency_ms
        if latency:
            console.print(
                f"alarm to durable incident: p50 {latency['p50']:.0f} ms, p95 {latency['p95']:.0f} ms, "
                f"p99 {latency['p99']:.0f} ms; {status.prompts} questions on windows asked as "
                f"{status.prompts_asked} prompts, {status.tokens_in:,} tokens",
                highlight=False,
            )
    console.rule("where to look further")
    for outcome in outcomes:
        home = outcome.settings.home
        console.print(
            f"incidents  TELCOLLM_HOME={home} telcollm incidents list", soft_wrap=True, highlight=False
        )
        console.print(f"console    TELCOLLM_HOME={home} telcollm console", soft_wrap=True, highlight=False)
    console.print(f"runs       mlflow ui --backend-store-uri {tracking_uri}", soft_wrap=True, highlight=False)


def _plain(outcome: Outcome) -> dict[str, object]:
    import msgspec

    from telcollm.codec import to_wire

    return {
        "record": outcome.record,
        "incidents": outcome.total,
        "ready_s": round(outcome.ready_s, 2),
        "home": str(outcome.settings.home),
        "status": msgspec.to_builtins(outcome.status),
        "largest": [to_wire(item) for item in outcome.incidents],
        "diagnoses": [to_wire(item) for item in outcome.diagnoses.values()],
    }
