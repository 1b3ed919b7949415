"""The network as the records tell it: elements, links, services on them, planned work.

Does not know paths or neighbourhoods: that is `telcollm.topology`.
"""

from __future__ import annotations

from telcollm.records.record import Identifier, Part, Record, UtcTime


class Link(Part, frozen=True):
    """A link from one element to another, valid in [valid_from, valid_to)."""

    target: Identifier
    kind: str = "link"
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None


class TopologyElement(Record, frozen=True):
    """One network element, its links and the services riding on it, valid in [valid_from, valid_to)."""

    element_id: Identifier
    element_type: str = ""
    name: str = ""
    links: tuple[Link, ...] = ()
    services: tuple[str, ...] = ()
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None


class PlannedWork(Record, frozen=True):
    """Work announced on objects for an interval: their alarms stay out of incidents and in sight."""

    planned_work_id: Identifier
    managed_objects: tuple[Identifier, ...]
    start_time: UtcTime
    end_time: UtcTime
    description: str = ""
