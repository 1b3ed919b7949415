"""Senders: what the mapping file says of those who send from an address or under a host name.

It deliberately does not know what they send.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SenderText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sender as the file has it: conditions, and what is true of whoever fulfils them all."""

    address: str | tuple[str, ...] = ()
    hostname: str | tuple[str, ...] = ()
    managed_object: str = ""
    region: str = ""
    time_zone: str = ""
    time: Literal["", "sent", "received"] = ""
    vendor: str = ""
    source_system_id: str = ""


class Sender(msgspec.Struct, frozen=True):
    """A sender that was checked."""

    text: SenderText
    networks: tuple[Any, ...]
    hostnames: frozenset[str]

    def matches(self, address: Address | None, hostname: str) -> bool:
        """Tell whether this speaks of who sends from the address under the host name."""
        if self.hostnames and hostname.lower() not in self.hostnames:
            return False
        return not self.networks or (address is not None and any(address in one for one in self.networks))


def sender_of(text: SenderText) -> Sender:
    """Return the sender.

    Raises:
        ValueError: a condition or what is told is not allowed; ends with the field.
    """
    addresses = (text.address,) if isinstance(text.address, str) else text.address
    hostnames = (text.hostname,) if isinstance(text.hostname, str) else text.hostname
    if not addresses and not hostnames:
        message = "address or hostname is needed; give one, such as address: 192.0.2.0/24"
        raise ValueError(message)
    told = (text.managed_object, text.region, text.time_zone, text.time, text.vendor, text.source_system_id)
    if not any(told):
        message = (
            "nothing is told; managed_object, region, time_zone, time, vendor or source_system_id is needed"
        )
        raise ValueError(message)
    networks: list[Network] = []
    for address in addresses:
        try:
            networks.append(ipaddress.ip_network(address, strict=False))
        except ValueError as error:
            message = f"{address!r} is no address; 192.0.2.0/24 is one, IPv6 is allowed - at `$.address`"
            raise ValueError(message) from error
    if text.time_zone:
        try:
            ZoneInfo(text.time_zone)
        except (KeyError, ValueError, OSError) as error:
            message = f"{text.time_zone!r} is no IANA time zone; Europe/Berlin is one - at `$.time_zone`"
            raise ValueError(message) from error
    for field in ("managed_object", "region", "vendor", "source_system_id"):
        value = getattr(text, field)
        if len(value) > 1024 or "\x00" in value:
            message = f"{len(value)} characters; at most 1024, none of them NUL, are allowed - at `$.{field}`"
            raise ValueError(message)
    return Sender(text, tuple(networks), frozenset(name.lower() for name in hostnames))


class Told(msgspec.Struct, frozen=True):
    """What is known of who sent a message."""

    managed_object: str = ""
    region: str = ""
    time_zone: str = ""
    time: str = ""
    vendor: str = ""
    source_system_id: str = ""


_FIELDS = Told.__struct_fields__


def told_of(senders: Iterable[Sender], address: str, hostname: str) -> Told:
    """Return what the senders tell of who sent from the address: each thing by the first that tells it.

    >>> zone = sender_of(SenderText(address="192.0.2.0/24", time_zone="UTC"))
    >>> told_of([zone], "192.0.2.7", "").time_zone
    'UTC'
    """
    try:
        parsed: Address | None = ipaddress.ip_address(address)
    except ValueError:
        parsed = None
    # Listening on :: shows IPv4 senders so.
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    found: dict[str, str] = {}
    for sender in senders:
        if sender.matches(parsed, hostname):
            for field in _FIELDS:
                value = getattr(sender.text, field)
                if value:
                    found.setdefault(field, value)
    return Told(**found)
