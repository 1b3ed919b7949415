"""The desk of customer care: asks for replies to messages, and which still hold when an incident changes.

Does not know how a reply is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

import msgspec

from streams.intake import MessageAsk
from streams.request_desk import RequestDesk, check_count
from streams.topics import reply_lane
from telcollm.codec import decode, encode
from telcollm.identity import derive_id
from telcollm.ports import ReplySuggester, Scope, StoreTransaction
from telcollm.records import CareMessage, Incident, Reply
from telcollm.state import DeskRequest, DiagnosisRequest

_CHANGED: Final = "changed"
_HOLDS_S: Final = 2 * 3_600
"""For how long after a reply an outage that it knew nothing of is told to the care desk."""
_ASK = msgspec.json.Decoder(MessageAsk)


class ReplyDesk(RequestDesk[ReplySuggester, Reply]):
    """Asks for replies to customers' messages, and which still hold when an incident changes."""

    kind: ClassVar = "replies"

    def _lane_of(self, lane: str) -> str:
        return reply_lane(lane)

    def _answered(
        self, requests: Sequence[DeskRequest], decided_time: datetime
    ) -> Mapping[str, Sequence[Reply]]:
        answers: dict[str, Sequence[Reply]] = {}
        asked: list[tuple[DeskRequest, MessageAsk]] = []
        changes: dict[str, tuple[DeskRequest, Incident]] = {}
        for request in requests:
            if _is_change(request):
                answers[request.request_id] = []
                incident = decode(request.body, Incident)
                known = changes.get(incident.incident_id)
                if known is None or incident.revision >= known[1].revision:
                    changes[incident.incident_id] = (request, incident)
            else:
                asked.append((request, _ASK.decode(request.body)))
        # What the newest revision takes back, older ones need not.
        for request, incident in changes.values():
            answers[request.request_id] = self._decides.incident_changed(incident, decided_time=decided_time)
        if asked:
            conversations = [self._conversation(ask) for _, ask in asked]
            replies = self._decides.suggest(conversations, decided_time=decided_time)
            if len(asked) == 1 and not replies:
                answers[asked[0][0].request_id] = []
                return answers
            check_count("the care desk", len(replies), len(asked))
            for (request, ask), reply in zip(asked, replies, strict=True):
                answers[request.request_id] = [msgspec.structs.replace(reply, mode=ask.mode)]
        return answers

    def _conversation(self, ask: MessageAsk) -> list[CareMessage]:
        wanted = frozenset(ask.message_ids)
        scope = Scope(tenants=(ask.tenant,))
        found = self._store.conversation(scope, ask.conversation_id)
        earlier = [message for message in found if message.message_id in wanted]
        last = [message for message in earlier if message.message_id == ask.message_ids[-1]]
        # The one that waits comes last, wherever the clock of who sent it puts it.
        return [message for message in earlier if message.message_id != ask.message_ids[-1]] + last

    def _keep(self, transaction: StoreTransaction, request: DeskRequest, answers: Sequence[Reply]) -> None:
        transaction.put_replies(answers)
        # The incident may have changed while the reply was thought of, and whoever changed it did not know.
        resting = {reply.incident_id: reply.incident_revision for reply in answers if not reply.withdrawn}
        seen = decode(request.body, Incident).revision if _is_change(request) else None
        transaction.put_desk_requests(
            changed_request(incident, request.lane.removeprefix(reply_lane("")), request.request_id)
            for incident in transaction.current_incidents(resting)
            if incident.revision != (resting[incident.incident_id] if seen is None else seen)
            or (seen is None and incident.superseded_by)
        )

    def _key(self, answer: Reply) -> str:
        return answer.conversation_id


def changed_requests(
    transaction: StoreTransaction, requests: Sequence[DiagnosisRequest], now_ms: int
) -> list[DeskRequest]:
    """Return the requests to look at replies again, for the incidents that may make one untrue.

    Those that replies rest on, and, while there are replies of the last hours, those that touch services.
    """
    touched = transaction.replied_on(request.incident.incident_id for request in requests)
    lately = transaction.replied_since(now_ms - _HOLDS_S * 1000)
    return [
        changed_request(request.incident, request.lane)
        for request in requests
        if request.incident.incident_id in touched or (lately and request.incident.affected_service)
    ]


def _is_change(request: DeskRequest) -> bool:
    return request.request_id.startswith(f"{_CHANGED}-")


def changed_request(incident: Incident, lane: str, since: str = "") -> DeskRequest:
    """Return the request to look again at the replies that rest on an incident, because of `since`."""
    name = derive_id(_CHANGED, incident.incident_id, str(incident.revision), incident.superseded_by, since)
    return DeskRequest(name, reply_lane(lane), encode(incident))
