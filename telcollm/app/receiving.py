"""Composition of the receivers: settings and a mapping file made into listeners that write to Kafka.

Does not know terminals: the command line shows what `Counts` says.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from streams.receivers.counts import Counts
from streams.receivers.mapping import Mapping as MessageMapping
from streams.receivers.mapping import load_mapping
from streams.receivers.received import Listener
from streams.receivers.receiver import Limits, receive
from streams.receivers.translation import Translator
from streams.receivers.trap import check_library
from streams.topics import DEAD_LETTERS, on_wire
from telcollm.errors import SettingsError
from telcollm.settings import Settings, SourceSettings

if TYPE_CHECKING:
    from streams.kafka.sink import RecordSink

Address = tuple[str, int]

LOOPBACK = "127.0.0.1"
_MOST_COMMUNITY_BYTES = 65_536
_TOPICS_WITHIN_S = 10.0
_SNIPPET = (
    "add to telcollm.toml, beside what is there: [[sources]] topic = 'alarms' kind = 'alarms' and "
    "[[sources]] topic = 'logs' kind = 'logs'"
)


class Reception(msgspec.Struct, frozen=True):
    """What is to be received: where to listen, by which mapping, into which topics (the first by default)."""

    addresses: dict[Listener, Address]
    mapping: Path | None = None
    alarm_topic: str = ""
    log_topic: str = ""
    communities: tuple[bytes, ...] = ()
    limits: Limits = Limits()


class Prepared(msgspec.Struct, frozen=True):
    """What was checked and can be started; topics are "" where nothing goes there."""

    reception: Reception
    mapping: MessageMapping
    translator: Translator
    alarms: SourceSettings | None
    logs: SourceSettings | None
    exposed: tuple[str, ...] = ()


def address_of(text: str, option: str) -> Address:
    """Return (host, port) of HOST:PORT; a port alone is on the loopback.

    >>> address_of("5514", "--syslog-udp"), address_of("[::1]:162", "--snmp")
    (('127.0.0.1', 5514), ('::1', 162))

    Raises:
        SettingsError: it is no address.
    """
    host, colon, port = text.rpartition(":")
    if not colon:
        host = LOOPBACK
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65_535:
        message = (
            f"{option} {text!r} is no address; HOST:PORT, or a port of the loopback, is allowed; write "
            "127.0.0.1:5514, or 0.0.0.0:5514 for every interface"
        )
        raise SettingsError(message)
    return host, int(port)


def communities_of(file: Path | None, listed: str) -> tuple[bytes, ...]:
    """Return the communities of a file, one a line, and of a list with commas.

    Raises:
        SettingsError: the file cannot be read.
    """
    lines = listed.split(",")
    if file is not None:
        try:
            with file.open("rb") as opened:
                text = opened.read(_MOST_COMMUNITY_BYTES + 1).decode()
        except (OSError, UnicodeDecodeError) as error:
            message = (
                f"community file {file} cannot be read ({error}); a text file with one community a line is "
                "allowed; check the path"
            )
            raise SettingsError(message) from error
        lines += text.splitlines()
    return tuple(dict.fromkeys(line.strip().encode() for line in lines if line.strip()))


def prepare(settings: Settings, reception: Reception) -> Prepared:
    """Return what can be started, after everything that can be wrong before it was looked at.

    Raises:
        MappingError: the mapping has faults.
        SettingsError: nothing is to be listened at, no community or topic is there, or two regions differ.
        MissingExtraError: traps are wanted and pysnmp is not installed.
    """
    if not reception.addresses:
        message = (
            "there is nothing to listen at; --syslog-udp, --syslog-tcp or --snmp is needed; "
            "write --syslog-udp 127.0.0.1:5514"
        )
        raise SettingsError(message)
    snmp = Listener.SNMP in reception.addresses
    if snmp:
        check_library()
        if not reception.communities:
            message = (
                "--snmp has no community; at least one is needed, and none is known by default; write them "
                "to a file, one a line, and name it by --community-file, or set TELCOLLM_SNMP_COMMUNITY"
            )
            raise SettingsError(message)
    mapping = load_mapping(reception.mapping)
    kinds = {"trap" if listener is Listener.SNMP else "syslog" for listener in reception.addresses}
    rules = [rule for rule in mapping.rules if rule.kind in kinds]
    alarms = logs = None
    if snmp or any(rule.alarm for rule in rules):
        alarms = _source(settings, "alarms", reception.alarm_topic)
    if "syslog" in kinds or any(rule.log for rule in rules):
        logs = _source(settings, "logs", reception.log_topic)
    _check_regions(mapping, [source for source in (alarms, logs) if source is not None])
    dead_letters = on_wire(settings.kafka, DEAD_LETTERS)
    translator = Translator(mapping, alarms=alarms, logs=logs, dead_letters=dead_letters)
    exposed = tuple(
        f"{listener.value} {host}:{port}"
        for listener, (host, port) in reception.addresses.items()
        if not _is_loopback(host)
    )
    return Prepared(reception, mapping, translator, alarms, logs, exposed)


def _source(settings: Settings, kind: str, topic: str) -> SourceSettings:
    forms = ("auto", "telcollm")
    fitting = [
        source
        for source in settings.sources
        if source.kind == kind and not source.mapping and (kind != "alarms" or source.format in forms)
    ]
    for source in fitting:
        if topic in ("", source.topic):
            return source
    known = ", ".join(source.topic for source in fitting) or "none"
    asked = f"topic {topic!r} is no source of {kind}" if topic else f"there is no source of {kind}"
    message = (
        f"{asked} that takes telcollm's own JSON; one with kind = '{kind}', without a mapping, is needed "
        f"(there is: {known}); {_SNIPPET}"
    )
    raise SettingsError(message)


def _check_regions(mapping: MessageMapping, sources: list[SourceSettings]) -> None:
    for source in sources:
        for sender in mapping.senders:
            if sender.text.region and source.region and sender.text.region != source.region:
                message = (
                    f"the mapping says region {sender.text.region!r} and topic {source.topic!r} has "
                    f"region {source.region!r}; a topic with a region has that alone; leave one of them out"
                )
                raise SettingsError(message)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def open_sink(settings: Settings, prepared: Prepared) -> RecordSink:
    """Return a sink for the topics, which are made where they are missing.

    Raises:
        TransientError: no broker answers.
        SettingsError: credentials, rights or options are at fault.
    """
    from streams.kafka.sink import RecordSink
    from streams.kafka.topics import PartitionCountWarning, TopicSpec, ensure_topics
    from telcollm.app.runtime import find_broker
    from telcollm.kafka_settings import topic_options

    kafka = find_broker(settings).kafka
    made = settings.kafka.topics.dead_letters
    specs = {on_wire(kafka, DEAD_LETTERS): TopicSpec(made.partitions, topic_options(made))}
    for source in (prepared.alarms, prepared.logs):
        if source is not None:
            specs[source.topic] = TopicSpec(settings.streams.partitions)
    with warnings.catch_warnings():
        # A topic that exists is written to as it is.
        warnings.simplefilter("ignore", PartitionCountWarning)
        ensure_topics(kafka, specs, on_mismatch="warn", timeout_s=_TOPICS_WITHIN_S)
    return RecordSink(kafka, max_block_s=5.0)


def run_receivers(
    settings: Settings,
    prepared: Prepared,
    *,
    ready: Callable[[Mapping[Listener, Address]], None],
    show: Callable[[Counts], None],
    every_s: float = 1.0,
) -> Counts:
    """Return what was received, after SIGINT or SIGTERM; a second signal ends the process at once.

    Raises:
        SettingsError: an address cannot be listened at, or the brokers refuse who asks.
    """
    counts = Counts()
    asyncio.run(_run(settings, prepared, counts, ready, show, every_s))
    return counts


async def _run(
    settings: Settings,
    prepared: Prepared,
    counts: Counts,
    ready: Callable[[Mapping[Listener, Address]], None],
    show: Callable[[Counts], None],
    every_s: float,
) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)

    async def showing() -> None:
        while True:
            show(counts)
            await asyncio.sleep(every_s)

    for number in signals:
        loop.add_signal_handler(number, end)
    shower = asyncio.ensure_future(showing())
    try:
        await receive(
            prepared.reception.addresses,
            prepared.translator,
            lambda: open_sink(settings, prepared),
            stop,
            counts=counts,
            now_ms=lambda: time.time_ns() // 1_000_000,
            communities=prepared.reception.communities,
            limits=prepared.reception.limits,
            ready=ready,
        )
    finally:
        shower.cancel()
        for number in signals:
            loop.remove_signal_handler(number)
