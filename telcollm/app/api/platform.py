"""The platform's own endpoints: ask, route, suggest, feedback, batches, the switch, Alertmanager in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query

from telcollm import codec
from telcollm.access import Action, Caller
from telcollm.app import tmf
from telcollm.app.api.asking import Place, asks
from telcollm.app.api.placing import placed
from telcollm.app.api.shapes import (
    AlertmanagerPayload,
    BatchRequest,
    FeedbackRequest,
    MessageRequest,
    Question,
    RouteRequest,
)
from telcollm.app.services import accounts, alarms, batches, care, incidents, pipeline, questions, tickets
from telcollm.app.services.alertmanager import alarm_of
from telcollm.errors import TelcollmError
from telcollm.identity import derive_id
from telcollm.records import CareMessage, Feedback, FeedbackKind, TicketPriority

router = APIRouter(prefix="/v1", tags=["telcollm"])
Resource = dict[str, Any]


@router.post("/ask")
def ask(workplace: Place, caller: Annotated[Caller, asks(Action.QUESTION_ASK)], asked: Question) -> Resource:
    """Answer a question in words, each sentence with the ids that it rests on."""
    answer = questions.ask(workplace, caller, asked.question, language=asked.language)
    told: Resource = msgspec.to_builtins(answer)
    return {**told, "text": answer.text}


@router.post("/route")
def route(
    workplace: Place, caller: Annotated[Caller, asks(Action.TICKET_ROUTE)], wanted: RouteRequest
) -> list[Resource]:
    """Decide where stored tickets go, and keep it."""
    return [codec.to_wire(one) for one in tickets.route(workplace, caller, wanted.tickets)]


@router.post("/suggest")
def suggest(
    workplace: Place, caller: Annotated[Caller, asks(Action.CARE_SUGGEST)], message: MessageRequest
) -> Resource:
    """Suggest a reply to a conversation, whose next message may be given; nothing is sent to anybody."""
    if message.text:
        where = placed(workplace, caller, {"tenant": message.tenant, "region": message.region})
        now = workplace.now()
        derived = derive_id("msg", message.conversation, now.isoformat(), message.text)
        care.add_message(
            workplace,
            caller,
            CareMessage(
                tenant=where["tenant"],
                region=where["region"],
                message_id=message.messageId or derived,
                conversation_id=message.conversation,
                sent_time=now,
                text=message.text,
                customer_id=message.customer,
                service_ids=tuple(message.services),
            ),
        )
    return codec.to_wire(care.suggest(workplace, caller, message.conversation))


@router.post("/feedback", status_code=201)
def feedback(
    workplace: Place, caller: Annotated[Caller, asks(Action.PIPELINE_READ)], given: FeedbackRequest
) -> Resource:
    """Accept, correct or reject an output; each kind of subject asks for the role that may judge it."""
    return codec.to_wire(_judged(workplace, caller, given))


def _judged(workplace: Place, caller: Caller, given: FeedbackRequest) -> Feedback:
    kind, name = given.kind, given.id
    if given.subject == "incident":
        if kind is FeedbackKind.ACCEPTED:
            return incidents.accept(workplace, caller, name)
        if kind is FeedbackKind.CORRECTED:
            return incidents.correct(workplace, caller, name, given.correction, reason=given.reason)
        return incidents.reject(workplace, caller, name, given.reason)
    if given.subject == "ticket":
        if kind is FeedbackKind.ACCEPTED:
            return tickets.accept(workplace, caller, name)
        if kind is FeedbackKind.CORRECTED:
            team, _, priority = given.correction.partition(",")
            wanted = _priority(priority.strip()) if priority.strip() else None
            return tickets.correct(workplace, caller, name, team, priority=wanted, reason=given.reason)
        return tickets.reject(workplace, caller, name, given.reason)
    if kind is FeedbackKind.REJECTED:
        return care.reject(workplace, caller, given.conversation, name, given.reason)
    text = given.correction if kind is FeedbackKind.CORRECTED else None
    return care.send(workplace, caller, given.conversation, name, text)


def _priority(name: str) -> TicketPriority:
    try:
        return TicketPriority(name)
    except ValueError as error:
        message = f"priority={name[:80]!r} is not known; {', '.join(TicketPriority)} is allowed; mend it"
        raise TelcollmError(message) from error


@router.post("/batches", status_code=202)
def submit_batch(
    workplace: Place, caller: Annotated[Caller, asks(Action.TICKET_BATCH)], wanted: BatchRequest
) -> Resource:
    """Have many tickets routed in the background; none of them is filed."""
    wires = [
        placed(workplace, caller, tmf.ticket_fields(one.model_dump(mode="json", exclude_none=True)))
        for one in wanted.tickets
    ]
    made: Resource = msgspec.to_builtins(batches.submit(workplace, caller, wires))
    return made


@router.get("/batches/{batch_id}")
def read_batch(
    workplace: Place, caller: Annotated[Caller, asks(Action.TICKET_BATCH)], batch_id: str
) -> Resource:
    """Tell how a batch stands; with its routes once it is done."""
    found: Resource = msgspec.to_builtins(batches.batch(workplace, caller, batch_id))
    return found


@router.get("/pipeline")
def read_pipeline(workplace: Place, caller: Annotated[Caller, asks(Action.PIPELINE_READ)]) -> Resource:
    """Tell how the pipeline stands: lag, rate, degraded or not, and whether models may speak."""
    state: Resource = msgspec.to_builtins(pipeline.pipeline(workplace, caller))
    return state


@router.post("/stop-model")
def stop_model(workplace: Place, caller: Annotated[Caller, asks(Action.MODEL_STOP)]) -> Resource:
    """Stop all model output, in every process within a second."""
    state: Resource = msgspec.to_builtins(accounts.stop_model(workplace, caller))
    return state


@router.post("/start-model")
def start_model(workplace: Place, caller: Annotated[Caller, asks(Action.MODEL_START)]) -> Resource:
    """Let models speak again."""
    state: Resource = msgspec.to_builtins(accounts.start_model(workplace, caller))
    return state


@router.post("/alertmanager", status_code=202)
def alertmanager(
    workplace: Place,
    caller: Annotated[Caller, asks(Action.ALARM_RECEIVE)],
    payload: AlertmanagerPayload,
    tenant: Annotated[str, Query(max_length=1024)] = "",
    region: Annotated[str, Query(max_length=1024)] = "",
) -> dict[Literal["alarms"], int]:
    """Take Alertmanager's alerts into the pipeline; all of a payload, or none where one cannot be read."""
    wires = [alarm_of(alert, number) for number, alert in enumerate(payload.alerts)]
    alarms.send_all(workplace, caller, wires, tenant=tenant, region=region, action=Action.ALARM_RECEIVE)
    return {"alarms": len(wires)}
