"""`telcollm replay`: alarms of the past written to Kafka, at the pace and with the faults asked for.

It does not read or correlate them: `telcollm worker` does.
"""

from __future__ import annotations

import json
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from telcollm.errors import SettingsError
from telcollm.settings import Settings, load_settings

if TYPE_CHECKING:
    from streams.replay.row import AlarmTable
    from streams.replay.schedule import Schedule
    from streams.replay.writer import Written

_FUTURE = timedelta(minutes=5)


def replay(
    record: Annotated[
        str, typer.Argument(help="huawei-24v, huawei-18v, csl, generated, or a .csv or .parquet file.")
    ],
    topic: Annotated[str, typer.Option(help="Topic to write to; the first source's by default.")] = "",
    form: Annotated[
        Literal["tmf642", "3gpp"], typer.Option("--as", help="How alarms are written.")
    ] = "tmf642",
    key: Annotated[
        Literal["source", "device", "none"], typer.Option(help="What the messages are keyed by.")
    ] = "source",
    systems: Annotated[
        int, typer.Option(help="Element managers that a record without any is spread over.")
    ] = 4,
    minutes: Annotated[
        float | None, typer.Option(help="Squeeze the slice into so many minutes; 3 by default.")
    ] = None,
    speed: Annotated[float | None, typer.Option(help="A multiple of real time instead.")] = None,
    flat_out: Annotated[bool, typer.Option("--flat-out", help="As fast as it goes instead.")] = False,
    start: Annotated[
        str, typer.Option(help="When the record starts, ISO 8601; 2026-01-05T00:00:00Z by default.")
    ] = "",
    from_fraction: Annotated[float, typer.Option(help="Leave out this first share of the alarms.")] = 0.0,
    to_fraction: Annotated[float, typer.Option(help="Stop where this share has been raised.")] = 1.0,
    limit: Annotated[int | None, typer.Option(help="At most so many alarms of the slice.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="A column of your own file: managed_object=NAME and so on.")
    ] = None,
    time_zone: Annotated[str, typer.Option(help="What naive times in your own file mean (IANA name).")] = "",
    late_ratio: Annotated[float, typer.Option(help="Share of the messages that come late.")] = 0.0,
    late_s: Annotated[float, typer.Option(help="How late at most, in event time.")] = 0.0,
    duplicate_ratio: Annotated[float, typer.Option(help="Share of the messages that come twice.")] = 0.0,
    shuffle_s: Annotated[float, typer.Option(help="Disorder: any message comes up to so much later.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Which late, doubled and shuffled messages.")] = 0,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the public records; else TELCOLLM_DATA_DIR.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Write past alarms to Kafka as an operator's systems would; the broker may be the embedded one.

    Same record, same options, same messages: ids and event times do not depend on when it runs. Ctrl-C stops
    after what is on its way. Examples:

        telcollm replay huawei-24v --speed 600

        telcollm replay csl --from-fraction 0.7 --to-fraction 0.75 --minutes 2

        telcollm replay huawei-18v --flat-out --late-ratio 0.01 --late-s 300 --duplicate-ratio 0.02

        telcollm replay alarms.parquet --column managed_object=ne --column problem=alarm_name
        --column raised=raised_at --column cleared=cleared_at --time-zone Europe/Berlin
    """
    from streams.replay.schedule import ReplayPlan, schedule
    from telcollm.app.alarm_source import alarm_source

    settings = load_settings(config)
    target = topic or alarm_source(settings).topic
    tenants = {item.topic: item.tenant for item in settings.sources}
    plan = ReplayPlan(
        form=form,
        key=key,
        speed=speed,
        minutes=minutes,
        flat_out=flat_out,
        start=_start(start),
        late_ratio=late_ratio,
        late_s=late_s,
        duplicate_ratio=duplicate_ratio,
        shuffle_s=shuffle_s,
        seed=seed,
        from_fraction=from_fraction,
        to_fraction=to_fraction,
        limit=limit,
        systems=systems,
        tenant=tenants[target] if target in tenants else alarm_source(settings).tenant,
    )
    table = _table(record, _columns(column or []), time_zone, data_dir or settings.data_dir)
    planned = schedule(table, plan)
    summary = _summary(planned, target)
    if not as_json and not quiet:
        for line in _announcement(planned, target):
            typer.echo(line, err=True)
    if not dry_run:
        began_s = time.monotonic()
        written = _write(settings, planned, target, show=not (as_json or quiet))
        summary["written"] = {
            "messages": written.messages,
            "payload_bytes": written.payload_bytes,
            "seconds": round(time.monotonic() - began_s, 3),
            "behind_s": round(written.behind_s, 3),
            "stopped": written.stopped,
        }
    if as_json:
        typer.echo(json.dumps(summary, indent=1))
    elif not dry_run:
        done = summary["written"]
        typer.echo(f"{done['messages']:,} messages in topic {target} after {done['seconds']:.1f} s")
    if not dry_run and summary["written"]["stopped"]:
        raise typer.Exit(130)


def _start(text: str) -> datetime | None:
    if not text:
        return None
    from streams.formats.instant import time_of
    from telcollm.errors import DecodeError

    try:
        return time_of(text, "start", "")
    except DecodeError as error:
        message = (
            f"start={text!r} is no time with its zone; one such as 2026-01-05T00:00:00Z is allowed; "
            "mend --start"
        )
        raise SettingsError(message) from error


def _columns(pairs: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in pairs:
        what, equals, name = pair.partition("=")
        if not (what and equals and name):
            message = (
                f"--column {pair!r} is no pair; FIELD=NAME is allowed; write --column managed_object=NAME"
            )
            raise SettingsError(message)
        columns[what] = name
    return columns


def _table(record: str, columns: dict[str, str], time_zone: str, data_dir: Path | None) -> AlarmTable:
    from streams.replay.dataset import load_dataset
    from streams.replay.table import read_table

    path = Path(record)
    if path.suffix.lower() in (".csv", ".parquet"):
        return read_table(path, columns, time_zone)
    if columns:
        message = f"--column is for files of your own; {record!r} has its columns already; leave --column out"
        raise SettingsError(message)
    return load_dataset(record, data_dir)


def _summary(planned: Schedule, topic: str) -> dict[str, Any]:
    counts = planned.counts
    return {
        "record": planned.table.name,
        "topic": topic,
        "format": planned.plan.form,
        "alarms": counts.alarms,
        "momentary": counts.momentary,
        "never_cleared": counts.never_cleared,
        "clears": counts.clears,
        "late": counts.late,
        "duplicates": counts.duplicates,
        "messages": counts.messages,
        "unsorted_rows": planned.table.unsorted,
        "cleared_before_raised_rows": planned.table.cleared_before_raised,
        "start": planned.start.isoformat(),
        "last_event_time": planned.last_event_time.isoformat(),
        "span_s": planned.span_s,
        "speed": planned.speed,
        "duration_s": planned.duration_s,
        "warnings": _warnings(planned),
    }


def _warnings(planned: Schedule) -> list[str]:
    if planned.last_event_time <= datetime.now(UTC) + _FUTURE:
        return []
    return [
        f"event times reach {planned.last_event_time.isoformat()}, which is still to come: a time ahead of "
        "the clock moves no window on; pass an earlier --start"
    ]


def _announcement(planned: Schedule, topic: str) -> Iterator[str]:
    counts, table = planned.counts, planned.table
    pace = "flat out"
    if planned.speed is not None:
        pace = f"in {planned.duration_s:,.0f} s (x {planned.speed:,.0f})"
    yield (
        f"{table.name}: {counts.alarms:,} alarms ({counts.momentary:,} momentary) as {counts.messages:,} "
        f"messages to topic {topic}, {planned.span_s / 3600:,.1f} h of event time {pace}"
    )
    if table.cleared_before_raised:
        yield f"{table.cleared_before_raised} rows clear before they are raised; they are taken as momentary"
    yield from _warnings(planned)


def _write(settings: Settings, planned: Schedule, topic: str, *, show: bool) -> Written:
    from streams.kafka.sink import RecordSink
    from streams.kafka.topics import PartitionCountWarning, TopicSpec, ensure_topics
    from streams.replay.schedule import deliveries
    from streams.replay.writer import write
    from telcollm.app.runtime import find_broker

    kafka = find_broker(settings).kafka
    with warnings.catch_warnings():
        # A topic that exists is written to as it is.
        warnings.simplefilter("ignore", PartitionCountWarning)
        ensure_topics(kafka, {topic: TopicSpec(settings.streams.partitions)}, on_mismatch="warn")
    stop = threading.Event()
    with _interrupts(stop), RecordSink(kafka) as sink, _bar(planned.counts.messages, show) as progress:
        return write(
            deliveries(planned), sink, topic, monotonic_s=time.monotonic, wait=stop.wait, progress=progress
        )


@contextmanager
def _interrupts(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM stop the replay in order, and the second end it at once."""
    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def once(number: int, frame: object) -> None:
        stop.set()
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, once)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _bar(total: int, show: bool) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not show, transient=True) as bar:
        task = bar.add_task("replay", total=total, rate="")
        began_s = time.monotonic()

        def advance(written: Written) -> None:
            rate = written.messages / max(time.monotonic() - began_s, 1e-9)
            bar.update(task, completed=written.messages, rate=f"{rate:,.0f}/s")

        yield advance
