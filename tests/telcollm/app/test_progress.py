"""Laws of the progress view: whatever a failure says is shown as it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from streams.worker import Status
from telcollm.app.progress import ProgressView, status_table


@pytest.mark.parametrize("failure", ["[/tmp/x.db] is locked", "[red]x[/blue]", "[bold]"])
def test_a_failure_with_brackets_is_shown_as_it_is(failure: str) -> None:
    told = io.StringIO()
    console = Console(file=told, force_terminal=True, width=120, color_system=None)
    console.print(status_table(Status(failure=failure)))
    with ProgressView(console) as view:
        view.show(Status(failure=failure))
    assert told.getvalue().count(failure) >= 2
