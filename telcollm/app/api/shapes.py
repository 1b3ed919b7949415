"""What requests must look like, for the description of the API and before anything is done.

Resources of TM Forum take fields that nobody knows and keep them; the platform's own take none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from telcollm.records import FeedbackKind, TicketPriority, TicketStatus

Name = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"\S")]
Text = Annotated[str, Field(min_length=1, max_length=16_384, pattern=r"\S")]
Place = Annotated[str, Field(max_length=1024)]


class _Open(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")


class _Closed(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")


class Reference(_Open):
    """A reference to something by its id."""

    id: Name


class TroubleTicketCreate(_Open):
    """A TMF621 v5 ticket to be filed; the tenant may be left out where the key sees one alone."""

    description: Text
    severity: Annotated[str, Field(max_length=200)]
    ticketType: Annotated[str, Field(max_length=200)]
    name: Annotated[str, Field(max_length=1024)] = ""
    priority: TicketPriority | None = None
    status: TicketStatus = TicketStatus.ACKNOWLEDGED
    externalIdentifier: list[Reference] = []
    relatedEntity: list[Reference] = []
    tenant: Place = ""
    region: Place = ""


class ServiceProblemCreate(_Open):
    """A TMF656 v5 service problem to be raised."""

    category: Name
    priority: Annotated[int, Field(ge=1, le=10)]
    description: Text
    reason: Annotated[str, Field(max_length=16_384)]
    originatorParty: Reference
    status: TicketStatus = TicketStatus.ACKNOWLEDGED
    affectedService: list[Reference] = []
    tenant: Place = ""
    region: Place = ""


class AlarmCreate(_Open):
    """A TMF642 v4 alarm to be sent into the pipeline, with the fields that the standard requires."""

    alarmType: Name
    perceivedSeverity: Name
    probableCause: Name
    alarmedObject: Reference
    sourceSystemId: Name
    state: Literal["raised", "updated", "cleared"]
    alarmRaisedTime: datetime


class AlarmComment(_Open):
    """What somebody says of an alarm."""

    comment: Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"\S")]


class AlarmPatch(_Closed):
    """What of an alarm people change here; its life is its element manager's."""

    ackState: Literal["acknowledged", "unacknowledged"] | None = None
    comment: list[AlarmComment] = []


class HubRequest(_Open):
    """Where events go, and which: `eventType=NAME`, several joined by `&`; all by default."""

    callback: Annotated[str, Field(min_length=1, max_length=2_048)]
    query: Annotated[str, Field(max_length=2_000)] = ""


class HubAnswer(pydantic.BaseModel):
    """A subscription; `key` signs its webhooks and is shown this once."""

    id: str
    callback: str
    query: str
    key: str


class Event(_Open):
    """An event of another system's hub."""

    eventType: Name
    event: dict[str, Any]


class Question(_Closed):
    """A question in words."""

    question: Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]
    language: Literal["en", "zh"] | None = None


class RouteRequest(_Closed):
    """Stored tickets to be routed, by id."""

    tickets: Annotated[list[Name], Field(min_length=1, max_length=100)]


class MessageRequest(_Closed):
    """A customer's message, added to its conversation before a reply is suggested."""

    conversation: Name
    text: Annotated[str, Field(max_length=8_000)] = ""
    messageId: Annotated[str, Field(max_length=1024)] = ""
    customer: Annotated[str, Field(max_length=1024)] = ""
    services: Annotated[list[Name], Field(max_length=50)] = []
    tenant: Place = ""
    region: Place = ""


class FeedbackRequest(_Closed):
    """What a person made of an output: of an incident's diagnosis, a ticket's route or a reply."""

    subject: Literal["incident", "ticket", "reply"]
    id: Name
    kind: FeedbackKind
    correction: Annotated[str, Field(max_length=4_000)] = ""
    reason: Annotated[str, Field(max_length=4_000)] = ""
    conversation: Annotated[str, Field(max_length=1024)] = ""


class BatchRequest(_Closed):
    """Tickets to be routed together, stored or not: one object a ticket, as TMF621 has it."""

    tickets: Annotated[list[TroubleTicketCreate], Field(min_length=1, max_length=1_000)]


class AlertmanagerPayload(_Open):
    """What Prometheus Alertmanager's webhook sends. Source: its documentation, webhook_config, version 4."""

    version: Annotated[str, Field(max_length=20)] = "4"
    alerts: Annotated[list[dict[str, Any]], Field(max_length=1_000)]
