"""The receivers together: listeners, buffer and delivery in one event loop, until told to stop.

It deliberately does not know settings, terminals or signals; the clock is passed in.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack

import msgspec

from streams.receivers.buffer import Buffer
from streams.receivers.connections import Connections, serve
from streams.receivers.counts import Counts
from streams.receivers.datagrams import DatagramReceiver, bound_socket
from streams.receivers.delivery import Deliverer, Sink
from streams.receivers.received import Listener, Received
from streams.receivers.translation import Translator

Address = tuple[str, int]


class Limits(msgspec.Struct, frozen=True):
    """What is held and waited for, at most.

    `max_message_bytes` is of one datagram or frame; `max_waiting` and `max_waiting_bytes` are of each
    listener's messages that Kafka has not got yet. `idle_s` is how long a connection may say nothing,
    `slow_s` how long it may take over one message, `drain_s` how long what is left at the end may take.
    """

    max_message_bytes: int = 16_384
    max_connections: int = 512
    idle_s: float = 3_600.0
    slow_s: float = 30.0
    max_waiting: int = 50_000
    max_waiting_bytes: int = 64 * 1024 * 1024
    drain_s: float = 15.0
    flush_s: float = 10.0


async def receive(
    addresses: Mapping[Listener, Address],
    translator: Translator,
    open_sink: Callable[[], Sink],
    stop: asyncio.Event,
    *,
    counts: Counts,
    now_ms: Callable[[], int],
    communities: Collection[bytes] = (),
    limits: Limits | None = None,
    ready: Callable[[Mapping[Listener, Address]], None] = lambda bound: None,
) -> None:
    """Return after `stop`, when what was taken is durable in Kafka or `drain_s` is over; `counts` tells.

    `ready` gets the addresses that are listened at, each with its port.

    Raises:
        SettingsError: an address cannot be listened at, or the brokers refuse who asks.
    """
    bounds = limits or Limits()
    buffer = Buffer(addresses, max_messages=bounds.max_waiting, max_bytes=bounds.max_waiting_bytes)
    receivers: dict[Listener, DatagramReceiver] = {}

    def answered(message: Received, response: bytes) -> None:
        if message.listener in receivers:
            receivers[message.listener].answer(message, response)

    deliverer = Deliverer(buffer, translator, open_sink, counts, answered=answered, flush_s=bounds.flush_s)
    connections = Connections(
        buffer,
        counts,
        now_ms,
        max_message_bytes=bounds.max_message_bytes,
        max_connections=bounds.max_connections,
        idle_s=bounds.idle_s,
        slow_s=bounds.slow_s,
    )
    server: asyncio.Server | None = None
    bound: dict[Listener, Address] = {}
    async with AsyncExitStack() as listening:
        for listener, (host, port) in addresses.items():
            if listener is Listener.SYSLOG_TCP:
                server = await serve(connections, host, port)
                listening.callback(server.close)
                bound[listener] = server.sockets[0].getsockname()[:2]
                continue
            opened = bound_socket(host, port, listener)
            receivers[listener] = DatagramReceiver(
                listener,
                opened,
                buffer,
                counts,
                now_ms,
                max_message_bytes=bounds.max_message_bytes,
                communities=communities,
            )
            bound[listener] = await listening.enter_async_context(_udp(receivers[listener], opened))
        ready(bound)
        delivering = asyncio.ensure_future(deliverer.run())
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait((delivering, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if server is not None:
            server.close()
        for receiver in receivers.values():
            receiver.end()
        connections.close()
        buffer.close()
        await asyncio.wait((delivering,), timeout=bounds.drain_s)
        deliverer.give_up()
        # The thread's own waits are bounded as well.
        await asyncio.wait((delivering,))
        connections.abandon()
        counts.waiting = len(buffer)
        delivering.result()


@contextlib.asynccontextmanager
async def _udp(receiver: DatagramReceiver, bound: socket.socket) -> AsyncIterator[Address]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: receiver, sock=bound)
    try:
        yield bound.getsockname()[:2]
    finally:
        transport.close()
