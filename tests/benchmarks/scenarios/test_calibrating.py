"""Laws of calibrating on a run: what it lets through is counted, and only diagnoses by ranking are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scenarios.calibrating import given_after, given_before, known_cases, learn_file
from benchmarks.scenarios.case import Scored
from benchmarks.scenarios.results import Results
from telcollm.errors import SettingsError


def case(number: int, *, right: bool, behind: str = "power") -> Scored:
    """A case of few candidates where it is right, of many where not."""
    pairs = [[f"o{at}", "p"] for at in range(2 if right else 15)]
    return Scored(
        case_id=f"c{number}",
        group=f"g{number}",
        correct=right,
        seconds=0.0,
        tokens=0,
        abstained=not right and number % 2 == 0,
        scores={"exact": float(right)} if behind != "nothing" else {},
        outcome={
            "confidence": 0.4,
            "root": pairs[0],
            "candidates": pairs,
            "claims": 2,
            "verdict": "open",
            "named": ["o0"],
        },
        truth={"kind": behind},
        text="",
        slices={},
    )


def run(variant: str = "rules-graph") -> Results:
    cases = [
        case(number, right=number < 60, behind="power" if number < 90 else "nothing") for number in range(120)
    ]
    return Results(
        suite="incidents",
        variant=variant,
        part="validation",
        headline="exact",
        measures={},
        code_version="x",
        data_hash="x",
        available=len(cases),
        identity={},
        options={},
        conditions={},
        figures={},
        slices={},
        costs={},
        cases=cases,
    )


def test_what_was_learned_lets_through_what_was_right_and_holds_back_what_has_no_fault(
    tmp_path: Path,
) -> None:
    results = run()
    found = learn_file(results, 0.9, tmp_path / "rule.json")
    before, after = given_before(results), given_after(results, found)
    assert (before.answered, before.answered_right, before.quiet_answered) == (90, 60, 15)
    assert (after.answered, after.answered_right, after.quiet_answered) == (60, 60, 0)
    assert (tmp_path / "rule.json").is_file()
    assert any("0 of 60" in line for line in after.lines("after"))


def test_an_incident_without_a_fault_is_never_right() -> None:
    assert [one.right for one in known_cases(run())] == [True] * 60 + [False] * 60


def test_a_run_with_an_adviser_is_refused() -> None:
    with pytest.raises(SettingsError, match="variant tuned, cannot be calibrated on"):
        known_cases(run("tuned"))
