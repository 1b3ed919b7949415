"""Laws of masking: what varies and who it is about does not stay in a line's shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools.masking import MOST_CHARACTERS, mask
from telcollm.guard import Guard

GUARD = Guard(b"0123456789abcdef", names=["Anna Schmidt"])


def masked(text: str) -> str:
    return mask(text, "cell-7", GUARD.hide)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("cell-7 lost 12 of 35.5 % at 0x1F", "<OBJECT> lost <NUM> of <NUM> % at <HEX>"),
        ("peer 10.0.0.7 and 10.0.0.0/24, 192.168.1.9:830 gone", "peer <IP> and <IP>, <IP> gone"),
        ("peer 2001:db8::1 gone at 12:34:56.789", "peer <IP> gone at <TIME>"),
        ("on 2026-03-02T11:00:00Z and 2026-03-02", "on <TIME> and <TIME>"),
        ("mac 00:1a:2B:3c:4d:5e or 001a.2b3c.4d5e", "mac <MAC> or <MAC>"),
        ("session 123e4567-e89b-12d3-a456-426614174000 ended", "session <ID> ended"),
        ("hash deadbeef01 of ge-0/0/1", "hash <HEX> of ge-<NUM>/<NUM>/<NUM>"),
        ("imsi 262011234567890 attached, user=anna rejected", "imsi <IMSI> attached, user=<NAME> rejected"),
        ("call +49 170 1234567 from a.b@example.com", "call <MSISDN> from <EMAIL>"),
        ('text "my son is ill" of Anna Schmidt', "text <TEXT> of <NAME>"),
        ("端口 3 故障", "端口 <NUM> 故障"),
        ("", ""),
    ],
)
def test_what_varies_is_masked_by_its_kind(text: str, shape: str) -> None:
    assert masked(text) == shape


@given(st.text(max_size=200))
def test_no_digit_of_any_script_is_left_of_any_line(text: str) -> None:
    assert not any(character.isdecimal() for character in masked(text))


@given(st.from_regex(r"\+?[1-9][0-9]{6,14}", fullmatch=True), st.sampled_from(["", " ", "=", "/", "-", "x"]))
def test_no_number_of_a_subscriber_is_left_whatever_stands_beside_it(number: str, beside: str) -> None:
    shape = masked(f"attach{beside}{number}{beside}failed")
    assert number.removeprefix("+")[:4] not in shape


def test_a_shape_is_bounded_and_on_one_line() -> None:
    shape = masked("word\n" * 5_000)
    assert len(shape) <= MOST_CHARACTERS and "\n" not in shape
