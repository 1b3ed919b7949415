"""Who asks an endpoint, and what it asks of the table of access.

Each endpoint declares one action; the table is asked before anything is read of the request's body.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from telcollm.access import AccessDenied, Action, Caller, require
from telcollm.app.services import accounts
from telcollm.app.workplace import Workplace
from telcollm.store.accounts import LoginError

bearer: Final = HTTPBearer(auto_error=False, description="A key that `telcollm key make` has shown.")


def workplace_of(request: Request) -> Workplace:
    """Return the workplace that the application was built over."""
    found: Workplace = request.app.state.workplace
    return found


Place = Annotated[Workplace, Depends(workplace_of)]


def caller_of(
    workplace: Place, given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None
) -> Caller:
    """Return who holds the request's bearer key.

    Raises:
        LoginError: it has none, or one that is not in force.
    """
    if given is None:
        message = "no bearer token was sent; Authorization: Bearer KEY is needed; telcollm key make gives one"
        raise LoginError(message)
    return accounts.bearer(workplace, given.credentials)


class Asks:
    """What an endpoint asks of the table: `Depends(Asks(action))` gives the caller who may."""

    def __init__(self, action: Action) -> None:
        self.action = action

    def __call__(self, workplace: Place, caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        """Return the caller.

        Raises:
            AccessDenied: they may not; the audit trail was told.
        """
        try:
            require(caller, self.action)
        except AccessDenied as error:
            accounts.denied(workplace, caller, error)
            raise
        return caller


def asks(action: Action) -> Any:
    """Return the dependency of an endpoint that asks for the action."""
    return Depends(Asks(action))


def action_of(endpoint: Callable[..., Any]) -> Action | None:
    """Return the action that an endpoint asks for; None for one that is open to all."""
    for parameter in inspect.signature(endpoint, eval_str=True).parameters.values():
        for mark in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(getattr(mark, "dependency", None), Asks):
                return Action(mark.dependency.action)
    return None
