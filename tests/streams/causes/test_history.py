import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.causes.history import alarm_history, history_of_frame, with_links
from telcollm.errors import DecodeError, SettingsError

_ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=30)


def _of(rows, **given):
    return alarm_history("rows", *(list(column) for column in zip(*rows, strict=True)), **given)


@given(_ROWS, st.randoms())
def test_shuffled_alarms_give_the_same_history(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, two = _of(rows), _of(shuffled)
    assert one.sha256 == two.sha256
    assert one.types.tolist() == two.types.tolist()
    assert one.raised_s.tolist() == sorted(one.raised_s.tolist())


@given(_ROWS, st.floats(0.01, 1.0))
def test_the_two_parts_of_a_split_are_the_whole_and_do_not_overlap_in_time(rows, fraction):
    history = _of(rows)
    first, second = history.split(fraction)
    assert first.types.tolist() + second.types.tolist() == history.types.tolist()
    if len(first) and len(second):
        assert first.raised_s.max() < second.raised_s.min()


def test_links_change_neither_the_alarms_nor_their_sha256():
    plain = _of([(0, 5, 1), (1, 7, 2)])
    linked = with_links(plain, [("5", "7"), ("7", "5"), ("7", "7"), ("6", "7")])
    assert linked.sha256 == plain.sha256
    assert linked.object_names == ("5", "6", "7")
    assert linked.links is not None
    assert linked.links.tolist() == [[0, 2], [1, 2]]
    assert [linked.object_names[number] for number in linked.objects] == ["5", "7"]


def test_a_clear_before_its_raise_is_taken_as_unknown():
    history = alarm_history("x", ["a", "b"], [1, 1], [10, 20], [5, 25])
    assert np.isnan(history.cleared_s[0])
    assert history.cleared_s[1] == 25


def test_the_first_part_of_a_split_does_not_know_later_clears():
    history = alarm_history("x", ["a", "a", "a", "a"], [1] * 4, [0, 1, 2, 3], [0.5, 9, 2.5, 3.5])
    first, _ = history.split(0.5)
    assert first.cleared_s[0] == 0.5
    assert np.isnan(first.cleared_s[1])


@pytest.mark.parametrize("fraction", [0.0, -1.0, 1.5])
def test_a_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(SettingsError, match="above 0 and at most 1"):
        _of([(0, 0, 0)]).split(fraction)


def test_whole_number_names_are_ordered_as_numbers_and_others_as_text():
    assert _of([(10, 0, 0), (9, 0, 1)]).type_names == ("9", "10")
    assert alarm_history("x", ["b", "10"], ["o", "o"], [0, 1]).type_names == ("10", "b")


def test_numbers_that_pandas_turned_to_floats_keep_their_names():
    assert alarm_history("x", np.array([3.0, 4.0]), np.array([1.0, 2.0]), [0, 1]).type_names == ("3", "4")


def test_date_times_and_seconds_of_a_frame_give_the_same_gaps():
    frame = pd.DataFrame(
        {
            "kind": ["a", "b"],
            "where": ["n1", "n2"],
            "at": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:30.5Z"],
            "end": [None, "2026-01-01T00:01:00Z"],
        }
    )
    history = history_of_frame(
        frame, "x", type_column="kind", object_column="where", raised_column="at", cleared_column="end"
    )
    assert np.diff(history.raised_s).tolist() == [30.5]
    assert np.isnan(history.cleared_s[0])
    assert history.cleared_s[1] - history.raised_s[1] == 29.5


def test_a_missing_column_is_named_with_the_option_that_mends_it():
    with pytest.raises(DecodeError, match="--object-column"):
        history_of_frame(pd.DataFrame({"alarm_id": [1], "start_timestamp": [1]}), "x")


def test_an_empty_cell_is_named_by_column_and_row():
    frame = pd.DataFrame({"alarm_id": [1, None], "device_id": [1, 1], "start_timestamp": [1, 2]})
    with pytest.raises(DecodeError, match=r"'alarm_id'.*first: row 1"):
        history_of_frame(frame, "x")


def test_a_column_of_no_times_is_refused():
    frame = pd.DataFrame({"alarm_id": [1], "device_id": [1], "start_timestamp": ["soon"]})
    with pytest.raises(DecodeError, match="ISO 8601"):
        history_of_frame(frame, "x")


@pytest.mark.parametrize(
    ("types", "raised", "message"),
    [([], [], "at least 1"), (["a"], [1.0, 2.0], "equal in number"), (["a"], [np.inf], "must be finite")],
)
def test_alarms_that_make_no_history_are_refused(types, raised, message):
    with pytest.raises(DecodeError, match=message):
        alarm_history("x", types, ["o"] * len(types), raised)
