"""Laws of slots: no two workers hold one, and one that died has its own again."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from telcollm.app.membership import as_static_member, hold_slot
from telcollm.errors import TelcollmError
from telcollm.settings import Settings


def test_workers_of_one_home_hold_different_slots(tmp_path: Path) -> None:
    with hold_slot(tmp_path) as one, hold_slot(tmp_path) as two, hold_slot(tmp_path / "other") as elsewhere:
        assert (one, two, elsewhere) == ("telcollm-0", "telcollm-1", "telcollm-0")


def test_the_first_free_slot_is_taken_again(tmp_path: Path) -> None:
    with hold_slot(tmp_path), hold_slot(tmp_path):
        pass
    with hold_slot(tmp_path) as again:
        assert again == "telcollm-0"


def test_a_worker_that_was_killed_has_given_its_slot_back(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from telcollm.app.membership import hold_slot\n"
        "with hold_slot(Path(sys.argv[1])) as name:\n"
        "    print(name, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    try:
        assert worker.stdout is not None and worker.stdout.readline() == b"telcollm-0\n"
        with hold_slot(tmp_path) as beside:
            assert beside == "telcollm-1"
    finally:
        worker.kill()
        worker.communicate(timeout=120)
    with hold_slot(tmp_path) as again:
        assert again == "telcollm-0"


def test_when_all_slots_are_taken_the_way_out_is_named(tmp_path: Path) -> None:
    with ExitStack() as stack:
        names = [stack.enter_context(hold_slot(tmp_path)) for _ in range(64)]
        assert len(set(names)) == 64
        words = r"64 workers run on the embedded broker of .*; stop some, or use Apache Kafka for so many"
        with pytest.raises(TelcollmError, match=words):
            stack.enter_context(hold_slot(tmp_path))


def test_a_static_member_keeps_all_other_settings() -> None:
    settings = Settings(kafka={"consumer": {"fetch_min_bytes": 7}, "topic_prefix": "x."})  # type: ignore[arg-type]
    named = as_static_member(settings, "telcollm-3")
    assert named.kafka.consumer == {"fetch_min_bytes": 7, "group_instance_id": "telcollm-3"}
    assert (named.kafka.topic_prefix, named.streams) == ("x.", settings.streams)
    assert settings.kafka.consumer == {"fetch_min_bytes": 7}
