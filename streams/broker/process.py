"""Processes, ports and locks as the broker needs them: who runs, since when, and who may start.

It deliberately knows nothing of brokers. POSIX only (Linux, macOS).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from telcollm.errors import TelcollmError

LOOPBACK = "127.0.0.1"
_LOWEST_PORT = 20_000
_PORT_TRIES = 100
# Where the system does not say which ports it hands out; macOS begins later.
_HANDED_OUT_FROM = 32_768


def start_time(pid: int) -> str | None:
    """Return a text that tells this run of `pid` from any other that had the number; None when none runs.

    A process that has ended but was not yet collected by its parent (a zombie) does not run; while a thread
    of it still ends, it does: what it had open, locks among it, is not free before.
    """
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The command may hold spaces and parentheses: fields are counted from its last parenthesis.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        state, start_ticks = fields[0], fields[19]
        return None if state in "ZX" and not _other_threads(pid) else start_ticks
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = shown.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def _other_threads(pid: int) -> bool:
    """Tell whether a process has threads beside its first."""
    try:
        return len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def wait_gone(pid: int, started: str, timeout_s: float) -> bool:
    """Return True once the process no longer runs, False after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while start_time(pid) == started:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def free_port() -> int:
    """Return a TCP port that was free on the loopback interface a moment ago.

    It is none of those that the system hands out: else whoever connects anywhere, to this very port too while
    nobody listens there, may be given it before it is used, or used again after a restart.
    """
    kept = max(0, _handed_out_from() - _LOWEST_PORT)
    for _ in range(_PORT_TRIES if kept else 0):
        port = _LOWEST_PORT + secrets.randbelow(kept)
        if port_is_free(port):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    return int(port)


def _handed_out_from() -> int:
    """Return the first port that the system gives to whoever asks for any."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _HANDED_OUT_FROM


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers_tcp(port: int, timeout_s: float = 0.5) -> bool:
    """Tell whether something accepts connections on this loopback port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def locked_file(path: Path, busy: str, wait_s: float = 0.0) -> int:
    """Return a descriptor that holds the lock on `path` until every process that has it closed it.

    Raises:
        TelcollmError: with the message `busy`, when another process holds the lock, still so after `wait_s`.
    """
    deadline = time.monotonic() + wait_s
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise TelcollmError(busy) from error
            time.sleep(0.05)
        else:
            return descriptor


@contextlib.contextmanager
def waited_lock(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock on `path` for the block, after waiting for it up to `timeout_s` seconds.

    Raises:
        TelcollmError: when it was not free in time.
    """
    busy = (
        f"{path} was locked by another process for {timeout_s:g} s; "
        f"one may start or stop a broker at a time; "
        f"wait for it to end and try again"
    )
    descriptor = locked_file(path, busy, timeout_s)
    try:
        yield
    finally:
        os.close(descriptor)
