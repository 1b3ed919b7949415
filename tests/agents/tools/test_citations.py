"""Laws of citations: a sentence stands on ids that were seen, or falls."""

from __future__ import annotations

import pytest

from agents.tools.citations import cited_sentences

SEEN = {"alm-1", "alm-2", "chg 7", "cell-7", "ManagedElement=A,NRCell=1"}


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("It broke [alm-1].", [("It broke.", ("alm-1",))], 0),
        ("It broke. [alm-1] It ended. [alm-2]", [("It broke.", ("alm-1",)), ("It ended.", ("alm-2",))], 0),
        ("It broke [alm-1][alm-2].", [("It broke.", ("alm-1", "alm-2"))], 0),
        ("It broke [alm-1, alm-2; alm-1].", [("It broke.", ("alm-1", "alm-2"))], 0),
        ("It was changed [chg 7].", [("It was changed.", ("chg 7",))], 0),
        ("Its [ManagedElement=A,NRCell=1] broke.", [("Its broke.", ("ManagedElement=A,NRCell=1",))], 0),
        ("It broke.", [], 1),
        ("It broke [alm-9].", [], 1),
        ("It broke [alm-1, alm-9].", [], 1),
        ("It broke [alm-1]. So did the sun.", [("It broke.", ("alm-1",))], 1),
        ("The level was -35.5 dBm at 02.15 [alm-1].", [("The level was -35.5 dBm at 02.15.", ("alm-1",))], 0),
        ("- It broke [alm-1]\n- So\n\n**It** [alm-2]", [("It broke", ("alm-1",)), ("It", ("alm-2",))], 1),
        ("链路中断【alm-1】。原因不明。", [("链路中断。", ("alm-1",))], 1),
        ("[alm-1]", [], 0),
        ("... !", [], 0),
        ("", [], 0),
    ],
)  # fmt: skip
def test_a_sentence_stands_only_on_ids_that_were_seen(
    text: str, kept: list[tuple[str, tuple[str, ...]]], dropped: int
) -> None:
    assert cited_sentences(text, SEEN) == (kept, dropped)


def test_nothing_stands_where_nothing_was_seen() -> None:
    assert cited_sentences("It broke [alm-1]. It ended [alm-2].", frozenset()) == ([], 2)
