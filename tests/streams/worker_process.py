"""A real worker in a process of its own that kills itself at a chosen point: `python -m ... CONFIG.json`.

The config holds `settings`, and optionally `point` and `times`: SIGKILL at the times-th passing of the point;
with `desks`, tickets are routed and customers answered.
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
from telcollm.store.opening import open_stores
from telcollm.testing import ScriptedModel
from tests.streams.desk_pipeline import ByWordRouter, CountingSuggester


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
    stores = open_stores(settings.store_location)
    store = stores.store
    adviser = ModelAdviser(ScriptedModel(), settings.diagnosis, Guard(b"0123456789abcdef"))
    status = run_worker(
        settings,
        store,
        stop=stop,
        draining=lambda: config.get("drain", True),
        adviser=adviser,
        router=ByWordRouter() if config.get("desks") else None,
        suggester=CountingSuggester(store, stores) if config.get("desks") else None,
        reached=reached,
    )
    stores.close()
    sys.stdout.write(msgspec.json.encode(status).decode())


if __name__ == "__main__":
    main(sys.argv[1])
