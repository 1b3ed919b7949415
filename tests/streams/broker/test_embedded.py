"""Laws of the embedded broker's life, with both kinds."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.broker import BrokerKind, EmbeddedBroker
from streams.broker import wheel as wheel_module
from streams.broker.embedded import log_tail, read_pid
from streams.broker.process import LOOPBACK, answers_tcp, free_port, port_is_free, start_time, wait_gone
from streams.broker.wheel import KINDS, binary, broker_kind
from streams.kafka.client import broker_answers
from streams.testing import consume_all, produce_all, settings_for
from telcollm.errors import MissingExtraError, SettingsError, TelcollmError

pytestmark = pytest.mark.broker

GONE_S = 120.0


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest.mark.parametrize("kind", KINDS)
def test_a_started_broker_answers_and_a_stopped_one_leaves_no_process_and_no_listener(
    kind: BrokerKind, tmp_path: Path
) -> None:
    before = children()
    broker = EmbeddedBroker(kind, tmp_path)
    address = broker.start()
    pid = broker.pid
    assert pid is not None
    started = start_time(pid)
    assert started is not None
    assert address.startswith("127.0.0.1:")
    assert broker_answers(settings_for(broker), 5)
    assert broker.start() == address
    assert broker.pid == pid
    broker.stop()
    broker.stop()
    assert start_time(pid) != started
    assert not answers_tcp(port_of(address))
    assert not broker.running
    assert broker.pid is None
    assert children() == before


def children() -> set[int]:
    """Return the process ids of this process's children, zombies included."""
    found = subprocess.run(
        ["ps", "-o", "pid=,comm=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    rows = [line.split() for line in found.stdout.splitlines()]
    return {int(pid) for pid, name, *_ in rows if name != "ps"}


def test_a_broker_listens_on_the_loopback_interface_only(tmp_path: Path) -> None:
    for kind in KINDS:
        with EmbeddedBroker(kind, tmp_path / kind) as broker:
            assert broker.pid is not None
            assert listening(broker.pid) == {"127.0.0.1"}


def listening(pid: int) -> set[str]:
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(descriptor)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address = bytes.fromhex(fields[1].split(":")[0])
                found.add(socket.inet_ntoa(address[::-1]) if name == "tcp" else "v6")
    return found


def test_records_outlive_a_restart_of_noida_at_the_same_address(tmp_path: Path) -> None:
    with EmbeddedBroker("noida", tmp_path) as broker:
        settings = settings_for(broker)
        produce_all(settings, "kept", [(b"k", b"%d" % n) for n in range(100)])
        address, pid = broker.address, broker.pid
        assert broker.restart() == address
        assert broker.pid != pid
        assert [r.value for r in consume_all(settings, "kept")] == [b"%d" % n for n in range(100)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_broker_is_gone_at_once_and_starts_again_where_it_was(
    kind: BrokerKind, tmp_path: Path
) -> None:
    with EmbeddedBroker(kind, tmp_path) as broker:
        address = broker.address
        broker.kill()
        assert not broker.running
        assert not answers_tcp(port_of(address))
        assert broker.start() == address
        assert broker_answers(settings_for(broker), 5)


def test_a_temporary_data_folder_is_removed_on_close_and_a_given_one_stays(tmp_path: Path) -> None:
    with EmbeddedBroker("tansu") as broker:
        assert broker.log_path is not None
        temporary = broker.log_path.parent
        assert temporary.is_dir()
    assert not temporary.exists()
    with EmbeddedBroker("tansu", tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").is_dir()


OWNER = """
import os, sys, threading
from pathlib import Path
from streams.broker import EmbeddedBroker

broker = EmbeddedBroker(sys.argv[1], Path(sys.argv[2]))

def own():
    broker.start()
    print(broker.pid, flush=True)

if sys.argv[3] == "thread":
    # The thread that forked ends, the process goes on: the broker must too.
    thread = threading.Thread(target=own)
    thread.start()
    thread.join()
else:
    own()
if sys.argv[3] == "fork" and os.fork() == 0:
    # A copy of the owner holds the same pipe open.
    sys.stdin.read()
    os._exit(0)
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def owner(kind: BrokerKind, data_dir: Path, manner: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Yield a process that owns a broker, the broker's process id and when it started."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, kind, str(data_dir), manner],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdin is not None and process.stdout is not None
    with process:
        try:
            pid = int(process.stdout.readline())
            started = start_time(pid)
            assert started is not None
            assert process.stdout.readline() == "ready\n"
            yield process, pid, started
        finally:
            process.kill()
            # Ends a forked copy, which waits for the end of its input.
            process.stdin.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_dies_with_an_owner_that_was_killed(kind: BrokerKind, tmp_path: Path) -> None:
    with owner(kind, tmp_path, "plain") as (process, pid, started):
        process.kill()
        process.wait()
        assert wait_gone(pid, started, GONE_S)


def test_a_broker_dies_with_its_owner_even_when_a_forked_copy_of_it_lives_on(tmp_path: Path) -> None:
    with owner("tansu", tmp_path, "fork") as (process, pid, started):
        os.kill(process.pid, signal.SIGKILL)
        assert wait_gone(pid, started, GONE_S)


def test_a_broker_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    with owner("tansu", tmp_path, "thread") as (process, pid, started):
        assert not wait_gone(pid, started, 1.5)
        process.kill()
        process.wait()
        assert wait_gone(pid, started, GONE_S)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_a_broker_dies_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    broker = EmbeddedBroker("tansu", tmp_path)
    try:
        broker.start()
        assert broker.pid is not None
        pid, started = broker.pid, start_time(broker.pid)
        assert started is not None
        supervisor = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(supervisor, signal.SIGKILL)
        assert wait_gone(pid, started, GONE_S)
    finally:
        broker.close()


def test_a_port_in_use_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        broker = EmbeddedBroker("noida", tmp_path, port)
        with pytest.raises(TelcollmError, match=f"port {port} on 127.0.0.1 is in use"):
            broker.start()
        broker.close()
    assert port_is_free(port)


def test_a_data_folder_that_cannot_be_written_in_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broker = EmbeddedBroker("noida", tmp_path / "file" / "data")
    with pytest.raises(TelcollmError, match="cannot be written in"):
        broker.start()
    broker.close()


def test_a_data_folder_holds_one_broker_at_a_time(tmp_path: Path) -> None:
    with EmbeddedBroker("noida", tmp_path):
        second = EmbeddedBroker("noida", tmp_path)
        with pytest.raises(TelcollmError, match="another broker runs on the data folder"):
            second.start()
        second.close()
    with EmbeddedBroker("noida", tmp_path):
        pass


# Written in one go: who finds the file finds the number in it.
PID = "echo $$ > {0}/written; mv {0}/written {0}/pid"


def until_there(path: Path) -> None:
    deadline = time.monotonic() + GONE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was never written"


def fake_broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    path = tmp_path / "fake-broker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(wheel_module, "binary", lambda kind: path)


def test_a_broker_that_dies_at_start_shows_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_broker(monkeypatch, tmp_path, "echo cannot map the journal >&2; exit 3")
    # Told as soon as it is dead, not when the time to start is over.
    broker = EmbeddedBroker("noida", tmp_path / "data", start_timeout_s=3_600.0)
    with pytest.raises(TelcollmError, match=r"(?s)ended while it started.*cannot map the journal") as caught:
        broker.start()
    assert "try the other kind" in str(caught.value)
    broker.close()


def test_a_broker_that_stays_silent_is_given_up_and_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_broker(monkeypatch, tmp_path, f"{PID.format(tmp_path)}; exec sleep 600")

    def read_once_it_runs(status_fd: int, timeout_s: float) -> int | None:
        pid = read_pid(status_fd, GONE_S)
        until_there(tmp_path / "pid")
        return pid

    # How long it stays silent counts from when it runs, however long that took here.
    monkeypatch.setattr("streams.broker.embedded.read_pid", read_once_it_runs)
    broker = EmbeddedBroker("noida", tmp_path / "data", start_timeout_s=1.0)
    with pytest.raises(TelcollmError, match="gave no answer to a metadata request"):
        broker.start()
    assert start_time(int((tmp_path / "pid").read_text())) is None
    broker.close()


def test_a_broker_that_ignores_the_request_to_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedBroker("tansu", tmp_path / "real") as real:
        port = port_of(real.address)
        # Answers through the real one, so that it counts as started.
        monkeypatch.setattr("streams.broker.embedded.chosen_port", lambda asked: port)
        script = f"trap '' TERM; {PID.format(tmp_path)}; while :; do sleep 1; done"
        fake_broker(monkeypatch, tmp_path, script)
        broker = EmbeddedBroker("noida", tmp_path / "data", stop_timeout_s=0.5)
        broker.start()
        until_there(tmp_path / "pid")
        broker.stop()
    assert start_time(int((tmp_path / "pid").read_text())) is None


def test_a_missing_wheel_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"telcollm\[broker\]"):
        binary("noida")
    with pytest.raises(MissingExtraError, match=r"telcollm\[test\]"):
        binary("tansu")


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="'redpanda' is unknown; it may be one of noida, tansu"):
        broker_kind("redpanda")


def test_an_address_is_not_told_before_the_first_start() -> None:
    with pytest.raises(TelcollmError, match="call start"):
        _ = EmbeddedBroker("tansu").address


def test_a_log_tail_leaves_out_the_loaders_remark(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert "empty" in log_tail(log)
    log.write_text("x: weak version `GLIBC_2.39' not found\nreal trouble\n")
    assert log_tail(log) == "    real trouble"


def test_a_free_port_is_free() -> None:
    assert port_is_free(free_port())


def test_start_time_tells_a_dead_process_from_a_living_one() -> None:
    assert start_time(os.getpid()) == start_time(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        deadline = time.monotonic() + GONE_S
        # A zombie, as nobody has waited for it yet, does not run.
        while start_time(child.pid) is not None and time.monotonic() < deadline:
            pass
        assert child.returncode is None
        assert start_time(child.pid) is None
