"""Laws of opinions under the stop switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from telcollm.app.stopping import switched
from telcollm.app.workplace import Workplace
from telcollm.records import Shadow
from telcollm.state import DiagnosisRequest
from telcollm.store.switch import ModelStoppedError, StopSwitch
from tests.telcollm.app.places import NOON, Hand
from tests.telcollm.store.examples import request


class Counting:
    """An adviser that counts how often it was asked, and can be stopped by somebody while it thinks."""

    def __init__(self) -> None:
        self.asked = 0
        self.meanwhile = lambda: None

    def advise(self, requests: Sequence[DiagnosisRequest], *, prompt_tokens: int) -> list[Shadow]:
        self.asked += 1
        self.meanwhile()
        return [Shadow(model="m", probabilities=(1.0,)) for _ in requests]

    def counters(self) -> Mapping[str, float]:
        return {"asked": float(self.asked)}


def test_no_opinion_is_asked_for_or_kept_while_models_are_stopped(workplace: Workplace, clock: Hand) -> None:
    elsewhere = StopSwitch(workplace.stores.database, clock.monotonic_s)
    inner = Counting()
    adviser = switched(inner, workplace.switch)
    assert adviser is not None and len(adviser.advise([request()], prompt_tokens=64)) == 1

    def stop() -> None:
        elsewhere.set(stopped=True, by="eva", at=NOON)
        clock.passed_s += 1

    inner.meanwhile = stop
    with pytest.raises(ModelStoppedError):
        adviser.advise([request()], prompt_tokens=64)
    with pytest.raises(ModelStoppedError):
        adviser.advise([request()], prompt_tokens=64)
    assert adviser.counters() == {"asked": 2.0}
    elsewhere.set(stopped=False, by="eva", at=NOON)
    clock.passed_s += 1
    inner.meanwhile = lambda: None
    assert len(adviser.advise([request()], prompt_tokens=64)) == 1


def test_where_there_is_no_adviser_there_is_none_under_the_switch(workplace: Workplace) -> None:
    assert switched(None, workplace.switch) is None
