"""Laws of the demo, as a newcomer calls it: it ends by itself, says what came of it, leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from telcollm.app.demo import GENERATED_SLICES, LateAdviser, choose_slices, fetch_model
from telcollm.errors import TelcollmError
from telcollm.settings import ModelSettings, Settings
from tests.streams.test_advice import adviser, request

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home folder; whatever still runs on it afterwards is ended."""
    yield tmp_path / "home"
    for process in left_behind(tmp_path):
        process.kill()


def left_behind(folder: Path) -> list[psutil.Process]:
    """Processes that name the folder in their command line."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or ())
    ]


DEMO = "from telcollm.app.cli import main; main()"


def start(home: Path, *words: str, script: str = DEMO) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TELCOLLM_")}
    home.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", script, "demo", *words],
        cwd=home,
        env={
            **kept,
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "TELCOLLM_HOME": str(home / "state"),
            "TELCOLLM_MODEL__ENGINE": "scripted",
            "TELCOLLM_TRACKING__ENABLED": "false",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "160",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_the_demo_ends_by_itself_tells_what_came_of_it_and_leaves_no_process_behind(home: Path) -> None:
    process = start(home, "--json")
    out, err = process.communicate(timeout=560)
    assert process.returncode == 0, err[-2000:]
    assert left_behind(home) == []
    (told,) = json.loads(out)
    status = told["status"]
    assert told["record"] == "generated"
    assert 0 < told["incidents"] <= status["alarms"]
    assert (status["failure"], status["restarts"], status["dead_letters"], status["lag"]) == ("", 0, 0, 0)
    assert status["diagnoses"] >= told["incidents"]
    assert status["prompts"] >= status["prompts_asked"] > 0 and status["advice_waiting"] == 0
    assert 0 < len(told["largest"]) <= 12
    sizes = [len(item["problems"]) for item in told["largest"]]
    assert sizes == sorted(sizes, reverse=True)
    shown = {item["incidentId"]: item for item in told["largest"]}
    for diagnosis in told["diagnoses"]:
        members = set(shown[diagnosis["incidentId"]]["underlyingAlarm"])
        claims = [claim for item in diagnosis["hypotheses"] for claim in item["claims"]]
        assert claims and {one for claim in claims for one in claim["evidence"]} <= members
    for step in ("starting the embedded broker", "learning the cause graph", "replaying"):
        assert step in err
    assert (Path(told["home"]) / "telcollm.db").exists()


def until_replaying(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if "replaying" in line:
            return
    pytest.fail(f"the demo ended before its replay began, with {process.wait(120)}")


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_ctrl_c_in_the_middle_ends_the_demo_and_all_it_started(home: Path) -> None:
    process = start(home)
    until_replaying(process)
    assert left_behind(home)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 130
    assert "stopped before the end" in err
    assert left_behind(home) == []


MAKE = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "from telcollm.app.cli import main; main()", "demo"])
"""


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_a_demo_whose_parent_is_killed_ends_with_all_it_started(home: Path) -> None:
    make = start(home, script=MAKE)
    until_replaying(make)
    (demo,) = psutil.Process(make.pid).children()
    started = [demo, *left_behind(home)]
    assert len(started) > 1
    make.kill()
    assert psutil.wait_procs(started, timeout=240)[1] == []
    make.communicate()


@pytest.mark.broker
@pytest.mark.timeout(600)
def test_a_second_demo_in_one_home_is_refused_and_leaves_the_first_alone(home: Path) -> None:
    first = start(home)
    until_replaying(first)
    # Its replay would be over by itself while the second one is still starting, on a slow machine.
    first.send_signal(signal.SIGSTOP)
    second = start(home)
    _, err = second.communicate(timeout=240)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 1
    assert "one at a time is allowed" in err and "TELCOLLM_HOME" in err and "Traceback" not in err
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=240)
    assert (home / "state" / "demo" / "generated" / "telcollm.db").exists()


def test_without_real_records_a_small_network_is_generated(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TELCOLLM_DATA_DIR", str(tmp_path))
        assert choose_slices(Settings()) == GENERATED_SLICES


def test_no_model_is_fetched_where_none_is_loaded() -> None:
    told: list[str] = []
    fetch_model(Settings(model=ModelSettings(engine="scripted")), told.append)
    assert told == []


def test_an_adviser_is_opened_once_and_only_when_it_is_asked() -> None:
    from telcollm.testing import ScriptedModel

    opened: list[ScriptedModel] = []

    def open_it() -> object:
        opened.append(ScriptedModel())
        return adviser(opened[-1])

    late = LateAdviser(open_it)  # type: ignore[arg-type]
    assert (late.counters(), opened) == ({}, [])
    for _ in range(2):
        assert len(late.advise([request(1)], prompt_tokens=512)) == 1
    assert len(opened) == 1 and late.counters()["prompts"] == 2


def test_an_adviser_of_no_model_names_the_settings() -> None:
    with pytest.raises(TelcollmError, match=r"no model is configured; set model\.engine to torch or openai"):
        LateAdviser(lambda: None).opened()
