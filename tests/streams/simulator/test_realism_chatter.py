"""Laws of the background: the same seed gives the same, rates grow with the network, quiet is quiet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.simulator.realism_chatter import QUIET, ChatterPlan, chatter
from telcollm.errors import SettingsError

DAY_S = 86_400.0
ELEMENTS = [(f"e{number}", ("a", "b", "c", "d")) for number in range(400)]


def test_the_same_arguments_give_the_same_background() -> None:
    assert chatter(ChatterPlan(), ELEMENTS, DAY_S, 3) == chatter(ChatterPlan(), ELEMENTS, DAY_S, 3)


def test_another_seed_gives_another_background() -> None:
    assert chatter(ChatterPlan(), ELEMENTS, DAY_S, 3) != chatter(ChatterPlan(), ELEMENTS, DAY_S, 4)


def test_it_comes_in_order_and_within_its_time_and_its_elements() -> None:
    told = chatter(ChatterPlan(), ELEMENTS, DAY_S, 1)

    assert [item.raised_s for item in told] == sorted(item.raised_s for item in told)
    assert all(0.0 <= item.raised_s < DAY_S for item in told)
    assert {item.element_id for item in told} <= {name for name, _ in ELEMENTS}
    assert {item.symptom for item in told} == {"a", "b", "c", "d"}


def test_a_quiet_plan_tells_of_nothing() -> None:
    assert chatter(QUIET, ELEMENTS, DAY_S, 1) == []


def test_elements_without_symptoms_stay_silent() -> None:
    told = chatter(ChatterPlan(), [("mute", ()), *ELEMENTS[:200]], DAY_S, 1)

    assert told
    assert "mute" not in {item.element_id for item in told}


def test_flickers_come_as_often_as_the_plan_says() -> None:
    plan = replace(QUIET, flickers=10.0, twins=0.0, spread=0.0, again=0.0, unrest=0.0)

    count = len(chatter(plan, ELEMENTS, 20 * DAY_S, 1))

    assert count == pytest.approx(10.0 * 400 / 500 * 24 * 20, rel=0.1)


def test_a_ratio_above_one_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"twins=1\.5"):
        ChatterPlan(twins=1.5)
