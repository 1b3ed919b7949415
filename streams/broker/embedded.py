"""`EmbeddedBroker`: a broker that runs on the loopback interface and never outlives its owner.

It deliberately knows nothing of topics, groups or records, and nothing of brokers that run elsewhere.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from streams.broker.process import LOOPBACK, answers_tcp, free_port, locked_file, port_is_free
from streams.broker.wheel import BrokerKind, command
from telcollm.errors import TelcollmError

LOG_NAME = "broker.log"
_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_LOG_LINES = 12
_PORT_TRIES = 5
WRITES_WITHIN_S = 60.0
"""How long a broker may take to write its data when it is told to end: killed sooner, noida loses records."""
_GONE_WITHIN_S = 60.0
"""How long the supervisor may take to do what it was told, beyond what the broker is given to end."""
_PASSING_S = 3.0
"""How long a folder may still be held by what is left of a broker that was killed."""


def log_tail(log: Path) -> str:
    """Return the last lines of a broker's log, indented, for an error message."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    # The dynamic loader's remark about an optional newer symbol is on every start and explains nothing.
    told = [line for line in lines if line.strip() and "weak version" not in line]
    return "\n".join(f"    {line}" for line in told[-_LOG_LINES:]) or "    (the log is empty)"


def prepared_data_dir(data_dir: Path) -> Path:
    """Return `data_dir`, made if need be, as an absolute path that files can be written in.

    Raises:
        TelcollmError: when it cannot be made or written in.
    """
    data_dir = data_dir.absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        message = (
            f"the broker's data folder {data_dir} cannot be written in ({error.strerror or error}); "
            f"it must be a folder this user may write to; choose another or mend its permissions"
        )
        raise TelcollmError(message) from error
    return data_dir


def chosen_port(port: int) -> int:
    """Return `port`, or a free one for 0.

    Raises:
        TelcollmError: when something listens on `port`.
    """
    if port == 0:
        return free_port()
    if not port_is_free(port):
        message = (
            f"port {port} on {LOOPBACK} is in use; the broker needs a free one; stop what listens there, "
            f"choose another port, or give port 0 to have one chosen"
        )
        raise TelcollmError(message)
    return port


def lock_data_dir(data_dir: Path) -> int:
    """Return a descriptor that keeps every other broker out of `data_dir` while any process has it open."""
    busy = (
        f"another broker runs on the data folder {data_dir}; a folder holds one broker; "
        f"stop that one or choose another folder"
    )
    return locked_file(data_dir / "broker.lock", busy, _PASSING_S)


