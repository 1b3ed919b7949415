"""Laws of `telcollm knowledge`: what is added is found and listed; one bad file stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telcollm.app.cli import app


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCOLLM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TELCOLLM_CACHE_DIR", str(tmp_path / "cache"))


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["knowledge", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_folder_is_added_listed_searched_and_removed(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "fibre.md").write_text("# Fibre\nClean the [red] connector.\n")
    (tmp_path / "books" / "picture.png").write_bytes(b"\x89PNG")
    code, out, err = run("add", "books", "--json")
    assert code == 0 and "searching by words alone" in err
    (added,) = json.loads(out)["added"]
    assert added["source"] == "books/fibre.md" and added["version"] == 1
    code, out, _ = run("list", "--json")
    assert [item["title"] for item in json.loads(out)] == ["Fibre"]
    code, out, _ = run("search", "which connector")
    assert code == 0 and "Clean the [red] connector." in out and "Fibre" in out
    code, out, _ = run("search", "which connector", "--json")
    assert json.loads(out)[0]["place"] == "lines 2-2"
    assert run("remove", "books/fibre.md")[1] == "books/fibre.md: 1 version deleted\n"
    assert "nothing found" in run("search", "which connector")[1]
    assert "the library is empty" in run("list")[1]


def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"no pdf")
    (tmp_path / "good.txt").write_text("Clean the connector.")
    code, out, err = run("add", "bad.pdf", "good.txt")
    assert code == 1
    assert "bad.pdf is no PDF" in err and "good.txt" in out
    assert "good.txt" in run("list")[1]
