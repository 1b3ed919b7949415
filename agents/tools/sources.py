"""What the tools look at: stores, topology, cause graph and library, as one caller may see them.

Does not know budgets, pages or the tools.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from telcollm.graph import CauseGraph
from telcollm.guard import Guard
from telcollm.ports import Scope
from telcollm.topology import Topology

if TYPE_CHECKING:
    from telcollm.knowledge.library import Library
    from telcollm.store.opening import Stores

TEXT_CHARACTERS: Final = 400


@dataclass(frozen=True)
class Sources:
    """Everything a tool may read. `rows` bounds what one tool reads of one kind of record."""

    stores: Stores
    topology: Topology
    graph: CauseGraph | None
    library: Library | None
    scope: Scope
    roles: tuple[str, ...]
    now: datetime
    guard: Guard
    rows: int

    @cached_property
    def network(self) -> Topology:
        """The topology within the scope: elements beyond it are not there, nor are links to them."""
        hidden = {
            name
            for name, item in self.topology.elements.items()
            if not sees(self.scope, item.tenant, item.region)
        }
        if not hidden:
            return self.topology
        return Topology(
            msgspec.structs.replace(
                item, links=tuple(link for link in item.links if link.target not in hidden)
            )
            for name, item in self.topology.elements.items()
            if name not in hidden
        )

    def text(self, text: str, most: int = TEXT_CHARACTERS) -> str:
        """Return untrusted text as one guarded line of at most `most` characters."""
        line = " ".join(self.guard.hide(text).split())
        return line if len(line) <= most else line[: most - 1] + "…"


@dataclass(frozen=True)
class Finding:
    """What a tool's function found: a value whose `items` are all of it, and what was searched.

    `total` counts the items, or is given where the value holds none; `complete` is False where there was
    more than could be read. `own_ids` are those of records in the value beside its items.
    """

    value: Any
    searched: str
    complete: bool = True
    own_ids: tuple[str, ...] = ()


def sees(scope: Scope, tenant: str, region: str) -> bool:
    """Tell whether a scope allows to see a record of a tenant and region.

    >>> sees(Scope(tenants=("acme",)), "acme", "north"), sees(Scope(regions=("south",)), "acme", "north")
    (True, False)
    """
    return (not scope.tenants or tenant in scope.tenants) and (not scope.regions or region in scope.regions)


def milliseconds(instant: datetime) -> int:
    """Return an aware time in ms since the Unix epoch."""
    return int(instant.timestamp() * 1000)


def named(objects: Sequence[str], noun: str = "object", most: int = 5) -> str:
    """Return a list of names as words, bounded.

    >>> named(["b", "a"]), named(list("abcdefgh"), "service", 2)
    ('2 objects (b, a)', '8 services (a, b and 6 more)')
    """
    shown = ", ".join(name[:80] for name in objects[:most])
    rest = f" and {len(objects) - most} more" if len(objects) > most else ""
    return f"{len(objects)} {noun}{'' if len(objects) == 1 else 's'} ({shown}{rest})"


def interval(since: datetime, until: datetime) -> str:
    """Return an interval in words.

    >>> from datetime import UTC
    >>> interval(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
    'from 2026-01-05T00:00:00+00:00 to 2026-01-06T00:00:00+00:00'
    """
    return f"from {since.isoformat()} to {until.isoformat()}"


def counted(values: Sequence[str], most: int = 10) -> dict[str, int]:
    """Return how often each value comes, the most first; what is beyond `most` is summed as `(others)`.

    >>> counted(["a", "b", "b"]), counted(["a", "b", "b", "c"], 1)
    ({'b': 2, 'a': 1}, {'b': 2, '(others)': 2})
    """
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    ranked = sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))
    told = {name[:120]: number for name, number in ranked[:most]}
    if len(ranked) > most:
        told["(others)"] = sum(number for _, number in ranked[most:])
    return told