def read_pid(status_fd: int, timeout_s: float) -> int | None:
    """Return the broker's process id as the supervisor told it; None when it told nothing in time."""
    deadline = time.monotonic() + timeout_s
    told = b""
    while not told.endswith(b"\n"):
        ready, _, _ = select.select([status_fd], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(status_fd, 64) if ready else b""
        if not piece:
            return None
        told += piece
    return int(told.split()[1])


def supervisor_command(mode: str, *arguments: object) -> list[str]:
    """Return the command that runs the supervisor in `mode`."""
    return [sys.executable, "-I", "-S", str(_SUPERVISOR), mode, *map(str, arguments)]


def answers_metadata(port: int, timeout_s: float) -> bool:
    """Tell whether a Kafka broker on this port answers a metadata request within `timeout_s` seconds."""
    from streams.kafka.client import broker_answers
    from telcollm.kafka_settings import KafkaSettings

    return broker_answers(KafkaSettings(bootstrap_servers=(f"{LOOPBACK}:{port}",)), timeout_s)


class EmbeddedBroker:
    """A broker from a wheel on 127.0.0.1, up from `start` to `stop`, gone when its owner is gone.

    The owner is the process that called `start`; however it ends, SIGKILL included, the broker ends within a
    second (plus the time it takes to write its data). `kind` "noida" keeps its records in `data_dir` over a
    restart, "tansu" keeps them in memory only. Without a `data_dir` a temporary one is made, and removed by
    `close`. `port` 0 takes a free one. As a context manager it starts on entry and closes on exit.

    Not for several threads at once.
    """

    def __init__(
        self,
        kind: BrokerKind = "noida",
        data_dir: Path | None = None,
        port: int = 0,
        *,
        start_timeout_s: float = 30.0,
        stop_timeout_s: float = WRITES_WITHIN_S,
    ) -> None:
        self.kind: BrokerKind = kind
        self._given_data_dir = data_dir
        self._data_dir: Path | None = data_dir
        self._asked_port = port
        self._port = 0
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._control_fd = -1
        self._pid: int | None = None

    @property
    def address(self) -> str:
        """The bootstrap address, `127.0.0.1:port`.

        Raises:
            TelcollmError: before the first start.
        """
        if not self._port:
            message = "the embedded broker has no address before it was started; call start() first"
            raise TelcollmError(message)
        return f"{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id while it runs."""
        return self._pid if self.running else None

    @property
    def running(self) -> bool:
        """Whether the broker's process is alive."""
        return self._supervisor is not None and self._supervisor.poll() is None

    @property
    def log_path(self) -> Path | None:
        """The file that the broker's own words go to; None before the first start."""
        return self._data_dir / LOG_NAME if self._data_dir else None

    def start(self) -> str:
        """Return the address of the broker once it answers a metadata request; when it runs already, at once.

        Raises:
            MissingExtraError: when the wheel is not installed.
            TelcollmError: when the port is taken, the folder cannot be used, or the broker ends or stays
            silent;
                the message holds the last lines of its log.
        """
        if self.running:
            return self.address
        self._collect()
        for attempt in range(_PORT_TRIES):
            port = chosen_port(self._asked_port or self._port)
            try:
                self._run(port)
                break
            except TelcollmError:
                # A free port may be taken by another process between the choice and the broker's bind.
                if self._asked_port or self._port or port_is_free(port) or attempt == _PORT_TRIES - 1:
                    raise
        self._port = port
        return self.address

    def stop(self) -> None:
        """Return once the broker has ended; its data stays. Nothing happens when it does not run."""
        self._order(b"t", self._stop_timeout_s + _GONE_WITHIN_S)

    def kill(self) -> None:
        """End the broker with SIGKILL, as a crash would, and return once it is gone."""
        self._order(b"k", _GONE_WITHIN_S)

    def restart(self) -> str:
        """Return the address, the same as before, after a stop and a start on the same data folder."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """Stop the broker and remove its data folder where it was a temporary one."""
        self.stop()
        if self._given_data_dir is None and self._data_dir is not None:
            shutil.rmtree(self._data_dir, ignore_errors=True)
            self._data_dir = None

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, port: int) -> None:
        if self._data_dir is None:
            self._data_dir = Path(tempfile.mkdtemp(prefix="telcollm-broker-"))
        data_dir = prepared_data_dir(self._data_dir)
        broker_command = command(self.kind, port, data_dir)
        lock_fd = lock_data_dir(data_dir)
        try:
            self._spawn(broker_command, data_dir, lock_fd)
        finally:
            os.close(lock_fd)
        try:
            self._wait_until_it_answers(port, data_dir)
        except BaseException:
            self.kill()
            raise

    def _spawn(self, broker_command: Sequence[str], data_dir: Path, lock_fd: int) -> None:
        control_read, control_write = os.pipe()
        status_read, status_write = os.pipe()
        try:
            with (data_dir / LOG_NAME).open("wb") as log:
                arguments = supervisor_command(
                    "watch", os.getpid(), control_read, status_write, self._stop_timeout_s, *broker_command
                )
                # A session of its own: Ctrl-C reaches the owner only, which then stops the broker in good
                # order.
                self._supervisor = subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=data_dir,
                    pass_fds=[control_read, status_write, lock_fd],
                    start_new_session=True,
                )
            self._control_fd, control_write = control_write, -1
            os.close(status_write)
            status_write = -1
            self._pid = read_pid(status_read, self._start_timeout_s)
        finally:
            for descriptor in (control_read, control_write, status_read, status_write):
                if descriptor >= 0:
                    os.close(descriptor)

    def _wait_until_it_answers(self, port: int, data_dir: Path) -> None:
        deadline = time.monotonic() + self._start_timeout_s
        while self.running and time.monotonic() < deadline:
            if answers_tcp(port) and answers_metadata(port, min(5.0, deadline - time.monotonic())):
                break
            time.sleep(0.02)
        else:
            silent = f"gave no answer to a metadata request within {self._start_timeout_s:g} s"
            how = silent if self.running else "ended while it started"
            message = (
                f"the embedded broker ({self.kind}) on {LOOPBACK}:{port} {how}; "
                f"its log {data_dir / LOG_NAME} ends with:\n"
                f"{log_tail(data_dir / LOG_NAME)}\n  mend what it says, or try the other kind of broker"
            )
            raise TelcollmError(message)

    def _order(self, order: bytes, timeout_s: float) -> None:
        if self._supervisor is None:
            return
        if self._control_fd >= 0:
            try:
                os.write(self._control_fd, order)
            except BrokenPipeError:
                pass
        try:
            self._supervisor.wait(timeout_s)
        except subprocess.TimeoutExpired:
            # The kernel kills the broker with its supervisor.
            self._supervisor.kill()
        self._collect()

    def _collect(self) -> None:
        """Wait for the ended supervisor and let go of the pipe to it."""
        if self._supervisor is not None:
            self._supervisor.wait()
            self._supervisor = None
        if self._control_fd >= 0:
            os.close(self._control_fd)
            self._control_fd = -1
        self._pid = None
