"""Trouble tickets of a simulated operator: what people wrote of its faults, with the truth kept apart.

A ticket's record holds what a desk would see when it comes in: no team, no priority, no type that was decided
later. It deliberately does not know how the texts become a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from streams.simulator.fault import Fault
from streams.simulator.language.case import Case
from streams.simulator.language.facts import draw_facts
from streams.simulator.language.places import anonymous
from streams.simulator.language.sayings import Language, Voice
from streams.simulator.plan import DEFAULT_ORIGIN
from streams.simulator.voices import Manner, can_tell, tell
from telcollm.errors import SettingsError
from telcollm.records import TroubleTicket

TICKET_TYPES: Final = ("outage", "degradation", "security", "change_fallout", "planned_work")
"""What sort of ticket it truly is."""

_SEVERITIES: Final = ("CRITICAL", "MAJOR", "MINOR", "WARNING")


@dataclass(frozen=True, slots=True)
class TicketTruth:
    """What is true of a ticket and not in its record.

    `said` are the facts the text truly tells (`-` before one ruled out), `misled_by` the kinds it points to
    without being of them; `impact_said` what it tells of who is hit, so that the priority can be known.
    """

    ticket_id: str
    fault_id: str
    kind: str
    team: str
    priority: str
    ticket_type: str
    voice: Voice
    language: Language
    region: str
    vendor: str
    element_id: str
    customers: int
    said: tuple[str, ...]
    misled_by: tuple[str, ...]
    impact_said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrittenTicket:
    """A ticket as it comes in, and the truth about it."""

    record: TroubleTicket
    truth: TicketTruth


def ticket_type_of(fault: Fault) -> str:
    """Return what sort of ticket a fault truly makes, one of `TICKET_TYPES`."""
    if fault.planned:
        return "planned_work"
    if fault.after_planned_work:
        return "change_fallout"
    if fault.team == "security":
        return "security"
    return "outage" if fault.severity == "CRITICAL" else "degradation"


def write_tickets(
    faults: Sequence[Fault],
    seed: int = 1,
    *,
    start: datetime = DEFAULT_ORIGIN,
    tenant: str = "default",
    chinese_ratio: float = 0.4,
    per_fault: float = 1.5,
    manner: Manner | None = None,
) -> list[WrittenTicket]:
    """Return the tickets people write of the faults, in order of time.

    A fault has about `per_fault` tickets, at least one, and more with more customers hit; the same arguments
    give the same tickets, and a fault's tickets do not hang on the other faults' order.

    Raises:
        SettingsError: `start` has no time zone, or a ratio or rate is out of range.
    """
    _check(start, chinese_ratio, per_fault)
    sites = tuple(sorted({fault.site_id for fault in faults}))
    written = [
        ticket
        for fault in faults
        for ticket in _tickets_of(
            fault, seed, sites, start, tenant, chinese_ratio, per_fault, manner or Manner()
        )
    ]
    return sorted(written, key=lambda ticket: (_created(ticket), ticket.record.ticket_id))


def _tickets_of(
    fault: Fault,
    seed: int,
    sites: tuple[str, ...],
    start: datetime,
    tenant: str,
    chinese_ratio: float,
    per_fault: float,
    manner: Manner,
) -> list[WrittenTicket]:
    truth_random = Random(f"{seed}:{fault.fault_id}:facts")
    facts = tuple(fact for fact in draw_facts(fault.kind, truth_random) if fact != "rain")
    if fault.rain:
        facts = (*facts, "rain")
    began = start + timedelta(seconds=fault.started_s)
    others = tuple(truth_random.choice(sites) for _ in range(4))
    tickets = []
    for number, voice in enumerate(_voices(fault, per_fault, truth_random)):
        random = Random(f"{seed}:{fault.fault_id}:{number}")
        minutes = random.lognormvariate({"noc": 2.3, "customer": 3.3, "field": 4.6}[voice], 0.7)
        created = began + timedelta(minutes=minutes)
        language: Language = "zh" if random.random() < chinese_ratio else "en"
        case = Case(fault, facts, began, others)
        telling = tell(case, voice, language, random, manner)
        ticket_id = anonymous("T", f"{seed}:{fault.fault_id}:{number}")
        record = TroubleTicket(
            tenant=tenant,
            region=fault.region,
            ticket_id=ticket_id,
            description=telling.text,
            severity=_reported_severity(fault, random),
            ticket_type="complaint" if voice == "customer" else "incident",
            creation_date=created,
            channel={"noc": "noc", "field": "field app", "customer": "care"}[voice],
        )
        truth = TicketTruth(
            ticket_id=ticket_id,
            fault_id=fault.fault_id,
            kind=fault.kind,
            team=fault.team,
            priority=fault.priority.value,
            ticket_type=ticket_type_of(fault),
            voice=voice,
            language=language,
            region=fault.region,
            vendor=fault.vendor,
            element_id=fault.element_id,
            customers=fault.customers,
            said=telling.said,
            misled_by=telling.misled_by,
            impact_said=telling.impact_said,
        )
        tickets.append(WrittenTicket(record, truth))
    return tickets


def _voices(fault: Fault, per_fault: float, random: Random) -> list[Voice]:
    """Return who writes of the fault: the centre first, others by chance, customers where any are hit."""
    voices: list[Voice] = []
    if random.random() < 0.75:
        voices.append("noc")
    if can_tell(fault.kind, "field") and random.random() < 0.3 * per_fault:
        voices.append("field")
    if fault.customers:
        often = min(0.8, 0.12 * len(str(fault.customers)) * per_fault)
        while random.random() < often and len(voices) < 6:
            voices.append("customer")
            often *= 0.6
    return voices or ["noc"]


def _reported_severity(fault: Fault, random: Random) -> str:
    """Return the severity as the writer reports it: right two times in three, else a step off."""
    at = _SEVERITIES.index(fault.severity) if fault.severity in _SEVERITIES else 1
    if random.random() < 0.34:
        at = min(max(at + random.choice((-1, 1)), 0), len(_SEVERITIES) - 1)
    return _SEVERITIES[at]


def _created(ticket: WrittenTicket) -> datetime:
    return ticket.record.creation_date or DEFAULT_ORIGIN


def _check(start: datetime, chinese_ratio: float, per_fault: float) -> None:
    if start.tzinfo is None:
        message = f"start={start!r} has no time zone; an aware time is needed; add tzinfo=UTC"
        raise SettingsError(message)
    if not 0.0 <= chinese_ratio <= 1.0:
        message = f"chinese_ratio={chinese_ratio} is out of range; 0 to 1 is allowed; change it"
        raise SettingsError(message)
    if not 0.0 < per_fault <= 10.0:
        message = f"per_fault={per_fault} is out of range; above 0 and up to 10 is allowed; change it"
        raise SettingsError(message)
