"""Laws of the receivers, on real sockets: in front of a real broker, and of one that stays away."""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import struct
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from pyasn1.codec.ber import decoder
from pysnmp.proto.api import v2c

from streams.broker import EmbeddedBroker
from streams.formats import decode_alarms
from streams.formats.desk import decode_records
from streams.kafka.sink import RecordSink
from streams.kafka.topics import TopicSpec, ensure_topics
from streams.receivers.counts import COMMUNITY, NO_ROOM, REFUSED, STOPPED
from streams.receivers.mapping import load_mapping
from streams.receivers.received import Listener
from streams.receivers.receiver import Limits
from streams.testing import consume_all, settings_for
from telcollm.errors import SettingsError, TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings
from telcollm.records import LogLine, NotificationType
from tests.streams.receivers.notifications import IF_DESCR, IF_INDEX, LINK_DOWN, LINK_UP, notification
from tests.streams.receivers.rig import (
    ALARMS,
    LOGS,
    Switch,
    line,
    run,
    running,
    texts,
    translator_for,
)

UDP, TCP, SNMP = Listener
TOO_LARGE = TelcollmError("too large; smaller is allowed; make it so")
AWAY = TransientError("nobody answers; a broker is needed; it is tried again")


@pytest.mark.broker
def test_what_comes_by_every_way_lies_in_kafka_as_the_worker_reads_it(kafka_settings: KafkaSettings) -> None:
    prefix = kafka_settings.topic_prefix
    names = ("alarms", "logs", "dead-letters")
    ensure_topics(kafka_settings, {prefix + name: TopicSpec(2) for name in names})

    async def scenario() -> None:
        translator = translator_for(load_mapping(), prefix)
        async with running(lambda: RecordSink(kafka_settings), UDP, TCP, SNMP, translator=translator) as rig:
            (await rig.datagrams(UDP, line("by udp"), b"no syslog")).close()
            _, writer = await rig.connected()
            writer.write(b"%d %s" % (len(line("counted")), line("counted")) + line("by line") + b"\n")
            index = [(f"{IF_INDEX}.7", v2c.Integer(7)), (f"{IF_DESCR}.7", v2c.OctetString("ge-0/0/1"))]
            trap = await rig.datagrams(
                SNMP,
                notification(LINK_DOWN, index),
                notification(LINK_UP, index),
                notification("1.3.6.1.4.1.9.9"),
            )
            await rig.until(lambda: sum(rig.counts.written.values()) == 7)
            writer.close()
            trap.close()
            counts = await rig.ended()
        assert counts.received == {"syslog-udp": 2, "syslog-tcp": 2, "snmp": 3}
        assert counts.written == {"log lines": 3, "dead letters": 1, "alarms": 3}
        assert counts.unmapped == {"1.3.6.1.4.1.9.9": 1}
        assert (counts.lost, counts.waiting, counts.connections) == (0, 0, 0)

    run(scenario)
    logs = consume_all(kafka_settings, f"{prefix}logs")
    found = []
    for record in logs:
        decoded, refused = decode_records(record.value, LOGS)
        assert refused is None
        found += decoded
    assert all(isinstance(one, LogLine) and one.managed_object == "core1" for one in found)
    assert sorted(one.text for one in found if isinstance(one, LogLine)) == ["by line", "by udp", "counted"]
    assert {record.key for record in logs} == {b"core1"}
    alarms = [
        alarm
        for record in consume_all(kafka_settings, f"{prefix}alarms")
        for alarm in decode_alarms(record.value, ALARMS)
    ]
    by_problem = {alarm.notification_type: alarm for alarm in alarms if "linkDown" in alarm.specific_problem}
    down = by_problem[NotificationType.NEW_ALARM]
    assert down.key == by_problem[NotificationType.CLEARED_ALARM].key
    assert (down.managed_object, down.specific_problem) == ("127.0.0.1", "linkDown ge-0/0/1")
    letters = consume_all(kafka_settings, f"{prefix}dead-letters")
    assert [letter.value for letter in letters] == [b"no syslog"]
    headers = dict(letters[0].headers)
    assert b"PRI" in headers["reason"] and headers["field"] == b"PRI"
    assert headers["source-topic"] == b"syslog-udp" and headers["source-address"] == b"127.0.0.1"


