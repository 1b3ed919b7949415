"""The care desk: conversations, the suggested reply with its facts, and what the agent made of it.

Nothing is sent to a customer by itself: an agent sends, edits or rejects. Does not know how a reply is made
(`agents.care`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from telcollm.access import AccessDenied, Action, Caller, listed, narrowed, require, require_place
from telcollm.app.services.incidents import ALL, NotFoundError, filled, give_feedback
from telcollm.app.services.speaking import spoken
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError
from telcollm.identity import derive_id
from telcollm.ports import Scope
from telcollm.records import CareMessage, Customer, Feedback, FeedbackKind, Reply
from telcollm.store.care import ConversationHead

AGENT: Final = "agent"
"""Who wrote a message that the desk sent."""

MOST_TEXT: Final = 8_000


class Conversation(msgspec.Struct, frozen=True):
    """One conversation in full; `replies` in the order decided, withdrawn ones marked as such."""

    conversation_id: str
    messages: tuple[CareMessage, ...]
    replies: tuple[Reply, ...]
    customer: Customer | None


def list_conversations(
    workplace: Workplace,
    caller: Caller,
    *,
    since: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
    wanted: Scope = ALL,
) -> list[ConversationHead]:
    """Return conversations, the latest message first.

    Raises:
        AccessDenied: not with the caller's roles, or not in the wanted tenants and regions.
    """
    require(caller, Action.CARE_LIST)
    scope = narrowed(caller, wanted)
    return workplace.stores.care.conversations(scope, since=since, limit=limit, offset=offset)


def conversation(
    workplace: Workplace, caller: Caller, conversation_id: str, action: Action = Action.CARE_READ
) -> Conversation:
    """Return one conversation in full; that it was read is told to the audit trail.

    Raises:
        AccessDenied: the caller may not take the action.
        NotFoundError: there is none in the caller's scope.
    """
    require(caller, action)
    store = workplace.stores.care
    messages = store.conversation(caller.scope, conversation_id)
    if not messages:
        message = (
            f"conversation={conversation_id[:80]!r} is not known; the id of one in your scope is allowed; "
            "look it up in the list of conversations"
        )
        raise NotFoundError(message)
    last = messages[-1]
    workplace.audit(caller, "conversation read", conversation_id, tenant=last.tenant, region=last.region)
    who = next((one.customer_id for one in reversed(messages) if one.customer_id), "")
    return Conversation(
        conversation_id,
        tuple(messages),
        tuple(store.replies(caller.scope, conversation_id)),
        store.customer(caller.scope, who) if who else None,
    )


def add_message(workplace: Workplace, caller: Caller, message: CareMessage) -> CareMessage:
    """Return a customer's message as kept; the same one twice is one.

    Raises:
        AccessDenied: the caller may not add messages, or not there.
        TelcollmError: it says nothing, or too much.
    """
    require(caller, Action.CARE_WRITE)
    require_place(caller, message.tenant, message.region)
    filled("text", message.text, MOST_TEXT)
    workplace.stores.care.put_messages([message])
    return message


def suggest(workplace: Workplace, caller: Caller, conversation_id: str) -> Reply:
    """Return the reply suggested now, as kept: a script with slots from live records only.

    Raises:
        AccessDenied, NotFoundError: not theirs to answer.
    """
    found = conversation(workplace, caller, conversation_id, Action.CARE_SUGGEST)
    replies = spoken(
        workplace,
        lambda model: workplace.desk(model=model).suggest([found.messages], decided_time=workplace.now()),
    )
    if not replies:
        message = (
            f"conversation={conversation_id!r} waits for the customer: the desk spoke last; one in which the "
            "customer did is allowed; wait for a message"
        )
        raise TelcollmError(message)
    reply = replies[0]
    workplace.audit(
        caller,
        "reply suggested",
        reply.reply_id,
        tenant=reply.tenant,
        region=reply.region,
        detail=f"{reply.intent}, {reply.decided_by.value}",
    )
    workplace.stores.care.put_replies([reply])
    return reply


def send(
    workplace: Workplace, caller: Caller, conversation_id: str, reply_id: str, text: str | None = None
) -> Feedback:
    """Return the feedback on a reply that the agent sends: accepted as it is, or corrected to `text`.

    What was sent is kept as a message of the conversation.

    Raises:
        AccessDenied, NotFoundError: not theirs to send, or without the approval that it needs.
        TelcollmError: it was withdrawn, its time has passed, or the text says nothing.
    """
    found, reply = _reply(workplace, caller, conversation_id, reply_id)
    if reply.withdrawn:
        message = (
            f"reply={reply_id!r} was withdrawn, as what it rests on has changed; one in force is allowed; "
            "ask for a new suggestion"
        )
        raise TelcollmError(message)
    now = workplace.now()
    _require_in_force(caller, reply, now)
    sent = reply.text if text is None else filled("text", text, MOST_TEXT)
    kind = FeedbackKind.ACCEPTED if sent == reply.text else FeedbackKind.CORRECTED
    workplace.audit(
        caller, f"reply {kind.value} and sent", reply_id, tenant=reply.tenant, region=reply.region
    )
    workplace.stores.care.put_messages(
        [
            CareMessage(
                tenant=reply.tenant,
                region=reply.region,
                message_id=derive_id("msg", reply.tenant, reply_id, sent),
                conversation_id=conversation_id,
                sent_time=now,
                text=sent,
                author=AGENT,
                language=reply.language,
                customer_id=found.customer.customer_id if found.customer else "",
            )
        ]
    )
    return give_feedback(
        workplace,
        caller,
        reply,
        subject_id=reply_id,
        subject_kind="reply",
        kind=kind,
        correction=sent if kind is FeedbackKind.CORRECTED else "",
    )


def _require_in_force(caller: Caller, reply: Reply, now: datetime) -> None:
    if reply.valid_until is not None and now > reply.valid_until:
        message = (
            f"reply={reply.reply_id!r} holds until {reply.valid_until.isoformat()}, and that has passed; "
            "one whose time has not passed is allowed; ask for a new suggestion"
        )
        raise TelcollmError(message)
    if reply.approvals and caller.roles.isdisjoint(reply.approvals):
        message = (
            f"reply={reply.reply_id!r} needs an approval that {caller.name!r} with the roles "
            f"{listed(caller.roles)} cannot give; {', '.join(reply.approvals)} may send it; ask one of them"
        )
        raise AccessDenied(message)


def reject(
    workplace: Workplace, caller: Caller, conversation_id: str, reply_id: str, reason: str
) -> Feedback:
    """Return the feedback on a reply that the agent does not send.

    Raises:
        AccessDenied, NotFoundError: not theirs to judge.
        TelcollmError: no reason is given.
    """
    _, reply = _reply(workplace, caller, conversation_id, reply_id)
    why = filled("reason", reason)
    workplace.audit(
        caller, "reply rejected", reply_id, tenant=reply.tenant, region=reply.region, detail=why[:200]
    )
    return give_feedback(
        workplace,
        caller,
        reply,
        subject_id=reply_id,
        subject_kind="reply",
        kind=FeedbackKind.REJECTED,
        reason=why,
    )


def _reply(
    workplace: Workplace, caller: Caller, conversation_id: str, reply_id: str
) -> tuple[Conversation, Reply]:
    found = conversation(workplace, caller, conversation_id, Action.CARE_JUDGE)
    reply = next((one for one in found.replies if one.reply_id == reply_id), None)
    if reply is None:
        message = (
            f"reply={reply_id[:80]!r} is none of conversation {conversation_id[:80]!r}; the id of one "
            "suggested there is allowed; ask for a suggestion"
        )
        raise NotFoundError(message)
    return found, reply
