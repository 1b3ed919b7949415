"""When diagnoses should abstain: learned from a run over known incidents, and told on another run.

Only runs without an adviser can be read: there the lead is the ranking's. Deliberately does not know how
diagnoses come about, nor where a calibration is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from agents.diagnosis.calibration import Calibration, Known, learn, save_calibration
from agents.diagnosis.shape import shape_of
from benchmarks.scenarios.case import Scored
from benchmarks.scenarios.results import Results
from telcollm.errors import SettingsError

_NOTHING = "nothing"


class Given(NamedTuple):
    """What a rule of abstaining lets through, in counts of cases."""

    cases: int
    answered: int
    answered_right: int
    right: int
    quiet: int
    quiet_answered: int

    def lines(self, name: str) -> list[str]:
        """Return the counts as people read them."""
        kept = self.right - self.answered_right
        return [
            f"{name}: {self.answered} of {self.cases} answered, {self.answered_right} of these right "
            f"({_share(self.answered_right, self.answered)})",
            f"  false abstentions {kept} of {self.right} that were right ({_share(kept, self.right)})",
            f"  without a fault and let through {self.quiet_answered} of {self.quiet} "
            f"({_share(self.quiet_answered, self.quiet)})",
        ]


def known_cases(results: Results) -> list[Known]:
    """Return the diagnoses of a run with what was true; an incident without a fault has no right lead.

    Raises:
        SettingsError: the run is none of incidents that were diagnosed by ranking.
    """
    cases = [case for case in results.cases if "confidence" in case.outcome and case.outcome.get("root")]
    if results.suite != "incidents" or results.variant in ("led", "tuned", "untuned") or not cases:
        message = (
            f"a run of {results.suite}, variant {results.variant}, cannot be calibrated on; a run of "
            "incidents by rules, rules-graph, telemetry or knowledge is allowed; take --part validation"
        )
        raise SettingsError(message)
    return [Known(_shape(case), case.scores.get("exact") == 1.0, case.group) for case in cases]


def learn_file(results: Results, precision: float, to: Path) -> Calibration:
    """Return the calibration learned from a run, kept at `to`.

    Raises:
        SettingsError: the run cannot be read so, or has fewer than 30 cases.
    """
    found = learn(known_cases(results), precision)
    save_calibration(found, to)
    return found


def given_before(results: Results) -> Given:
    """Return what the run itself let through."""
    return _given(results, ((case, not case.abstained) for case in results.cases))


def given_after(results: Results, calibration: Calibration) -> Given:
    """Return what the run would have let through with a calibration."""
    sure = (
        bool(case.outcome.get("root")) and calibration.confidence(_shape(case)) >= calibration.threshold
        for case in results.cases
    )
    return _given(results, zip(results.cases, sure, strict=True))


def _given(results: Results, told: Iterable[tuple[Scored, bool]]) -> Given:
    answered = right_answered = quiet_answered = 0
    for case, sure in told:
        answered += sure
        right_answered += sure and case.scores.get("exact") == 1.0
        quiet_answered += sure and case.truth["kind"] == _NOTHING
    right = sum(case.scores.get("exact") == 1.0 for case in results.cases)
    quiet = sum(case.truth["kind"] == _NOTHING for case in results.cases)
    return Given(len(results.cases), answered, right_answered, right, quiet, quiet_answered)


def _shape(case: Scored) -> dict[str, float]:
    told = case.outcome
    return shape_of(
        told["confidence"],
        [(name, problem) for name, problem in told["candidates"]],
        claims=told["claims"],
        verdict=told["verdict"] or "",
        named=len(set(told["named"])),
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "none"
