"""`telcollm simulate`: a made-up operator's network, what it tells, what people write of it, and the truth.

It shows what `streams.simulator` makes; everything it writes is simulated and says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from telcollm.errors import SettingsError
from telcollm.settings import load_settings

if TYPE_CHECKING:
    from streams.simulator.tables import Tables


def simulate(
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables; new, empty, or of an earlier simulation.")
    ] = None,
    plan: Annotated[
        Literal["default", "training"],
        typer.Option(help="default: as real streams are; training: twice the network, more faults."),
    ] = "default",
    days: Annotated[float | None, typer.Option(help="How long, in days; 30 by default.")] = None,
    elements: Annotated[
        int | None, typer.Option(help="Network elements, 200 to 100000; 500 by default.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another operator; 1 by default.")] = None,
    kafka: Annotated[
        bool, typer.Option("--kafka", help="Send the alarms to Kafka as well, in order of arrival.")
    ] = False,
    topic: Annotated[str, typer.Option(help="Topic for --kafka; the first source's by default.")] = "",
    kpis: Annotated[bool, typer.Option(help="Write KPIs as well: the largest table.")] = True,
    changed: Annotated[
        bool,
        typer.Option("--changed", help="Write the windows in other vendors' words and other orders as well."),
    ] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Simulate an operator and write what it tells as Parquet tables, the truth in a folder of its own.

    windows, tickets and messages are decisions to learn from, with a column `split`; alarms, kpis, logs,
    topology and planned_work are what systems would tell. The same options write the same tables. Examples:

        telcollm simulate --out operator

        telcollm simulate --out operator --plan training --seed 7

        telcollm simulate --days 2 --kafka

        telcollm simulate --out operator --plan training --no-kpis --changed

        telcollm finetune run --data operator/tickets.parquet --text description --label team --split split
    """
    from streams.simulator.tables import PLANS, TablePlan, Tables, sized

    if out is None and not kafka:
        message = "simulate has nowhere to write; --out FOLDER, --kafka or both are allowed; name one of them"
        raise SettingsError(message)
    began_s = time.monotonic()
    chosen = sized(PLANS[plan], days=days, elements=elements, seed=seed)
    tables = Tables(TablePlan(simulation=chosen))
    summary: dict[str, Any] = {"simulated": True}
    with _progress(not (as_json or quiet)) as tell:
        tell("network, faults, alarms")
        _ = tables.simulation
        if out is not None:
            from streams.simulator.tables_files import write_tables

            summary = write_tables(tables, out, kpis=kpis, changed=changed, progress=tell)
            summary["folder"] = str(out)
        if kafka:
            tell("Kafka")
            summary["kafka"] = _send(tables, topic, config)
    summary["seconds"] = round(time.monotonic() - began_s, 3)
    if as_json:
        typer.echo(json.dumps(summary, indent=1))
        return
    for line in _told(summary):
        typer.echo(line)


def _told(summary: dict[str, Any]) -> Iterator[str]:
    if "files" in summary:
        counts = summary["counts"]
        yield (
            f"simulated: {counts['elements']:,} elements, {counts['faults']:,} faults, "
            f"{counts['alarms']:,} alarms, {counts['log_lines']:,} log lines"
        )
        yield (
            f"to learn from: {counts['windows']:,} windows, {counts['tickets']:,} tickets, "
            f"{counts['messages']:,} messages"
        )
        for name, entry in summary["files"].items():
            if "rows_changed" in entry:
                yield f"{name}: {entry['rows_changed']:,} of {entry['rows']:,} windows read otherwise"
        yield f"{len(summary['files'])} files in {summary['folder']} after {summary['seconds']:.1f} s"
    if "kafka" in summary:
        yield f"{summary['kafka']['messages']:,} notifications in topic {summary['kafka']['topic']}"


def _send(tables: Tables, topic: str, config: Path | None) -> dict[str, Any]:
    """Return what was sent: every notification in order of arrival, as TMF642, keyed by its source."""
    import warnings

    from streams.formats import to_tmf642
    from streams.kafka.sink import RecordSink
    from streams.kafka.topics import PartitionCountWarning, TopicSpec, ensure_topics
    from telcollm.app.alarm_source import alarm_source
    from telcollm.app.runtime import find_broker

    settings = load_settings(config)
    target = topic or alarm_source(settings).topic
    broker = find_broker(settings).kafka
    with warnings.catch_warnings():
        # A topic that exists is written to as it is.
        warnings.simplefilter("ignore", PartitionCountWarning)
        ensure_topics(broker, {target: TopicSpec(settings.streams.partitions)}, on_mismatch="warn")
    count = 0
    with RecordSink(broker) as sink:
        for alarm in tables.simulation.notifications():
            value = json.dumps(to_tmf642(alarm), ensure_ascii=False, separators=(",", ":")).encode()
            sink.send(target, alarm.source_system_id.encode(), value)
            count += 1
            if count % 500 == 0:
                sink.flush()
        sink.flush()
    return {"topic": target, "messages": count}


@contextmanager
def _progress(show: bool) -> Iterator[Callable[[str], None]]:
    from rich.console import Console

    if not show:
        yield lambda name: None
        return
    with Console(stderr=True).status("simulating") as status:
        yield lambda name: status.update(f"simulating: {name}")
