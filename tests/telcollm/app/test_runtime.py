"""Laws of composition: names that are telcollm's own, and a guard that does not grow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from telcollm.app.runtime import OWN_PACKAGES, check_names, open_adviser
from telcollm.settings import ModelSettings, Settings

ROOT = Path(__file__).resolve().parents[3]


def names_checked(first: Path) -> subprocess.CompletedProcess[str]:
    code = "from telcollm.app.cli import main; main()"
    path = os.pathsep.join([str(first), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-c", code, "--version"],
        env={**os.environ, "PYTHONPATH": path},
        cwd=first,
        capture_output=True,
        text=True,
        check=False,
    )


def test_telcollms_own_packages_pass() -> None:
    check_names()


@pytest.mark.parametrize("name", OWN_PACKAGES)
def test_a_foreign_package_of_the_name_is_said_plainly(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    done = names_checked(tmp_path)
    assert done.returncode == 1
    assert f"the package name {name} is taken by {tmp_path / name / '__init__.py'}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_adviser_of_a_worker_notes_no_identifier(tmp_path: Path) -> None:
    adviser = open_adviser(Settings(home=tmp_path, model=ModelSettings(engine="scripted")))
    guard = adviser._guard  # type: ignore[union-attr]
    hidden = guard.hide("call +49 170 1234567")
    assert hidden != "call +49 170 1234567"
    assert guard.reveal(hidden) == hidden
