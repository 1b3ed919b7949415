"""Laws of the report and its plots: whatever words come in, the page stays one page and runs nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from finetune.card import card_text
from finetune.plots import Bar, Bin, confusion, intervals, reliability
from finetune.report import part_order, write_report

EVIL = "<script>alert('x')</script> & \"quotes\" 中文"


def tree(**changes: Any) -> dict[str, Any]:
    part = {
        "rows": 120,
        "accuracy": 0.9,
        "accuracy_low": 0.85,
        "accuracy_high": 0.94,
        "macro_f1": 0.8,
        "macro_f1_low": 0.7,
        "macro_f1_high": 0.86,
        "top3": 0.99,
        "ece": 0.03,
    }
    whole: dict[str, Any] = {
        "name": "desk",
        "version": "",
        "simulated": False,
        "created": "2026-01-01T00:00:00+00:00",
        "task": {"label": EVIL, "inputs": EVIL, "kind": "labels", "labels": 2},
        "rows": {"train": 1000, "validation": 120, "test": 120},
        "split": {"method": "by time", "reason": "by time in 'opened'"},
        "bootstrap_by": "row",
        "audit": [EVIL],
        "limits": [EVIL],
        "parts": {"tfidf": part, "decider": part, "own part": part},
        "gains": {"tfidf": {"rows": 120, "accuracy": [0.1, 0.05, 0.15], "macro_f1": [0.0, -0.1, 0.1]}},
        "perturbations": [
            {
                "name": EVIL,
                "rows": 120,
                "changed": 60,
                "before": 0.9,
                "after": 0.88,
                "drop": [0.02, 0.0, 0.04],
                "baseline": "tfidf",
                "baseline_after": 0.7,
            }
        ],
        "per_label": [
            {"label": EVIL, "train": 500, "count": 60, "precision": 0.9, "recall": 0.9, "f1": 0.9},
            {"label": "b", "train": 500, "count": 60, "precision": 0.9, "recall": 0.9, "f1": 0.9},
        ],
        "confusion": {"labels": [EVIL, "b"], "counts": [[50, 10], [0, 60]]},
        "reliability": [
            {"confidence": 0.6, "accuracy": 0.5, "rows": 60},
            {"confidence": 0.9, "accuracy": 1.0, "rows": 60},
        ],
        "threshold": {"confidence": 0.8, "precision": 0.9, "test_coverage": 0.5, "test_precision": None},
        "mix": {"model": 0.4, "plain": 0.6},
        "temperature": 1.1,
        "cost": {
            "ms_per_row": 3.0,
            "prompt_tokens_mean": 50.0,
            "prompt_tokens_p95": 90.0,
            "size_mb": 5.0,
            "run_s": 60.0,
            "hardware": "2 CPU cores",
        },
        "training": {},
        "origin": {"data sha256": "abc", "licence": ""},
        "command": "telcollm finetune run",
        "gate": [EVIL],
        "slices": [
            {
                "column": "vendor",
                "value": EVIL,
                "rows": 40,
                "accuracy": 0.8,
                "low": 0.7,
                "high": 0.9,
                "baseline": 0.7,
            }
        ],
        "errors": [{"text": EVIL, "truth": EVIL, "decided": "b", "confidence": 0.99, "plain": "b"}],
    }
    return {**whole, **changes}


def test_words_from_data_cannot_become_part_of_the_page(tmp_path: Path) -> None:
    page = write_report(tree(), tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "中文" in page


def test_a_page_stands_for_choices_without_labels_and_for_data_without_changes(tmp_path: Path) -> None:
    bare = tree(per_label=[], confusion={}, perturbations=[], slices=[], errors=[], gate=[], audit=[])
    page = write_report(bare, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Every condition of the promotion gate is met" in page
    assert "By label" not in page


def test_simulated_figures_are_called_simulated_on_page_and_card(tmp_path: Path) -> None:
    page = write_report(tree(simulated=True), tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Simulated data." in page
    assert "**Simulated**" in card_text(tree(simulated=True))
    assert "imulated" not in card_text(tree())


def test_parts_are_read_from_the_decider_to_the_simplest_rival() -> None:
    assert part_order({"majority": 1, "own": 1, "tfidf": 1, "decider": 1}) == [
        "decider",
        "tfidf",
        "majority",
        "own",
    ]


@pytest.mark.parametrize(
    "plot",
    [
        intervals([Bar(EVIL, 0.5, 0.4, 0.6, True)], EVIL),
        intervals([], "none"),
        intervals([Bar("same", 1.0, 1.0, 1.0)], "one"),
        reliability([Bin(0.5, 0.5, 10)], EVIL),
        reliability([], "none"),
        confusion([EVIL, "b"], [[1, 0], [0, 0]], EVIL),
    ],
)
def test_every_plot_is_well_formed(plot: str) -> None:
    assert ElementTree.fromstring(plot).tag == "svg"
