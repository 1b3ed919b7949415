"""Runs one contender in this process: a job as JSON on standard input, its result on standard output.

It deliberately does not know what the others do: a fresh process each time keeps them apart.
"""

from __future__ import annotations

import importlib
import os
import sys

import msgspec

from benchmarks.job import Job, Result

CONTENDERS = {
    "poll only": "benchmarks.peers:poll_only",
    "bare msgspec": "benchmarks.peers:bare_msgspec",
    "bare json": "benchmarks.peers:bare_json",
    "quix": "benchmarks.peers:quix",
    "bytewax": "benchmarks.peers:bytewax",
    "telcollm": "benchmarks.ours:correlate",
    "telcollm, incidents": "benchmarks.ours:incidents",
    "telcollm, store": "benchmarks.stored:stored",
    "telcollm, profile": "benchmarks.ours:profiled",
    "memory": "benchmarks.memory:open_alarms",
}


def run(name: str, job: Job) -> Result:
    """Return what the contender of that name did."""
    module, _, function = CONTENDERS[name].partition(":")
    result: Result = getattr(importlib.import_module(module), function)(job)
    return result


def main(argv: list[str]) -> int:
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    out = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not mix with the result
    if job.python_checksums:
        sys.modules["crc32c"] = None  # type: ignore[assignment]
    result = run(argv[0], job)
    os.write(out, msgspec.json.encode(result))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
