"""What an agent did with a suggested reply, as feedback in one action: sent, edited or rejected.

Does not know where feedback is kept or what is learned from it.
"""

from __future__ import annotations

from datetime import datetime

from telcollm.errors import TelcollmError
from telcollm.identity import derive_id
from telcollm.records import Feedback, FeedbackKind, Reply

SUBJECT: str = "reply"


class FeedbackError(TelcollmError):
    """Feedback that says nothing, or more than one thing."""


def reply_feedback(
    reply: Reply,
    *,
    given_time: datetime,
    actor: str = "",
    sent: bool = False,
    edited: str | None = None,
    rejected: str | None = None,
) -> Feedback:
    """Return the feedback: `edited` is the text that went out instead, `rejected` why none did.

    The last word on a reply counts: the same kind at the same time by the same person is the same record.

    Raises:
        FeedbackError: none or several are given, a text is empty, or what was withdrawn is said to be sent.
    """
    given = [name for name, there in _given(sent, edited, rejected) if there]
    if len(given) != 1:
        message = (
            f"feedback on {reply.reply_id} says {' and '.join(given) or 'nothing'}; exactly one of sent, "
            "edited and rejected is allowed; give one"
        )
        raise FeedbackError(message)
    text = (edited if edited is not None else rejected or "").strip()
    if not sent and not text:
        what = "the text that was sent" if edited is not None else "why it was rejected"
        message = f"{given[0]} on {reply.reply_id} is empty; {what} is needed; write it in a few words"
        raise FeedbackError(message)
    if sent and (reply.withdrawn or not reply.text):
        why = reply.withdrawn_reason or "it holds no text"
        message = (
            f"reply {reply.reply_id} cannot be sent: {why}; a reply that stands is allowed; ask for a new "
            f"one: telcollm care suggest --conversation {reply.conversation_id}"
        )
        raise FeedbackError(message)
    kind = (
        FeedbackKind.ACCEPTED
        if sent
        else FeedbackKind.CORRECTED
        if edited is not None
        else FeedbackKind.REJECTED
    )
    return Feedback(
        tenant=reply.tenant,
        region=reply.region,
        feedback_id=derive_id("fbk", reply.tenant, reply.reply_id, kind.value, actor, given_time.isoformat()),
        subject_id=reply.reply_id,
        subject_kind=SUBJECT,
        kind=kind,
        given_time=given_time,
        actor=actor,
        correction=text if edited is not None else "",
        reason=text if rejected is not None else "",
    )


def _given(sent: bool, edited: str | None, rejected: str | None) -> tuple[tuple[str, bool], ...]:
    return (("sent", sent), ("edited", edited is not None), ("rejected", rejected is not None))
