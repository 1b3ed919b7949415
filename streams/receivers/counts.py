"""What the receivers have done so far, in numbers. No text of a message is among them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_MOST_KINDS = 100
_OTHER = "other"


class Counts(msgspec.Struct):
    """Numbers since the start; `waiting` and `connections` are of this moment.

    `received` by listener; `written` by what it became; `dropped` by why a message was not kept; `refused` by
    the part of a message that could not be read (its dead letter is among `written`); `unmapped` by trap OID;
    `ruled` by rule. `failure` says what keeps messages from Kafka now, empty when nothing does.
    """

    received: dict[str, int] = {}
    written: dict[str, int] = {}
    dropped: dict[str, int] = {}
    refused: dict[str, int] = {}
    unmapped: dict[str, int] = {}
    ruled: dict[str, int] = {}
    waiting: int = 0
    connections: int = 0
    connections_refused: int = 0
    connections_closed_slow: int = 0
    failure: str = ""

    @property
    def lost(self) -> int:
        """How many messages were taken and could not be kept: there was no room, or no time at the end."""
        return self.dropped.get(NO_ROOM, 0) + self.dropped.get(STOPPED, 0) + self.dropped.get(REFUSED, 0)


NO_ROOM = "no room"
STOPPED = "stopped before Kafka answered"
REFUSED = "refused by Kafka"
COMMUNITY = "wrong community"
RULE = "dropped by a rule"


def count(kinds: dict[str, int], kind: str, number: int = 1) -> None:
    """Add to the number of a kind; beyond a hundred kinds, whose names others choose, they are `other`.

    >>> kinds = {"a": 1}
    >>> count(kinds, "a"), kinds
    (None, {'a': 2})
    """
    if kind not in kinds and len(kinds) >= _MOST_KINDS:
        kind = _OTHER
    kinds[kind] = kinds.get(kind, 0) + number


def total(kinds: Mapping[str, int]) -> int:
    """Return the sum of all kinds.

    >>> total({"a": 1, "b": 2})
    3
    """
    return sum(kinds.values())
