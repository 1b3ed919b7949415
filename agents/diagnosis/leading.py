"""A diagnosis led by a promoted decider: its choice first, the playbook's checks as ever.

Candidates go by its probabilities, and the diagnosis is made anew of them: claims, paths and verdicts
are checked against the store as before. Does not know whether a decider has been promoted.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from telcollm.ports import Diagnoser
from telcollm.records import DecidedBy, Diagnosis, Shadow
from telcollm.state import Candidate, DiagnosisRequest


class Leading:
    """Makes a diagnosis anew with a decider's choice in the lead; for `streams.advice.AdviceDesk`.

    The `diagnoser` must take a candidate's share for what it is sure of: one that was calibrated on the cause
    graph's shares would misread a decider's.
    """

    def __init__(self, diagnoser: Diagnoser) -> None:
        self._diagnoser = diagnoser

    def __call__(self, request: DiagnosisRequest, diagnosis: Diagnosis, shadow: Shadow) -> Diagnosis:
        """Return the diagnosis as the decider leads it, with the opinion; as it was where it has none.

        Its shares leave out what it gives to none of the candidates; below `abstain_below` it abstains.

        Raises:
            TransientError: the database did not answer.
        """
        if not shadow.probabilities:
            return msgspec.structs.replace(diagnosis, shadow=shadow)
        led = msgspec.structs.replace(request, candidates=led_order(request.candidates, shadow.probabilities))
        (found,) = self._diagnoser.diagnose([led], decided_time=diagnosis.decided_time)
        return msgspec.structs.replace(
            found,
            diagnosis_id=diagnosis.diagnosis_id,
            decided_by=DecidedBy.MODEL,
            model=shadow.model,
            adapter=shadow.adapter,
            prompt_version=f"{found.prompt_version}, {shadow.prompt_version}",
            shadow=shadow,
        )


def led_order(candidates: Sequence[Candidate], probabilities: Sequence[float]) -> tuple[Candidate, ...]:
    """Return candidates by a decider's probabilities, from then on their shares; ties as the graph has them.

    Candidates that it was not asked about come last, with a share of nothing.
    """
    asked = [*probabilities, *[0.0] * len(candidates)]
    order = sorted(range(len(candidates)), key=lambda place: (-asked[place], place))
    return tuple(msgspec.structs.replace(candidates[place], share=asked[place]) for place in order)
