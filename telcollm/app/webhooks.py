"""Webhooks out: where one may go, how it is signed, and one attempt at sending it.

No redirect is followed, and the address that was checked is the one connected to, so that a name cannot
point elsewhere in between. Does not know what is told, nor when it is tried again (`notifier`).
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from telcollm.errors import TelcollmError, TransientError
from telcollm.settings import Settings

SIGNATURE_HEADER: Final = "X-Telcollm-Signature"
"""Holds `t=SECONDS,v1=HEX`: HMAC-SHA256 over `SECONDS.BODY` with the subscription's key."""

TOLERANCE_S: Final = 300
"""How old a signature may be: an older one may have been recorded and sent again."""

_PORTS: Final = {"http": 80, "https": 443}
_MOST_URL: Final = 2_048

Resolve = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host."""


class TargetError(TelcollmError):
    """A callback lies where nothing may be sent to."""


def sign(key: bytes, body: bytes, at_s: int) -> str:
    """Return the signature of a body sent at `at_s`, in seconds since the Unix epoch.

    >>> sign(b"key", b"{}", 1)
    't=1,v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224'
    """
    return f"t={at_s},v1={_digest(key, body, at_s)}"


def _digest(key: bytes, body: bytes, at_s: int) -> str:
    return hmac.new(key, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


def genuine(key: bytes, body: bytes, signature: str, now_s: int) -> bool:
    """Tell whether the body was signed with the key within the last five minutes; for receivers.

    >>> signature = sign(b"key", b"{}", 100)
    >>> genuine(b"key", b"{}", signature, 101), genuine(b"key", b"!", signature, 101)
    (True, False)
    """
    fields = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    at, given = fields.get("t", ""), fields.get("v1", "")
    if not (at.isascii() and at.isdigit() and len(at) < 16) or not given.isascii():
        return False
    return abs(now_s - int(at)) <= TOLERANCE_S and hmac.compare_digest(given, _digest(key, body, int(at)))


def subscription_key(settings: Settings, subscription_id: str) -> bytes:
    """Return the key of one subscription, which derives from the settings' or the home folder's own."""
    root = settings.api.webhook_key.get_secret_value().encode() or _own_key(settings.home)
    return hmac.new(root, f"webhook:{subscription_id}".encode(), hashlib.sha256).hexdigest().encode()


def _own_key(home: Path) -> bytes:
    from telcollm.guard import load_key

    return load_key(home / "webhooks")


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host.

    Raises:
        TransientError: its name is not known now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = (
            f"callback host {host!r} cannot be found ({error}); a known name is needed; it is tried again"
        )
        raise TransientError(message) from error
    return [str(address[4][0]) for address in found]


def check_url(url: str, allowed: Collection[str]) -> tuple[str, str, int, str]:
    """Return (scheme, host, port, path) of a callback.

    https alone, but for the hosts that the settings allow; the host is one that can be looked up.

    Raises:
        TargetError: it is no such URL, or names a user.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
        host.encode("idna")
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    schemes = ("https", "http") if host in allowed else ("https",)
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _MOST_URL
    if not plain or parts.scheme not in schemes or not host or parts.username is not None:
        message = (
            f"callback={url[:200]!r} is not allowed; an https:// URL without user and password is; "
            "give one, or name its host in api.webhook_hosts to allow http"
        )
        raise TargetError(message)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or _PORTS[parts.scheme], path


def check_target(
    url: str, allowed: Collection[str], look_up: Resolve = resolve
) -> tuple[str, str, int, str, str]:
    """Return (scheme, host, port, path, address) of a callback that may be sent to.

    Raises:
        TargetError: it is no such URL, or lies in this machine or a private network.
        TransientError: its name is not known now.
    """
    scheme, host, port, path = check_url(url, allowed)
    addresses = look_up(host, port)
    for address in addresses:
        found = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None) or found
        if host not in allowed and (not mapped.is_global or mapped.is_multicast):
            message = (
                f"callback host {host!r} has the address {address}, which is no public one; public addresses "
                "are allowed; name the host in api.webhook_hosts if it is meant"
            )
            raise TargetError(message)
    if not addresses:
        message = f"callback host {host!r} has no address; a known name is needed; it is tried again"
        raise TransientError(message)
    return scheme, host, port, path, addresses[0]


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name says by now."""

    def __init__(self, host: str, port: int, address: str, timeout_s: float, *, secure: bool) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
            if self._secure
            else plain
        )


def post(
    url: str,
    body: bytes,
    signature: str,
    *,
    allowed: Collection[str],
    timeout_s: float,
    look_up: Resolve = resolve,
) -> int:
    """Return the status that the listener answered with.

    Raises:
        TargetError: it lies where nothing may be sent to.
        TransientError: it did not answer.
    """
    scheme, host, port, path, address = check_target(url, allowed, look_up)
    connection = _Pinned(host, port, address, timeout_s, secure=scheme == "https")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "telcollm",
        SIGNATURE_HEADER: signature,
    }
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        message = f"callback host {host!r} did not answer ({type(error).__name__}); it is tried again"
        raise TransientError(message) from error
    finally:
        connection.close()
