"""Scores of learned edges against true graphs, under rules fixed without the truth they are scored on.

It deliberately does not know how results are printed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, get_args

import numpy as np
import numpy.typing as npt

from streams.causes.evaluation import Scores, off_diagonal, score_edges
from streams.causes.evidence import PairEvidence, Progress, gather
from streams.causes.learning import SHIPPED_RULE, choose_edges
from streams.causes.matrices import EDGE, NO_EDGE, UNKNOWN
from streams.causes.selection import THEORY, Rule, fit_rule
from streams.causes.sources import AlarmRecord, is_public
from telcollm.errors import SettingsError
from telcollm.graph import OperatingPoint

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

Kind = TypeVar("Kind", bound=np.generic)

POINTS: tuple[OperatingPoint, ...] = get_args(OperatingPoint)


@dataclass(frozen=True)
class Assessment:
    """What one record scored: by operating point, without its prior edges; and with them where it has any.

    `with_prior` counts all pairs, `with_prior_unknown_pairs` only those that the prior leaves open: the
    difference is the prior's gift. `rule_fixed_on` names the records that the rule was fixed on; empty where
    it is the theory's own. `seconds` is what gathering the evidence took.
    """

    record: str
    learned: dict[OperatingPoint, Scores]
    with_prior: dict[OperatingPoint, Scores] | None
    with_prior_unknown_pairs: dict[OperatingPoint, Scores] | None
    rule: Rule
    rule_fixed_on: tuple[str, ...]
    seconds: float


def assess(
    records: Sequence[AlarmRecord],
    public: Sequence[AlarmRecord],
    *,
    progress: Progress | None = None,
) -> tuple[list[Assessment], Rule]:
    """Return an assessment of each record, and the rule that all the public records together would fix.

    A public record (told by its alarms, under whatever name it comes) is scored under a rule fixed on the
    other public records alone; where none of those is given, under THEORY, which is learned from no truth.
    Any other record is scored under SHIPPED_RULE.

    Args:
        records: what to score; each needs a truth.
        public: the public records with their truths, as far as they are at hand.
        progress: told one line at a time what is being done.

    Raises:
        SettingsError: a record has no truth or no alarms.
    """
    for record in records:
        if record.truth is None or len(record.history) == 0:
            msg = (
                f"record {record.history.name!r} has {len(record.history)} alarms and "
                f"{'no' if record.truth is None else 'a'} truth; both are needed; pass --truth DAG.npy"
            )
            raise SettingsError(msg)
    scores_public = any(is_public(record.history) for record in records)
    gathered: dict[tuple[str, bool], tuple[PairEvidence, float]] = {}

    def evidence_of(record: AlarmRecord) -> tuple[PairEvidence, float]:
        key = (record.history.sha256, record.history.links is None)
        if key not in gathered:
            start_s = time.perf_counter()
            found = gather(record.history, progress=progress)
            gathered[key] = (found, time.perf_counter() - start_s)
        return gathered[key]

    labelled = (
        {record.history.name: (record, evidence_of(record)[0]) for record in public} if scores_public else {}
    )
    results = []
    for record in records:
        if is_public(record.history):
            others = {
                name: pair
                for name, pair in labelled.items()
                if pair[0].history.sha256 != record.history.sha256
            }
            rule, fixed_on = _fit(others), tuple(others)
        else:
            rule, fixed_on = SHIPPED_RULE, ("shipped",)
        evidence, seconds = evidence_of(record)
        results.append(_assess_one(record, evidence, rule, fixed_on, seconds))
    return results, _fit(labelled) if labelled else SHIPPED_RULE


def _fit(labelled: dict[str, tuple[AlarmRecord, PairEvidence]]) -> Rule:
    pairs = []
    for record, evidence in labelled.values():
        if record.truth is not None:
            pairs.append((evidence, record.truth.aligned(evidence.type_names, NO_EDGE) == EDGE))
    return fit_rule(pairs) if pairs else THEORY


def _assess_one(
    record: AlarmRecord, evidence: PairEvidence, rule: Rule, fixed_on: tuple[str, ...], seconds: float
) -> Assessment:
    names = evidence.type_names
    if record.truth is None:  # checked by the caller
        raise SettingsError(record.history.name)
    every = (*names, *(name for name in record.truth.names if name not in set(names)))
    truth = record.truth.aligned(every, NO_EDGE) == EDGE
    known = None if record.prior is None else record.prior.aligned(names, UNKNOWN)
    everywhere = None if record.prior is None else record.prior.aligned(every, UNKNOWN)

    def scored(point: OperatingPoint, given: Ints | None, counted: Mask | None = None) -> Scores:
        chosen = choose_edges(evidence, rule, point, given)
        return score_edges(
            _padded(chosen.edges, len(every)), _padded(chosen.ranking, len(every)), truth, counted
        )

    learned = {point: scored(point, None) for point in POINTS}
    with_prior = unknown_pairs = None
    if known is not None and everywhere is not None:
        with_prior = {point: scored(point, known) for point in POINTS}
        open_pairs = (everywhere == UNKNOWN) & off_diagonal(len(every))
        unknown_pairs = {point: scored(point, known, open_pairs) for point in POINTS}
    return Assessment(
        record.history.name, learned, with_prior, unknown_pairs, rule, fixed_on, round(seconds, 1)
    )


def _padded(values: npt.NDArray[Kind], size: int) -> npt.NDArray[Kind]:
    grown = np.zeros((size, size), dtype=values.dtype)
    grown[: len(values), : len(values)] = values
    return grown
