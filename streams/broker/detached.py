"""The broker of a state folder: which one runs there, started to stay until it is stopped.

It deliberately knows nothing of the command line and of topics.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from streams.broker.embedded import (
    LOG_NAME,
    WRITES_WITHIN_S,
    EmbeddedBroker,
    answers_metadata,
    chosen_port,
    lock_data_dir,
    log_tail,
    prepared_data_dir,
    read_pid,
    supervisor_command,
)
from streams.broker.process import LOOPBACK, answers_tcp, start_time, wait_gone, waited_lock
from streams.broker.wheel import BrokerKind, broker_kind, command
from telcollm.errors import TelcollmError

STATE_NAME = "broker.json"
_LOCK_TIMEOUT_S = 2 * WRITES_WITHIN_S
_KILLED_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class BrokerState:
    """The broker that runs for a state folder.

    `started` tells its process from a later one that got the same number.
    """

    kind: BrokerKind
    address: str
    pid: int
    started: str
    data_dir: str
    log: str
    detached: bool


def default_home() -> Path:
    """Return the state folder: TELCOLLM_HOME where it is set, else .telcollm in the current folder."""
    return Path(os.environ.get("TELCOLLM_HOME") or ".telcollm").absolute()


def running_broker(home: Path) -> BrokerState | None:
    """Return the broker that runs for this state folder; None, and no state file, where none does."""
    path = home / STATE_NAME
    try:
        told = json.loads(path.read_text())
        state = BrokerState(**{**told, "kind": broker_kind(told["kind"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, TelcollmError):
        # A torn or foreign file names no process that could be stopped safely.
        path.unlink(missing_ok=True)
        return None
    if start_time(state.pid) != state.started:
        path.unlink(missing_ok=True)
        return None
    return state


def start_detached(
    home: Path, kind: BrokerKind = "noida", port: int = 0, start_timeout_s: float = 30.0
) -> BrokerState:
    """Return the broker of this state folder, which runs on after this process, until `stop_running`.

    When one runs already, that one is returned: a second start changes nothing.

    Raises:
        MissingExtraError: when the wheel is not installed.
        TelcollmError: when another kind or port runs than was asked for, when the port is taken or the folder
            cannot be used, or when the broker ends or stays silent; the message holds the end of its log.
    """
    with _starting(home) as running:
        if running is not None:
            if running.kind != kind or (port and running.address != f"{LOOPBACK}:{port}"):
                raise TelcollmError(_already(running))
            return running
        data_dir = prepared_data_dir(home / "broker")
        chosen = chosen_port(port)
        pid = _launched(command(kind, chosen, data_dir), data_dir, start_timeout_s)
        state = BrokerState(
            kind=kind,
            address=f"{LOOPBACK}:{chosen}",
            pid=pid,
            started=start_time(pid) or "",
            data_dir=str(data_dir),
            log=str(data_dir / LOG_NAME),
            detached=True,
        )
        try:
            _wait_until_it_answers(state, chosen, start_timeout_s)
        except BaseException:
            _end(state, timeout_s=5)
            raise
        _write(home, state)
        return state


@contextlib.contextmanager
def foreground(home: Path, kind: BrokerKind = "noida", port: int = 0) -> Iterator[EmbeddedBroker]:
    """Yield a broker of this state folder that ends with the block, and with this process however it ends.

    Raises:
        TelcollmError: when a broker runs for this folder already; otherwise as `EmbeddedBroker.start`.
    """
    broker = EmbeddedBroker(kind, home / "broker", port)
    pid = 0
    try:
        with _starting(home) as running:
            if running is not None:
                raise TelcollmError(_already(running))
            address = broker.start()
            pid = broker.pid or 0
            _write(
                home,
                BrokerState(
                    kind=kind,
                    address=address,
                    pid=pid,
                    started=start_time(pid) or "",
                    data_dir=str(home / "broker"),
                    log=str(broker.log_path),
                    detached=False,
                ),
            )
        yield broker
    finally:
        broker.close()
        # Another broker may have been started for the folder since ours ended.
        left = running_broker(home)
        if left is not None and left.pid == pid:
            (home / STATE_NAME).unlink(missing_ok=True)


def stop_running(home: Path, timeout_s: float = WRITES_WITHIN_S) -> BrokerState | None:
    """Return the broker that ran for this state folder and is gone now; None when none ran.

    It is asked to end, so that it writes its data, and killed after `timeout_s` seconds.
    """
    if not home.is_dir():
        return None
    with waited_lock(home / "broker.start.lock", _LOCK_TIMEOUT_S):
        state = running_broker(home)
        if state is not None:
            _end(state, timeout_s)
            (home / STATE_NAME).unlink(missing_ok=True)
        return state


@contextlib.contextmanager
def _starting(home: Path) -> Iterator[BrokerState | None]:
    prepared_data_dir(home)
    with waited_lock(home / "broker.start.lock", _LOCK_TIMEOUT_S):
        yield running_broker(home)


def _already(running: BrokerState) -> str:
    return (
        f"a broker ({running.kind}, process {running.pid}) runs already at {running.address}; "
        f"a state folder has one; use it, or run telcollm broker stop first"
    )


def _launched(broker_command: list[str], data_dir: Path, timeout_s: float) -> int:
    """Return the process id of a broker started in a session of its own, with the lock on its folder."""
    lock_fd = lock_data_dir(data_dir)
    status_read, status_write = os.pipe()
    try:
        with (data_dir / LOG_NAME).open("wb") as log:
            subprocess.run(
                supervisor_command("detach", status_write, lock_fd, *broker_command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=data_dir,
                pass_fds=[status_write, lock_fd],
                timeout=timeout_s,
                check=True,
            )
        pid = read_pid(status_read, timeout_s)
    finally:
        for descriptor in (lock_fd, status_read, status_write):
            os.close(descriptor)
    if pid is None:
        message = f"the broker's launcher told no process id; its log says:\n{log_tail(data_dir / LOG_NAME)}"
        raise TelcollmError(message)
    return pid


def _wait_until_it_answers(state: BrokerState, port: int, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and start_time(state.pid) == state.started:
        if answers_tcp(port) and answers_metadata(port, min(5.0, deadline - time.monotonic())):
            return
        time.sleep(0.02)
    message = (
        f"the embedded broker ({state.kind}) did not come up on {state.address} within {timeout_s:g} s; "
        f"its log {state.log} ends with:\n{log_tail(Path(state.log))}\n"
        f"  mend what it says, or try the other kind of broker"
    )
    raise TelcollmError(message)


def _end(state: BrokerState, timeout_s: float) -> None:
    for sent, wait_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, _KILLED_WITHIN_S)):
        if start_time(state.pid) != state.started:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, sent)
        if wait_gone(state.pid, state.started, wait_s):
            return
    message = (
        f"the broker (process {state.pid}) outlived SIGKILL by {_KILLED_WITHIN_S:g} s; "
        f"only the kernel holds a process so; look at it with ps -o stat,wchan -p {state.pid}"
    )
    raise TelcollmError(message)


def _write(home: Path, state: BrokerState) -> None:
    fresh = home / f"{STATE_NAME}.{os.getpid()}"
    fresh.write_text(json.dumps(asdict(state), indent=2) + "\n")
    fresh.replace(home / STATE_NAME)
