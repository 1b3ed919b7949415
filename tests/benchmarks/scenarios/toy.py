"""A suite of sums, so that the harness can be tried without a network: the hidden answer is the sum."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.scenarios.case import Answer, Case, Part, Said
from benchmarks.scenarios.folder import CaseFolder
from benchmarks.scenarios.suite import Measure, NotAvailable, Options, Scores, System, Tell
from telcollm.settings import Settings

HOSTILE = "<script>alert('x')</script> & <img src=x onerror=alert(1)>"


class Adder:
    """Adds, but is wrong by `off` on every `every`-th case; says hostile things all the while."""

    def __init__(self, inputs: Path, off: int, every: int) -> None:
        self.identity: Mapping[str, str] = {"decided_by": f"sum and {off}"}
        self.inputs = inputs
        self.asked: list[Case] = []
        self.closed = False
        self._off, self._every = off, every

    def answer(self, case: Case) -> Said:
        self.asked.append(case)
        wrong = self._off if len(self.asked) % self._every == 0 else 0
        found = sum(case.inputs["terms"]) + wrong
        return Said(case.case_id, {"sum": found}, f"{HOSTILE} {found}", tokens=len(case.inputs["terms"]))

    def close(self) -> None:
        self.closed = True


class ToySuite:
    """Sums of three numbers; `size` of them."""

    name = "toy"
    headline = "exact"
    measures = {
        "exact": Measure("the sum is right"),
        "off": Measure("by how much it is wrong", better="lower"),
        "wrong": Measure("sums that are wrong", better="lower", kind="sum"),
    }
    variants = {"right": "adds", "wrong": "adds one too many to every third", "gone": "is not here"}

    def __init__(self, size: int = 30) -> None:
        self.size = size
        self.made = 0

    def recipe(self, part: Part) -> Mapping[str, Any]:
        return {"part": part, "size": self.size}

    def make(self, folder: CaseFolder, part: Part, tell: Tell) -> None:
        self.made += 1
        tell("making sums")
        terms = {f"sum-{number:03}": [number, number * 7 % 11, 3] for number in range(self.size)}
        folder.write(
            [Case(name, {"terms": values}) for name, values in terms.items()],
            [
                Answer(name, {"sum": sum(values)}, f"g{place // 2}", {"odd": str(sum(values) % 2)})
                for place, (name, values) in enumerate(terms.items())
            ],
        )

    def system(self, variant: str, inputs: Path, options: Options, settings: Settings, tell: Tell) -> System:
        if variant == "gone":
            message = "the variant 'gone' is not here; right or wrong are; run one of these"
            raise NotAvailable(message)
        return Adder(inputs, 0 if variant == "right" else 1, 3)

    def score(self, answer: Answer, said: Said) -> Scores:
        off = abs(answer.truth["sum"] - said.outcome["sum"])
        return {"exact": float(off == 0), "off": float(off), "wrong": float(off != 0)}
