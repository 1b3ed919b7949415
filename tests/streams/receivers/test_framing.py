"""Laws of frames: however the bytes are cut, the same frames come out, and never too much is held."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.receivers.framing import Frame, Framing

MESSAGES = st.binary(min_size=1, max_size=60)
LINES = st.binary(min_size=1, max_size=60).filter(
    lambda line: b"\n" not in line and line[-1:] not in b"\r\x00" and not line[:1].isdigit()
)


def frames_of(data: bytes, cuts: list[int], max_bytes: int = 1_000) -> list[Frame]:
    """All frames of `data` fed in pieces that end at the cuts, and the rest."""
    framing = Framing(max_bytes)
    found: list[Frame] = []
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for start, end in itertools.pairwise(places):
        found += framing.feed(data[start:end])
    rest = framing.rest()
    return found if rest is None else [*found, rest]


@settings(max_examples=40)
@given(
    st.lists(st.one_of(MESSAGES.map(lambda m: (True, m)), LINES.map(lambda m: (False, m))), max_size=8),
    st.lists(st.integers(0, 600), max_size=12),
)
def test_counted_and_line_frames_come_out_as_they_were_whatever_pieces_they_come_in(
    messages: list[tuple[bool, bytes]], cuts: list[int]
) -> None:
    data = b"".join(b"%d %s" % (len(m), m) if counted else m + b"\n" for counted, m in messages)
    assert frames_of(data, cuts) == [Frame(m, len(m)) for _, m in messages]


@settings(max_examples=40)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=12), st.integers(16, 64))
def test_whatever_bytes_come_the_pieces_they_come_in_make_no_difference(
    data: bytes, cuts: list[int], max_bytes: int
) -> None:
    assert frames_of(data, cuts, max_bytes) == frames_of(data, [], max_bytes)


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(16, 64))
def test_no_frame_holds_more_than_the_bound_and_each_tells_how_long_it_was(
    pieces: list[bytes], max_bytes: int
) -> None:
    framing = Framing(max_bytes)
    for piece in pieces:
        for frame in framing.feed(piece):
            assert len(frame.data) <= max_bytes
            assert frame.octets >= len(frame.data)
    rest = framing.rest()
    assert rest is None or len(rest.data) <= max_bytes
    assert not framing.unfinished


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\x00\n"])
def test_a_line_ends_with_a_line_feed_and_what_some_write_before_it_goes(ending: bytes) -> None:
    assert frames_of(b"<1>a" + ending + ending + b"<2>b" + ending, []) == [
        Frame(b"<1>a", 4),
        Frame(b"<2>b", 4),
    ]


def test_a_frame_that_is_too_long_is_cut_and_the_next_one_is_whole() -> None:
    found = frames_of(b"100 " + b"x" * 100 + b"4 next" + b"y" * 90 + b"\n4 last", [7, 50], max_bytes=20)
    assert found == [Frame(b"x" * 20, 100), Frame(b"next", 4), Frame(b"y" * 20, 90), Frame(b"last", 4)]


@pytest.mark.parametrize(
    ("data", "rest"),
    [
        (b"", None),
        (b"4 next", None),
        (b"10 cut", Frame(b"cut", 10)),
        (b"10 ", Frame(b"", 10)),
        (b"<1>no end", Frame(b"<1>no end", 9)),
        (b"123", Frame(b"123", 3)),
        (b"0 no count", Frame(b"0 no count", 10)),
        (b"12345678901 too long a count", Frame(b"12345678901 too long a count", 28)),
    ],
)
def test_what_the_end_of_a_connection_leaves_is_told_for_what_it_is(data: bytes, rest: Frame | None) -> None:
    framing = Framing(100)
    framing.feed(data)
    assert framing.rest() == rest
    assert not framing.unfinished
