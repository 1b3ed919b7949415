"""A model's opinions under the stop switch: none is asked for, and none is kept, while it is down.

Does not know what an opinion is about.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from telcollm.ports import Adviser
from telcollm.records import Shadow
from telcollm.state import DiagnosisRequest
from telcollm.store.database import Database
from telcollm.store.switch import StopSwitch


def models_stopped(database: Database) -> bool:
    """Tell a command, which looks once, whether model output is stopped."""
    return StopSwitch(database, time.monotonic).stopped()


def switched(adviser: Adviser | None, switch: StopSwitch) -> Adviser | None:
    """Return the adviser under the switch; None where there is none."""
    return None if adviser is None else SwitchedAdviser(adviser, switch)


class SwitchedAdviser:
    """An `Adviser` whose opinions wait while models are stopped; what waited is asked again then."""

    def __init__(self, adviser: Adviser, switch: StopSwitch) -> None:
        self._adviser = adviser
        self._switch = switch

    def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
        """Return the model's opinion on each request, in order.

        Raises:
            ModelStoppedError: models are stopped, or were while it was asked.
            TransientError: the model did not answer.
        """
        self._switch.check()
        told = self._adviser.advise(requests, prompt_tokens=prompt_tokens)
        self._switch.check()
        return told

    def counters(self) -> Mapping[str, float]:
        """Return the running totals of the adviser."""
        return self._adviser.counters()
