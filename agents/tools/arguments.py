"""What each tool may be asked with: checked here, and told to a model as JSON schemas from the same place.

Does not know what a tool does with its arguments.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec

from telcollm.errors import TelcollmError

MOST_OBJECTS = 100
LONGEST_DAYS = 92
LONGEST_KPI_DAYS = 7

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Objects = Annotated[
    tuple[Id, ...],
    msgspec.Meta(
        min_length=1, max_length=MOST_OBJECTS, description="ids of network elements, for example cell-1042"
    ),
]
Instant = Annotated[
    datetime, msgspec.Meta(tz=True, description="ISO 8601 with a time zone, for example 2026-01-05T02:00:00Z")
]
Hops = Annotated[
    int,
    msgspec.Meta(ge=0, le=4, description="how many links of the topology around the objects count as near"),
]
Page = Annotated[
    str, msgspec.Meta(max_length=200, description="next_page of the answer before; empty: the first")
]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000, description="why, citing ids")]

A = TypeVar("A", bound="Arguments")


class ArgumentError(TelcollmError):
    """A tool was asked with arguments that it does not take; the message names those it does."""


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every tool takes."""


class OverObjects(Arguments, frozen=True):
    """Objects, without an interval."""

    objects: Objects
    page: Page = ""


class OverInterval(Arguments, frozen=True):
    """Objects over an interval, `until` not included."""

    objects: Objects
    since: Instant
    until: Instant
    page: Page = ""


class AroundObjects(OverInterval, frozen=True):
    """Objects and their neighbourhood over an interval."""

    hops: Hops = 0


class OfKpi(Arguments, frozen=True):
    """One KPI of one object over an interval of at most a week."""

    object: Annotated[Id, msgspec.Meta(description="id of one network element")]
    kpi: Annotated[Id, msgspec.Meta(description="name of the KPI, for example prb_utilisation_ratio")]
    since: Instant
    until: Instant
    page: Page = ""


class BetweenObjects(Arguments, frozen=True):
    """Two objects at an instant."""

    a: Annotated[Id, msgspec.Meta(description="id of one network element")]
    b: Annotated[Id, msgspec.Meta(description="id of the other network element")]
    at: Instant


class NearObject(Arguments, frozen=True):
    """One object and how far around it, at an instant."""

    object: Annotated[Id, msgspec.Meta(description="id of one network element")]
    at: Instant
    hops: Annotated[int, msgspec.Meta(ge=1, le=4, description="how many links away at most")] = 1
    page: Page = ""


class OfIncident(Arguments, frozen=True):
    """One incident."""

    incident_id: Annotated[
        Id, msgspec.Meta(description="id of an incident, or an unambiguous beginning of it")
    ]
    page: Page = ""


class OfIncidents(Arguments, frozen=True):
    """Which incidents; without anything, the latest."""

    objects: Annotated[
        tuple[Id, ...],
        msgspec.Meta(max_length=20, description="ids of network elements; empty: any"),
    ] = ()
    since: Instant | None = None
    until: Instant | None = None
    statuses: Annotated[
        tuple[str, ...],
        msgspec.Meta(max_length=8, description="TMF656 states such as inProgress, resolved; empty: any"),
    ] = ()
    page: Page = ""


class OfProblems(Arguments, frozen=True):
    """Problems by the names that alarms give them."""

    problems: Annotated[
        tuple[Id, ...],
        msgspec.Meta(
            min_length=1, max_length=20, description="names of problems as the alarms tool gives them"
        ),
    ]
    page: Page = ""


class Question(Arguments, frozen=True):
    """A question in plain words."""

    question: Annotated[
        str, msgspec.Meta(min_length=2, max_length=1_000, description="what to look up, in words")
    ]
    page: Page = ""


class Act(Arguments, frozen=True):
    """Something to propose about one target."""

    target: Annotated[Id, msgspec.Meta(description="id of what it is about")]
    reason: Reason


class Message(Act, frozen=True):
    """A text to propose to be sent."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000, description="the text, word for word")]


def check(kind: type[A], tool: str, given: dict[str, Any]) -> A:
    """Return the arguments as the tool takes them; objects are sorted and named once.

    Raises:
        ArgumentError: one is missing, unknown, or not allowed.
    """
    try:
        found = msgspec.convert(_with_times(given), kind, strict=False)
    except (msgspec.ValidationError, TypeError) as error:
        message = f"{tool} cannot be asked like that: {error}; it takes {describe(kind)}; ask with these"
        raise ArgumentError(message) from error
    many = {
        name: tuple(sorted(set(value)))
        for name, value in msgspec.structs.asdict(found).items()
        if isinstance(value, tuple)
    }
    found = msgspec.structs.replace(found, **many)
    _check_interval(found, tool)
    return found


def _with_times(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with instants read as ISO 8601 allows them, without seconds too."""
    read = dict(given)
    for name in ("since", "until", "at"):
        if isinstance(given.get(name), str):
            with contextlib.suppress(ValueError):
                read[name] = datetime.fromisoformat(given[name])
    return read


def describe(kind: type[Arguments]) -> str:
    """Return what a tool takes, in words.

    >>> describe(Act)
    'target (id of what it is about), reason (why, citing ids)'
    """
    schema = msgspec.json.schema(kind)["$defs"][kind.__name__]
    told = []
    for name, field in schema["properties"].items():
        about = field.get("description") or next(
            (one["description"] for one in field.get("anyOf", ()) if "description" in one), ""
        )
        optional = "" if name in schema.get("required", ()) else ", may be left out"
        told.append(f"{name} ({about}{optional})")
    return ", ".join(told)


def _check_interval(found: Arguments, tool: str) -> None:
    since, until = getattr(found, "since", None), getattr(found, "until", None)
    if since is None or until is None:
        return
    longest = timedelta(days=LONGEST_KPI_DAYS if tool.startswith("kpi_") else LONGEST_DAYS)
    if not timedelta(0) < until - since <= longest:
        message = (
            f"{tool} was asked about {since.isoformat()} to {until.isoformat()}; until must be after "
            f"since, by at most {longest.days} days; ask about a shorter interval"
        )
        raise ArgumentError(message)
