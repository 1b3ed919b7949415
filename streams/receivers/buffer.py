"""The bounded room between sockets and Kafka, a part for each listener, so that none crowds out another.

For one event loop. It deliberately does not know what the messages hold.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from streams.receivers.received import Listener, Received

_OVERHEAD_BYTES = 300
"""About what a message takes beside its bytes."""


class _Lane:
    __slots__ = ("bytes_held", "held", "messages", "waiting")

    def __init__(self) -> None:
        self.messages: deque[Received] = deque()
        self.held = 0
        self.bytes_held = 0
        self.waiting: deque[Callable[[], None]] = deque()


class Buffer:
    """Holds messages until they are settled: those handed out and not settled yet count as well."""

    def __init__(self, listeners: Iterable[Listener], *, max_messages: int, max_bytes: int) -> None:
        """Bound each listener's part by `max_messages` and about `max_bytes`."""
        self._lanes = {listener: _Lane() for listener in listeners}
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._something = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return sum(lane.held for lane in self._lanes.values())

    def offer(self, message: Received) -> bool:
        """Take the message, or return False where its listener has no room left."""
        lane = self._lanes[message.listener]
        size = len(message.data) + _OVERHEAD_BYTES
        if lane.held and (lane.held >= self._max_messages or lane.bytes_held + size > self._max_bytes):
            return False
        lane.messages.append(message)
        lane.held += 1
        lane.bytes_held += size
        self._something.set()
        return True

    def when_room(self, listener: Listener, tell: Callable[[], None]) -> None:
        """Call `tell` once, when there may be room again for the listener's messages."""
        self._lanes[listener].waiting.append(tell)

    def forget(self, listener: Listener, tell: Callable[[], None]) -> None:
        """Call `tell` no more."""
        waiting = self._lanes[listener].waiting
        if tell in waiting:
            waiting.remove(tell)

    def close(self) -> None:
        """Let `take` end when all that is there was handed out."""
        self._closed = True
        self._something.set()

    async def take(self, most: int) -> list[Received]:
        """Return up to `most` messages as soon as there are any, each listener's in their order.

        None once the buffer is closed and empty.
        """
        while not any(lane.messages for lane in self._lanes.values()):
            if self._closed:
                return []
            self._something.clear()
            await self._something.wait()
        taken: list[Received] = []
        lanes = [lane for lane in self._lanes.values() if lane.messages]
        while lanes and len(taken) < most:
            share = max(1, (most - len(taken)) // len(lanes))
            for lane in lanes:
                count = min(share, len(lane.messages), most - len(taken))
                taken.extend(lane.messages.popleft() for _ in range(count))
            lanes = [lane for lane in lanes if lane.messages]
        return taken

    def settle(self, messages: Iterable[Received]) -> None:
        """Give back the room of messages that were handed out."""
        for message in messages:
            lane = self._lanes[message.listener]
            lane.held -= 1
            lane.bytes_held -= len(message.data) + _OVERHEAD_BYTES
        for lane in self._lanes.values():
            waiting, lane.waiting = lane.waiting, deque()
            for tell in waiting:
                tell()

    def abandon(self) -> int:
        """Return how many messages were still held, and hold none of them any more."""
        count = len(self)
        for lane in self._lanes.values():
            lane.messages.clear()
            lane.held = lane.bytes_held = 0
        return count
