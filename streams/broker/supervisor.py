"""The small process between an owner and its broker: it ends the broker when the owner is gone.

Run by path, never imported by the package: it needs the standard library only and starts in milliseconds.

    supervisor.py watch OWNER_PID CONTROL_FD STATUS_FD GRACE_S COMMAND...
    supervisor.py detach STATUS_FD KEPT_FD COMMAND...

`watch` runs COMMAND as its child until one of: CONTROL_FD closes (the owner ended, however it ended), the
owner is no longer this process's parent (a forked copy of the owner may hold the pipe open), `t`
(terminate) or `k` (kill) is read from CONTROL_FD, or SIGTERM. It terminates COMMAND, waits GRACE_S seconds,
then kills it. Should the supervisor itself be killed, the kernel kills COMMAND (Linux: PR_SET_PDEATHSIG;
that signal is tied to the *thread* that forked, which is why it is set here, in a process with one thread,
and not in the owner).

`detach` starts COMMAND in a session of its own, with KEPT_FD (a lock) open in it, and ends.

Both write `pid N` to STATUS_FD. It deliberately knows nothing of Kafka.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

_PR_SET_PDEATHSIG = 1
_OWNER_CHECK_S = 0.5


def _killed_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def _say(status_fd: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(status_fd, text.encode() + b"\n")


def _end(broker: subprocess.Popen[bytes], grace_s: float) -> None:
    broker.terminate()
    try:
        broker.wait(grace_s)
    except subprocess.TimeoutExpired:
        broker.kill()
        broker.wait()


def watch(owner_pid: int, control_fd: int, status_fd: int, grace_s: float, command: list[str]) -> int:
    """Return the exit status of `command` once it has ended, by itself or with its owner."""
    asked_to_end = False

    def on_term(signum: int, frame: FrameType | None) -> None:
        nonlocal asked_to_end
        asked_to_end = True

    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGCHLD, lambda signum, frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    broker = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_killed_with_parent())
    _say(status_fd, f"pid {broker.pid}")
    while broker.poll() is None:
        if asked_to_end or os.getppid() != owner_pid:
            _end(broker, grace_s)
            break
        ready, _, _ = select.select([control_fd, wake_read], [], [], _OWNER_CHECK_S)
        if wake_read in ready:
            os.read(wake_read, 512)
        if control_fd in ready:
            order = os.read(control_fd, 1)
            if order == b"k":
                broker.kill()
                broker.wait()
            else:
                _end(broker, grace_s)
    return broker.returncode if broker.returncode >= 0 else 128 - broker.returncode


def detach(status_fd: int, kept_fd: int, command: list[str]) -> int:
    """Return 0 once `command` runs in a session of its own."""
    broker = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=[kept_fd])
    _say(status_fd, f"pid {broker.pid}")
    return 0


def main(argv: list[str]) -> int:
    """Return the exit status of the mode named by the first argument."""
    if argv[0] == "detach":
        status = detach(int(argv[1]), int(argv[2]), argv[3:])
        # Popen's destructor would wait for, or warn of, a child that is meant to live on.
        os._exit(status)
    return watch(int(argv[1]), int(argv[2]), int(argv[3]), float(argv[4]), argv[5:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
