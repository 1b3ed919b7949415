"""Laws of feedback: one action, one record, nothing said twice or about what was taken back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.care.feedback import FeedbackError, reply_feedback
from telcollm.ports import EVERYTHING
from telcollm.records import FeedbackKind
from tests.agents.care.conftest import NOW, Desk


@pytest.mark.parametrize(
    ("given", "kind", "correction", "reason"),
    [
        ({"sent": True}, FeedbackKind.ACCEPTED, "", ""),
        ({"edited": " We are on it. "}, FeedbackKind.CORRECTED, "We are on it.", ""),
        ({"rejected": "wrong service"}, FeedbackKind.REJECTED, "", "wrong service"),
    ],
)
def test_what_was_done_is_kept(
    desk: Desk, given: dict[str, Any], kind: FeedbackKind, correction: str, reason: str
) -> None:
    reply = desk.kept("my internet is down")
    feedback = reply_feedback(reply, given_time=NOW, actor="kim", **given)
    desk.stores.store.put_feedback(feedback)
    desk.stores.store.put_feedback(feedback)
    (kept,) = desk.stores.store.feedback(EVERYTHING)
    assert (kept.subject_id, kept.subject_kind, kept.kind) == (reply.reply_id, "reply", kind)
    assert (kept.correction, kept.reason, kept.actor) == (correction, reason, "kim")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "says nothing"),
        ({"sent": True, "rejected": "x"}, "says sent and rejected"),
        ({"edited": "  "}, "edited on .* is empty"),
        ({"rejected": ""}, "why it was rejected is needed"),
    ],
)
def test_feedback_that_says_nothing_or_too_much_is_refused(
    desk: Desk, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(FeedbackError, match=said):
        reply_feedback(desk.reply("hello"), given_time=NOW, **given)


def test_what_was_withdrawn_cannot_have_been_sent(desk: Desk) -> None:
    gone = msgspec.structs.replace(desk.reply("hello"), withdrawn=True, withdrawn_reason="inc-1 is resolved")
    with pytest.raises(FeedbackError, match="inc-1 is resolved"):
        reply_feedback(gone, given_time=NOW, sent=True)
    assert reply_feedback(gone, given_time=NOW, rejected="too late").kind is FeedbackKind.REJECTED
