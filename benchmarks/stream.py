"""Alarms a second through decode, windows and correlation, beside what one would otherwise use.

    python -m benchmarks.stream [--json] [--records N] [--rounds R] [--profile] [--python-checksums]

Contenders take turns on one topic of an embedded broker, each in a fresh process with one thread of work;
time runs from the first record polled to the last one done. It deliberately measures no model, no diagnosis
and no second hop through Kafka.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta

import msgspec
from rich.console import Console

from benchmarks import load, report, trial

BARE = ("poll only", "bare msgspec", "bare json")
PEERS = ("quix", "bytewax")
OURS = ("telcollm", "telcollm, incidents", "telcollm, store")


def main(argv: list[str]) -> int:
    options = _options(argv)
    console = Console(stderr=options.json)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with console.status("building the load") as status:
        messages = load.build(options.records, midnight - timedelta(days=2), options.seed)
        answers = trial.expected(messages)
        status.update("filling the topic")
        with trial.filled_topic(messages, python_checksums=options.python_checksums) as job:
            names = [name for name in (*BARE, *PEERS, *OURS) if name not in options.without]
            rounds = trial.rounds(names, job, answers, options.rounds, status.update)
            status.update("profile")
            profile = {}
            if options.profile:
                timed = trial.run_once("telcollm, profile", job)
                trial.check("telcollm, profile", timed, job, answers)
                profile = timed.us_per_record
            status.update("memory of 100,000 open alarms")
            memory = trial.run_once("memory", job)
    found = report.figures(
        rounds,
        profile=profile,
        memory_bytes=memory.grown_bytes,
        payload_bytes=messages.payload_bytes,
        python_checksums=options.python_checksums,
    )
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    else:
        report.show(console, found)
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream", description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=40_000, help="records in the topic (40000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender runs (5)")
    parser.add_argument("--seed", type=int, default=1, help="of the made-up network (1)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--profile", action="store_true", help="time the parts of a record's way as well")
    parser.add_argument(
        "--python-checksums",
        action="store_true",
        help="keep kafka-python from using the crc32c package, as where it is not installed",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=(*BARE[:1], *BARE[2:], *PEERS, *OURS[1:]),
        help="leave a contender out; may be repeated",
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
