"""Measure how well the library finds the section that answers, and how often it answers what nothing answers.

Run as `python -m benchmarks.retrieval`. The questions in benchmarks/questions/ are ours, written by those who
built the search: they avoid the words of the sections, and flatter meaning over words. Odd ones were used
for tuning; the figures are of the even ones. ORAN-Bench comes without the specifications it asks about, so
its questions serve as questions that the documents at hand do not answer.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import yaml

from finetune.bootstrap import mean_interval
from finetune.oran import oran_table
from telcollm.knowledge.index import Index, as_found
from telcollm.knowledge.library import Library
from telcollm.knowledge.meaning import Embedder, open_embedder
from telcollm.knowledge.ranking import rank
from telcollm.ports import EVERYTHING
from telcollm.store.documents import DocumentStore, StoredChunk

QUESTIONS: Final = Path(__file__).parent / "questions"
MEASURES: Final = ("recall@1", "recall@5", "MRR@10", "nDCG@5")
Floats = npt.NDArray[np.float64]
Way = Callable[[str], Sequence[int]]
"""From a question to the places of passages, the best first."""


def answers(passage: StoredChunk, answer: str) -> bool:
    """Tell whether a passage belongs to the section that `DOCUMENT: HEADING > HEADING` names."""
    document, _, headings = answer.partition(": ")
    way = tuple(headings.split(" > "))
    return passage.document.source == document and passage.chunk.headings[-len(way) :] == way


def measure(passages: Sequence[StoredChunk], places: Sequence[int], wanted: Sequence[str]) -> list[float]:
    """Return MEASURES of one question; a section counts where it comes first, and not again."""
    open_answers = set(wanted)
    gains = []
    for place in places[:10]:
        new = {answer for answer in open_answers if answers(passages[place], answer)}
        open_answers -= new
        gains.append(bool(new))
    first = gains.index(True) + 1 if any(gains) else 0
    ideal = sum(1 / np.log2(place + 2) for place in range(min(5, len(wanted))))
    gained = sum(gain / np.log2(place + 2) for place, gain in enumerate(gains[:5]))
    return [float(first == 1), float(0 < first <= 5), 1 / first if first else 0.0, float(gained / ideal)]


def ways_of(index: Index, embedder: Embedder) -> dict[str, Way]:
    """Return the ways of searching that are compared."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True)
    matrix = vectorizer.fit_transform([as_found(item) for item in index.passages])

    def order(scores: Any, least: float) -> list[int]:
        return [int(place) for place in np.argsort(-scores, kind="stable") if scores[place] > least]

    def tfidf(question: str) -> list[int]:
        return order((vectorizer.transform([question]) @ matrix.T).toarray()[0], 0.0)

    def meaning(question: str) -> Any:
        return index.cosines(embedder.embed([question])[0])

    def fused(question: str) -> list[int]:
        scores: dict[int, float] = {}
        for found in (order(index.shares(question), 0.0)[:50], order(meaning(question), 0.30)[:50]):
            for place, passage in enumerate(found):
                scores[passage] = scores.get(passage, 0.0) + 1 / (60 + place)
        return sorted(scores, key=lambda passage: (-scores[passage], passage))

    return {
        "TF-IDF cosine": tfidf,
        "words alone (BM25)": lambda question: order(index.shares(question), 0.0),
        "meaning alone": lambda question: order(meaning(question), -1.0),
        "fused by reciprocal rank": fused,
        "shipped": lambda question: [place for place, _ in rank(index.shares(question), meaning(question))],
    }


def reported(name: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the documents and the reported half of a file of questions."""
    read = yaml.safe_load((QUESTIONS / name).read_text("utf-8"))
    return read.get("documents", {}), read["questions"][1::2]


def report(index: Index, ways: dict[str, Way], asked: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Print a table of the ways, with 95 % intervals by question."""
    print("| way | " + " | ".join(MEASURES) + " |")
    print("|---" * (len(MEASURES) + 1) + "|")
    for name, way in ways.items():
        rows = np.array([measure(index.passages, way(text), wanted) for text, wanted in asked])
        cells = [mean_interval(column) for column in rows.T]
        shown = [f"{cell.value:.2f} [{cell.low:.2f}, {cell.high:.2f}]" for cell in cells]
        print(f"| {name} | " + " | ".join(shown) + " |", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=Path(os.environ.get("TELCOLLM_DATA_DIR", ".")))
    parser.add_argument("--oran", type=int, default=300, help="how many ORAN-Bench questions")
    options = parser.parse_args(argv)
    embedder = open_embedder()
    if embedder is None:
        parser.error("the embedding model is missing: telcollm model pull all-minilm-l6-v2")
    documents, english = reported("tau2_english.yaml")
    _, chinese = reported("tau2_chinese.yaml")
    _, unanswered = reported("unanswered.yaml")
    with tempfile.TemporaryDirectory() as folder:
        rows = DocumentStore(f"sqlite:///{folder}/retrieval.db")
        library = Library(rows, embedder)
        for name, file in documents.items():
            library.add(options.data_dir / "tau2_telecom" / file, source=name)
        index = Index(rows.current(EVERYTHING, embedder.name))
        ways = ways_of(index, embedder)
        print(f"{len(english)} English questions, {len(index.passages)} passages")
        report(index, ways, [(question["ask"], question["answers"]) for question in english])
        print(f"\n{len(chinese)} Chinese questions on the same English manuals")
        report(index, ways, [(question["ask"], question["answers"]) for question in chinese])
        oran = [str(row["question"]) for row in oran_table(options.data_dir).rows]
        step = max(1, len(oran) // max(1, options.oran))
        sets = {
            "answerable, English": [question["ask"] for question in english],
            "no answer, a telecom desk's": [item["ask"] for item in unanswered if item["near"]],
            "no answer, far away": [item["ask"] for item in unanswered if not item["near"]],
            "no answer, ORAN-Bench": oran[::step][: options.oran],
        }
        print("\n| questions | n | share that the library answers |\n|---|---|---|")
        for name, texts in sets.items():
            if texts:
                share = mean_interval(np.array([float(bool(library.search(text))) for text in texts]))
                print(f"| {name} | {len(texts)} | {share.value:.2f} [{share.low:.2f}, {share.high:.2f}] |")
        pages = DocumentStore(f"sqlite:///{folder}/chinese.db")
        kept = Library(pages, embedder).add(QUESTIONS / "manual_zh.md", source="handbook")
        of_handbook = Index(pages.current(EVERYTHING, embedder.name))
        print(f"\n{len(chinese)} Chinese questions on {kept.title}")
        asked = [(question["ask"], question["handbook"]) for question in chinese]
        report(of_handbook, ways_of(of_handbook, embedder), asked)
        rows.close()
        pages.close()


if __name__ == "__main__":
    main()
