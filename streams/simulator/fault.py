"""Fault: one fault that happened, which is truth and never part of what is seen.

It deliberately does not know what it made elements say; that is drawn from its kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from telcollm.records import PerceivedSeverity, TicketPriority


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `kind` names a FaultKind, times are seconds from the start of the simulation.

    `affected_element_ids` are those out of service or degraded, the struck one first; `affected_service_ids`
    those riding on them. `customers` counts customers who notice. `service_classes` are those of the services
    affected ("emergency", "business", "residential"), sorted. `planned`: announced work happened, no fault.
    `after_planned_work`: work that ended shortly before brought it about. `third_party_site`: the site is
    somebody else's (a tower company's). `joined_with` is the fault it came together with, if any. `rain` is
    whether it rained heavily there. `root_element_ids` are the elements its cause is seen on: any is right.
    """

    fault_id: str
    kind: str
    domain: str
    element_id: str
    element_type: str
    site_id: str
    region: str
    vendor: str
    started_s: float
    ended_s: float
    team: str
    priority: TicketPriority
    severity: PerceivedSeverity
    affected_element_ids: tuple[str, ...]
    affected_service_ids: tuple[str, ...]
    customers: int
    service_classes: tuple[str, ...] = ()
    planned: bool = False
    after_planned_work: bool = False
    third_party_site: bool = False
    joined_with: str = ""
    rain: bool = False
    root_element_ids: tuple[str, ...] = ()


def priority_of(
    customers: int, service_classes: tuple[str, ...], severity: PerceivedSeverity
) -> TicketPriority:
    """Return a ticket's priority from who is hit, not from what broke.

    Emergency services out or 5,000 customers: Critical. Business services or 800: High. 50 customers, or a
    critical severity: Medium. Else Low.

    >>> priority_of(120, ("residential",), PerceivedSeverity.MAJOR)
    <TicketPriority.MEDIUM: 'Medium'>
    """
    if customers >= 5_000 or (customers and "emergency" in service_classes):
        return TicketPriority.CRITICAL
    if customers >= 800 or (customers and "business" in service_classes):
        return TicketPriority.HIGH
    if customers >= 50 or severity is PerceivedSeverity.CRITICAL:
        return TicketPriority.MEDIUM
    return TicketPriority.LOW
