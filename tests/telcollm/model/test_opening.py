from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from telcollm.errors import SettingsError
from telcollm.model import LanguageModel, Prompt, open_model
from telcollm.model.weights import ModelNotPulledError


def test_the_port_is_imported_without_torch() -> None:
    code = "import sys, telcollm.model.weights; print({'torch', 'transformers'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "set()"


def test_a_folder_opens_as_a_language_model_that_answers_with_its_adapters(
    tiny_folder: Callable[[str], Path], lora_folders: dict[str, Path]
) -> None:
    model = open_model(str(tiny_folder("llama")), device="cpu", dtype="float32", adapters=lora_folders)
    assert isinstance(model, LanguageModel)
    assert model.adapters == ("routing", "triage")
    assert model.score([Prompt("a")], ["x", "y"], adapter="triage").shape == (1, 2)
    assert (model.info.dtype, model.info.device) == ("float32", "cpu")


def test_without_an_engine_there_is_no_model() -> None:
    assert open_model(engine="none") is None


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(SettingsError, match="engine='tensorflow' is not known; torch, openai and none"):
        open_model(engine="tensorflow")


def test_a_model_that_was_not_pulled_is_refused_before_torch_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelNotPulledError, match="telcollm model pull smollm2-135m-instruct"):
        open_model(cache=tmp_path)
