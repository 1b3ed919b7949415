"""A console over a real store, as somebody of one role sees it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import opened
from dashboards.login import _TOKEN
from telcollm.access import Caller, Role
from telcollm.app.workplace import Workplace, open_workplace
from telcollm.ports import EVERYTHING, Scope
from telcollm.settings import Settings
from tests.dashboards.network import StillClock, put_trouble

SCRIPT = Path(__file__).parents[2] / "dashboards" / "app.py"

Look = Callable[..., AppTest]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two homes to be copied: one whose store is empty, one with an incident and all that hangs on it."""
    found = {name: tmp_path_factory.mktemp(name) for name in ("empty", "trouble")}
    for name, home in found.items():
        made = open_workplace(Settings(home=home), clock=StillClock())
        if name == "trouble":
            put_trouble(made)
        made.close()
    return found


def _opened(home: Path, tmp_path: Path, clock: StillClock) -> Iterator[Workplace]:
    shutil.copytree(home, tmp_path / "home")
    made = open_workplace(Settings(home=tmp_path / "home", tracking={"enabled": False}), clock=clock)
    opened.use(made)
    yield made
    opened._KEPT.clear()
    made.close()


@pytest.fixture
def desk(homes: dict[str, Path], tmp_path: Path, clock: StillClock) -> Iterator[Workplace]:
    """A workplace with an empty store, which the console takes for its own."""
    yield from _opened(homes["empty"], tmp_path, clock)


@pytest.fixture
def trouble(homes: dict[str, Path], tmp_path: Path, clock: StillClock) -> Iterator[Workplace]:
    """A workplace with one incident and all that hangs on it."""
    yield from _opened(homes["trouble"], tmp_path, clock)


@pytest.fixture
def look() -> Look:
    """What somebody of a role sees of a page, in a language."""

    def look(
        page: str,
        role: Role | tuple[Role, ...] = Role.NOC_ENGINEER,
        /,
        *,
        lang: str = "en",
        scope: Scope = EVERYTHING,
        **query: str,
    ) -> AppTest:
        roles = role if isinstance(role, tuple) else (role,)
        test = AppTest.from_file(str(SCRIPT), default_timeout=240)
        token = opened.sessions().begin(Caller("eva", frozenset(roles), scope), "")
        test.session_state[_TOKEN] = token
        test.query_params.update({"lang": lang, **query})
        return go(test, page)

    return look


def go(test: AppTest, page: str) -> AppTest:
    """Open a page by its path, as the browser does."""
    from streamlit.util import calc_hash

    test._page_hash = calc_hash("" if page == "now" else page)
    return test.run()


def texts(test: Any) -> str:
    """Everything that a page says, in one text."""
    kinds = (
        "title",
        "subheader",
        "markdown",
        "text",
        "caption",
        "error",
        "warning",
        "info",
        "success",
        "code",
    )
    said = [str(one.value) for kind in kinds for one in getattr(test, kind)]
    said += [
        str(one.label)
        for kind in ("button", "metric", "page_link", "expander")
        for one in getattr(test, kind)
    ]
    return "\n".join(said)