def test_what_came_before_the_stop_is_durable_after_it() -> None:
    async def scenario() -> None:
        sink = Switch()
        async with running(sink, UDP, TCP) as rig:
            with (
                socket.create_connection(rig.addresses[TCP]) as tcp,
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            ):
                await rig.until(lambda: rig.counts.connections == 1)
                # Nothing of this was read when the stop comes: the loop has no turn in between.
                for number in range(50):
                    udp.sendto(line(f"{number}"), rig.addresses[UDP])
                tcp.sendall(b"".join(line(f"t{number}") + b"\n" for number in range(50)))
                until_taken(tcp)
                counts = await rig.ended()
        assert counts.lost == 0
        assert sorted(texts(sink.kept)) == sorted([*map(str, range(50)), *(f"t{n}" for n in range(50))])

    run(scenario)


def until_taken(sender: socket.socket) -> None:
    """Wait, without a turn for the loop, until the other end's kernel has taken all that was sent."""
    end_s = time.monotonic() + 60
    while struct.unpack("i", fcntl.ioctl(sender, termios.TIOCOUTQ, bytes(4)))[0]:
        assert time.monotonic() < end_s, "the other end took nothing"


def test_while_the_broker_is_away_messages_wait_and_are_written_in_order_when_it_is_back() -> None:
    async def scenario() -> None:
        sink = Switch(AWAY)
        async with running(sink, UDP) as rig:
            (await rig.datagrams(UDP, *(line(str(number)) for number in range(20)))).close()
            await rig.until(lambda: rig.counts.received.get("syslog-udp") == 20 and sink.opened > 1)
            assert "nobody answers" in rig.counts.failure and sink.kept == []
            sink.error = None
            await rig.until(lambda: rig.counts.written.get("log lines") == 20)
            assert rig.counts.failure == ""
            counts = await rig.ended()
        assert texts(sink.kept) == [str(number) for number in range(20)]
        assert counts.lost == 0

    run(scenario)


@pytest.mark.broker
def test_a_real_broker_that_goes_and_comes_back_has_every_message_then(tmp_path: Path) -> None:
    with EmbeddedBroker("noida", tmp_path) as broker:
        patient = settings_for(broker)
        kafka = patient.model_copy(update={"client": {**patient.client, "bootstrap_timeout_ms": 1_500}})
        ensure_topics(patient, {"logs": TopicSpec(1)}, timeout_s=60)

        async def scenario() -> None:
            async with running(lambda: RecordSink(kafka), UDP, limits=Limits(flush_s=0.5)) as rig:
                (await rig.datagrams(UDP, line("before"))).close()
                await rig.until(lambda: rig.counts.written.get("log lines") == 1)
                await asyncio.to_thread(broker.stop)
                (await rig.datagrams(UDP, *(line(str(number)) for number in range(9)))).close()
                await rig.until(lambda: rig.counts.failure != "")
                assert rig.counts.written == {"log lines": 1}
                await asyncio.to_thread(broker.start)
                await rig.until(lambda: rig.counts.written.get("log lines") == 10)
                counts = await rig.ended()
            assert counts.lost == 0 and counts.failure == ""

        run(scenario)
        found = [json.loads(record.value or b"")["text"] for record in consume_all(patient, "logs")]
    # What the broker had taken when its answer was lost may be there again: it is the same record.
    assert list(dict.fromkeys(found)) == ["before", *map(str, range(9))]


def test_beyond_the_bound_udp_is_counted_as_dropped_and_other_listeners_keep_their_room() -> None:
    async def scenario() -> None:
        sink = Switch(AWAY)
        async with running(sink, UDP, SNMP, limits=Limits(max_waiting=10)) as rig:
            (await rig.datagrams(UDP, *(line(str(number)) for number in range(40)))).close()
            await rig.until(lambda: rig.counts.received.get("syslog-udp") == 40)
            (await rig.datagrams(SNMP, notification(LINK_DOWN))).close()
            await rig.until(lambda: rig.counts.received.get("snmp") == 1)
            assert rig.counts.dropped == {NO_ROOM: 30}
            sink.error = None
            await rig.until(lambda: sum(rig.counts.written.values()) == 11)
            counts = await rig.ended()
        assert texts(sink.kept) == [str(number) for number in range(10)]
        assert counts.lost == 30

    run(scenario)


def test_beyond_the_bound_a_tcp_sender_waits_and_nothing_of_it_is_lost() -> None:
    async def scenario() -> None:
        sink = Switch(AWAY)
        async with running(sink, TCP, limits=Limits(max_waiting=100)) as rig:
            reader, writer = await rig.connected()
            expected = [f"{number} " + "x" * 8_000 for number in range(1_000)]
            sending = asyncio.create_task(sent(writer, expected))
            await rig.until(lambda: rig.counts.received.get("syslog-tcp", 0) >= 100 and sink.opened > 2)
            read = rig.counts.received["syslog-tcp"]
            # What was read is bounded by the pieces that the loop reads; the rest waits with its sender.
            assert read < 400
            sink.error = None
            await rig.until(lambda: rig.counts.written.get("log lines") == len(expected))
            await sending
            counts = await rig.ended()
            assert await reader.read() == b""
            writer.close()
        assert texts(sink.kept) == expected
        assert counts.dropped == {}

    run(scenario)


