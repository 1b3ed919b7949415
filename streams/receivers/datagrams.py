"""Syslog and SNMP by UDP: each datagram is taken or counted as lost; a sender cannot be made to wait.

It deliberately does not look into syslog, and of SNMP at the community alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import socket
from collections.abc import Callable, Collection
from typing import Any, Final, cast

from streams.receivers.buffer import Buffer
from streams.receivers.counts import COMMUNITY, NO_ROOM, Counts, count
from streams.receivers.received import Listener, Received
from streams.receivers.trap import community_of, is_inform
from telcollm.errors import DecodeError, SettingsError

SOCKET_BYTES: Final = 8 * 1024 * 1024
"""How much the kernel is asked to hold while the loop is busy; it grants what net.core.rmem_max allows."""

_MOST_DATAGRAM: Final = 65_535
_MOST_AT_ONCE: Final = 500
_MOST_AT_END: Final = 100_000
_MOST_INFORMS: Final = 512


_Inform = tuple[str, int, bytes]


def _inform_of(host: str, port: int, data: bytes) -> _Inform:
    return host, port, hashlib.blake2b(data, digest_size=16).digest()


class DatagramReceiver(asyncio.DatagramProtocol):
    """Takes datagrams into the buffer."""

    def __init__(
        self,
        listener: Listener,
        bound: socket.socket,
        buffer: Buffer,
        counts: Counts,
        now_ms: Callable[[], int],
        *,
        max_message_bytes: int,
        communities: Collection[bytes] = (),
    ) -> None:
        """Take what comes to the socket; of SNMP only what names one of the `communities`."""
        self._listener = listener
        self._bound = bound
        self._buffer = buffer
        self._counts = counts
        self._now_ms = now_ms
        self._max_bytes = max_message_bytes
        self._communities = tuple(communities)
        self._transport: asyncio.DatagramTransport | None = None
        self._ended = False
        self._informs: dict[_Inform, bytes] = {}
        """Informs that were taken, with the answer, which is empty until they are durable."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, for answers."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Take one datagram and those behind it: the kernel has less room than the buffer."""
        if not self._ended:
            self._take(data, addr)
            self._read_on(_MOST_AT_ONCE)

    def _read_on(self, most: int) -> None:
        """Take up to so many datagrams that the kernel holds."""
        with contextlib.suppress(OSError):
            for _ in range(most):
                self._take(*self._bound.recvfrom(_MOST_DATAGRAM))

    def _take(self, data: bytes, addr: Any) -> None:
        """Take one datagram, or count why not."""
        host, port = str(addr[0]).partition("%")[0], int(addr[1])
        inform: _Inform | None = None
        if self._listener is Listener.SNMP:
            if not self._admits(data):
                return
            if is_inform(data):
                inform = _inform_of(host, port, data)
                if inform in self._informs:
                    self._send(self._informs[inform], host, port)
                    return
        count(self._counts.received, self._listener.value)
        kept = data[: self._max_bytes]
        if not self._buffer.offer(Received(self._listener, host, self._now_ms(), kept, len(data), port)):
            count(self._counts.dropped, NO_ROOM)
        elif inform is not None:
            if len(self._informs) >= _MOST_INFORMS:
                del self._informs[next(iter(self._informs))]
            self._informs[inform] = b""

    def _admits(self, data: bytes) -> bool:
        """Tell whether a message goes on: those without a community do, to be told of as unreadable."""
        try:
            given = community_of(data)
        except DecodeError:
            return True
        # All are compared, each in constant time, so that the time tells nothing of them.
        known = [hmac.compare_digest(given, one) for one in self._communities]
        if not any(known):
            count(self._counts.dropped, COMMUNITY)
            return False
        return True

    def answer(self, message: Received, response: bytes) -> None:
        """Tell the sender of an inform that it was taken, now and whenever it repeats the same inform."""
        inform = _inform_of(message.address, message.port, message.data)
        if inform in self._informs:
            self._informs[inform] = response
        self._send(response, message.address, message.port)

    def _send(self, data: bytes, host: str, port: int) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, (host, port))

    def end(self) -> None:
        """Take what the kernel holds for the socket, and then nothing more; answers are still sent."""
        self._read_on(_MOST_AT_END)
        self._ended = True

    def error_received(self, exc: Exception) -> None:
        """Pass over what became of an answer: its sender asks again."""


def bound_socket(host: str, port: int, listener: Listener) -> socket.socket:
    """Return a UDP socket that is bound to the address; port 0 has one chosen.

    Raises:
        SettingsError: the address cannot be listened at.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise unbound(host, port, listener, error) from error
    try:
        with contextlib.suppress(OSError):
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
        bound.setblocking(False)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise unbound(host, port, listener, error) from error
    return bound


def unbound(host: str, port: int, listener: Listener, error: Exception) -> SettingsError:
    """Return the error that tells why an address cannot be listened at, and what to do."""
    reason = getattr(error, "strerror", "") or str(error)
    next_step = "stop what listens there, or choose another port"
    if isinstance(error, PermissionError):
        next_step = "choose a port from 1024 on and have the well-known one forwarded to it"
    return SettingsError(
        f"{listener.value} cannot listen at {host}:{port} ({reason}); a free port of this machine is needed; "
        f"{next_step}"
    )
