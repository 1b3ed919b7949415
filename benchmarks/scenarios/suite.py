"""What a suite of scenarios is: what it makes, the system that it asks, and how answers are scored.

Deliberately does not know any suite, nor what folders look like, figures or MLflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from benchmarks.scenarios.case import Answer, Case, Part, Said
from benchmarks.scenarios.folder import CaseFolder
from telcollm.errors import TelcollmError
from telcollm.settings import Settings

Tell = Callable[[str], None]
"""Is told what goes on, for the progress line."""


class NotAvailable(TelcollmError):
    """A variant cannot be run here: its decider, model or data is not there. No failure, and no result."""


class Measure(msgspec.Struct, frozen=True):
    """One measure: what it says in words, and which way is better.

    A score is a number per case, or None where the measure does not ask the case. `kind` says how scores
    come together: "mean" for shares and averages, with an interval; "sum" for what must not happen at all.
    """

    says: str
    better: Literal["higher", "lower", "neither"] = "higher"
    kind: Literal["mean", "sum"] = "mean"


Scores = Mapping[str, float | None]
"""The scores of one case by measure; a measure that is left out counts as None."""


class System(Protocol):
    """What is tested: one variant, ready to be asked. Its clock is the harness's, around `answer`."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What decided: model, adapter, decider, thresholds and hashes, for the record."""
        ...

    def answer(self, case: Case) -> Said:
        """Return what the system says of a case."""
        ...

    def close(self) -> None:
        """Let go of databases and models."""
        ...


class Options(msgspec.Struct, frozen=True):
    """What a variant may be told: deciders by what they decide (names or folders), the base model, a seed."""

    deciders: dict[str, str] = {}
    model: str = ""
    seed: int = 1


class Suite(Protocol):
    """A suite. `headline` names the measure that says whether a case is right (1.0) or not."""

    @property
    def name(self) -> str:
        """Its name on the command line and its folder's."""
        ...

    @property
    def headline(self) -> str:
        """The measure by which a case counts as right."""
        ...

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Every measure, in the order in which it is shown."""
        ...

    @property
    def variants(self) -> Mapping[str, str]:
        """What can be run, and in words what it is."""
        ...

    def recipe(self, part: Part) -> Mapping[str, Any]:
        """Return what the cases are made from (plan, seed, versions): another recipe makes them anew."""
        ...

    def make(self, folder: CaseFolder, part: Part, tell: Tell) -> None:
        """Make the cases: inputs under `folder.inputs`, then `folder.write(cases, answers)`.

        Raises:
            NotAvailable: data is missing that cannot be made.
        """
        ...

    def system(self, variant: str, inputs: Path, options: Options, settings: Settings, tell: Tell) -> System:
        """Return a variant, opened over the folder of inputs; answers do not lie in it.

        Raises:
            NotAvailable: what the variant needs is not there.
        """
        ...

    def score(self, answer: Answer, said: Said) -> Scores:
        """Return the scores of one case: a pure function of the two."""
        ...
