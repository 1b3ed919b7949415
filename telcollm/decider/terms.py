"""TF-IDF vectorizers: fitted, kept as text and arrays, and made again from these.

Does not know what texts mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from telcollm.decider.features import WORD_PATTERN
from telcollm.errors import MissingExtraError

MOST_WORDS: Final = 40_000
MOST_SIGNS: Final = 50_000
MANY_ROWS: Final = 2000
_LONG_CHARACTERS: Final = 300
_KEPT: Final = ("analyzer", "ngram_range", "token_pattern", "lowercase")


def fit_words(texts: Sequence[str]) -> Any:
    """Return a vectorizer of words and pairs of words, None where no text has any."""
    return _fit({"ngram_range": (1, 2), "token_pattern": WORD_PATTERN, "max_features": MOST_WORDS}, texts)


def fit_signs(texts: Sequence[str]) -> Any:
    """Return a vectorizer of runs of signs within words, shorter runs for long texts; None where none."""
    length = sum(map(len, texts)) / max(1, len(texts))
    how = {
        "analyzer": "char_wb",
        "ngram_range": (1 if _has_ideographs(texts) else 2, 4 if length > _LONG_CHARACTERS else 5),
        "min_df": 2 if len(texts) >= MANY_ROWS else 1,
        "max_features": MOST_SIGNS,
    }
    return _fit(how, texts)


def fit_tokens(tokens: Sequence[Sequence[str]], fewest: int = 2) -> Any:
    """Return a vectorizer of ready tokens, those of at least `fewest` rows; None where there is none."""
    how = {"token_pattern": r"\S+", "lowercase": False, "min_df": fewest, "max_features": MOST_WORDS}
    return _fit(how, [" ".join(row) for row in tokens])


def freeze(vectorizer: Any) -> dict[str, Any]:
    """Return a vectorizer as text and an array: how it reads, its terms in order, and their weights."""
    how = {name: vectorizer.get_params()[name] for name in _KEPT}
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get)
    return {"how": json.dumps(how), "terms": json.dumps(terms), "idf": vectorizer.idf_.astype(np.float32)}


def thaw(kept: Mapping[str, Any]) -> Any:
    """Return the vectorizer that was frozen."""
    how = json.loads(kept["how"])
    how["ngram_range"] = tuple(how["ngram_range"])
    vectorizer = _vectorizer({**how, "vocabulary": json.loads(kept["terms"])})
    vectorizer.idf_ = kept["idf"]
    return vectorizer


def _fit(how: Mapping[str, Any], texts: Sequence[str]) -> Any:
    vectorizer = _vectorizer(how)
    try:
        vectorizer.fit(texts)
    except ValueError:
        # Scikit-learn's word for an empty vocabulary.
        return None
    return vectorizer


def _has_ideographs(texts: Sequence[str]) -> bool:
    return sum(any("\u3400" <= sign <= "\u9fff" for sign in text) for text in texts) > 0.01 * len(texts)


def _vectorizer(how: Mapping[str, Any]) -> Any:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        package = "scikit-learn"
        raise MissingExtraError(package, "model") from error
    return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **how)
