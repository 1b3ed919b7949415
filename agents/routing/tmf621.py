"""Filing tickets by TMF621 v5 over HTTP, with a system that may be slow, down or hostile.

The same ticket is filed once: the system is asked for its external identifier before it is given the ticket,
and again before every retry. Answers are bounded, never followed elsewhere, and checked before they are
believed. Does not know which tickets are filed (`filing`).
Source: TMF621 Trouble Ticket Management API v5.0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from agents.routing.filing import UNTOLD_SEVERITY, UNTOLD_TYPE, Filed
from telcollm.errors import MissingExtraError, SettingsError, TelcollmError, TransientError
from telcollm.records import TicketStatus, TroubleTicket

if TYPE_CHECKING:
    import httpx

_PATH: Final = "troubleTicket"
_MOST_BYTES: Final = 1_000_000
_MOST_FOUND: Final = 20
_LONGEST_ID: Final = 256
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S: Final = 30.0
_STATUSES: Final = {one.value: one for one in TicketStatus}


class FilingError(TelcollmError):
    """The ticket system refused a ticket, or answered what is no TMF621; filing it again would not help."""


class Tmf621System:
    """A TMF621 v5 server; implements `filing.TicketSystem`. Close it after use."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        timeout_s: float = 10.0,
        attempts: int = 3,
        sleep_s: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the server's base URL, to which `/troubleTicket` is added, and a bearer token if it needs one.

        Raises:
            SettingsError: the URL is none, or would send the token unencrypted to another machine.
            MissingExtraError: httpx is not installed.
        """
        try:
            import httpx
        except ImportError as error:
            package, extra = "httpx", "api"
            raise MissingExtraError(package, extra) from error
        url = _checked(httpx, base_url, token)
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx
        self._place = f"{url.scheme}://{url.netloc.decode()}{url.path}"
        self._client = httpx.Client(
            base_url=url, headers=headers, timeout=timeout_s, follow_redirects=False, trust_env=False
        )
        self._attempts = max(1, attempts)
        self._sleep_s = sleep_s

    def __repr__(self) -> str:
        return f"Tmf621System({self._place})"

    def close(self) -> None:
        """Give connections back."""
        self._client.close()

    def file(self, ticket: TroubleTicket, external_identifier: str) -> Filed:
        """Return the ticket as filed; see `filing.TicketSystem`.

        Raises:
            TransientError: no usable answer after all attempts; filing again is safe.
            FilingError: the server refuses, or what it says is no TMF621.
        """
        body = to_tmf621(ticket, external_identifier)
        last: TransientError | None = None
        for attempt in range(self._attempts):
            if last is not None:
                self._sleep_s(min(_LONGEST_WAIT_S, 0.5 * 2**attempt))
            try:
                if found := self._find(external_identifier):
                    return found
                return self._create(body, external_identifier)
            except TransientError as error:
                last = error
        message = f"{last}; tried {self._attempts} times; file it again later, it is never filed twice"
        raise TransientError(message) from last

    def _find(self, external_identifier: str) -> Filed | None:
        """Return the ticket of that identifier, None where the server has none."""
        query = {"externalIdentifier.id": external_identifier, "limit": str(_MOST_FOUND)}
        status, answer = self._ask("GET", params=query)
        if status == 404:
            return None
        if not isinstance(answer, list):
            raise FilingError(self._told(status, "a list of tickets was asked for", answer))
        for item in answer[:_MOST_FOUND]:
            # A server that does not know the filter gives all its tickets: only a ticket that bears the
            # identifier is the one.
            if isinstance(item, dict) and external_identifier in _identifiers(item):
                return self._filed(status, item, created=False)
        return None

    def _create(self, body: Mapping[str, Any], external_identifier: str) -> Filed:
        headers = {"Idempotency-Key": external_identifier}
        status, answer = self._ask("POST", content=msgspec.json.encode(body), headers=headers)
        if not isinstance(answer, dict):
            raise FilingError(self._told(status, "the ticket it made was asked for", answer))
        return self._filed(status, answer, created=True)

    def _ask(self, method: str, **options: Any) -> tuple[int, Any]:
        """Return status and JSON of an answer; bounded in size, and never of a redirect."""
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        try:
            with self._client.stream(method, _PATH, headers=headers, **options) as answer:
                data = _bounded(answer)
        except self._http.TimeoutException as error:
            message = f"ticket system {self._place} did not answer in time ({type(error).__name__})"
            raise TransientError(message) from error
        except (self._http.TransportError, self._http.DecodingError) as error:
            message = f"ticket system {self._place} cannot be reached ({type(error).__name__}: {error})"
            raise TransientError(message) from error
        status = answer.status_code
        if status in _AGAIN:
            message = f"ticket system {self._place} is not ready (HTTP {status})"
            raise TransientError(message)
        if status == 404 and method == "GET":
            return status, None
        if data is None:
            raise FilingError(self._told(status, f"at most {_MOST_BYTES} bytes are read", "more"))
        if status not in (200, 201, 202, 206):
            raise FilingError(self._told(status, "200 or 201 is a ticket", data.decode("utf-8", "replace")))
        try:
            return status, msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            told = data[:200].decode("utf-8", "replace")
            raise FilingError(self._told(status, "JSON was asked for", told)) from error

    def _filed(self, status: int, item: Mapping[str, Any], *, created: bool) -> Filed:
        name, href, state = item.get("id"), item.get("href", ""), item.get("status", "acknowledged")
        good = isinstance(name, str) and 0 < len(name) <= _LONGEST_ID and name.isprintable()
        if not isinstance(name, str) or not good:
            raise FilingError(self._told(status, "a ticket's id is a short printable text", name))
        known = _STATUSES.get(state) if isinstance(state, str) else None
        if known is None:
            raise FilingError(self._told(status, f"states are {', '.join(_STATUSES)}", state))
        shown = href if isinstance(href, str) and href.isprintable() and len(href) <= 2048 else ""
        return Filed(name, shown, known, created)

    def _told(self, status: int, allowed: str, received: object) -> str:
        text = repr(received)
        short = text if len(text) <= 200 else f"{text[:200]}..."
        return (
            f"ticket system {self._place} answered HTTP {status} with {short}; {allowed}; check its address, "
            "its token and that it speaks TMF621 v5"
        )


def to_tmf621(ticket: TroubleTicket, external_identifier: str) -> dict[str, Any]:
    """Return a ticket as a TMF621 v5 TroubleTicket_FVO: what a server is given to make one."""
    body: dict[str, Any] = {
        "@type": "TroubleTicket",
        "description": ticket.description,
        "severity": ticket.severity or UNTOLD_SEVERITY,
        "ticketType": ticket.ticket_type or UNTOLD_TYPE,
        "status": ticket.status.value,
        "externalIdentifier": [
            {
                "@type": "ExternalIdentifier",
                "id": name,
                "owner": "telcollm",
                "externalIdentifierType": "ticket",
            }
            for name in dict.fromkeys((external_identifier, *ticket.external_identifier))
        ],
    }
    if ticket.name:
        body["name"] = ticket.name
    if ticket.priority:
        body["priority"] = ticket.priority.value
    if ticket.channel:
        body["channel"] = {"@type": "ChannelRef", "id": ticket.channel, "name": ticket.channel}
    if ticket.creation_date:
        body["creationDate"] = ticket.creation_date.isoformat()
    if ticket.related_entity:
        body["relatedEntity"] = [
            {
                "@type": "RelatedEntityRef",
                "role": "affected",
                "entity": {"@type": "EntityRef", "id": name, "name": name},
            }
            for name in ticket.related_entity
        ]
    if ticket.team:
        body["relatedParty"] = [
            {
                "@type": "RelatedPartyRefOrPartyRoleRef",
                "role": "assignee",
                "partyOrPartyRole": {"@type": "PartyRef", "id": ticket.team, "name": ticket.team},
            }
        ]
    if ticket.trouble_ticket_relationship:
        body["troubleTicketRelationship"] = [
            {"@type": "TroubleTicketRelationship", "id": name, "relationshipType": "duplicate"}
            for name in ticket.trouble_ticket_relationship
        ]
    return body


def _identifiers(item: Mapping[str, Any]) -> set[str]:
    listed = item.get("externalIdentifier")
    if not isinstance(listed, list):
        return set()
    found = (one.get("id") if isinstance(one, dict) else one for one in listed)
    return {one for one in found if isinstance(one, str)}


def _bounded(answer: httpx.Response) -> bytes | None:
    """Return an answer's body, None where it is larger than is read."""
    data = bytearray()
    for part in answer.iter_bytes():
        data += part
        if len(data) > _MOST_BYTES:
            return None
    return bytes(data)


def _checked(http: Any, base_url: str, token: str) -> httpx.URL:
    """Return the URL with a slash at its end.

    Raises:
        SettingsError: it is none, or carries a token over plain HTTP to another machine.
    """
    try:
        url: httpx.URL = http.URL(base_url.rstrip("/") + "/")
    except (http.InvalidURL, TypeError) as error:
        message = f"ticket system URL {base_url[:200]!r} is none ({error}); https://HOST/PATH is needed"
        raise SettingsError(message) from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        message = (
            f"ticket system URL with scheme {url.scheme!r} and host {url.host!r} cannot be used; "
            "https://HOST/PATH without a password is allowed; give the password as a token"
        )
        raise SettingsError(message)
    if token and url.scheme == "http" and url.host not in ("localhost", "127.0.0.1", "::1"):
        message = (
            f"ticket system {url.host} would be sent its token unencrypted; https is allowed for a token, "
            "http only on this machine; use https"
        )
        raise SettingsError(message)
    return url
