from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telcollm.app.cli.model import app
from telcollm.errors import TelcollmError
from telcollm.model.weights import locate
from tests.telcollm.model.conftest import make_tiny


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TELCOLLM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TELCOLLM_HOME", str(tmp_path / "home"))
    return make_tiny(tmp_path / "tiny-base", "llama")


def test_a_pulled_model_is_listed_with_its_origin(base: Path) -> None:
    pulled = CliRunner().invoke(app, ["pull", str(base)])
    assert pulled.exit_code == 0
    assert pulled.stdout.startswith("tiny-base: path:")
    listed = CliRunner().invoke(app, ["list", "--json", "--verify"])
    told = json.loads(listed.stdout)
    assert listed.exit_code == 0
    assert [(model["name"], model["problem"]) for model in told["cached"]] == [("tiny-base", "")]
    assert told["available"] == ["smollm2-135m-instruct", "gemma3-270m", "all-minilm-l6-v2"]
    table = CliRunner().invoke(app, ["list"]).stdout
    assert "tiny-base" in table and "ready" in table


def test_a_damaged_model_is_told_by_the_list_and_by_its_exit_code(base: Path) -> None:
    CliRunner().invoke(app, ["pull", str(base)])
    (locate("tiny-base") / "model.safetensors").write_bytes(b"short")
    listed = CliRunner().invoke(app, ["list", "--json"])
    assert listed.exit_code == 1
    assert "model.safetensors has 5 bytes" in json.loads(listed.stdout)["cached"][0]["problem"]
    assert CliRunner().invoke(app, ["list"]).exit_code == 1


def test_a_model_that_cannot_be_had_is_the_error_of_the_pull(base: Path) -> None:
    result = CliRunner().invoke(app, ["pull", "no-such-model"])
    assert isinstance(result.exception, TelcollmError)
    assert "is not known" in str(result.exception)
