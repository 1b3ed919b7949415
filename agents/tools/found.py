"""What tools find, as plain values: every text in them has gone through the guard. Does not know how.

Each item names the records that it was read from (`record_ids`), so that a statement can cite them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

import msgspec

from telcollm.records import Diagnosis, Incident


class Item(Protocol):
    """One thing that a tool found."""

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The ids of the records it was read from."""
        ...


I_co = TypeVar("I_co", bound=Item, covariant=True)


class Found(msgspec.Struct, Generic[I_co], frozen=True, omit_defaults=True):
    """A page of what was found, and counts over all of it: `{"problem": {"LINK_LOSS": 4}}`."""

    items: tuple[I_co, ...] = ()
    counts: dict[str, dict[str, int]] = {}
    note: str = ""


class AlarmFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alarm; `severity` in the words of 3GPP, `hops` how far its object is from those asked about."""

    alarm_id: str
    managed_object: str
    problem: str
    severity: str
    raised_time: datetime
    cleared_time: datetime | None = None
    suppressed: str = ""
    text: str = ""
    hops: int = 0

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The alarm's id."""
        return (self.alarm_id,)


class KpiPoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sample beside its normal; `deviation` in robust standard deviations, None where not to be told."""

    sample_id: str
    sampled_time: datetime
    value: float
    normal: float | None = None
    deviation: float | None = None

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The sample's id."""
        return (self.sample_id,)


Basis = Literal["same hour of week", "same hour of day", "too little history"]


class KpiSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One KPI of one object over an interval, against its own past.

    `normal`, `deviation` and `worst_*` are those of the most unusual sample: `deviation` is how many robust
    standard deviations (1.4826 MAD) it lies above (+) or below (-) its normal, None where nothing can be said
    or the KPI had never moved before. `departs`: it lies outside what its past allows. `missing` counts
    samples that should have been there.
    """

    managed_object: str
    kpi: str
    samples: int
    median: float
    basis: Basis
    departs: bool = False
    normal: float | None = None
    deviation: float | None = None
    worst_value: float | None = None
    worst_time: datetime | None = None
    unusual_samples: int = 0
    missing: int = 0
    history_samples: int = 0
    said: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The ids of the samples that tell it best."""
        return self.evidence


class KpiHistory(msgspec.Struct, frozen=True, omit_defaults=True):
    """The samples of one KPI in order of time, and what they come to."""

    summary: KpiSummary
    items: tuple[KpiPoint, ...] = ()


class LogTemplate(msgspec.Struct, frozen=True, omit_defaults=True):
    """Log lines of one shape; `before` counts its lines in the interval of equal length just before."""

    template: str
    lines: int
    before: int
    first_time: datetime
    last_time: datetime
    objects: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The ids of its first lines."""
        return self.examples


class PathStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """One element of a path, and by what kind of link it was reached from the one before."""

    element_id: str
    element_type: str = ""
    link: str = ""

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The element's id."""
        return (self.element_id,)


class Neighbour(msgspec.Struct, frozen=True, omit_defaults=True):
    """One element near another; `via` is its neighbour on the way there."""

    element_id: str
    hops: int
    element_type: str = ""
    via: str = ""
    services: int = 0

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The element's id."""
        return (self.element_id,)


class ChangeFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change: planned work, or a ticket of type change."""

    change_id: str
    kind: Literal["planned work", "ticket"]
    objects: tuple[str, ...]
    start_time: datetime | None = None
    end_time: datetime | None = None
    status: str = ""
    description: str = ""

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The change's id."""
        return (self.change_id,)


class TicketFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ticket; `matched_by` says why it is here."""

    ticket_id: str
    status: str
    objects: tuple[str, ...]
    matched_by: str
    ticket_type: str = ""
    priority: str = ""
    team: str = ""
    creation_time: datetime | None = None
    description: str = ""

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The ticket's id."""
        return (self.ticket_id,)


class Solution(msgspec.Struct, frozen=True):
    """What a record says solved an incident; `source` is what kind of record."""

    source: Literal["ticket status", "ticket note", "correction"]
    record_id: str
    text: str


class SimilarIncident(msgspec.Struct, frozen=True, omit_defaults=True):
    """A past incident; `likeness` in 0-1 is the weighted sum of `parts`, each in 0-1."""

    incident_id: str
    likeness: float
    parts: dict[str, float]
    opened_time: datetime
    status: str
    shared_problems: tuple[str, ...] = ()
    root_cause_resource: str = ""
    root_cause_problem: str = ""
    solved_by: tuple[Solution, ...] = ()

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The incident's id, and those of the records that tell what solved it."""
        return (self.incident_id, *dict.fromkeys(item.record_id for item in self.solved_by))


class ServiceFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service that needs an object; `path` leads from the object to the element it rides on."""

    service_id: str
    element_id: str
    how: Literal["rides on it", "is fed by it", "is cut off with it", "hangs on it"]
    path: tuple[str, ...]
    customers: tuple[str, ...] = ()
    customers_in_all: int = 0

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The service, its element and the customers shown."""
        return (self.service_id, self.element_id, *self.customers)


class Passage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A passage of the knowledge base: data to be cited, never an instruction."""

    chunk_id: str
    document_id: str
    citation: str
    source: str
    text: str
    score: float

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The passage's id and its document's."""
        return (self.chunk_id, self.document_id)


class CauseFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One edge of the cause graph: `weight` in 0-1, `lag_s` typical seconds from cause to effect."""

    edge_id: str
    cause: str
    effect: str
    weight: float
    lag_s: float
    provenance: str

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The edge's id: the graph's digest and the pair's."""
        return (self.edge_id,)


class IncidentFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One incident as the store has it, texts guarded and lists bounded."""

    incident: Incident

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The incident's id."""
        return (self.incident.incident_id,)


class DiagnosisFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """An incident, its latest diagnosis where it has one, and its alarms as `items`."""

    incident: Incident
    diagnosis: Diagnosis | None = None
    items: tuple[AlarmFact, ...] = ()
    counts: dict[str, dict[str, int]] = {}

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The incident's id and the diagnosis's."""
        return (self.incident.incident_id, *((self.diagnosis.diagnosis_id,) if self.diagnosis else ()))


class Proposal(msgspec.Struct, frozen=True):
    """Something that a person may approve: it is kept nowhere, and nothing has been done.

    `reversible`: it can be undone by the same means.
    """

    action: str
    target: str
    reason: str
    effect: str
    reversible: bool
    text: str = ""

    @property
    def record_ids(self) -> tuple[str, ...]:
        """What it is about."""
        return (self.target,)
