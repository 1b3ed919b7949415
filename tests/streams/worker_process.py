"""A real worker in a process of its own that kills itself at a chosen point: `python -m ... CONFIG.json`.

The config holds `settings`, and optionally `point` and `times`: SIGKILL at the times-th passing of the point.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

import msgspec

from agents.advice import ModelAdviser
from telcollm.app.runtime import run_worker
from telcollm.guard import Guard
from telcollm.settings import Settings
from telcollm.store import open_store
from telcollm.testing import ScriptedModel


def main(path: str) -> None:
    config = json.loads(Path(path).read_text())
    settings = Settings(**config["settings"])
    left = [config.get("times", 0)]

    def reached(point: str) -> None:
        if point == config.get("point"):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    store = open_store(settings.store_location)
    adviser = ModelAdviser(ScriptedModel(), settings.diagnosis, Guard(b"0123456789abcdef"))
    status = run_worker(
        settings,
        store,
        stop=stop,
        draining=lambda: config.get("drain", True),
        adviser=adviser,
        reached=reached,
    )
    store.close()
    sys.stdout.write(msgspec.json.encode(status).decode())


if __name__ == "__main__":
    main(sys.argv[1])
