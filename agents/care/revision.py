"""What becomes of replies when an incident changes: they stand, are withdrawn, or are worded anew.

Each reply is answered again as of now; where the words stay the same nothing happens, so that a busy
incident does not ring at the desk. Does not know how an answer is found.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from agents.care.outages import OPEN, Outages
from telcollm.identity import derive_id
from telcollm.ports import Scope
from telcollm.records import CareMessage, Incident, Reply
from telcollm.store.opening import Stores
from telcollm.topology import Topology

Answering = Callable[[Sequence[tuple[Sequence[CareMessage], Outages]], datetime], list[Reply]]

RECENT: Final = timedelta(hours=2)
"""Conversations older than this are over."""

_MOST_CONVERSATIONS: Final = 500
_REMEMBERED: Final = 4_096


class Revision:
    """Looks after replies that are out; remembers which services each incident was known to touch."""

    def __init__(self, stores: Stores, topology: Topology, scope: Scope, answer: Answering) -> None:
        self._stores, self._topology, self._scope, self._answer = stores, topology, scope, answer
        self._touched: OrderedDict[tuple[str, str], frozenset[str]] = OrderedDict()

    def after(self, incident: Incident, at: datetime) -> list[Reply]:
        """Return withdrawn replies, each before what replaces it; none where all hold."""
        if self._scope.tenants and incident.tenant not in self._scope.tenants:
            return []
        scope = Scope((incident.tenant,), self._scope.regions)
        care = self._stores.care
        standing = {reply.reply_id: reply for reply in care.replies_on_incident(scope, incident.incident_id)}
        for reply in self._newly_touched(incident, scope, at):
            standing.setdefault(reply.reply_id, reply)
        if not standing:
            return []
        outages = Outages(self._stores, self._topology, scope, at, changed=incident)
        found: list[Reply] = []
        for reply in standing.values():
            found += self._anew(reply, incident, outages, scope, at)
        return found

    def _anew(
        self, reply: Reply, incident: Incident, outages: Outages, scope: Scope, at: datetime
    ) -> list[Reply]:
        """Return nothing where a reply stands, else it withdrawn and, where it is the last, the new one."""
        conversation = self._stores.care.conversation(scope, reply.conversation_id)
        before = _until(conversation, reply.message_id)
        answers = self._answer([(before, outages)], at) if before else []
        new = answers[0] if answers else None
        if new is not None and _says(new) == _says(reply):
            return []
        others = self._stores.care.replies(scope, reply.conversation_id)
        taken_over = [one for one in others if one.supersedes == reply.reply_id and not one.withdrawn]
        later = [one for one in conversation if one.author == "customer"][-1:]
        fresh = bool(later) and later[0].message_id == reply.message_id and not taken_over
        withdrawn = msgspec.structs.replace(
            reply, withdrawn=True, withdrawn_reason=_why(reply, new, incident)
        )
        if new is None or not fresh or not new.text:
            return [withdrawn]
        if any(one.reply_id == new.reply_id for one in others):
            # The same words were taken back once before, or stand already: they come under a new name.
            if any(one.reply_id == new.reply_id and not one.withdrawn for one in others):
                return [withdrawn]
            name = derive_id("rpl", new.tenant, new.reply_id, reply.reply_id, str(incident.revision))
            new = msgspec.structs.replace(new, reply_id=name)
        return [withdrawn, msgspec.structs.replace(new, supersedes=reply.reply_id)]

    def _newly_touched(self, incident: Incident, scope: Scope, at: datetime) -> Iterator[Reply]:
        """Yield the last replies to customers whom an open incident touches only now."""
        key = (incident.tenant, incident.incident_id)
        services = set(incident.affected_service)
        for name in incident.affected_objects:
            services.update(self._topology.services(name))
        before = self._touched.get(key, frozenset())
        if incident.status not in OPEN or incident.superseded_by:
            self._touched.pop(key, None)
            return
        self._touched[key] = frozenset(services)
        self._touched.move_to_end(key)
        while len(self._touched) > _REMEMBERED:
            self._touched.popitem(last=False)
        if not services - before:
            return
        care = self._stores.care
        heads = care.conversations(scope, since=at - RECENT, limit=_MOST_CONVERSATIONS, offset=0)
        if not heads:
            return
        touched = {one.customer_id for one in care.customers_on(scope, sorted(services - before))}
        for head in heads:
            if head.customer_id in touched:
                replies = [one for one in care.replies(scope, head.conversation_id) if not one.withdrawn]
                if replies and not replies[-1].incident_id:
                    yield replies[-1]


def _until(conversation: Sequence[CareMessage], message_id: str) -> list[CareMessage]:
    """Return the messages up to the one of that id; none where it is not there."""
    for place, message in enumerate(conversation):
        if message_id and message.message_id == message_id:
            return list(conversation[: place + 1])
    return []


def _says(reply: Reply) -> tuple[str, str]:
    return (reply.text, reply.incident_id)


def _why(reply: Reply, new: Reply | None, incident: Incident) -> str:
    """Return in plain words why a reply does not hold any more."""
    name = incident.incident_id
    if incident.superseded_by:
        return f"incident {name} was merged into {incident.superseded_by}"
    if incident.status not in OPEN:
        return f"incident {name} is {incident.status.value}"
    if not reply.incident_id:
        return f"incident {name} touches the customer's services by now"
    if new is None or new.incident_id != reply.incident_id:
        return f"incident {name} is not what touches the customer's services any more"
    return f"what is known of incident {name} has changed"
