"""What a suite of scenarios is: cases, a system that is asked, hidden answers, and how they are scored.

Deliberately does not know any suite, nor files, figures or MLflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from telcollm.errors import TelcollmError
from telcollm.settings import Settings

if TYPE_CHECKING:
    from benchmarks.scenarios.folder import CaseFolder

Part = Literal["validation", "test"]
"""What a suite is developed on, and what is reported once."""

Tell = Callable[[str], None]
"""Is told what goes on, for the progress line."""


class NotAvailable(TelcollmError):
    """A variant cannot be run here: its decider, model or data is not there. No failure, and no result."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the system is handed of one case: nothing in it, the id included, tells the answer.

    `inputs` is plain JSON, or names what lies in the folder of inputs.
    """

    case_id: str
    inputs: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hidden answer of one case, read by the scorer alone.

    Cases of one `group` are not independent (tickets of one fault, turns of one conversation): they are drawn
    together when intervals are taken. `slices` are what figures are also shown by, {"language": "zh"}.
    """

    case_id: str
    truth: dict[str, Any]
    group: str = ""
    slices: dict[str, str] = {}


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the system said of one case. `outcome` is plain JSON, what the scorer reads.

    `text` is what a person would read, shown on the comparison page; it may be hostile, and is escaped
    there. `tokens` counts those that a model read and wrote. `abstained` is for systems that may decline.
    `seconds` is for a system that checks its own words in `answer` as well: what the job itself took.
    """

    case_id: str
    outcome: dict[str, Any]
    text: str = ""
    tokens: int = 0
    abstained: bool = False
    seconds: float | None = None


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


class Scored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of results: what was said of a case, how right it was, how long it took."""

    case_id: str
    group: str
    correct: bool
    seconds: float
    tokens: int
    abstained: bool
    scores: dict[str, float | None]
    outcome: dict[str, Any]
    truth: dict[str, Any]
    text: str = ""
    slices: dict[str, str] = {}


def chosen(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """Return all cases, or the same `limit` of them for every variant: by a hash of the id, in their order.

    A smaller limit gives a part of a larger one's, so that results of both can be paired.

    >>> cases = [Case(str(number)) for number in range(9)]
    >>> few, more = chosen(cases, 3), chosen(cases, 5)
    >>> len(few), all(one in more for one in few)
    (3, True)
    """
    from hashlib import blake2b

    if limit is None or limit >= len(cases):
        return list(cases)
    ranked = sorted(cases, key=lambda case: blake2b(case.case_id.encode(), digest_size=8).digest())
    kept = {case.case_id for case in ranked[: max(limit, 0)]}
    return [case for case in cases if case.case_id in kept]
