"""A trial: one broker, one filled topic, and contenders that take turns on it, each in a fresh process.

A contender whose windows or incidents are not those of the reference is refused: its time does not count. It
deliberately does not know what the times mean.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.job import Job, Result
from benchmarks.load import PARTITIONS, Load
from benchmarks.reference import Count, all_sessions, closed_by_key, incidents
from streams.broker import EmbeddedBroker
from streams.kafka.client import build_producer
from streams.kafka.topics import TopicSpec, ensure_topics
from telcollm.errors import TelcollmError
from telcollm.kafka_settings import KafkaSettings

TOPIC = "bench-alarms"
_ROOT = Path(__file__).resolve().parents[1]


class WrongAnswer(TelcollmError):
    """A contender computed something else than the reference."""


@contextmanager
def filled_topic(load: Load, *, python_checksums: bool) -> Iterator[Job]:
    """Yield the job of reading `load` from an embedded broker, gone after the block."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker("noida") as broker:
        load.save_network(Path(folder))
        settings = KafkaSettings(bootstrap_servers=(broker.address,))
        ensure_topics(settings, {TOPIC: TopicSpec(PARTITIONS)})
        producer = build_producer(settings, linger_ms=50, batch_size=262_144)
        for item in load.messages:
            producer.send(TOPIC, item.value, item.key, partition=item.partition, timestamp_ms=item.event_ms)
        producer.flush()
        producer.close()
        yield Job(broker.address, TOPIC, len(load.messages), folder, python_checksums)


def expected(load: Load) -> dict[str, Count]:
    """Return what each contender that computes anything must answer."""
    ours, windows = incidents(load), all_sessions(load)
    return {
        "telcollm": ours,
        "telcollm, incidents": ours,
        "telcollm, store": ours,
        "telcollm, profile": ours,
        "quix": closed_by_key(load),
        "bytewax": windows,
    }


def run_once(name: str, job: Job, timeout_s: float = 900.0) -> Result:
    """Return what a contender did in a process of its own.

    Raises:
        TelcollmError: it failed; tells what it wrote last.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.contender", name],
        input=msgspec.json.encode(job),
        capture_output=True,
        cwd=_ROOT,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace")[-1500:]
        message = (
            f"contender {name!r} ended with {done.returncode}: {told}; "
            "0 is expected; install the extra: pip install -e '.[bench,broker]'"
        )
        raise TelcollmError(message)
    return msgspec.json.decode(done.stdout, type=Result)


def check(name: str, result: Result, job: Job, answers: dict[str, Count]) -> None:
    """Make sure that a contender read every record and found what the reference found.

    Raises:
        WrongAnswer: it did not.
    """
    found = Count(result.windows, result.alarms)
    wanted = answers.get(name, found)
    if result.records != job.records or found != wanted:
        message = (
            f"contender {name!r} read {result.records} records and found {found}; {job.records} records and "
            f"{wanted} are right; its time does not count: mend benchmarks before reading any ratio"
        )
        raise WrongAnswer(message)


def rounds(
    names: Sequence[str],
    job: Job,
    answers: dict[str, Count],
    count: int,
    progress: Callable[[str], None],
) -> list[dict[str, Result]]:
    """Return the results of `count` rounds; in each the contenders take turns, in the same order."""
    found: list[dict[str, Result]] = []
    for number in range(count):
        results: dict[str, Result] = {}
        for name in names:
            progress(f"round {number + 1} of {count}: {name}")
            results[name] = run_once(name, job)
            check(name, results[name], job, answers)
        found.append(results)
    return found
