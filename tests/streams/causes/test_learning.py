from pathlib import Path

import numpy as np
import pytest

from streams.causes.learning import SHIPPED_RULE, choose_edges, learn
from streams.causes.matrices import NamedMatrix, read_matrix
from telcollm.errors import SettingsError
from telcollm.graph import encode
from tests.streams.causes.planted import TRUE_EDGES, planted_evidence, planted_history


def _prior(folder: Path, text: str, names: tuple[str, ...]) -> NamedMatrix:
    (folder / "prior.csv").write_text(text)
    return read_matrix(folder / "prior.csv", names, "prior", unlisted=-1, allow_unknown=True)


def test_the_same_history_gives_the_same_graph_byte_for_byte():
    one, two = learn(planted_history(alarms=40)), learn(planted_history(alarms=40))
    assert encode(one) == encode(two)


def test_a_learned_graph_names_all_types_the_planted_edges_and_what_it_was_learned_from():
    history = planted_history(alarms=300)
    graph = learn(history, operating_point="precise")
    assert graph.alarm_types == tuple(sorted(history.type_names))
    assert set(TRUE_EDGES) <= {(edge.cause, edge.effect) for edge in graph.edges}
    assert len(graph.edges) <= len(TRUE_EDGES) + 1
    assert all(
        edge.provenance == "learned" and 0 < edge.weight < 1 and edge.lag_s > 0 for edge in graph.edges
    )
    assert graph.learned_from.sha256 == history.sha256
    assert graph.learned_from.alarms == len(history)
    assert graph.operating_point == "precise"


def test_known_edges_override_what_was_learned(tmp_path: Path):
    history = planted_history(alarms=300)
    prior = _prior(tmp_path, "power,link,0\nfan,door,1\nfan,flood,1\n", history.type_names)
    graph = learn(history, prior=prior, operating_point="precise")
    assert graph.edge("power", "link") is None
    assert graph.edge("link", "clock") is not None
    for effect in ("door", "flood"):
        edge = graph.edge("fan", effect)
        assert edge is not None
        assert (edge.weight, edge.provenance) == (1.0, "prior")


def test_known_edges_rank_above_and_known_non_edges_below_all_others():
    evidence = planted_evidence()
    known = np.full(evidence.strength.shape, -1)
    known[0, 1], known[1, 0] = 1, 0
    ranking = choose_edges(evidence, SHIPPED_RULE, "balanced", known).ranking
    unknown = ranking[known == -1]
    assert ranking[0, 1] > unknown.max()
    assert ranking[1, 0] < unknown.min()


def test_a_history_without_alarms_is_refused():
    first, _ = planted_history(alarms=20).split(0.01)
    with pytest.raises(SettingsError, match="0 alarms"):
        learn(first)
