"""Slots: a name for each worker on the embedded broker that it has again after it was killed.

The embedded broker never drops a member that died without leaving, so a killed worker would wait for itself
for ever. As a static member it takes its old place. Not for real clusters: they drop dead members by session
timeout. Source: KIP-345.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telcollm.errors import TelcollmError
from telcollm.settings import Settings

_SLOTS = 64


@contextmanager
def hold_slot(home: Path) -> Iterator[str]:
    """Hold the first free slot of `home` while the block runs, and give its name.

    Raises:
        TelcollmError: all slots are taken.
    """
    folder = home / "workers"
    folder.mkdir(parents=True, exist_ok=True)
    for slot in range(_SLOTS):
        with (folder / f"slot-{slot}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield f"telcollm-{slot}"
            return
    message = (
        f"{_SLOTS} workers run on the embedded broker of {home}; stop some, or use Apache Kafka for so many"
    )
    raise TelcollmError(message)


def as_static_member(settings: Settings, name: str) -> Settings:
    """Return the settings with `name` as the static member of every consumer group."""
    consumer = {**settings.kafka.consumer, "group_instance_id": name}
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"consumer": consumer})})
