"""Laws of the real embedding model: alike in meaning is near, and a batch gives what one by one gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telcollm.knowledge.meaning import EMBEDDING_MODEL, Embedder, open_embedder
from telcollm.model.weights import ModelNotPulledError, locate

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    try:
        locate(EMBEDDING_MODEL)
    except ModelNotPulledError as error:
        pytest.skip(str(error))
    opened = open_embedder()
    assert opened is not None
    return opened


def test_what_means_the_same_is_nearer_than_what_does_not(embedder: Embedder) -> None:
    asked, alike, other = embedder.embed(
        ["The site has lost mains electricity.", "No power at the base station.", "The bill is too high."]
    )
    assert asked @ alike > asked @ other + 0.2


def test_a_batch_gives_the_unit_vectors_that_one_by_one_gives(embedder: Embedder) -> None:
    texts = ["short", "a much longer text about a fibre that was cut by an excavator " * 4, "", "断电"]
    together = embedder.embed(texts)
    assert together.shape == (4, 384)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    apart = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.abs(together - apart).max() < 1e-5


def test_without_the_model_in_the_cache_there_is_no_embedder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELCOLLM_CACHE_DIR", str(tmp_path))
    assert open_embedder() is None
