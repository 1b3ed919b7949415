"""A run: cases asked one by one, all of them, and only then the answers opened and the scores taken.

The two halves are two functions, and the first is never handed an answer. Time is the clock's that is passed
in. Deliberately does not know suites, terminals or MLflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from benchmarks.scenarios.case import Answer, Case, Part, Said, Scored
from benchmarks.scenarios.figures import costs_of, figures_of, slices_of
from benchmarks.scenarios.results import Results
from benchmarks.scenarios.suite import Options, Suite, System
from benchmarks.scenarios.version import code_version
from telcollm.errors import TelcollmError


class WrongAnswer(TelcollmError):
    """A system answered another case than the one it was asked, or scores come from no measure."""


class Timed(msgspec.Struct, frozen=True):
    """What was said of one case, and how long it took."""

    said: Said
    seconds: float


def ask(
    system: System,
    cases: Sequence[Case],
    clock: Callable[[], float],
    on_case: Callable[[int, int], None] = lambda done, whole: None,
) -> list[Timed]:
    """Return what the system says of each case, in order; `clock` tells seconds that never go back.

    Stopped by the keyboard, it returns what was said so far.

    Raises:
        WrongAnswer: the system spoke of another case.
    """
    told: list[Timed] = []
    try:
        for case in cases:
            began_s = clock()
            said = system.answer(case)
            seconds = clock() - began_s
            if said.case_id != case.case_id:
                message = (
                    f"the system answered case {said.case_id!r} when asked {case.case_id!r}; the case that "
                    "is asked is allowed; mend the variant"
                )
                raise WrongAnswer(message)
            told.append(Timed(said, seconds if said.seconds is None else said.seconds))
            on_case(len(told), len(cases))
    except KeyboardInterrupt:
        if not told:
            raise
    return told


def scored(suite: Suite, told: Sequence[Timed], answers: Mapping[str, Answer]) -> list[Scored]:
    """Return one line of results a case.

    Raises:
        WrongAnswer: a case has no answer, or a score no measure.
    """
    found = []
    for timed in told:
        said = timed.said
        answer = answers.get(said.case_id)
        scores = {} if answer is None else dict(suite.score(answer, said))
        strange = sorted(set(scores) - set(suite.measures))
        if answer is None or strange:
            fault = f"is scored by {strange[0]!r}" if strange else "has no answer"
            message = (
                f"case {said.case_id!r} of {suite.name} {fault}; one answer a case, and the measures that "
                "the suite names, are allowed; mend the suite, or take its folder away"
            )
            raise WrongAnswer(message)
        found.append(
            Scored(
                case_id=said.case_id,
                group=answer.group or said.case_id,
                correct=scores.get(suite.headline) == 1.0,
                seconds=round(timed.seconds, 6),
                tokens=said.tokens,
                abstained=said.abstained,
                scores=scores,
                outcome=said.outcome,
                truth=answer.truth,
                text=said.text,
                slices=answer.slices,
            )
        )
    return found


def results_of(
    suite: Suite,
    *,
    variant: str,
    part: Part,
    cases: list[Scored],
    available: int,
    data_hash: str,
    identity: Mapping[str, str],
    options: Options,
    conditions: Mapping[str, Any],
) -> Results:
    """Return the results of a run, with figures, slices and costs."""
    measures = dict(suite.measures)
    return Results(
        suite=suite.name,
        variant=variant,
        part=part,
        headline=suite.headline,
        measures=measures,
        code_version=code_version(),
        data_hash=data_hash,
        available=available,
        identity=dict(identity),
        options=msgspec.to_builtins(options),
        conditions=dict(conditions),
        figures=figures_of(cases, measures),
        slices=slices_of(cases, measures),
        costs=costs_of(cases),
        cases=cases,
    )
