"""The console's process: it says where it answers, ends with its parent, and says when its port is taken."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from telcollm.app.cli import app
from telcollm.app.console import running_console
from telcollm.errors import SettingsError, TelcollmError

ENVIRONMENT = {"TELCOLLM_TRACKING__ENABLED": "false"}


@pytest.mark.slow
def test_the_console_answers_where_it_says_and_ends_with_the_block(tmp_path: Path) -> None:
    with running_console(port=0, environment={**ENVIRONMENT, "TELCOLLM_HOME": str(tmp_path)}) as console:
        with urllib.request.urlopen(f"{console.address}/_stcore/health", timeout=30) as answer:
            assert answer.status == 200
            assert answer.headers["x-frame-options"] == "DENY"
    assert console.process.returncode == 0


@pytest.mark.slow
def test_the_console_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, signal\n"
        "from telcollm.app.console import running_console\n"
        "with running_console(port=0) as console:\n"
        "    print(console.process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **ENVIRONMENT, "TELCOLLM_HOME": str(tmp_path)},
    )
    pid = int(done.stdout.split()[0])
    try:
        psutil.Process(pid).wait(timeout=60)
    except psutil.NoSuchProcess:
        return
    assert not psutil.pid_exists(pid)


def test_a_port_that_is_taken_is_told_with_the_next_step(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match="--port another number"):
            with running_console(port=port, environment={"TELCOLLM_HOME": str(tmp_path)}):
                pass


def test_a_store_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    url = {"TELCOLLM_STORE_URL": "mysql://nowhere/x", "TELCOLLM_HOME": str(tmp_path)}
    with pytest.raises(TelcollmError, match="are allowed"), running_console(port=0, environment=url):
        pass


def test_the_command_names_its_options_and_gives_examples() -> None:
    said = CliRunner().invoke(app, ["console", "--help"], env={"COLUMNS": "120", "NO_COLOR": "1"}).output
    assert "--port" in said
    assert "telcollm console" in said
