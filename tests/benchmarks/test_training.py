from __future__ import annotations

from pathlib import Path

from benchmarks.training import make_dialogues, measure
from tests.telcollm.model.conftest import make_tiny


def test_both_ways_learn_the_same_examples(tmp_path: Path) -> None:
    found = measure(make_tiny(tmp_path, "llama"), conversations=3, rounds=2)
    assert found["examples"] == len(make_dialogues(3, 1))
    assert len(found["ratios"]) == 2
    assert found["ratio_to_plain"] > 0
    assert set(found["examples_per_cpu_s"]) == {"plain", "ours"}
