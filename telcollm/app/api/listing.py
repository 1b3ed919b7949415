"""Lists as TM Forum defines them: offset and limit, counts in headers, selected fields, filters by name.

Source: TMF630 REST API Design Guidelines, parts 1 and 2. Does not know what is listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request, Response

from telcollm.app.api.asking import Place
from telcollm.errors import TelcollmError

Fields = Annotated[
    str, Query(max_length=2_000, description="Names of the fields wanted, joined by commas; all by default.")
]

_ALWAYS: Final = ("id", "href", "@type")
_PAGING: Final = ("offset", "limit", "fields")


class RequestError(TelcollmError):
    """The request asks for what the interface does not have; the caller mends it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a request wants of a list; `limit` is no more than the settings allow on one page."""

    response: Response
    offset: int
    limit: int
    fields: str

    def page(self, resources: Iterable[Mapping[str, Any]], total: int) -> list[dict[str, Any]]:
        """Return the fields asked for of each resource, and tell in headers how many there are."""
        shown = [selected(resource, self.fields) for resource in resources]
        self.response.headers["X-Total-Count"] = str(total)
        self.response.headers["X-Result-Count"] = str(len(shown))
        return shown


class Lists:
    """How an endpoint lists: `Depends(Lists(filters))` gives the `Listing` of a request."""

    def __init__(self, filters: Collection[str]) -> None:
        self.filters = filters

    def __call__(
        self,
        request: Request,
        response: Response,
        workplace: Place,
        offset: Annotated[int, Query(ge=0, le=1_000_000, description="Skip so many.")] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000, description="Give at most so many.")] = 50,
        fields: Fields = "",
    ) -> Listing:
        """Return what is wanted; a parameter that was ignored would list what was not asked for.

        Raises:
            RequestError: a query parameter is not known.
        """
        known = [*self.filters, *_PAGING]
        unknown = sorted(set(request.query_params) - set(known))
        if unknown:
            message = (
                f"query parameter {unknown[0][:80]!r} is not known here; {', '.join(known)} are allowed; "
                "leave it out"
            )
            raise RequestError(message)
        return Listing(response, offset, min(limit, workplace.settings.api.max_page), fields)


def lists(*filters: str) -> Any:
    """Return the dependency of an endpoint that lists, filtered by these parameters."""
    return Depends(Lists(filters))


def selected(resource: Mapping[str, Any], fields: str) -> dict[str, Any]:
    """Return the fields asked for, with id, href and type; all of them when none is named.

    >>> selected({"id": "a", "status": "held", "reason": "r"}, "status")
    {'id': 'a', 'status': 'held'}
    """
    names = {name.strip() for name in fields.split(",") if name.strip()}
    if not names:
        return dict(resource)
    return {name: value for name, value in resource.items() if name in names or name in _ALWAYS}


def words(value: str | None) -> tuple[str, ...]:
    """Return the values of a filter that may name several, joined by commas.

    >>> words("held, pending"), words(None)
    (('held', 'pending'), ())
    """
    return tuple(one.strip() for one in (value or "").split(",") if one.strip())
