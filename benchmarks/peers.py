"""The peers: kafka-python's bare loop, Quix Streams and Bytewax, each in the shape its own guide shows.

Quix Streams and Bytewax count the records of each device and collect their problems in session windows of the
gap and lateness that telcollm uses; event time is Kafka's timestamp, so that they need not parse one. It
deliberately does not know telcollm.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from benchmarks.job import Job, Result, Stopwatch
from benchmarks.load import GAP_MS, LATENESS_MS

BATCH_RECORDS = 1_000


def bare_msgspec(job: Job) -> Result:
    """Poll and decode to plain objects with msgspec, the fastest way there is in Python."""
    return _bare(job, msgspec.json.Decoder().decode)


def bare_json(job: Job) -> Result:
    """Poll and decode with the standard library, as most people write it."""
    return _bare(job, json.loads)


def poll_only(job: Job) -> Result:
    """Poll and decode nothing: what the client alone costs."""
    return _bare(job, len)


def _bare(job: Job, decode: Callable[[bytes], Any]) -> Result:
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(
        job.topic,
        bootstrap_servers=[job.address],
        group_id=job.new_group(),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    watch, done = Stopwatch(), 0
    while done < job.records:
        batches = consumer.poll(timeout_ms=500, max_records=BATCH_RECORDS)
        if batches:
            watch.start()
        for batch in batches.values():
            for record in batch:
                decode(record.value)
            done += len(batch)
    result = watch.result(done)
    consumer.close()
    return result


def quix(job: Job) -> Result:
    """Quix Streams: windows in its RocksDB state, closed by key, a checkpoint every 5 s, no changelog."""
    from quixstreams import Application
    from quixstreams.dataframe.windows.aggregations import Reduce

    watch, results, done = Stopwatch(), [], 0
    windows = alarms = 0

    def processed(topic: str, partition: int, offset: int) -> None:
        nonlocal done
        done += 1
        if done == job.records:
            results.append(watch.result(done))
            app.stop()

    def started(value: dict[str, Any]) -> dict[str, Any]:
        watch.start()
        return {"problem": value["specificProblem"]}

    def closed(window: dict[str, Any]) -> None:
        nonlocal windows, alarms
        windows += 1
        alarms += window["value"]["records"]

    with tempfile.TemporaryDirectory() as folder:
        app = Application(
            broker_address=job.address,
            consumer_group=job.new_group(),
            auto_offset_reset="earliest",
            state_dir=folder,
            use_changelog_topics=False,
            loglevel="WARNING",
            on_message_processed=processed,
        )
        frame = app.dataframe(app.topic(job.topic, value_deserializer="json", key_deserializer="str"))
        frame = frame.apply(started).session_window(GAP_MS, LATENESS_MS)
        frame = frame.agg(value=Reduce(_added, lambda item: _added(_nothing(), item), _merged)).final()
        frame.update(closed)
        app.run()
    result: Result = results[0]
    result.windows, result.alarms = windows, alarms
    return result


def bytewax(job: Job) -> Result:
    """Bytewax: windows in memory, no recovery store; it reads to the end and closes what is open."""
    import bytewax.operators as op
    import bytewax.operators.windowing as win
    from bytewax.connectors.kafka import KafkaSource
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSink, run_main

    watch = Stopwatch()
    out: list[Any] = []
    decode = msgspec.json.Decoder().decode

    def keyed(message: Any) -> tuple[str, tuple[int, str]]:
        watch.start()
        value = decode(message.value)
        return message.key.decode(), (message.timestamp[1], value["specificProblem"])

    def event_time(item: tuple[int, str]) -> datetime:
        return datetime.fromtimestamp(item[0] / 1000, UTC)

    flow = Dataflow("sessions")
    source = KafkaSource([job.address], [job.topic], tail=False, batch_size=BATCH_RECORDS)
    items = op.map("decode", op.input("in", flow, source), keyed)
    clock = win.EventClock(event_time, timedelta(milliseconds=LATENESS_MS))
    windower = win.SessionWindower(timedelta(milliseconds=GAP_MS))
    found = win.fold_window(
        "sessions",
        items,
        clock,
        windower,
        _nothing,
        lambda window, item: _added(window, {"problem": item[1]}),
        _merged,
        ordered=False,
    )
    op.output("out", found.down, TestingSink(out))
    run_main(flow)
    records = sum(window["records"] for _, (_, window) in out)
    result = watch.result(records)
    result.windows, result.alarms = len(out), records
    return result


def _nothing() -> dict[str, Any]:
    return {"records": 0, "problems": []}


def _added(window: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    window["records"] += 1
    if item["problem"] not in window["problems"]:
        window["problems"].append(item["problem"])
    return window


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    new = [problem for problem in other["problems"] if problem not in one["problems"]]
    return {"records": one["records"] + other["records"], "problems": one["problems"] + new}


logging.getLogger("kafka").setLevel(logging.ERROR)
