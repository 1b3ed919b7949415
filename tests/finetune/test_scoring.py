from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from finetune.example import Example
from finetune.scoring import label_log_likelihoods
from telcollm.errors import TelcollmError
from telcollm.model.torch_engine import TorchOptions, open_torch
from tests.finetune.desk import examples, letter_examples
from tests.telcollm.model.conftest import make_lora, make_tiny


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("llama"), "llama")


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lora(base, tmp_path_factory.mktemp("triage"), 1)


@pytest.mark.parametrize("tuned", [True, False])
@pytest.mark.parametrize(
    "asked", [[*examples(12, 1, turns=4), *examples(5, 2)], letter_examples(9, 3)], ids=["labels", "letters"]
)
def test_packed_scores_are_those_of_the_engine(
    base: Path, adapter: Path, tuned: bool, asked: Sequence[Example]
) -> None:
    own = label_log_likelihoods(base, adapter if tuned else None, asked, dtype="float32", device="cpu")
    engine = open_torch(base, options=TorchOptions(dtype="float32", device="cpu"), adapters={"a": adapter})
    theirs = engine.score(
        [example.prompt for example in asked],
        [example.choices for example in asked],
        adapter="a" if tuned else None,
        deciding=tuned,
    )
    assert own.shape == theirs.shape
    assert np.exp(own) == pytest.approx(theirs, abs=1e-4)
    for row, example in zip(own, asked, strict=True):
        assert np.isneginf(row[len(example.choices) :]).all()


def test_scores_do_not_hang_on_what_else_is_asked(base: Path, adapter: Path) -> None:
    asked = [*examples(10, 1, turns=5), *examples(6, 2)]
    together = label_log_likelihoods(base, adapter, asked, dtype="float32", device="cpu")
    alone = [
        label_log_likelihoods(base, adapter, [example], dtype="float32", device="cpu")[0]
        for example in asked[::4]
    ]
    assert together[::4] == pytest.approx(np.array(alone), abs=1e-4)


def test_no_examples_give_an_empty_table(base: Path) -> None:
    assert label_log_likelihoods(base, None, []).shape == (0, 0)


def test_a_folder_without_an_adapter_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(TelcollmError, match="a LoRA adapter of the same base is allowed; train it again"):
        label_log_likelihoods(base, tmp_path, examples(2, 1), device="cpu")
