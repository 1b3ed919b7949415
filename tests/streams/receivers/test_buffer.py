"""Laws of the bounded room between sockets and Kafka."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.receivers.buffer import Buffer
from streams.receivers.received import Listener, Received

UDP, TCP, SNMP = Listener


def message(listener: Listener, number: int, size: int = 1) -> Received:
    return Received(listener, "192.0.2.1", number, b"x" * size, size)


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["offer", "take", "settle"]), max_size=40),
    st.lists(st.sampled_from(Listener), min_size=40, max_size=40),
    st.integers(1, 5),
)
def test_no_listener_holds_more_than_its_bound_and_each_ones_messages_keep_their_order(
    steps: list[str], listeners: list[Listener], bound: int
) -> None:
    async def scenario() -> None:
        buffer = Buffer(Listener, max_messages=bound, max_bytes=10**9)
        taken: list[Received] = []
        out: list[Received] = []
        accepted: list[Received] = []
        for number, (step, listener) in enumerate(zip(steps, listeners, strict=False)):
            held = [one for one in accepted if one.listener is listener]
            settled = [one for one in taken if one.listener is listener and one not in out]
            if step == "offer":
                room = len(held) - len(settled) < bound
                assert buffer.offer(message(listener, number)) is room
                if room:
                    accepted.append(message(listener, number))
            elif step == "take" and len(buffer) > len(out):
                found = await buffer.take(3)
                assert 1 <= len(found) <= 3
                taken += found
                out += found
            elif step == "settle":
                buffer.settle(out)
                out = []
        buffer.close()
        while found := await buffer.take(3):
            taken += found
        assert await buffer.take(3) == []
        for listener in Listener:
            assert [m for m in taken if m.listener is listener] == [
                m for m in accepted if m.listener is listener
            ]

    asyncio.run(scenario())


def test_bytes_are_bounded_and_a_message_larger_than_the_bound_finds_room_alone() -> None:
    async def scenario() -> None:
        buffer = Buffer([UDP], max_messages=100, max_bytes=1_000)
        assert buffer.offer(message(UDP, 0, 5_000))
        assert not buffer.offer(message(UDP, 1))
        buffer.settle(await buffer.take(9))
        assert buffer.offer(message(UDP, 2, 300)) and not buffer.offer(message(UDP, 3, 300))

    asyncio.run(scenario())


def test_a_flood_of_one_listener_takes_no_other_ones_turn() -> None:
    async def scenario() -> None:
        buffer = Buffer(Listener, max_messages=100, max_bytes=10**9)
        for number in range(100):
            assert buffer.offer(message(UDP, number))
        assert buffer.offer(message(SNMP, 1)) and buffer.offer(message(TCP, 1))
        first = await buffer.take(10)
        assert len(first) == 10
        assert {one.listener for one in first} == {UDP, TCP, SNMP}

    asyncio.run(scenario())


def test_whoever_waits_for_room_is_told_once_when_there_may_be_some_unless_forgotten() -> None:
    async def scenario() -> None:
        buffer = Buffer([TCP], max_messages=1, max_bytes=10**9)
        told: list[str] = []

        def first() -> None:
            told.append("first")

        def second() -> None:
            told.append("second")

        assert buffer.offer(message(TCP, 0)) and not buffer.offer(message(TCP, 1))
        buffer.when_room(TCP, first)
        buffer.when_room(TCP, second)
        buffer.forget(TCP, second)
        buffer.forget(TCP, second)
        taken = await buffer.take(1)
        assert told == []
        buffer.settle(taken)
        buffer.settle([])
        assert told == ["first"]

    asyncio.run(scenario())


def test_who_takes_waits_for_the_next_message_or_the_end() -> None:
    async def scenario() -> None:
        buffer = Buffer([UDP], max_messages=1, max_bytes=10**9)
        taking = asyncio.create_task(buffer.take(5))
        await asyncio.sleep(0)
        assert not taking.done()
        buffer.offer(message(UDP, 7))
        assert await taking == [message(UDP, 7)]
        taking = asyncio.create_task(buffer.take(5))
        await asyncio.sleep(0)
        buffer.close()
        assert await taking == []
        assert buffer.abandon() == 1 and len(buffer) == 0

    asyncio.run(scenario())
