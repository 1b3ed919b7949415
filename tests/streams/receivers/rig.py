"""Receivers at ports of their own choosing, and waiting for what they do."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

from streams.receivers.counts import Counts
from streams.receivers.delivery import Sink
from streams.receivers.mapping import Mapping as MessageMapping
from streams.receivers.mapping import mapping_of
from streams.receivers.received import Listener
from streams.receivers.receiver import Limits, receive
from streams.receivers.translation import Translator
from telcollm.settings import SourceSettings

ALARMS = SourceSettings(topic="alarms", tenant="acme")
LOGS = SourceSettings(topic="logs", kind="logs", tenant="acme")
NOON_MS = 1_772_366_400_000
"""2026-03-01T12:00:00Z."""

PLAIN = mapping_of(b"version: 1", "plain.yaml")

_WITHIN_S = 60.0


def translator_for(mapping: MessageMapping = PLAIN, prefix: str = "") -> Translator:
    """A translator into the topics alarms, logs and dead-letters, each behind the prefix."""
    return Translator(
        mapping,
        alarms=ALARMS.model_copy(update={"topic": f"{prefix}alarms"}),
        logs=LOGS.model_copy(update={"topic": f"{prefix}logs"}),
        dead_letters=f"{prefix}dead-letters",
    )


class Running:
    """Receivers that run: where they listen, what they count, and what ends them."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.addresses: Mapping[Listener, tuple[str, int]] = {}
        self.stop = asyncio.Event()
        self.ready = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self._transports: list[asyncio.DatagramTransport] = []
        self._writers: list[asyncio.StreamWriter] = []

    def listens(self, addresses: Mapping[Listener, tuple[str, int]]) -> None:
        self.addresses = addresses
        self.ready.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; the receivers must go on meanwhile."""
        async with asyncio.timeout(_WITHIN_S):
            while not condition():
                assert self.task is not None
                assert not self.task.done(), self.task
                # Gives way to them, and to the kernel, for a moment.
                await asyncio.sleep(0.002)

    async def ended(self) -> Counts:
        """Tell them to stop and return what they counted."""
        self.stop.set()
        assert self.task is not None
        async with asyncio.timeout(_WITHIN_S):
            await self.task
        return self.counts

    async def datagrams(self, listener: Listener, *messages: bytes) -> asyncio.DatagramTransport:
        """Send datagrams from a socket of its own, which stays open."""
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=self.addresses[listener]
        )
        for message in messages:
            transport.sendto(message)
        self._transports.append(transport)
        return transport

    async def connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the TCP listener."""
        reader, writer = await asyncio.open_connection(*self.addresses[Listener.SYSLOG_TCP])
        self._writers.append(writer)
        return reader, writer

    async def close(self) -> None:
        """Close what the senders left open."""
        for transport in self._transports:
            transport.close()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def running(
    open_sink: Callable[[], Sink],
    *listeners: Listener,
    translator: Translator | None = None,
    limits: Limits | None = None,
    communities: tuple[bytes, ...] = (b"noc",),
    **options: Any,
) -> AsyncIterator[Running]:
    """Receivers at free ports of the loopback, at a noon that stands still; stopped on the way out."""
    rig = Running()
    rig.task = asyncio.create_task(
        receive(
            {listener: ("127.0.0.1", 0) for listener in listeners},
            translator or translator_for(),
            open_sink,
            rig.stop,
            counts=rig.counts,
            now_ms=lambda: NOON_MS,
            communities=communities,
            limits=limits or Limits(),
            ready=rig.listens,
            **options,
        )
    )
    try:
        async with asyncio.timeout(_WITHIN_S):
            await rig.ready.wait()
        yield rig
    finally:
        await rig.close()
        rig.stop.set()
        if not rig.task.done():
            async with asyncio.timeout(_WITHIN_S):
                await asyncio.wait((rig.task,))


class Switch:
    """A sink whose broker answers or does not, as told; keeps what was made durable."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.opened = 0
        self.kept: list[tuple[str, bytes, bytes]] = []
        self._queued: list[tuple[str, bytes, bytes]] = []

    def __call__(self) -> Switch:
        self.opened += 1
        if self.error is not None:
            raise self.error
        return self

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()
    ) -> None:
        self._queued.append((topic, key or b"", value or b""))

    def flush(self, timeout_s: float = 0.0) -> list[Any]:
        queued, self._queued = self._queued, []
        if self.error is not None:
            raise self.error
        self.kept += queued
        return queued

    def close(self) -> None:
        self._queued = []


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scenario())


def line(text: str) -> bytes:
    return f"<13>1 2026-03-01T11:59:00Z core1 app - - - {text}".encode()


def texts(kept: list[tuple[str, bytes, bytes]]) -> list[str]:
    return [json.loads(value)["text"] for topic, _, value in kept if topic == "logs"]
