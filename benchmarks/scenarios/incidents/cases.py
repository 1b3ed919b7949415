"""Which incidents are asked, and what is true of them: chosen by the hidden faults, told by one alarm each.

A case is "the incident that this alarm is in"; so every variant is asked the same, however it correlates.
Deliberately does not know variants.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from benchmarks.scenarios.case import Answer, Part
from benchmarks.scenarios.incidents.stream import Heard, Row
from streams.simulator.tables_split import UNSEEN_VENDOR, Placed, SplitRule

LEAST_GROUPS: Final = 3
"""Faults that told of themselves by fewer (object, problem) pairs are left out, as in the windows' tables."""

NOTHING: Final = "nothing"
"""The kind of a case that no fault is behind."""


@dataclass(frozen=True)
class CasePlan:
    """How many cases of a part: faults by chance, all of an unseen combination, and `quiet` without a fault.

    `unseen_dialect` more are drawn of the dialect that only tests.
    """

    faults: int = 400
    quiet: int = 100
    unseen_dialect: int = 60


class Chosen(NamedTuple):
    """One case: the alarm it is asked by, and its answer."""

    anchor: str
    answer: Answer


def placed(fault: Row, origin: datetime, rule: SplitRule, kinds: Mapping[str, str]) -> Placed:
    """Return where a fault goes, by the rule of the simulator's tables; `kinds` are those of faults by id."""
    joined = kinds.get(fault["joined_with"])
    return rule.place(
        (fault["started_time"] - origin).total_seconds(),
        (fault["vendor"],),
        {fault["kind"], *((joined,) if joined else ())},
    )


def case_id_of(anchor: str) -> str:
    """Return the id of the case asked by an alarm; it says nothing of the answer."""
    return f"case-{_digest(anchor).hex()}"


def choose_cases(
    part: Part,
    heard: Heard,
    rows: Sequence[Row],
    fault_of: Mapping[str, str],
    faults: Sequence[Row],
    *,
    origin: datetime,
    began: datetime,
    rule: SplitRule,
    plan: CasePlan,
) -> list[Chosen]:
    """Return the cases of a part in order of their ids.

    `heard` is what correlation without a graph made of `rows`; `fault_of` names the fault of each alarm, ""
    for none. A fault counts where it began at `began` or later, was not planned, and was heard.
    """
    truth = _Truth(heard, rows, fault_of, faults, origin, rule)
    found: list[Chosen] = []
    drawn: Counter[str] = Counter()
    candidates = [fault for fault in faults if fault["started_time"] >= began and not fault["planned"]]
    for fault in sorted(candidates, key=lambda one: _digest(one["fault_id"])):
        spot = truth.placed[fault["fault_id"]]
        if spot.split != part or len(truth.pairs(fault["fault_id"])) < LEAST_GROUPS:
            continue
        share = "dialect" if spot.dialect_unseen else "combination" if spot.combination_unseen else "faults"
        most = {"dialect": plan.unseen_dialect, "faults": plan.faults}.get(share)
        if most is None or drawn[share] < most:
            drawn[share] += 1
            found.append(truth.case(fault))
    found += list(truth.quiet(part, began))[: plan.quiet]
    return sorted(found, key=lambda one: case_id_of(one.anchor))


class _Truth:
    """What is hidden, put beside what was heard."""

    def __init__(
        self,
        heard: Heard,
        rows: Sequence[Row],
        fault_of: Mapping[str, str],
        faults: Sequence[Row],
        origin: datetime,
        rule: SplitRule,
    ) -> None:
        self._heard = heard
        self._rows = {row["alarm_id"]: row for row in rows}
        self._fault_of = fault_of
        self._faults = {fault["fault_id"]: fault for fault in faults}
        kinds = {name: fault["kind"] for name, fault in self._faults.items()}
        self.placed = {name: placed(fault, origin, rule, kinds) for name, fault in self._faults.items()}
        self._alarms: dict[str, list[str]] = defaultdict(list)
        self._members: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            state = heard.alarms.get(row["alarm_id"])
            if state is None or state.component_id not in heard.incidents:
                continue
            self._members[state.component_id].append(state.alarm_id)
            if fault_of.get(state.alarm_id):
                self._alarms[fault_of[state.alarm_id]].append(state.alarm_id)

    def pairs(self, fault_id: str) -> list[tuple[str, str]]:
        """Return the (object, problem) pairs by which a fault was heard, the earliest first."""
        return list(dict.fromkeys(self._pair(name) for name in self._alarms.get(fault_id, ())))

    def _pair(self, alarm_id: str) -> tuple[str, str]:
        row = self._rows[alarm_id]
        return row["element_id"], row["specific_problem"]

    def case(self, fault: Row) -> Chosen:
        """Return the case of a fault, asked by the first of its alarms that arrived."""
        fault_id = fault["fault_id"]
        anchor = self._alarms[fault_id][0]
        incident = self._heard.alarms[anchor].component_id
        spot = self.placed[fault_id]
        counts = Counter(self._fault_of[name] for name in self._members[incident] if self._fault_of.get(name))
        others = sorted(name for name, count in counts.items() if count >= 2 and name != fault_id)
        truth: dict[str, Any] = {
            "kind": fault["kind"],
            "objects": sorted({fault["element_id"], *fault["root_element_ids"]}),
            "pairs": self.pairs(fault_id),
            "others": [
                {"kind": other["kind"], "objects": sorted({other["element_id"], *other["root_element_ids"]})}
                for other in (self._faults[name] for name in others)
            ],
        }
        combination = "single"
        if fault["joined_with"] in self._faults:
            combination = "unseen" if spot.combination_unseen else "seen"
        return Chosen(
            anchor,
            Answer(
                case_id_of(anchor),
                truth,
                incident,
                {
                    "behind": "fault",
                    "dialect": "unseen" if spot.dialect_unseen else "seen",
                    "combination": combination,
                    "concurrent": "yes" if others else "no",
                    "domain": fault["domain"],
                },
            ),
        )

    def quiet(self, part: Part, began: datetime) -> Iterator[Chosen]:
        """Yield incidents without a fault, by chance; those of the unseen dialect only in test."""
        for incident in sorted(self._members, key=_digest):
            names = self._members[incident]
            snapshot = self._heard.incidents[incident]
            rows = [self._rows[name] for name in names]
            unseen = any(row["vendor"] == UNSEEN_VENDOR for row in rows)
            if (
                any(self._fault_of.get(name) for name in names)
                or len(snapshot.groups) < LEAST_GROUPS
                or min(row["raised_time"] for row in rows) < began
                or (unseen and part != "test")
            ):
                continue
            truth: dict[str, Any] = {"kind": NOTHING, "objects": [], "pairs": [], "others": []}
            yield Chosen(
                names[0],
                Answer(
                    case_id_of(names[0]),
                    truth,
                    incident,
                    {"behind": "nothing", "dialect": "unseen" if unseen else "seen"},
                ),
            )


def _digest(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=6).digest()
