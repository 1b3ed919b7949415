"""Laws of `demo --console`: it says where and as whom to log in, and Ctrl-C ends all that it started."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from telcollm.access import Role
from telcollm.app.cli import app
from telcollm.app.demo import ACCOUNT, make_account
from telcollm.app.workplace import open_workplace
from telcollm.settings import Settings
from telcollm.store.accounts import LoginError
from tests.telcollm.app.test_demo import start

# The replay itself is tried beside this: here its outcome is a store that holds nothing.
READY = """
from pathlib import Path
from streams.worker import Status
from telcollm.app import demo
from telcollm.app.cli import main

def run_demo(settings, **_):
    home = settings.home / "demo" / "generated"
    home.mkdir(parents=True)
    mine = settings.model_copy(update={"home": home})
    yield demo.Outcome("generated", Status(), 0, [], {}, mine, 0.0)

demo.run_demo = run_demo
main()
"""


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A demo that is through with its replay and shows what came of it."""
    process = start(tmp_path / "home", "--console", "--port", "0", script=READY)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def told(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return the address and the password that a demo printed."""
    assert process.stdout is not None
    address = ""
    for line in process.stdout:
        if found := re.search(r"the console is at (\S+), on generated", line):
            address = found[1]
        if found := re.search(r"log in as demo with this password, shown this once: (\S+)", line):
            return address, found[1]
    pytest.fail(f"the demo showed nothing: {process.communicate()[1][-2000:]}")


@pytest.mark.timeout(600)
def test_the_demo_shows_its_outcome_under_an_account_of_its_own_until_ctrl_c(
    shown: subprocess.Popen[str], tmp_path: Path
) -> None:
    address, password = told(shown)
    with urllib.request.urlopen(f"{address}/_stcore/health", timeout=180) as answer:
        assert answer.status == 200
    desk = open_workplace(Settings(home=tmp_path / "home" / "state" / "demo" / "generated"))
    assert desk.accounts.log_in(ACCOUNT, password, at=desk.now()).roles == tuple(Role)
    desk.close()
    started = psutil.Process(shown.pid).children(recursive=True)
    assert started
    shown.send_signal(signal.SIGINT)
    out, err = shown.communicate(timeout=240)
    assert (shown.returncode, "the console has ended" in out) == (0, True), err[-2000:]
    assert psutil.wait_procs(started, timeout=180)[1] == []


def test_a_second_password_for_the_demo_takes_the_place_of_the_first(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first, second = make_account(settings), make_account(settings)
    assert first != second and len(second) >= 16
    desk = open_workplace(settings)
    assert desk.accounts.log_in(ACCOUNT, second, at=desk.now()).name == ACCOUNT
    with pytest.raises(LoginError, match="failed, 1 in a row"):
        desk.accounts.log_in(ACCOUNT, first, at=desk.now())
    desk.close()


def test_the_demo_names_its_console_in_the_help() -> None:
    said = CliRunner().invoke(app, ["demo", "--help"], env={"COLUMNS": "120", "NO_COLOR": "1"}).output
    assert "--console" in said and "telcollm demo --console" in said
