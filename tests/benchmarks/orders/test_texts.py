"""The orders that are learned from stand apart from those that are tested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.orders.scoring import tokens
from benchmarks.orders import texts
from benchmarks.scenarios.orders import ORDERS

_MOST_ALIKE = 0.5


def _taught(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.txt")):
        yield from (
            line.strip()
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.strip() and not line.startswith("# ")
        )


def _triples(text: str) -> frozenset[tuple[str, ...]]:
    found = tokens(text.replace("{t}", "radio_access"))
    return frozenset(zip(found, found[1:], found[2:], strict=False))


def _alike(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def test_no_taught_line_is_one_of_the_orders_that_are_tested_or_nearly() -> None:
    tested = [_triples(order.spoken("radio_access")) for order in ORDERS]
    for line in _taught(texts._WRITTEN):
        own = _triples(line)
        assert max(_alike(own, other) for other in tested) < _MOST_ALIKE, line


def test_a_copy_of_a_tested_order_would_be_found() -> None:
    order = ORDERS[0].spoken("radio_access")
    assert _alike(_triples(order.upper() + "!"), _triples(order)) > _MOST_ALIKE


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_is_taught_as_an_order_and_as_honest(language: str) -> None:
    def read(name: str) -> set[str]:
        path = texts._WRITTEN / f"{name}_{language}.txt"
        return {line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("# ")}

    assert read("orders") & read("honest") <= {""}
