"""Frames of syslog over TCP: octet counting and lines, told apart frame by frame.

A frame that begins with a count and a blank holds so many octets; any other ends with a line feed (a carriage
return or NUL before it goes). It deliberately does not know sockets, nor what a message says.
Source: RFC 6587 clause 3.4, RFC 5425 clause 4.3.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

_COUNT: Final = re.compile(rb"([1-9]\d{0,8}) ")
_MAY_BE_COUNT: Final = re.compile(rb"(?:[1-9]\d{0,8})?\Z")


class Frame(msgspec.Struct, frozen=True):
    """One frame. `octets` is how long it was: where `data` is shorter, the rest was let go or never came."""

    data: bytes
    octets: int


class Framing:
    """Cuts one connection's bytes into frames, whatever pieces they come in; holds `max_bytes` at most."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = bytearray()
        self._octets: int | None = None
        """What the frame that is being read counts; None while it is not known to be counted."""
        self._seen = 0
        """How much of the frame that is being read has come."""
        self._line = False

    @property
    def unfinished(self) -> bool:
        """Tell whether a frame has begun that has not ended."""
        return self._seen > 0 or self._octets is not None or bool(self._held)

    def feed(self, data: bytes) -> list[Frame]:
        r"""Return the frames that end in `data`, in order; empty lines are passed over.

        >>> framing = Framing(100)
        >>> [frame.data for frame in framing.feed(b"5 <1>ab<2>line\n<3>be")]
        [b'<1>ab', b'<2>line']
        >>> [frame.data for frame in framing.feed(b"gun\n")]
        [b'<3>begun']
        """
        frames: list[Frame] = []
        at = 0
        while at < len(data):
            if self._octets is None and not self._line:
                at = self._begin(data, at)
            elif self._octets is not None:
                at = self._count(data, at, frames)
            else:
                at = self._read_line(data, at, frames)
        return frames

    def rest(self) -> Frame | None:
        """Return the frame that the end of the connection cut short, or a last line that nothing ended."""
        if not self.unfinished:
            return None
        octets = self._octets if self._octets is not None else max(self._seen, len(self._held))
        data = bytes(self._held)
        counted = self._octets is not None
        self._start()
        data = data if counted else data.rstrip(b"\r\n\x00")
        return Frame(data, octets if counted else max(octets, len(data))) if data or counted else None

    def _start(self) -> None:
        self._held.clear()
        self._octets, self._seen, self._line = None, 0, False

    def _begin(self, data: bytes, at: int) -> int:
        """Find out which sort of frame begins; what may still be a count is held."""
        piece = data[at : at + 11 - len(self._held)]
        head = bytes(self._held) + piece
        found = _COUNT.match(head)
        if found is not None:
            used = found.end() - len(self._held)
            self._start()
            self._octets = int(found[1])
            return at + used
        if _MAY_BE_COUNT.match(head):
            self._held += piece
            return at + len(piece)
        self._line = True
        self._seen = len(self._held)
        return at

    def _count(self, data: bytes, at: int, frames: list[Frame]) -> int:
        octets = self._octets or 0
        piece = data[at : at + octets - self._seen]
        self._hold(piece)
        if self._seen == octets:
            frames.append(Frame(bytes(self._held), octets))
            self._start()
        return at + len(piece)

    def _read_line(self, data: bytes, at: int, frames: list[Frame]) -> int:
        end = data.find(b"\n", at)
        self._hold(data[at:] if end < 0 else data[at:end])
        if end < 0:
            return len(data)
        whole = self._seen <= self._max_bytes
        line = bytes(self._held).rstrip(b"\r\x00") if whole else bytes(self._held)
        if line:
            frames.append(Frame(line, len(line) if whole else self._seen))
        self._start()
        return end + 1

    def _hold(self, piece: bytes) -> None:
        self._seen += len(piece)
        self._held += piece[: max(0, self._max_bytes - len(self._held))]
