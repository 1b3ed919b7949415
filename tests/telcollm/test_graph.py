from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcollm.errors import DecodeError, SettingsError
from telcollm.graph import CauseEdge, CauseGraph, LearnedFrom, cause_graph, decode, encode, load, save

_NAMES = st.text(min_size=1, max_size=6)
_PAIRS = st.tuples(_NAMES, _NAMES).filter(lambda pair: pair[0] != pair[1])
_EDGES = st.lists(
    st.builds(
        lambda pair, weight, lag_s, provenance: CauseEdge(*pair, weight, lag_s, provenance),
        _PAIRS,
        st.floats(0, 1),
        st.floats(0, 1e9),
        st.sampled_from(["learned", "prior", "expert"]),
    ),
    unique_by=lambda edge: (edge.cause, edge.effect),
    max_size=8,
)


def _graph(edges: list[CauseEdge], names: list[str] | None = None) -> CauseGraph:
    return cause_graph(names or [], edges, method="by hand", learned_from=LearnedFrom("nothing"))


@given(_EDGES, st.lists(_NAMES, max_size=5), st.sampled_from(["balanced", "precise"]))
def test_decoding_what_was_encoded_gives_the_same_graph(edges, names, point):
    graph = cause_graph(
        names, edges, method="m", learned_from=LearnedFrom("x", "ab", 3, 0.7), operating_point=point
    )
    assert decode(encode(graph)) == graph


@given(_EDGES, st.randoms())
def test_order_of_edges_changes_neither_bytes_nor_sha256(edges, random):
    shuffled = list(edges)
    random.shuffle(shuffled)
    assert encode(_graph(edges)) == encode(_graph(shuffled))
    assert _graph(edges).sha256 == _graph(shuffled).sha256


@given(_EDGES)
def test_lookups_agree_with_the_edges(edges):
    graph = _graph(edges)
    for edge in edges:
        assert graph.weight(edge.cause, edge.effect) == edge.weight
        assert graph.related(edge.cause, edge.effect)
        assert graph.related(edge.effect, edge.cause)
        assert edge in graph.causes_of(edge.effect)
        assert edge in graph.effects_of(edge.cause)
        assert graph.knows(edge.cause)
    assert sum(len(graph.effects_of(name)) for name in graph.alarm_types) == len(edges)


def test_causes_come_heaviest_first_and_ties_by_name():
    graph = _graph([CauseEdge("b", "x", 0.5), CauseEdge("c", "x", 0.9), CauseEdge("a", "x", 0.5)])
    assert [edge.cause for edge in graph.causes_of("x")] == ["c", "a", "b"]


def test_an_unknown_type_has_no_edges_and_no_weight():
    graph = _graph([CauseEdge("a", "b", 0.5)])
    assert graph.weight("nobody", "b") == 0.0
    assert graph.edge("b", "a") is None
    assert graph.causes_of("nobody") == ()
    assert not graph.knows("nobody")
    assert not graph.related("nobody", "b")


@pytest.mark.parametrize(
    ("edges", "field"),
    [
        ([CauseEdge("a", "a", 0.5)], "edges[0]"),
        ([CauseEdge("a", "b", 1.5)], "edges[0].weight"),
        ([CauseEdge("a", "b", float("nan"))], "edges[0].weight"),
        ([CauseEdge("a", "b", 0.5, -1.0)], "edges[0].lag_s"),
        ([CauseEdge("a", "b", 0.5, float("inf"))], "edges[0].lag_s"),
        ([CauseEdge("a", "b", 0.5), CauseEdge("a", "b", 0.6)], "edges[1]"),
    ],
)
def test_an_impossible_edge_is_refused_by_field(edges, field):
    with pytest.raises(DecodeError, match="must") as caught:
        _graph(edges)
    assert caught.value.field == field


def test_an_edge_between_unlisted_types_is_refused():
    with pytest.raises(DecodeError, match="must be among the 1 alarm_types"):
        CauseGraph(("a",), (CauseEdge("a", "b", 0.5),), "m", LearnedFrom("x"))


def test_unsorted_types_are_refused():
    with pytest.raises(DecodeError, match="sorted and without repeats"):
        CauseGraph(("b", "a"), (), "m", LearnedFrom("x"))


def test_a_graph_of_a_later_schema_is_refused():
    with pytest.raises(DecodeError, match="schema_version=99"):
        decode(encode(_graph([])).replace(b'"schema_version":1', b'"schema_version":99'))


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"alarm_types":["a"]}', b"\xff"])
def test_what_is_no_graph_is_refused_with_the_next_step(payload):
    with pytest.raises(DecodeError, match="telcollm graph learn"):
        decode(payload)


def test_a_saved_graph_is_loaded_unchanged(tmp_path: Path):
    graph = _graph([CauseEdge("a", "b", 0.25, 12.5, "prior")])
    save(graph, tmp_path / "deep" / "graph.json")
    assert load(tmp_path / "deep" / "graph.json") == graph
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["graph.json"]


def test_loading_names_the_file_that_is_missing_or_damaged(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.json.*telcollm graph learn"):
        load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(DecodeError, match=r"bad\.json"):
        load(tmp_path / "bad.json")


def test_saving_where_nothing_can_be_written_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        save(_graph([]), tmp_path / "file" / "graph.json")
