"""Workers in processes of their own that need not import everything again: forked from one that has.

`python -m tests.streams.nursery` reads the path of a config (see `worker_process`) on each line, runs it in a
forked process, and answers with that one's exit code. Does not know what a worker does.
"""

from __future__ import annotations

import atexit
import itertools
import os
import random
import subprocess
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Several, as each orders its sets in a way of its own: workers that follow each other must not hang on that.
_NURSERIES = 3
_next = itertools.count()
_started: dict[int, subprocess.Popen[str]] = {}

# What a worker imports only once it runs.
LAZY = (
    "agents.diagnosis.steps",
    "agents.tools.toolbox",
    "kafka",
    "networkx",
    "numpy",
    "sqlalchemy.dialects.sqlite",
    "streams.kafka.sink",
    "streams.kafka.source",
    "streams.kafka.topics",
    "streams.worker",
)


def run_forked(config: Path) -> tuple[int, str]:
    """Return the exit code of a worker with this config, and what it wrote to its standard error."""
    number = next(_next) % _NURSERIES
    if number not in _started:
        _started[number] = _nursery()
    nursery = _started[number]
    assert nursery.stdin is not None and nursery.stdout is not None
    nursery.stdin.write(f"{config}\n")
    nursery.stdin.flush()
    told = nursery.stdout.readline()
    assert told, f"the nursery ended with {nursery.wait()}"
    return int(told), _errors(config).read_text(errors="replace")


def _nursery() -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.streams.nursery"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(_end, nursery)
    return nursery


def _end(nursery: subprocess.Popen[str]) -> None:
    nursery.kill()
    nursery.communicate()


def _errors(config: Path) -> Path:
    return config.with_suffix(".err")


def _work(config: Path) -> None:
    """Run the worker in this process, which then ends."""
    from tests.streams import worker_process

    code = 1
    try:
        for number, path, how in ((0, os.devnull, os.O_RDONLY), (1, os.devnull, os.O_WRONLY)):
            os.dup2(os.open(path, how), number)
        os.dup2(os.open(_errors(config), os.O_WRONLY | os.O_CREAT), 2)
        random.seed()
        worker_process.main(str(config))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    import importlib

    for name in ("tests.streams.worker_process", *LAZY):
        importlib.import_module(name)
    for line in sys.stdin:
        config = Path(line.rstrip("\n"))
        _errors(config).touch()
        child = os.fork()
        if child == 0:
            _work(config)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
