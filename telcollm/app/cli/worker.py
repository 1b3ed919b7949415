"""`telcollm worker`: the stream from alarms to diagnoses, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcollm.settings import load_settings

if TYPE_CHECKING:
    from streams.worker import Status


def worker(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
    ] = None,
    drain: Annotated[
        bool, typer.Option("--drain", help="Stop when all that is on the brokers now is through.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the final status as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Read alarms from Kafka, correlate, diagnose, and write incidents and diagnoses.

    Topics of other kinds (sources.kind: kpis, logs, tickets, care, feedback) are taken in beside them:
    tickets are routed, customers answered, and replies withdrawn when their incident changes.

    Stops gracefully on Ctrl-C or SIGTERM. Several workers share the partitions. Examples:

        telcollm worker

        TELCOLLM_KAFKA__BOOTSTRAP_SERVERS=kafka-1:9092 telcollm worker

        telcollm worker --drain --json
    """
    import msgspec

    from telcollm.app.advisers import open_adviser
    from telcollm.app.desks import open_desks
    from telcollm.app.findings import open_findings
    from telcollm.app.health import serve_health
    from telcollm.app.membership import as_static_member, hold_slot
    from telcollm.app.progress import ProgressView
    from telcollm.app.runtime import find_broker, run_worker
    from telcollm.app.session import open_session_tracker
    from telcollm.app.workplace import open_workplace

    configured = load_settings(config)
    settings = find_broker(configured)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        settings.home.mkdir(parents=True, exist_ok=True)
        if settings is not configured:
            settings = as_static_member(settings, stack.enter_context(hold_slot(settings.home)))
        workplace = open_workplace(settings)
        stack.callback(workplace.close)
        store = workplace.stores.store
        desks = open_desks(workplace)
        adviser = open_adviser(settings, workplace.stores)
        tracker = open_session_tracker(settings, "worker")
        health = None
        if settings.health_port:
            health = stack.enter_context(serve_health(settings.health_port, settings.health_host))
        view = None if quiet or as_json else stack.enter_context(ProgressView())

        def show(status: Status) -> None:
            if health is not None:
                health.note(status)
            if view is not None:
                view.show(status)

        status = run_worker(
            settings,
            store,
            stop=stop,
            draining=lambda: drain,
            adviser=adviser,
            switch=workplace.switch,
            router=desks.router,
            suggester=desks.suggester,
            findings=open_findings(settings, workplace.stores, workplace.guard),
            tracker=tracker,
            on_status=show,
        )
    if as_json:
        typer.echo(msgspec.json.encode(status).decode())
