from pathlib import Path

import numpy as np
import pytest

from streams.causes.matrices import UNKNOWN, read_links, read_matrix
from telcollm.errors import DecodeError, SettingsError


def _npy(folder: Path, values: object) -> Path:
    path = folder / "m.npy"
    np.save(path, np.asarray(values))
    return path


def _csv(folder: Path, text: str) -> Path:
    path = folder / "m.csv"
    path.write_text(text)
    return path


def test_rows_of_a_matrix_stand_for_whole_number_names(tmp_path: Path):
    found = read_matrix(_npy(tmp_path, [[0, 1, 0], [0, 0, 0], [0, 0, 0]]), ["1", "0"], "truth")
    assert found.names == ("0", "1", "2")
    assert found.aligned(["1", "0", "7"], -9).tolist() == [[0, 0, -9], [1, 0, -9], [-9, -9, -9]]


def test_rows_of_a_matrix_stand_for_names_in_order_where_they_are_as_many(tmp_path: Path):
    found = read_matrix(_npy(tmp_path, [[0, 1], [0, 0]]), ["1", "2"], "truth")
    assert found.names == ("1", "2")


def test_pairs_with_and_without_header_and_value_mean_the_same(tmp_path: Path):
    plain = read_matrix(_csv(tmp_path, "a,b\nb,c\n"), ["a", "b", "c"], "truth")
    headed = read_matrix(_csv(tmp_path, "cause,effect,edge\na,b,1\nb,c,1.0\n\n"), ["a", "b", "c"], "truth")
    assert plain.values.tolist() == headed.values.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_pairs_that_a_prior_does_not_list_are_unknown(tmp_path: Path):
    found = read_matrix(
        _csv(tmp_path, "a,b,1\nb,a,0\n"), ["a", "b"], "prior", unlisted=UNKNOWN, allow_unknown=True
    )
    assert found.values.tolist() == [[-1, 1], [0, -1]]


def test_links_leave_out_what_joins_an_object_to_itself(tmp_path: Path):
    assert read_links(_npy(tmp_path, [[1, 1], [0, 0]]), ["0", "1"]) == [("0", "1")]


@pytest.mark.parametrize(
    ("values", "message"),
    [([[0, 1]], "must be square"), ([[0, 2], [0, 0]], "allowed are 0, 1"), ([[0, 0.5], [0, 0]], "fractions")],
)
def test_a_matrix_of_another_shape_or_content_is_refused(tmp_path: Path, values, message):
    with pytest.raises(DecodeError, match=message):
        read_matrix(_npy(tmp_path, values), ["0", "1"], "truth")


def test_a_matrix_that_cannot_be_matched_to_names_is_refused(tmp_path: Path):
    with pytest.raises(DecodeError, match="as many are needed"):
        read_matrix(_npy(tmp_path, np.zeros((2, 2))), ["a", "b", "c"], "truth")


def test_an_unknown_value_is_refused_where_only_truth_is_allowed(tmp_path: Path):
    with pytest.raises(DecodeError, match="holds -1"):
        read_matrix(_npy(tmp_path, [[0, -1], [0, 0]]), ["0", "1"], "truth")


@pytest.mark.parametrize("text", ["a,b,maybe\n", "a,b,1,2\n", "a\n", "a,b,5\n"])
def test_a_row_that_is_no_pair_is_named(tmp_path: Path, text: str):
    with pytest.raises(DecodeError, match="row 1"):
        read_matrix(_csv(tmp_path, text), ["a", "b"], "truth")


def test_a_file_that_is_missing_damaged_or_of_another_kind_is_named(tmp_path: Path):
    (tmp_path / "bad.npy").write_bytes(b"no array")
    for path in (tmp_path / "bad.npy", tmp_path / "none.npy", tmp_path / "none.csv", tmp_path / "x.txt"):
        with pytest.raises(SettingsError, match=path.name.replace(".", r"\.")):
            read_matrix(path, ["a"], "truth")
