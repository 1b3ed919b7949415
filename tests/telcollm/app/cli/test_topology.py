"""Laws of `telcollm topology load`: pairs and elements into the store, a bad file refused by its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from telcollm.app.cli import app
from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING
from telcollm.store import open_store


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCOLLM_HOME", str(tmp_path / "state"))
    return tmp_path


def load(text: str, name: str = "links.csv") -> str:
    Path(name).write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["topology", "load", name])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def stored(home: Path) -> dict[str, list[str]]:
    store = open_store(f"sqlite:///{home / 'state' / 'telcollm.db'}")
    found = {
        element.element_id: sorted(link.target for link in element.links)
        for element in store.topology(EVERYTHING)
    }
    store.close()
    return found


@pytest.mark.parametrize("head", ["", "source,target\n", "a,b\n"])
def test_pairs_become_elements_and_links_with_or_without_a_head(head: str, home: Path) -> None:
    assert load(head + "n1,n2\n\n n2 , n3\n") == "3 elements, 2 links\n"
    linked = stored(home)
    assert linked.keys() == {"n1", "n2", "n3"}
    assert {frozenset((one, other)) for one in linked for other in linked[one]} == {
        frozenset(("n1", "n2")),
        frozenset(("n2", "n3")),
    }


def test_loading_again_changes_nothing(home: Path) -> None:
    load("n1,n2\n")
    before = stored(home)
    load("n1,n2\n")
    assert stored(home) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("n1,n2\nn3\n", "line 2: 'n3' is no pair"),
        ("n1,n2\nn3,n4,12.5\n", "line 2: 'n3,n4,12.5' is no pair"),
        ("n1,\n", "line 1: 'n1,' is no pair"),
        ("", "holds no element"),
        ("source,target\n", "holds no element"),
    ],
)
def test_a_file_that_holds_no_pairs_is_refused_and_nothing_is_stored(
    text: str, told: str, home: Path
) -> None:
    with pytest.raises(TelcollmError, match=told):
        load(text)
    assert not (home / "state").exists()


def test_a_line_that_is_no_element_is_refused_by_its_number() -> None:
    with pytest.raises(TelcollmError, match=r"links\.jsonl, line 2: "):
        load('{"tenant": "default", "elementId": "n1"}\n{"elementId": 7}\n', "links.jsonl")


def test_a_file_that_is_not_there_is_named() -> None:
    done = CliRunner().invoke(app, ["topology", "load", "nosuch.csv"])
    assert isinstance(done.exception, TelcollmError) and "nosuch.csv cannot be read" in str(done.exception)
