"""The ports of the desks of tickets and customer care, a part of `telcollm.ports`.

Knows no implementation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from telcollm.records import (
    CareMessage,
    Feedback,
    Incident,
    KpiSample,
    LogLine,
    Reply,
    Route,
    TroubleTicket,
)
from telcollm.state import DeskRequest


class DeskTransaction(Protocol):
    """What one atomic unit of the store writes for the desks."""

    def put_desk_requests(self, requests: Iterable[DeskRequest]) -> None:
        """Queue requests; a request_id that was queued before, done or not, is left as it is."""
        ...

    def take_requests(self, request_ids: Iterable[str]) -> set[str]:
        """Mark requests as done and return those that were not: of several that try, one gets each."""
        ...

    def put_kpis(self, samples: Iterable[KpiSample]) -> None:
        """Insert or update KPI samples by id."""
        ...

    def put_logs(self, lines: Iterable[LogLine]) -> None:
        """Insert or update log lines by id."""
        ...

    def put_tickets(self, found: Iterable[TroubleTicket]) -> None:
        """Insert or update tickets by (tenant, id): the newer last update stays."""
        ...

    def put_care_messages(self, messages: Iterable[CareMessage]) -> None:
        """Insert or update messages by (tenant, id)."""
        ...

    def message_ids(self, conversations: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
        """Return by (tenant, conversation_id) the ids of the messages kept, in the order sent."""
        ...

    def put_routes(self, routes: Iterable[Route]) -> None:
        """Insert or update routes by id."""
        ...

    def put_replies(self, replies: Iterable[Reply]) -> None:
        """Insert or update replies by id; one that is withdrawn stays so."""
        ...

    def replied_on(self, incident_ids: Iterable[str]) -> set[str]:
        """Return those of the incidents on which replies rest that are not withdrawn."""
        ...

    def replied_since(self, since_ms: int) -> bool:
        """Tell whether a reply that is not withdrawn was decided at `since_ms` or later."""
        ...

    def current_incidents(self, incident_ids: Iterable[str]) -> list[Incident]:
        """Return those of the incidents that exist, as they stand.

        Serialises with `replied_on`: of a change and a reply, the later commit knows of the earlier one.
        """
        ...

    def put_feedback(self, feedback: Feedback) -> None:
        """Insert or update feedback by id."""
        ...


class TicketRouter(Protocol):
    """Says which team tickets go to. Texts of tickets are untrusted."""

    def route(self, tickets: Sequence[TroubleTicket], *, decided_time: datetime) -> list[Route]:
        """Return one route a ticket, in order.

        Raises:
            TransientError: what decides did not answer; the tickets wait.
        """
        ...


class ReplySuggester(Protocol):
    """Suggests replies to customers, and takes them back when what they rest on changes."""

    def suggest(
        self, conversations: Sequence[Sequence[CareMessage]], *, decided_time: datetime
    ) -> list[Reply]:
        """Return one reply a conversation, in order, to the last of its messages as given.

        Of a conversation alone it may return none: then there is nothing to say.

        Raises:
            TransientError: what decides did not answer; the customers wait.
        """
        ...

    def incident_changed(self, incident: Incident, *, decided_time: datetime) -> list[Reply]:
        """Return the replies that no longer hold, withdrawn, and what replaces them; none where all hold."""
        ...
