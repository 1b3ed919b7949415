"""Finding chunks by what they mean: sentence embeddings from a small model on this machine.

The model (all-MiniLM-L6-v2, English) is pulled once, like a base; where it is not in the cache, words alone
are searched. Does not know what is embedded.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from telcollm.model.quiet import quiet_transformers
from telcollm.model.weights import ModelNotPulledError, locate

Vectors = npt.NDArray[np.float32]
"""Unit vectors of shape (texts, dimensions)."""

EMBEDDING_MODEL: Final = "all-minilm-l6-v2"
"""Its name in the cache: `telcollm model pull all-minilm-l6-v2`."""

_MOST_TOKENS: Final = 256
_BATCH: Final = 16


class Embedder(Protocol):
    """Turns texts into unit vectors whose products tell how alike they are."""

    @property
    def name(self) -> str:
        """Which model made the vectors: vectors of different models are never compared."""
        ...

    @property
    def english_only(self) -> bool:
        """Whether what it makes of other languages means nothing."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of shape (texts, dimensions)."""
        ...


class MiniLm:
    """all-MiniLM-L6-v2: mean of the last layer over the tokens, scaled to length one. 384 dimensions."""

    name = EMBEDDING_MODEL
    english_only = True

    def __init__(self, folder: Path) -> None:
        import transformers

        with quiet_transformers():
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model: Any = transformers.AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            ).eval()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of shape (texts, 384); texts are read up to 256 tokens."""
        import torch

        rows: list[Vectors] = []
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        with torch.no_grad():
            for begin in range(0, len(order), _BATCH):
                batch = [texts[place] for place in order[begin : begin + _BATCH]]
                encoded = self._tokenizer(
                    batch, padding=True, truncation=True, max_length=_MOST_TOKENS, return_tensors="pt"
                )
                states = self._model(**encoded).last_hidden_state
                mask = encoded["attention_mask"].unsqueeze(-1)
                means = (states * mask).sum(1) / mask.sum(1)
                rows.append(torch.nn.functional.normalize(means, dim=1).numpy())
        vectors = np.zeros((len(texts), self._model.config.hidden_size), dtype=np.float32)
        if rows:
            vectors[order] = np.concatenate(rows)
        return vectors


def open_embedder() -> Embedder | None:
    """Return the embedding model of the cache, None where there is none: then words alone are searched."""
    if importlib.util.find_spec("transformers") is None:
        return None
    try:
        return MiniLm(locate(EMBEDDING_MODEL))
    except ModelNotPulledError:
        return None
