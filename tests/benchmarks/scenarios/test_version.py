"""Laws of what stands beside figures: other code or other weights never look the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import benchmarks
from benchmarks.scenarios.version import code_version, versioned_files, weights_version

ROOT = Path(benchmarks.__file__).parent.parent
DECIDER = Path("telcollm/decider/shipped/team")
DECIDING = [
    Path("telcollm/graph.py"),
    Path("agents/care/scripts/network.yaml"),
    Path("agents/questions/wording/en.toml"),
    Path("streams/simulator/language/wording/noc_en.txt"),
    Path("agents/orders/weights.npz"),
    DECIDER / "decider.json",
    DECIDER / "plain.skops",
    DECIDER / "adapter/adapter_model.safetensors",
    DECIDER / "adapter/adapter_config.json",
]
TELLING = [DECIDER / "CARD.md", DECIDER / "metrics.json", Path("telcollm/__pycache__/graph.cpython-311.pyc")]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path in (*DECIDING, *TELLING):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("as it was")
    return tmp_path


@pytest.mark.parametrize("path", DECIDING, ids=str)
def test_another_content_of_what_is_tested_is_another_version(tree: Path, path: Path) -> None:
    before = code_version(tree)
    (tree / path).write_text("otherwise")
    changed = code_version(tree)
    (tree / path).unlink()
    assert len({before, changed, code_version(tree)}) == 3


@pytest.mark.parametrize("path", TELLING, ids=str)
def test_what_is_written_after_measuring_changes_no_version(tree: Path, path: Path) -> None:
    before = code_version(tree), weights_version(tree / DECIDER)
    (tree / path).write_text("otherwise")
    assert (code_version(tree), weights_version(tree / DECIDER)) == before


@pytest.mark.parametrize("path", [path for path in DECIDING if DECIDER in path.parents], ids=str)
def test_other_weights_are_another_version_wherever_the_decider_lies(tree: Path, path: Path) -> None:
    before = weights_version(tree / DECIDER)
    moved = shutil.copytree(tree / DECIDER, tree / "elsewhere")
    assert weights_version(moved) == before
    (moved / path.relative_to(DECIDER)).write_text("otherwise")
    assert weights_version(moved) != before


def test_all_weights_that_are_shipped_are_in_the_version() -> None:
    covered = set(versioned_files())
    shipped = ROOT / "telcollm" / "decider" / "shipped"
    deciding = {path for path in shipped.rglob("*") if path.is_file()}
    deciding -= {path for path in deciding if path.name in {"CARD.md", "metrics.json"}}
    weights = {ROOT / "agents" / "orders" / "weights.npz"}
    assert deciding and deciding | weights <= covered
