"""Measure how far plain readers get with the simulator's tickets and messages, and how far one could get.

Run as `python -m benchmarks.ticket_text`. Trained on one simulation and asked about another, so that no site
and no writer is shared. The figures are of simulated text and say nothing of an operator's own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from streams.simulator.fault import Fault
from streams.simulator.messages import MessageTruth, WrittenMessage, write_conversations
from streams.simulator.plan import SimulationPlan
from streams.simulator.simulation import simulate
from streams.simulator.tickets import write_tickets


def words_and_signs(learnt: Sequence[str], asked: Sequence[str]) -> tuple[Any, Any]:
    """Return TF-IDF features, (texts, features) each, of words and of runs of characters."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    sorts: tuple[dict[str, Any], ...] = (
        {"ngram_range": (1, 2), "min_df": 2},
        {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 3},
    )
    makers = [TfidfVectorizer(sublinear_tf=True, **sort) for sort in sorts]
    known = hstack([maker.fit_transform(learnt) for maker in makers]).tocsr()
    return known, hstack([maker.transform(asked) for maker in makers]).tocsr()


def report(
    name: str, known: Any, new: Any, truth: Sequence[str], asked: Sequence[str], nearest: bool
) -> None:
    """Print accuracy and macro-F1 of the nearest neighbour (if asked for) and of logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.neighbors import KNeighborsClassifier

    readers: list[tuple[str, Any]] = [("logistic regression", LogisticRegression(C=10.0, max_iter=200))]
    if nearest:
        readers.insert(0, ("nearest neighbour", KNeighborsClassifier(1, metric="cosine")))
    for title, reader in readers:
        said = reader.fit(known, truth).predict(new)
        accuracy, macro = accuracy_score(asked, said), f1_score(asked, said, average="macro")
        print(f"{name:34s} {title:20s} accuracy {accuracy:.3f}  macro-F1 {macro:.3f}", flush=True)


def read_tickets(learnt: Sequence[Fault], asked: Sequence[Fault]) -> None:
    """Print how well tickets are told by their text, and by the facts said, as a perfect reader has them."""
    from sklearn.feature_extraction import DictVectorizer

    old, new = write_tickets(learnt, 1), write_tickets(asked, 2)
    print(f"tickets: {len(old)} learnt, {len(new)} asked")
    texts = words_and_signs(
        [ticket.record.description for ticket in old], [ticket.record.description for ticket in new]
    )
    facts = DictVectorizer()
    said = facts.fit_transform([dict.fromkeys(ticket.truth.said, 1) for ticket in old])
    heard = facts.transform([dict.fromkeys(ticket.truth.said, 1) for ticket in new])
    for label in ("kind", "team", "priority"):
        truth = [getattr(ticket.truth, label) for ticket in old]
        wanted = [getattr(ticket.truth, label) for ticket in new]
        report(f"ticket -> {label}, text", *texts, truth, wanted, nearest=True)
        if label != "priority":
            report(f"ticket -> {label}, facts said", said, heard, truth, wanted, nearest=False)


def read_messages(learnt: Sequence[Fault], asked: Sequence[Fault]) -> None:
    """Print how well messages are told by their text, and with the turns before and the desk's records."""
    old = list(rows(write_conversations(learnt, 1, days=20)))
    new = list(rows(write_conversations(asked, 2, days=7)))
    print(f"messages: {len(old)} learnt, {len(new)} asked")
    sights: dict[str, Callable[[str, str, str], str]] = {
        "text": lambda text, before, desk: text,
        "text, turns before, records": lambda text, before, desk: f"{text} {before} {desk}",
    }
    for name, sight in sights.items():
        known, asked_now = words_and_signs([sight(*row[:3]) for row in old], [sight(*row[:3]) for row in new])
        for label in ("intent", "script"):
            truth = [getattr(row[3], label) for row in old]
            wanted = [getattr(row[3], label) for row in new]
            report(f"message -> {label}, {name}", known, asked_now, truth, wanted, nearest=False)


def rows(turns: Iterable[WrittenMessage]) -> Iterable[tuple[str, str, str, MessageTruth]]:
    """Yield of each customer's message: text, the two turns before (words marked), records, truth."""
    before: dict[str, list[str]] = {}
    for turn in turns:
        past = before.setdefault(turn.record.conversation_id, [])
        if turn.truth:
            marked = " ".join(f"before_{word}" for text in past[-2:] for word in text.split())
            desk = " ".join(f"{name}_{getattr(turn.desk, name)}" for name in turn.desk.__slots__)
            yield turn.record.text, marked, desk, turn.truth
        past.append(turn.record.text)


def main(argv: list[str] | None = None) -> None:
    """Simulate twice, write, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=15.0, help="days learnt from; a third is asked about")
    days = parser.parse_args(argv).days
    learnt = simulate(SimulationPlan(seed=1, days=days)).faults
    asked = simulate(SimulationPlan(seed=2, days=days / 3)).faults
    read_tickets(learnt, asked)
    read_messages(learnt, asked)


if __name__ == "__main__":
    main()
