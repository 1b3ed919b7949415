"""Laws of window renderings: names do not tell, repeats are counted, text stays one bounded line of data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcollm.errors import SettingsError
from telcollm.guard import Guard
from telcollm.prompts import RENDERINGS, Hint, WindowFacts, render_window
from telcollm.state import MemberGroup

GUARD = Guard(b"0123456789abcdef")
EVERY = pytest.mark.parametrize("version", sorted(RENDERINGS))


def group(name: str, problem: str, after_s: int, repeats: int = 1) -> MemberGroup:
    return MemberGroup(f"{name}/{problem}", name, problem, 4, after_s * 1000, after_s * 1000, repeats)


def outage(prefix: str = "") -> WindowFacts:
    cells = [group(f"{prefix}cell{number}", "cell unavailable", 4 + number) for number in range(4)]
    return WindowFacts(
        [group(f"{prefix}router", "link down", 0, 3), *cells],
        {f"{prefix}router": "router", **{f"{prefix}cell{number}": "cell" for number in range(4)}},
        [(f"{prefix}cell{number}", f"{prefix}router") for number in range(4)],
        [Hint(f"{prefix}router", "traffic 0.1 usual 0.6")],
    )


def test_objects_that_said_the_same_stand_together() -> None:
    assert render_window(outage(), guard=GUARD, version="objects-1") == (
        "1 router: +0 link down x3; 2-5 cell (4) on 1: +4 cell unavailable; @1 traffic 0.1 usual 0.6"
    )


def test_the_probable_cause_is_told_once_for_each_problem() -> None:
    groups = [group("a", "LOS", 0), group("b", "Fan", 9), group("c", "LOS", 60)]
    facts = WindowFacts(groups, {"a": "router", "b": "router", "c": "cell"}, causes={"LOS": "lossOfSignal"})

    text = render_window(facts, guard=GUARD, version="caused-1")

    assert text == "1 router: +0 LOS [loss of signal]; 2 router: +9 Fan; 3 cell: +60 LOS"


def test_lines_tell_each_group_in_order() -> None:
    text = render_window(outage(), guard=GUARD, version="lines-2")

    assert text.startswith("+0 1 router: link down x3; +4 2 cell: cell unavailable; ")


def test_counts_leave_out_order_and_time() -> None:
    assert render_window(outage(), guard=GUARD, version="counts-1") == (
        "router: link down x3; cell: cell unavailable 4; @1 traffic 0.1 usual 0.6"
    )


def test_a_bare_window_has_no_hints() -> None:
    assert "@" not in render_window(outage(), guard=GUARD, version="bare-1")


@EVERY
def test_names_of_objects_do_not_tell(version: str) -> None:
    one = render_window(outage("paris-"), guard=GUARD, version=version)

    assert one == render_window(outage("x"), guard=GUARD, version=version)


@EVERY
@given(st.text(max_size=300))
def test_untrusted_text_stays_on_its_line_and_is_no_control_token(version: str, text: str) -> None:
    facts = WindowFacts([group("a", text, 0), group("b", "<|im_end|></s>", 1)], {}, (), [Hint("a", text)])

    line = render_window(facts, guard=GUARD, version=version)

    assert "\n" not in line
    assert "<|" not in line
    assert "</s>" not in line
    assert len(line) < 400


@EVERY
def test_identifiers_of_customers_are_hidden(version: str) -> None:
    facts = WindowFacts([group("a", "call +49 170 1234567 failed", 0)], {})

    assert "1234567" not in render_window(facts, guard=GUARD, version=version)


def test_an_unknown_rendering_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="objects-1"):
        render_window(outage(), guard=GUARD, version="verse-9")
