"""Who routes tickets and answers customers within a worker: the same as for people, under the same switch.

Does not know topics nor how requests wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from telcollm.app.services.speaking import spoken
from telcollm.errors import MissingExtraError, SettingsError, TelcollmError, TransientError
from telcollm.ports import ReplySuggester, TicketRouter
from telcollm.records import CareMessage, Incident, Reply, Route, TroubleTicket

if TYPE_CHECKING:
    from telcollm.app.workplace import Workplace

T = TypeVar("T")


class Desks(NamedTuple):
    """What a worker is given for the kinds of topics it reads; None where it reads none of the kind."""

    router: TicketRouter | None
    suggester: ReplySuggester | None


def open_desks(workplace: Workplace) -> Desks:
    """Return the desks of the kinds that the settings' sources have; each opens at its first request."""
    kinds = {source.kind for source in workplace.settings.sources}
    return Desks(
        WorkplaceRouter(workplace) if "tickets" in kinds else None,
        WorkplaceSuggester(workplace) if "care" in kinds else None,
    )


class WorkplaceRouter:
    """A `TicketRouter`: the settings' deciders, or rules alone while models are stopped."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def route(self, tickets: Sequence[TroubleTicket], *, decided_time: datetime) -> list[Route]:
        """Return one route a ticket, in order."""
        return spoken(
            self._workplace,
            lambda model: list(
                _ready(lambda: self._workplace.router(model=model)).route(tickets, decided_time=decided_time)
            ),
        )


class WorkplaceSuggester:
    """A `ReplySuggester`: the settings' decider of intents, or rules alone while models are stopped."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def _desk(self, model: bool) -> ReplySuggester:
        return cast("ReplySuggester", _ready(lambda: self._workplace.desk(model=model)))

    def suggest(
        self, conversations: Sequence[Sequence[CareMessage]], *, decided_time: datetime
    ) -> list[Reply]:
        """Return one reply a conversation, in order, to the last of its messages as given."""
        return spoken(
            self._workplace,
            lambda model: self._desk(model).suggest(conversations, decided_time=decided_time),
        )

    def incident_changed(self, incident: Incident, *, decided_time: datetime) -> list[Reply]:
        """Return the replies that no longer hold, withdrawn, and what replaces them; none where all hold."""
        return spoken(
            self._workplace,
            lambda model: self._desk(model).incident_changed(incident, decided_time=decided_time),
        )


def _ready(opened: Callable[[], T]) -> T:
    """Return what was opened; what cannot be opened waits for a person, as its requests do for it.

    Raises:
        SettingsError: a decider, its base model or a file of scripts is missing or cannot be used.
    """
    try:
        return opened()
    except (TransientError, MissingExtraError):
        raise
    except TelcollmError as error:
        raise SettingsError(str(error)) from error