async def sent(writer: asyncio.StreamWriter, lines: list[str]) -> None:
    for text in lines:
        writer.write(line(text) + b"\n")
        await writer.drain()


def test_what_is_left_when_the_time_to_stop_is_over_is_counted_as_lost() -> None:
    async def scenario() -> None:
        sink = Switch(AWAY)
        limits = Limits(max_waiting=10, drain_s=0.0)
        async with running(sink, UDP, TCP, limits=limits) as rig:
            (await rig.datagrams(UDP, *(line(str(number)) for number in range(5)))).close()
            _, writer = await rig.connected()
            writer.write(b"".join(line(str(number)) + b"\n" for number in range(25)))
            await rig.until(lambda: sum(rig.counts.received.values()) == 30)
            counts = await rig.ended()
            writer.close()
        assert counts.dropped == {STOPPED: 30}
        assert (counts.lost, counts.waiting, sink.kept) == (30, 0, [])

    run(scenario)


def test_brokers_that_refuse_who_asks_end_the_receivers_at_once() -> None:
    async def scenario() -> None:
        sink = Switch(SettingsError("no rights; some are needed; ask for them"))
        async with running(sink, UDP) as rig:
            (await rig.datagrams(UDP, line("x"))).close()
            assert rig.task is not None
            await asyncio.wait((rig.task,), timeout=60)
            with pytest.raises(SettingsError, match="no rights"):
                rig.task.result()

    run(scenario)


class Picky(Switch):
    """A sink whose broker takes nothing that holds a word."""

    def flush(self, timeout_s: float = 0.0) -> list[Any]:
        queued = list(self._queued)
        if any(b"poison" in value for _, _, value in queued):
            self._queued = []
            raise TOO_LARGE
        return super().flush(timeout_s)


def test_a_record_that_the_brokers_refuse_for_good_is_left_out_and_holds_up_no_other() -> None:
    async def scenario() -> None:
        sink = Picky(AWAY)
        async with running(sink, UDP) as rig:
            (await rig.datagrams(UDP, line("1"), line("poison"), line("2"))).close()
            await rig.until(lambda: rig.counts.received.get("syslog-udp") == 3)
            sink.error = None
            await rig.until(lambda: rig.counts.dropped.get(REFUSED) == 1)
            counts = await rig.ended()
        assert sorted(set(texts(sink.kept))) == ["1", "2"]
        assert counts.lost == 1

    run(scenario)


def test_a_wrong_community_is_counted_and_dropped_and_never_reaches_kafka() -> None:
    async def scenario() -> None:
        sink = Switch()
        async with running(sink, SNMP, communities=(b"noc", b"backup")) as rig:
            wrong = [notification(LINK_DOWN, community=name) for name in ("public", "", "nocc", "NOC", "no")]
            right = [notification(LINK_DOWN, community=name) for name in ("noc", "backup")]
            (await rig.datagrams(SNMP, *wrong, *right, b"\x30\x00")).close()
            await rig.until(lambda: sum(rig.counts.written.values()) == 3)
            counts = await rig.ended()
        assert counts.dropped == {COMMUNITY: 5}
        assert counts.written == {"alarms": 2, "dead letters": 1}
        assert counts.refused == {"message": 1}

    run(scenario)


class Replies(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.came.put_nowait(data)


def test_an_inform_is_answered_once_it_is_durable_and_a_repeat_of_it_is_answered_and_not_taken() -> None:
    async def scenario() -> None:
        sink = Switch(AWAY)
        async with running(sink, SNMP) as rig:
            transport, replies = await asyncio.get_running_loop().create_datagram_endpoint(
                Replies, remote_addr=rig.addresses[SNMP]
            )
            inform = notification(LINK_DOWN, inform=True)
            transport.sendto(inform)
            await rig.until(lambda: rig.counts.received.get("snmp") == 1 and sink.opened > 1)
            transport.sendto(inform)
            assert replies.came.empty()
            sink.error = None
            async with asyncio.timeout(60):
                first = await replies.came.get()
            transport.sendto(inform)
            async with asyncio.timeout(60):
                assert await replies.came.get() == first
            transport.close()
            counts = await rig.ended()
        assert counts.received == {"snmp": 1} and len(sink.kept) == 1
        answer, _ = decoder.decode(first, asn1Spec=v2c.Message())
        assert v2c.apiMessage.get_pdu(answer).isSameTypeWith(v2c.ResponsePDU())

    run(scenario)
