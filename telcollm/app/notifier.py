"""The notifier: follows incidents, and sends what waits to subscribers, each in order, with back-off.

What waits lies in the store, so that a restart loses none; a listener may hear an event twice, by the same
eventId, and never out of order. Does not know who subscribed, or to what.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

import msgspec

from telcollm import codec
from telcollm.app import tmf
from telcollm.app.services.incidents import rows_of
from telcollm.app.services.subscriptions import end_lapsed, tell
from telcollm.app.webhooks import TargetError, post, sign, subscription_key
from telcollm.app.workplace import Workplace
from telcollm.errors import DecodeError, TelcollmError, TransientError
from telcollm.ports import Scope
from telcollm.records import Incident, Mode, TicketStatus
from telcollm.state import OutboxMessage
from telcollm.store.subscriptions import Subscription

_LOG = logging.getLogger(__name__)
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0
_BATCH: Final = 100
_OVERLAP: Final = 500
_ENDED: Final = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED})


class Send(Protocol):
    """Makes one attempt and returns the listener's status."""

    def __call__(self, url: str, body: bytes, signature: str) -> int:
        """Raise TransientError where it did not answer, TargetError where nothing may be sent to."""
        ...


class _Wait(NamedTuple):
    tries: int
    until_s: float


class _Event(msgspec.Struct, frozen=True, rename={"at": "eventTime"}):
    """When an event happened: what is too old to be told is given up."""

    at: datetime


class Notifier:
    """Serves the subscriptions of one store. One process at a time should run it."""

    def __init__(self, workplace: Workplace, send: Send | None = None) -> None:
        self._workplace = workplace
        self._send = send or self._post
        self._waits: dict[str, _Wait] = {}
        self._seen: dict[int, None] = {}
        self._stop = threading.Event()

    def run(self, every_s: float = 0.5) -> None:
        """Follow and deliver until stopped; what fails is said and tried again, and ends nothing."""
        while not self._stop.wait(every_s):
            for step in (self.follow_once, self.deliver_once):
                try:
                    step()
                except TelcollmError as error:
                    _LOG.warning("webhooks wait: %s", error)
                except Exception as error:
                    # A fault of ours must not end the thread: nobody would be told of anything any more.
                    _LOG.error("webhooks wait after a fault: %s", type(error).__name__, exc_info=True)

    def stop(self) -> None:
        """End after what is at hand."""
        self._stop.set()

    def follow_once(self) -> int:
        """Return how many incidents were looked at: what the pipeline wrote since the last look."""
        workplace = self._workplace
        if not any(one.api == "problem" for one in workplace.subscriptions.subscriptions()):
            return 0
        from streams.topics import INCIDENTS, on_wire

        topic = on_wire(workplace.settings.kafka, INCIDENTS)
        cursor, found = workplace.subscriptions.follow(topic, _BATCH + _OVERLAP, _OVERLAP)
        fresh = [one for one in found if one.sequence not in self._seen]
        for one in fresh:
            cursor = max(cursor, one.sequence)
            self._tell(one.value, one.queued_ms, cursor)
            self._seen[one.sequence] = None
        while len(self._seen) > 4 * _OVERLAP:
            self._seen.pop(next(iter(self._seen)))
        return len(fresh)

    def _tell(self, value: bytes, queued_ms: int, cursor: int) -> None:
        incident: Incident | None
        try:
            incident = codec.decode(value, Incident)
        except DecodeError as error:
            _LOG.warning("an incident of the outbox cannot be told: %s", error)
            incident = None
        if incident is None or incident.mode is not Mode.LIVE:
            self._workplace.subscriptions.queue([], queued_ms=queued_ms, cursor=cursor)
            return
        scope = Scope((incident.tenant,))
        row = rows_of(self._workplace, scope, [incident])[0]
        earlier = self._workplace.stores.store.diagnoses(scope, incident.incident_id)
        known = any(one.incident_revision < incident.revision for one in earlier)
        kind = "AttributeValueChange" if known else "Create"
        if incident.status in _ENDED or incident.superseded_by:
            kind = "StateChange"
        event = tmf.event(
            f"{incident.incident_id}:{incident.revision}",
            f"ServiceProblem{kind}Event",
            "serviceProblem",
            tmf.problem_resource(row),
            self._workplace.now(),
        )
        tell(
            self._workplace,
            "problem",
            event,
            tenant=incident.tenant,
            region=incident.region,
            queued_ms=queued_ms,
            cursor=cursor,
        )

    def deliver_once(self) -> int:
        """Return how many events were delivered; one that fails holds up its own subscription alone.

        A subscription whose key is in force no more is ended first.
        """
        delivered = 0
        end_lapsed(self._workplace)
        for subscription in self._workplace.subscriptions.subscriptions():
            wait = self._waits.get(subscription.lane)
            if wait is None or self._workplace.clock.monotonic_s() >= wait.until_s:
                delivered += self._deliver(subscription)
        return delivered

    def _deliver(self, subscription: Subscription) -> int:
        store = self._workplace.stores.store
        delivered = 0
        for message in store.pending_outbox([subscription.lane], _BATCH):
            # What ends a subscription must not wait for what a slow listener still has to hear.
            if self._workplace.subscriptions.subscription(subscription.subscription_id) is None:
                break
            failure = self._attempt(subscription, message)
            if failure and not self._too_old(message):
                self._back_off(subscription, failure)
                break
            if failure:
                _LOG.warning("event %s is given up: %s", message.message_id, failure)
            with store.transaction() as transaction:
                transaction.finish_outbox([message.message_id], [])
            self._waits.pop(subscription.lane, None)
            delivered += not failure
        return delivered

    def _attempt(self, subscription: Subscription, message: OutboxMessage) -> str:
        """Return why an event was not taken; empty when it was."""
        key = subscription_key(self._workplace.settings, subscription.subscription_id)
        signature = sign(key, message.value, self._workplace.clock.now_ms() // 1000)
        try:
            status = self._send(subscription.callback, message.value, signature)
        except (TransientError, TargetError) as error:
            return str(error)
        return "" if 200 <= status < 300 else f"the listener answered {status}"

    def _back_off(self, subscription: Subscription, failure: str) -> None:
        tries = self._waits[subscription.lane].tries + 1 if subscription.lane in self._waits else 1
        wait_s = min(_FIRST_WAIT_S * 2 ** (tries - 1), _LONGEST_WAIT_S)
        self._waits[subscription.lane] = _Wait(tries, self._workplace.clock.monotonic_s() + wait_s)
        _LOG.warning("%s is tried again in %g s: %s", subscription.subscription_id, wait_s, failure)

    def _too_old(self, message: OutboxMessage) -> bool:
        hours = timedelta(hours=self._workplace.settings.api.webhook_give_up_h)
        try:
            return self._workplace.now() - msgspec.json.decode(message.value, type=_Event).at > hours
        except msgspec.DecodeError:
            return True

    def _post(self, url: str, body: bytes, signature: str) -> int:
        api = self._workplace.settings.api
        return post(url, body, signature, allowed=api.webhook_hosts, timeout_s=api.webhook_timeout_s)
