"""A diagnosis led by a promoted decider: its choice first, the playbook's checks as ever.

Candidates go by its probabilities, and the diagnosis is made anew of them: claims, paths and verdicts
are checked against the store as before. Does not know whether a decider has been promoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from agents.diagnosis.playbook import GraphDiagnoser
from telcollm.records import DecidedBy, Diagnosis, Shadow
from telcollm.state import Candidate, DiagnosisRequest


class Leading:
    """Makes diagnoses anew with a decider's choice in the lead: a `streams.advice.Conclude`.

    The `diagnoser` must take a candidate's share for what it is sure of: one that was calibrated on the cause
    graph's shares would misread a decider's.
    """

    def __init__(self, diagnoser: GraphDiagnoser) -> None:
        self._diagnoser = diagnoser

    def __call__(
        self, opinions: Sequence[tuple[DiagnosisRequest, Diagnosis, Shadow]], *, decided_time: datetime
    ) -> list[Diagnosis]:
        """Return each diagnosis as the decider leads it, in order, with the opinion, read in one go.

        As it was where the decider has no opinion, or nothing it names stands. Shares leave out what it gives
        to none of the candidates. It abstains where that is likelier than the lead, where the lead is below
        the decider's own threshold, and where the diagnoser does.
        """
        asked = [
            msgspec.structs.replace(request, candidates=led_order(request.candidates, shadow.probabilities))
            for request, _, shadow in opinions
        ]
        with_choice = [place for place, (_, _, shadow) in enumerate(opinions) if shadow.probabilities]
        made = self._diagnoser.diagnose(
            [asked[place] for place in with_choice],
            decided_time=decided_time,
            kinds=[opinions[place][2].fault_kinds for place in with_choice],
        )
        by_place = dict(zip(with_choice, made, strict=True))
        return [
            self._led(asked[place], diagnosis, shadow, by_place.get(place))
            for place, (_, diagnosis, shadow) in enumerate(opinions)
        ]

    def _led(
        self, asked: DiagnosisRequest, diagnosis: Diagnosis, shadow: Shadow, found: Diagnosis | None
    ) -> Diagnosis:
        if found is None or not found.hypotheses:
            return msgspec.structs.replace(diagnosis, shadow=shadow)
        doubts = doubts_of(found.confidence, shadow)
        if doubts:
            found = self._diagnoser.abstaining(asked, found, doubts)
        return msgspec.structs.replace(
            found,
            diagnosis_id=diagnosis.diagnosis_id,
            # Clocks of two machines differ, and who reads must see which of the two came later.
            decided_time=max(found.decided_time, diagnosis.decided_time + timedelta(milliseconds=1)),
            decided_by=DecidedBy.MODEL,
            model=shadow.model,
            adapter=shadow.adapter,
            prompt_version=f"{found.prompt_version}, {shadow.prompt_version}",
            shadow=shadow,
        )


def doubts_of(confidence: float, shadow: Shadow) -> tuple[str, ...]:
    """Return why a decider does not stand by a lead of that confidence, as what would have to be known.

    >>> doubts_of(0.5, Shadow(model="plain", probabilities=(0.5, 0.3), none_of_these=0.2, sure_from=0.6))
    ('more to go by: the decider gives the lead that stands 50.0%, and is taken at its word from 60.0% on',)
    """
    doubts = []
    if shadow.none_of_these > confidence:
        doubts.append(
            "an alarm of what began it: the decider gives "
            f"{shadow.none_of_these:.1%} to a cause beyond the candidates"
        )
    if confidence < shadow.sure_from <= 1:
        doubts.append(
            f"more to go by: the decider gives the lead that stands {confidence:.1%}, "
            f"and is taken at its word from {shadow.sure_from:.1%} on"
        )
    elif confidence < shadow.sure_from:
        doubts.append("a surer decider: this one never proved precise enough to lead")
    return tuple(doubts)


def led_order(candidates: Sequence[Candidate], probabilities: Sequence[float]) -> tuple[Candidate, ...]:
    """Return candidates by a decider's probabilities, from then on their shares; ties as the graph has them.

    Candidates that it was not asked about come last, with a share of nothing.
    """
    asked = [*probabilities, *[0.0] * len(candidates)]
    order = sorted(range(len(candidates)), key=lambda place: (-asked[place], place))
    return tuple(msgspec.structs.replace(candidates[place], share=asked[place]) for place in order)
