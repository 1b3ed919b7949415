"""Laws of connections, on real sockets: bounded in number, in length and in how long they may dawdle."""

from __future__ import annotations

import asyncio
import socket

import pytest

from streams.receivers.received import Listener
from streams.receivers.receiver import Limits
from telcollm.errors import SettingsError
from tests.streams.receivers.rig import (
    Running,
    Switch,
    line,
    run,
    running,
    texts,
    translator_for,
)

UDP, TCP = Listener.SYSLOG_UDP, Listener.SYSLOG_TCP


def test_a_sender_that_does_not_end_its_message_is_closed_and_what_it_wrote_is_kept() -> None:
    async def scenario() -> None:
        sink = Switch()
        async with running(sink, TCP, limits=Limits(slow_s=0.05)) as rig:
            reader, writer = await rig.connected()
            writer.write(line("whole") + b"\n" + line("no end"))
            async with asyncio.timeout(60):
                assert await reader.read() == b""
            writer.close()
            other, cut = await rig.connected()
            cut.write(b"100 <13>1 - - - - - - cut")
            async with asyncio.timeout(60):
                assert await other.read() == b""
            cut.close()
            await rig.until(lambda: sum(rig.counts.written.values()) == 3)
            counts = await rig.ended()
        assert texts(sink.kept) == ["whole", "no end"]
        assert counts.refused == {"length": 1}
        assert (counts.connections_closed_slow, counts.connections) == (2, 0)

    run(scenario)


def test_drop_by_drop_is_no_way_to_keep_a_place() -> None:
    async def scenario() -> None:
        async with running(Switch(), TCP, limits=Limits(slow_s=0.1)) as rig:
            reader, writer = await rig.connected()
            closed = asyncio.create_task(reader.read())
            async with asyncio.timeout(60):
                while not closed.done():
                    writer.write(b"<")
                    await asyncio.wait((closed,), timeout=0.005)
            assert rig.counts.connections_closed_slow == 1
            writer.close()

    run(scenario)


def test_a_connection_that_says_nothing_is_closed_after_its_time() -> None:
    async def scenario() -> None:
        async with running(Switch(), TCP, limits=Limits(idle_s=0.05)) as rig:
            reader, writer = await rig.connected()
            async with asyncio.timeout(60):
                assert await reader.read() == b""
            writer.close()

    run(scenario)


def test_connections_beyond_the_bound_are_refused_and_counted_until_one_ends() -> None:
    async def scenario() -> None:
        async with running(Switch(), TCP, limits=Limits(max_connections=2)) as rig:
            kept = [await rig.connected() for _ in range(2)]
            await rig.until(lambda: rig.counts.connections == 2)
            reader, writer = await rig.connected()
            async with asyncio.timeout(60):
                with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1)
            writer.close()
            assert rig.counts.connections_refused == 1
            kept[0][1].close()
            await rig.until(lambda: rig.counts.connections == 1)
            _, again = await rig.connected()
            await rig.until(lambda: rig.counts.connections == 2)
            again.close()
            kept[1][1].close()
            await rig.until(lambda: rig.counts.connections == 0)

    run(scenario)


def test_a_message_that_is_too_long_is_a_dead_letter_by_either_way_and_the_next_is_read() -> None:
    async def scenario() -> None:
        sink = Switch()
        async with running(sink, UDP, TCP, limits=Limits(max_message_bytes=480)) as rig:
            (await rig.datagrams(UDP, line("u" * 600), line("next"))).close()
            _, writer = await rig.connected()
            writer.write(line("t" * 600) + b"\n" + line("next") + b"\n")
            writer.write(b"%d %s" % (len(line("c" * 600)), line("c" * 600)) + line("next") + b"\n")
            await rig.until(lambda: sum(rig.counts.written.values()) == 6)
            writer.close()
            counts = await rig.ended()
        assert texts(sink.kept) == ["next"] * 3
        assert counts.refused == {"length": 3}
        letters = [value for topic, _, value in sink.kept if topic == "dead-letters"]
        assert [len(value) for value in letters] == [480] * 3

    run(scenario)


@pytest.mark.parametrize("listener", [UDP, TCP])
def test_an_address_that_is_taken_is_told_with_what_to_do(listener: Listener) -> None:
    async def scenario() -> None:
        kind = socket.SOCK_STREAM if listener is TCP else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", 0))
            if listener is TCP:
                taken.listen()
            from streams.receivers.receiver import receive

            with pytest.raises(SettingsError, match=r"cannot listen at 127.0.0.1:\d+ .*choose another port"):
                await receive(
                    {listener: taken.getsockname()},
                    translator_for(),
                    Switch(),
                    asyncio.Event(),
                    counts=Running().counts,
                    now_ms=lambda: 0,
                )

    run(scenario)
