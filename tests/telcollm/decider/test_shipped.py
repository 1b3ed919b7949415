"""Laws of what ships: each decider can be read, says what it is and how it was measured, and is small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import telcollm.decider
from telcollm.decider.decider import open_decider
from telcollm.decider.plain import load_plain
from telcollm.decider.rows import Row
from telcollm.decider.spec import (
    ADAPTER_FOLDER,
    CARD_FILE,
    METRICS_FILE,
    PLAIN_FILE,
    SPEC_FILE,
    read_spec,
)
from telcollm.guard import Guard
from telcollm.prompts import NONE_OF_THESE, Hint, WindowFacts, write_candidates
from telcollm.state import Candidate
from tests.telcollm.prompts.test_window import group

GUARD = Guard(b"0123456789abcdef")
SHIPPED = Path(telcollm.decider.__file__).parent / "shipped"
FOLDERS = sorted(path.parent for path in SHIPPED.glob(f"*/{SPEC_FILE}"))


def test_adapters_stay_below_what_a_repository_can_carry() -> None:
    sizes = {path: path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 25_000_000
    large = {path.name for path, size in sizes.items() if size > 1_000_000}
    assert large <= {"adapter_model.safetensors"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_shipped_decider_passed_its_gate_and_says_so(folder: Path) -> None:
    spec = read_spec(folder)
    metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    card = (folder / CARD_FILE).read_text(encoding="utf-8")
    assert (spec.name, metrics["name"], metrics["gate"]) == (folder.name, folder.name, [])
    assert metrics["simulated"] is spec.simulated is ("**Simulated**" in card)
    assert spec.licence and f"licence: {spec.licence}" in card
    assert f"{metrics['parts']['decider']['accuracy']:.3f}" in card
    assert spec.adapter is (folder / ADAPTER_FOLDER).is_dir()
    if spec.adapter:
        adapter = json.loads((folder / ADAPTER_FOLDER / "adapter_config.json").read_text(encoding="utf-8"))
        assert not Path(adapter["base_model_name_or_path"]).is_absolute()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_the_plain_half_of_a_shipped_decider_answers(folder: Path) -> None:
    spec = read_spec(folder)
    rows: list[Row] = [
        {**dict.fromkeys(spec.text_columns, text), spec.choices_column: ["1 cell: dark", "none of these"]}
        for text in ("no power at the site", "")
    ]
    logs = load_plain(folder / PLAIN_FILE, spec).log_probabilities(rows)
    assert logs.shape == (2, len(spec.labels) or 2)
    assert np.allclose(np.exp(logs).sum(axis=1), 1)


def test_the_shipped_decider_of_root_causes_names_what_hangs_on_nothing_and_fell_first() -> None:
    folder = SHIPPED / "window-root-cause"
    facts = WindowFacts(
        [
            group("plant", "Mains Failure", 0, 2),
            group("cell1", "Cell Down", 300),
            group("cell2", "Cell Down", 305),
        ],
        {"plant": "power_plant", "cell1": "cell", "cell2": "cell"},
        [("plant", "cell1"), ("plant", "cell2")],
        [Hint("plant", "mains voltage 0 usual 230", "kpi", "mains_voltage_v", -60.0)],
        {"Mains Failure": "powerProblem"},
    )
    ranked = [Candidate(one.alarm_id, one.managed_object, one.problem, 0.1, 1) for one in facts.groups]
    choices = [text for _, text in write_candidates(facts, ranked[::-1], guard=GUARD)]
    decider = open_decider(folder, None, guard=GUARD)
    (found,) = decider.decide([{"text": "", "candidates": [*choices, NONE_OF_THESE]}])
    assert found.label.startswith("1 power plant") and found.confidence > 0.5
