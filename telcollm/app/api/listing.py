"""Lists as TM Forum defines them: offset and limit, counts in headers, selected fields, filters by name.

Source: TMF630 REST API Design Guidelines, parts 1 and 2. Does not know what is listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response

from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError

Offset = Annotated[int, Query(ge=0, le=1_000_000, description="Skip so many.")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="Give at most so many.")]
Fields = Annotated[
    str, Query(max_length=2_000, description="Names of the fields wanted, joined by commas; all by default.")
]

_ALWAYS: Final = ("id", "href", "@type")
_PAGING: Final = ("offset", "limit", "fields")


class RequestError(TelcollmError):
    """The request asks for what the interface does not have; the caller mends it."""


def check_filters(request: Request, known: Collection[str]) -> None:
    """Guarantee that every query parameter is known: one that was ignored would list what was not asked for.

    Raises:
        RequestError: one is not.
    """
    unknown = sorted(set(request.query_params) - {*known, *_PAGING})
    if unknown:
        allowed = ", ".join([*known, *_PAGING])
        message = (
            f"query parameter {unknown[0][:80]!r} is not known here; {allowed} are allowed; leave it out"
        )
        raise RequestError(message)


def bounded_limit(workplace: Workplace, limit: int) -> int:
    """Return the limit, no more than the settings allow on one page."""
    return min(limit, workplace.settings.api.max_page)


def counted(response: Response, total: int, shown: int) -> None:
    """Tell in headers how many there are and how many of them are given."""
    response.headers["X-Total-Count"] = str(total)
    response.headers["X-Result-Count"] = str(shown)


def selected(resource: Mapping[str, Any], fields: str) -> dict[str, Any]:
    """Return the fields asked for, with id, href and type; all of them when none is named.

    >>> selected({"id": "a", "status": "held", "reason": "r"}, "status")
    {'id': 'a', 'status': 'held'}
    """
    names = {name.strip() for name in fields.split(",") if name.strip()}
    if not names:
        return dict(resource)
    return {name: value for name, value in resource.items() if name in names or name in _ALWAYS}


def all_selected(resources: Iterable[Mapping[str, Any]], fields: str) -> list[dict[str, Any]]:
    """Return the fields asked for of each resource."""
    return [selected(resource, fields) for resource in resources]


def words(value: str | None) -> tuple[str, ...]:
    """Return the values of a filter that may name several, joined by commas.

    >>> words("held, pending"), words(None)
    (('held', 'pending'), ())
    """
    return tuple(one.strip() for one in (value or "").split(",") if one.strip())
