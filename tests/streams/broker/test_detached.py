"""Laws of the broker that belongs to a state folder, and of the commands over it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streams.broker import wheel as wheel_module
from streams.broker.detached import (
    STATE_NAME,
    BrokerState,
    default_home,
    foreground,
    running_broker,
    start_detached,
    stop_running,
)
from streams.broker.process import LOOPBACK, answers_tcp, free_port, start_time, wait_gone, waited_lock
from streams.kafka.client import broker_answers
from telcollm.app.cli.broker import app
from telcollm.errors import SettingsError, TelcollmError
from telcollm.kafka_settings import KafkaSettings

pytestmark = pytest.mark.broker

ROOT = Path(__file__).parents[3]
GONE_S = 120.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    stop_running(folder)


def answering(address: str) -> bool:
    return broker_answers(KafkaSettings(bootstrap_servers=(address,)), 5)


def lives(state: BrokerState) -> bool:
    return start_time(state.pid) == state.started


def test_a_detached_broker_runs_until_it_is_stopped(home: Path) -> None:
    state = start_detached(home)
    assert answering(state.address)
    assert running_broker(home) == state
    assert os.getsid(state.pid) == state.pid
    assert stop_running(home) == state
    assert not lives(state)
    assert running_broker(home) is None
    assert not (home / STATE_NAME).exists()
    assert stop_running(home) is None


def test_a_second_start_finds_the_first(home: Path) -> None:
    state = start_detached(home, "tansu")
    assert start_detached(home, "tansu") == state
    assert start_detached(home, "tansu", int(state.address.rpartition(":")[2])) == state


def test_starts_at_the_same_time_give_one_broker(home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(lambda _: start_detached(home, "tansu"), range(4)))
    assert len({state.pid for state in states}) == 1


def test_another_kind_or_port_than_the_running_one_is_refused(home: Path) -> None:
    state = start_detached(home, "tansu")
    with pytest.raises(TelcollmError, match=f"runs already at {re.escape(state.address)}"):
        start_detached(home, "noida")
    with pytest.raises(TelcollmError, match="telcollm broker stop first"):
        start_detached(home, "tansu", free_port())
    with pytest.raises(TelcollmError, match="runs already"), foreground(home):
        pass
    assert running_broker(home) == state


def test_a_state_file_of_a_dead_or_reused_process_is_stale(home: Path) -> None:
    state = start_detached(home, "tansu")
    os.kill(state.pid, signal.SIGKILL)
    assert wait_gone(state.pid, state.started, GONE_S)
    assert (home / STATE_NAME).exists()
    assert running_broker(home) is None
    assert not (home / STATE_NAME).exists()
    # The number lives on in another process, which must not be taken for the broker, let alone stopped.
    ours = replace(state, pid=os.getpid())
    (home / STATE_NAME).write_text(json.dumps(asdict(ours)))
    assert stop_running(home) is None
    assert start_detached(home, "tansu").pid != os.getpid()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"kind": "noida"}', '{"kind": "redpanda", "pid": 1}'])
def test_an_unreadable_state_file_counts_as_none(home: Path, content: str) -> None:
    home.mkdir()
    (home / STATE_NAME).write_text(content)
    assert running_broker(home) is None


def test_a_detached_broker_keeps_its_data_folder_to_itself_and_its_records(home: Path) -> None:
    from streams.testing import consume_all, produce_all

    state = start_detached(home)
    produce_all(KafkaSettings(bootstrap_servers=state.address), "kept", [(b"k", b"v")])
    (home / STATE_NAME).unlink()
    with pytest.raises(TelcollmError, match="another broker runs on the data folder"):
        start_detached(home)
    (home / STATE_NAME).write_text(json.dumps(asdict(state)))
    stop_running(home)
    again = start_detached(home)
    assert [r.value for r in consume_all(KafkaSettings(bootstrap_servers=again.address), "kept")] == [b"v"]


def test_a_broker_that_cannot_start_detached_says_why_and_leaves_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "fake"
    fake.write_text("#!/bin/sh\necho out of luck >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(wheel_module, "binary", lambda kind: fake)
    with pytest.raises(TelcollmError, match="out of luck"):
        start_detached(home)
    assert running_broker(home) is None


def test_a_broker_that_ignores_the_request_to_end_is_killed(home: Path) -> None:
    home.mkdir()
    script = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout is not None
        assert stubborn.stdout.readline() == b"up\n"
        state = BrokerState(
            kind="tansu",
            address=f"{LOOPBACK}:1",
            pid=stubborn.pid,
            started=start_time(stubborn.pid) or "",
            data_dir="",
            log="",
            detached=True,
        )
        (home / STATE_NAME).write_text(json.dumps(asdict(state)))
        assert stop_running(home, timeout_s=0.3) == state
        assert stubborn.wait(GONE_S) == -signal.SIGKILL


def test_a_lock_that_stays_taken_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        waited_lock(lock, 1),
        pytest.raises(TelcollmError, match=r"was locked by another process for 0\.1 s"),
        waited_lock(lock, 0.1),
    ):
        pass
    with waited_lock(lock, 0.1):
        pass


def test_the_state_folder_is_the_environments_or_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TELCOLLM_HOME", str(tmp_path / "elsewhere"))
    assert default_home() == tmp_path / "elsewhere"
    monkeypatch.delenv("TELCOLLM_HOME")
    monkeypatch.chdir(tmp_path)
    assert default_home() == tmp_path / ".telcollm"


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home)], catch_exceptions=False)


def test_the_commands_start_show_and_stop_a_detached_broker(home: Path) -> None:
    assert run(home, "status").exit_code == 1
    assert json.loads(run(home, "status", "--json").stdout) == {"running": False}
    address = run(home, "start", "--detach", "--kind", "tansu").stdout.strip()
    assert answering(address)
    assert run(home, "start", "--detach", "--kind", "tansu").stdout.strip() == address
    shown = run(home, "status", "--json")
    assert shown.exit_code == 0
    told = json.loads(shown.stdout)
    assert (told["running"], told["address"], told["kind"], told["detached"]) == (
        True,
        address,
        "tansu",
        True,
    )
    assert address in run(home, "status").stdout
    assert "stopped tansu" in run(home, "stop").stdout
    assert not answers_tcp(int(address.rpartition(":")[2]))
    assert "no broker was running" in run(home, "stop").stdout
    with pytest.raises(SettingsError, match="redpanda"):
        run(home, "start", "--kind", "redpanda")


@pytest.fixture
def foreground_command(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs `telcollm broker start` as its child, as make or a shell would."""
    inner = (
        f"from telcollm.app.cli.broker import app; app(['start', '--kind', 'tansu', '--home', {str(home)!r}])"
    )
    outer = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {inner!r}], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline(), end='', flush=True)\n"
        "sys.exit(child.wait())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", outer], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        yield process
        process.kill()


