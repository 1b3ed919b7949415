"""Laws of processes as brokers are watched: when one runs, and when what it held is free."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from streams.broker.process import LOOPBACK, free_port, locked_file, port_is_free, start_time, wait_gone
from telcollm.errors import TelcollmError

LEADERLESS = """
import ctypes, sys, threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print("threads", flush=True)
ctypes.CDLL(None).syscall(int(sys.argv[1]), 0)  # ends the first thread alone
"""
EXIT = {"x86_64": 60, "aarch64": 93}
"""Number of the system call that ends one thread."""


@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in EXIT,
    reason="how one thread alone is ended is known on Linux for x86_64 and aarch64",
)
def test_a_process_whose_first_thread_has_ended_runs_while_another_does() -> None:
    number = str(EXIT[os.uname().machine])
    with subprocess.Popen([sys.executable, "-c", LEADERLESS, number], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"threads\n"
        stat = Path(f"/proc/{process.pid}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "Z":
            pass
        started = start_time(process.pid)
        assert started is not None
        process.kill()
        assert wait_gone(process.pid, started, 60)
    assert start_time(process.pid) is None


def test_a_lock_that_is_let_go_within_the_wait_is_had_and_one_that_is_kept_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held = locked_file(path, "busy")
    with pytest.raises(TelcollmError, match="busy"):
        locked_file(path, "busy", 0.1)
    passing = threading.Timer(0.2, os.close, (held,))
    passing.start()
    os.close(locked_file(path, "busy", 60))
    passing.join()


def test_a_free_port_is_none_that_a_connection_to_anywhere_may_be_given_meanwhile() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        given = []
        for _ in range(50):
            with socket.create_connection(server.getsockname()[:2]) as connected:
                given.append(connected.getsockname()[1])
    chosen = [free_port() for _ in range(50)]
    assert max(chosen) < min(given)
    assert len(set(chosen)) > 25


def test_a_port_is_chosen_even_where_the_system_hands_out_nearly_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.broker.process._handed_out_from", lambda: 1_024)
    assert port_is_free(free_port())
