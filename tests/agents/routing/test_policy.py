"""Laws of the policy: the example stands, what costs set the threshold, and faults are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.routing.policy import Costs, RoutingPolicy, load_policy
from telcollm.errors import SettingsError


def test_the_example_routes_and_is_never_automatic_by_rules() -> None:
    policy = load_policy()
    assert policy.threshold == pytest.approx(0.98)
    assert policy.rules_confidence < policy.threshold
    assert "网优" in policy.team_names


@pytest.mark.parametrize(("wrong", "look", "threshold"), [(50, 1, 0.98), (10, 5, 0.5), (1, 2, 0.0)])
def test_the_threshold_is_where_a_mistake_costs_as_much_as_a_look(
    wrong: float, look: float, threshold: float
) -> None:
    policy = RoutingPolicy(costs=Costs(wrong, look))
    assert policy.threshold == pytest.approx(threshold)
    if threshold:
        assert (1 - policy.threshold) * wrong == pytest.approx(look)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("costs: {wrong: 0}", "Expected `float` > 0"),
        ("team: {}", "unknown field `team`"),
        ("teams: [", "line 1"),
        ("- a", "Expected `object`"),
    ],
)
def test_a_faulty_policy_is_refused_by_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(SettingsError, match=reason):
        load_policy(tmp_path / "policy.yaml")


def test_a_policy_that_is_missing_or_huge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")
    (tmp_path / "huge.yaml").write_text("#" * 1_000_001)
    with pytest.raises(SettingsError, match="at most 1000000"):
        load_policy(tmp_path / "huge.yaml")