def told_by(process: subprocess.Popen[str], home: Path) -> tuple[int, BrokerState]:
    assert process.stdout is not None
    pid, address = process.stdout.readline().split()
    state = running_broker(home)
    assert state is not None
    assert (state.address, state.detached) == (address, False)
    assert lives(state)
    return int(pid), state


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_foreground_broker_ends_with_its_command(
    home: Path, foreground_command: subprocess.Popen[str], number: signal.Signals
) -> None:
    pid, state = told_by(foreground_command, home)
    os.kill(pid, number)
    assert wait_gone(state.pid, state.started, GONE_S)
    foreground_command.wait(GONE_S)
    assert running_broker(home) is None
    if number != signal.SIGKILL:
        assert foreground_command.returncode == 0


def test_a_foreground_broker_ends_with_the_process_that_started_its_command(
    home: Path, foreground_command: subprocess.Popen[str]
) -> None:
    pid, state = told_by(foreground_command, home)
    started = start_time(pid)
    foreground_command.kill()
    assert wait_gone(state.pid, state.started, GONE_S)
    assert started is None or wait_gone(pid, started, GONE_S)
    assert running_broker(home) is None


def test_a_foreground_command_ends_when_its_broker_is_stopped_elsewhere(
    home: Path, foreground_command: subprocess.Popen[str]
) -> None:
    _, state = told_by(foreground_command, home)
    started = time.monotonic()
    assert stop_running(home) == state
    assert foreground_command.wait(GONE_S) == 1
    assert time.monotonic() - started < GONE_S
