"""From the buffer to Kafka: translated in batches on a thread of its own, sent again until it is durable.

While the brokers do not answer nothing is let go but what finds no room. What was sent twice because an
answer got lost is the same record, by its ids. It deliberately does not know sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from streams.receivers.buffer import Buffer
from streams.receivers.counts import REFUSED, RULE, STOPPED, Counts, count
from streams.receivers.received import Received
from streams.receivers.translation import Headers, Outgoing, Translated, Translator
from streams.receivers.trap import answer_to
from telcollm.errors import DecodeError, SettingsError, TelcollmError, TransientError

_LOG = logging.getLogger(__name__)

_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 5.0


class Sink(Protocol):
    """What is needed of `streams.kafka.sink.RecordSink`."""

    def send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = ...) -> None:
        """Queue one record."""
        ...

    def flush(self, timeout_s: float = ...) -> Sequence[Any]:
        """Return once all that was queued is durable, or raise."""
        ...

    def close(self) -> None:
        """Let go of the connection; what was not flushed is dropped."""
        ...


class Deliverer:
    """Takes messages out of the buffer until it is closed and empty, or its time is up."""

    def __init__(
        self,
        buffer: Buffer,
        translator: Translator,
        open_sink: Callable[[], Sink],
        counts: Counts,
        *,
        answered: Callable[[Received, bytes], None] = lambda message, response: None,
        batch: int = 500,
        flush_s: float = 10.0,
    ) -> None:
        """Open sinks as needed; `answered` gets each inform that is durable, with the response to it."""
        self._buffer = buffer
        self._translator = translator
        self._open_sink = open_sink
        self._counts = counts
        self._answered = answered
        self._batch = batch
        self._flush_s = flush_s
        self._sink: Sink | None = None
        self._ever = False
        self._out_of_time = asyncio.Event()

    def give_up(self) -> None:
        """Let `run` end soon, whatever is left."""
        self._out_of_time.set()

    async def run(self) -> None:
        """Return when all is durable, or was given up.

        Raises:
            SettingsError: credentials, rights or options were at fault from the beginning.
        """
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="receive") as thread:
            try:
                while messages := await self._buffer.take(self._batch):
                    translated = await loop.run_in_executor(thread, self._translated, messages)
                    records = [record for one, _ in translated for record in one.outgoing]
                    if not await self._delivered(loop, thread, records):
                        count(self._counts.dropped, STOPPED, self._buffer.abandon())
                        return
                    self._note(messages, translated)
                    self._buffer.settle(messages)
                    self._counts.waiting = len(self._buffer)
            finally:
                await loop.run_in_executor(thread, self._close)

    def _translated(self, messages: Sequence[Received]) -> list[tuple[Translated, bytes]]:
        """Return what becomes of each message, with the response that its sender waits for."""
        found = []
        for message in messages:
            translated = self._translator.translate(message)
            response = b""
            if translated.confirmed:
                with contextlib.suppress(DecodeError):
                    response = answer_to(message.data)
            found.append((translated, response))
        return found

    async def _delivered(
        self, loop: asyncio.AbstractEventLoop, thread: ThreadPoolExecutor, records: Sequence[Outgoing]
    ) -> bool:
        """Return whether the records became durable before there was no more time."""
        wait_s = _FIRST_WAIT_S
        if not records:
            return True
        while True:
            self._counts.waiting = len(self._buffer)
            try:
                await loop.run_in_executor(thread, self._send, records)
            except (TransientError, SettingsError) as error:
                if isinstance(error, SettingsError) and not self._ever:
                    raise
                self._counts.failure = str(error)
                if await self._no_time_after(wait_s):
                    return False
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            else:
                self._counts.failure = ""
                self._ever = True
                return True

    async def _no_time_after(self, wait_s: float) -> bool:
        try:
            async with asyncio.timeout(wait_s):
                await self._out_of_time.wait()
        except TimeoutError:
            return False
        return True

    def _send(self, records: Sequence[Outgoing]) -> None:
        """Make records durable. Those that the brokers refuse for good are left out and counted.

        Raises:
            TransientError, SettingsError: the brokers do not take anything now; the caller sends all again.
        """
        try:
            if self._sink is None:
                self._sink = self._open_sink()
            for record in records:
                self._sink.send(record.topic, record.key, record.value, record.headers)
            self._sink.flush(self._flush_s)
        except (TransientError, SettingsError):
            # A broker of this machine that was started anew has another address.
            self._close()
            raise
        except TelcollmError as error:
            self._close()
            if len(records) == 1:
                count(self._counts.dropped, REFUSED)
                _LOG.error(
                    "one of the %s for topic %s is left out: %s", records[0].what, records[0].topic, error
                )
                return
            # Any of them may be the one; those that were delivered already are the same records again.
            for record in records:
                self._send([record])

    def _close(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()

    def _note(self, messages: Sequence[Received], translated: Sequence[tuple[Translated, bytes]]) -> None:
        counts = self._counts
        for message, (one, response) in zip(messages, translated, strict=True):
            for record in one.outgoing:
                count(counts.written, record.what)
            if one.rule:
                count(counts.ruled, one.rule)
            if one.unmapped:
                count(counts.unmapped, one.unmapped)
            if one.refused:
                count(counts.refused, one.refused)
            elif not one.outgoing:
                count(counts.dropped, RULE)
            if response:
                self._answered(message, response)
