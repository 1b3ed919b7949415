"""Syslog by TCP: connections that are read only as fast as there is room, and closed where a sender dawdles.

It deliberately does not look into messages beyond their frames. Source: RFC 6587.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from streams.receivers.buffer import Buffer
from streams.receivers.counts import STOPPED, Counts, count
from streams.receivers.datagrams import unbound
from streams.receivers.framing import Frame, Framing
from streams.receivers.received import Listener, Received

_TCP = Listener.SYSLOG_TCP
_PIECE_BYTES = 65_536


class Connections:
    """The connections of one listener, bounded in number."""

    def __init__(
        self,
        buffer: Buffer,
        counts: Counts,
        now_ms: Callable[[], int],
        *,
        max_message_bytes: int,
        max_connections: int,
        idle_s: float,
        slow_s: float,
    ) -> None:
        """Close a connection that says nothing for `idle_s`, or does not end a message within `slow_s`."""
        self.buffer = buffer
        self.counts = counts
        self.now_ms = now_ms
        self.max_message_bytes = max_message_bytes
        self.idle_s = idle_s
        self.slow_s = slow_s
        self._max = max_connections
        self._open: set[_Connection] = set()

    def protocol(self) -> asyncio.Protocol:
        """Return what reads a new connection."""
        return _Connection(self)

    def admit(self, connection: _Connection) -> bool:
        """Tell whether there is a place for one more connection."""
        if len(self._open) >= self._max:
            self.counts.connections_refused += 1
            return False
        self._open.add(connection)
        self.counts.connections = len(self._open)
        return True

    def gone(self, connection: _Connection) -> None:
        """Give a connection's place back."""
        self._open.discard(connection)
        self.counts.connections = len(self._open)

    def close(self) -> None:
        """Take what has come, and read no more; what was taken goes on."""
        for connection in tuple(self._open):
            connection.read_out()
            connection.end()

    def abandon(self) -> None:
        """Count as lost what was read and found no room."""
        for connection in tuple(self._open):
            connection.abandon()


class _Connection(asyncio.Protocol):
    def __init__(self, owner: Connections) -> None:
        self._owner = owner
        self._framing = Framing(owner.max_message_bytes)
        self._held: deque[Received] = deque()
        self._transport: Any = None
        self._address = ""
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        if not self._owner.admit(self):
            self._ended = True
            self._transport.abort()
            return
        peer = transport.get_extra_info("peername") or ("", 0)
        self._address = str(peer[0]).partition("%")[0]
        found: socket.socket | None = transport.get_extra_info("socket")
        if found is not None:
            with contextlib.suppress(OSError):
                found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._wait(self._owner.idle_s)

    def data_received(self, data: bytes) -> None:
        began = self._framing.unfinished
        frames = self._framing.feed(data)
        for frame in frames:
            self._take(frame)
        if self._held:
            self._stop_reading()
        elif not self._framing.unfinished:
            self._wait(self._owner.idle_s)
        elif frames or not began:
            # Measured from a message's beginning: drop by drop is no way to keep a place.
            self._wait(self._owner.slow_s)

    def eof_received(self) -> bool:
        self.end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.end()

    def read_out(self) -> None:
        """Take what the kernel holds of the connection, as far as there is room."""
        found: socket.socket | None = self._transport.get_extra_info("socket")
        if found is None or found.fileno() < 0:
            return
        with socket.socket(fileno=os.dup(found.fileno())) as copy:
            copy.setblocking(False)
            with contextlib.suppress(OSError):
                while not self._held and (data := copy.recv(_PIECE_BYTES)):
                    for frame in self._framing.feed(data):
                        self._take(frame)

    def end(self) -> None:
        """Take what is left of the connection and close it."""
        if self._ended:
            return
        self._ended = True
        self._cancel()
        rest = self._framing.rest()
        if rest is not None:
            self._take(rest)
        self._transport.close()
        if not self._held:
            self._owner.gone(self)

    def abandon(self) -> None:
        """Count what is held as lost."""
        self._owner.buffer.forget(_TCP, self._room)
        if self._held:
            count(self._owner.counts.dropped, STOPPED, len(self._held))
            self._held.clear()
        self._owner.gone(self)

    def _take(self, frame: Frame) -> None:
        owner = self._owner
        count(owner.counts.received, _TCP.value)
        message = Received(_TCP, self._address, owner.now_ms(), frame.data, frame.octets)
        if self._held or not owner.buffer.offer(message):
            if not self._held:
                owner.buffer.when_room(_TCP, self._room)
            self._held.append(message)

    def _stop_reading(self) -> None:
        self._cancel()
        self._transport.pause_reading()

    def _room(self) -> None:
        """Hand on what is held as far as there is room, and read on once nothing is."""
        while self._held and self._owner.buffer.offer(self._held[0]):
            self._held.popleft()
        if self._held:
            self._owner.buffer.when_room(_TCP, self._room)
        elif self._ended:
            self._owner.gone(self)
        else:
            self._transport.resume_reading()
            self._wait(self._owner.slow_s if self._framing.unfinished else self._owner.idle_s)

    def _wait(self, seconds: float) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._too_slow)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._owner.counts.connections_closed_slow += 1
        self.end()


async def serve(connections: Connections, host: str, port: int) -> asyncio.Server:
    """Return the server that listens at the address; port 0 has one chosen.

    Raises:
        SettingsError: the address cannot be listened at.
    """
    try:
        return await asyncio.get_running_loop().create_server(connections.protocol, host, port, backlog=128)
    except (OSError, UnicodeError) as error:
        raise unbound(host, port, _TCP, error) from error
