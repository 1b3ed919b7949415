"""What came from a socket, before anything of it is understood. Does not know what it means."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Listener(StrEnum):
    """By which way a message came."""

    SYSLOG_UDP = "syslog-udp"
    SYSLOG_TCP = "syslog-tcp"
    SNMP = "snmp"


class Received(msgspec.Struct, frozen=True):
    """One datagram or frame. `octets` is how long it was; where `data` is shorter, the rest was let go.

    `received_ms` is wall-clock time in ms since the Unix epoch; `port` is the sender's.
    """

    listener: Listener
    address: str
    received_ms: int
    data: bytes
    octets: int
    port: int = 0
