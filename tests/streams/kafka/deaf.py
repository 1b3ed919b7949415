"""A relay before a broker that lets one request to join a group go unanswered, as noida-db may."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from streams.broker.process import LOOPBACK

_METADATA, _FIND_COORDINATOR, _JOIN_GROUP = 3, 10, 11


class DeafRelay:
    """Passes everything to the broker at `port` and back, but the second request to join, and all after it.

    The second is the first that names its member. `kept` counts the requests that were kept: one, for what
    comes on another connection is passed on.
    """

    def __init__(self, port: int) -> None:
        self.kept = 0
        self._joins = 0
        self._broker_port = port
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listening.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Close all connections, and return once every thread has ended."""
        for one in (self._listening, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)
        for one in (self._listening, *self._sockets):
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                broker = socket.create_connection((LOOPBACK, self._broker_port))
                self._sockets += [client, broker]
                asked: deque[int] = deque()
                for way in (self._asks, self._answers):
                    thread = threading.Thread(target=way, args=(client, broker, asked), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _asks(self, client: socket.socket, broker: socket.socket, asked: deque[int]) -> None:
        for request in _frames(client):
            kind = struct.unpack_from(">h", request)[0]
            self._joins += kind == _JOIN_GROUP
            if kind == _JOIN_GROUP and self._joins == 2:
                self.kept += 1
                return
            asked.append(kind)
            _sent(broker, request)
        with suppress(OSError):
            broker.shutdown(socket.SHUT_RDWR)

    def _answers(self, client: socket.socket, broker: socket.socket, asked: deque[int]) -> None:
        for answer in _frames(broker):
            kind = asked.popleft()
            if kind in (_METADATA, _FIND_COORDINATOR):
                # Where brokers are said to be: here.
                here, there = (struct.pack(">i", port) for port in (self.port, self._broker_port))
                answer = answer.replace(there, here)
            _sent(client, answer)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def deaf_relay(port: int) -> Iterator[DeafRelay]:
    relay = DeafRelay(port)
    try:
        yield relay
    finally:
        relay.close()


def _sent(to: socket.socket, frame: bytes) -> None:
    with suppress(OSError):
        to.sendall(struct.pack(">i", len(frame)) + frame)


def _frames(source: socket.socket) -> Iterator[bytes]:
    with suppress(OSError), source.makefile("rb") as stream:
        while len(size := stream.read(4)) == 4:
            yield stream.read(struct.unpack(">i", size)[0])
