"""Listeners to events for tests: a wire that keeps what is sent, and what is told to whom."""

from __future__ import annotations

from typing import Any

import msgspec

from telcollm.access import Role
from telcollm.app.services import subscriptions
from telcollm.app.workplace import Workplace
from telcollm.errors import TransientError
from tests.telcollm.app.places import NORTH, caller

URL = "https://noc.example/events"
EVENT = {"eventId": "e1", "eventType": "TroubleTicketCreateEvent", "eventTime": "2026-01-01T12:00:00Z"}


class Wire:
    """Stands where listeners are: keeps what is sent, and fails while told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, str]] = []
        self.tries = 0
        self.answer = 204

    def __call__(self, url: str, body: bytes, signature: str) -> int:
        self.tries += 1
        if self.answer == 0:
            message = "down"
            raise TransientError(message)
        if self.answer < 300:
            self.sent.append((url, body, signature))
        return self.answer

    @property
    def ids(self) -> list[str]:
        return [msgspec.json.decode(body)["eventId"] for _, body, _ in self.sent]


def subscribe(workplace: Workplace, **changes: Any) -> Any:
    who = caller(Role.NOC_ENGINEER, scope=changes.pop("scope", NORTH), name=changes.pop("name", "eva"))
    fields: dict[str, Any] = {"api": "ticket", "callback": URL, **changes}
    return subscriptions.subscribe(workplace, who, **fields)


def tell(workplace: Workplace, *names: str) -> None:
    for name in names:
        subscriptions.tell(workplace, "ticket", {**EVENT, "eventId": name}, tenant="acme", region="north")
