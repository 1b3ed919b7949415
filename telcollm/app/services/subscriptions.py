"""Who is told of what by webhook: subscribing, ending it, and queueing what is to be told.

Does not know how it is sent (`telcollm.app.notifier`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from telcollm.access import Action, Caller, require
from telcollm.app.services.incidents import NotFoundError
from telcollm.app.webhooks import check_url, subscription_key
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError
from telcollm.identity import derive_id
from telcollm.ports import Scope
from telcollm.state import OutboxMessage
from telcollm.store.rows import to_ms
from telcollm.store.subscriptions import Api, Subscription

EVENTS: Final[dict[Api, tuple[str, ...]]] = {
    "alarm": ("AlarmCreateEvent", "AlarmAttributeValueChangeEvent", "AlarmStateChangeEvent"),
    "ticket": (
        "TroubleTicketCreateEvent",
        "TroubleTicketAttributeValueChangeEvent",
        "TroubleTicketStatusChangeEvent",
        "TroubleTicketResolvedEvent",
    ),
    "problem": (
        "ServiceProblemCreateEvent",
        "ServiceProblemAttributeValueChangeEvent",
        "ServiceProblemStateChangeEvent",
    ),
}

_READS: Final[dict[Api, Action]] = {
    "alarm": Action.ALARM_READ,
    "ticket": Action.TICKET_READ,
    "problem": Action.INCIDENT_READ,
}
"""What a subscriber must be allowed to read: events carry what happened in full."""

_MOST: Final = 500


def subscribe(
    workplace: Workplace, caller: Caller, api: Api, callback: str, query: str = ""
) -> tuple[Subscription, str]:
    """Return the subscription and the key by which its webhooks are signed, which is shown this once.

    `query` is `eventType=NAME`, several joined by `&`; without it all events of the interface are told.

    Raises:
        AccessDenied: the caller may not subscribe, or not read what is told.
        TelcollmError: the callback or the query is not allowed, or there are too many subscriptions.
    """
    require(caller, Action.SUBSCRIPTION_WRITE)
    require(caller, _READS[api])
    check_url(callback, workplace.settings.api.webhook_hosts)
    kinds = _event_types(api, query)
    now = workplace.now()
    made = Subscription(
        derive_id("sub", caller.name, api, callback, query, now.isoformat()),
        api,
        callback,
        caller.scope,
        caller.name,
        now,
        query,
        kinds,
    )
    if len(workplace.subscriptions.subscriptions()) >= _MOST:
        message = f"there are {_MOST} subscriptions; no more are allowed; end one that nobody needs"
        raise TelcollmError(message)
    workplace.audit(caller, "subscribed", made.subscription_id, detail=callback[:200])
    workplace.subscriptions.put(made)
    return made, subscription_key(workplace.settings, made.subscription_id).decode()


def _event_types(api: Api, query: str) -> tuple[str, ...]:
    pairs = parse_qsl(query.lstrip("?"), keep_blank_values=True)
    kinds = tuple(value for name, value in pairs if name == "eventType")
    unknown = [name for name, _ in pairs if name != "eventType"] + [
        kind for kind in kinds if kind not in EVENTS[api]
    ]
    if unknown or (query and not pairs):
        message = (
            f"query={query[:200]!r} is not allowed; eventType= with {', '.join(EVENTS[api])} is; "
            "leave it out to be told of all"
        )
        raise TelcollmError(message)
    return kinds


def unsubscribe(workplace: Workplace, caller: Caller, api: Api, subscription_id: str) -> None:
    """End a subscription; what still waits for it is not told any more.

    Raises:
        AccessDenied: the caller may not.
        NotFoundError: there is none of the caller's of that id.
    """
    require(caller, Action.SUBSCRIPTION_WRITE)
    found = workplace.subscriptions.subscription(subscription_id)
    if found is None or found.api != api or found.created_by != caller.name:
        message = (
            f"subscription={subscription_id[:80]!r} is not known; the id of one of yours is allowed; "
            "it was given when you subscribed"
        )
        raise NotFoundError(message)
    workplace.audit(caller, "unsubscribed", subscription_id)
    workplace.subscriptions.remove(found)


def end_lapsed(workplace: Workplace) -> int:
    """Return how many subscriptions were ended whose key has expired, or was revoked while it subscribed."""
    keys = {key.caller.name: key for key in workplace.accounts.keys()}
    ended = 0
    for one in workplace.subscriptions.subscriptions():
        key = keys.get(one.created_by)
        if key is not None and (key.revoked is not None or workplace.now() >= key.expires):
            why = "was revoked" if key.revoked else f"expired at {key.expires.isoformat()}"
            workplace.audit("notifier", "subscription ended", one.subscription_id, detail=f"its key {why}")
            workplace.subscriptions.remove(one)
            ended += 1
    return ended


def tell(
    workplace: Workplace,
    api: Api,
    event: Mapping[str, Any],
    *,
    tenant: str,
    region: str,
    queued_ms: int | None = None,
    cursor: int | None = None,
) -> int:
    """Return for how many subscriptions the event was queued; each hears of its own tenants and regions.

    What happened before a subscription was made (`queued_ms`, by default now) is not told to it.
    """
    at_ms = workplace.clock.now_ms() if queued_ms is None else queued_ms
    body = msgspec.json.encode(event)
    messages = [
        OutboxMessage(
            f"{one.subscription_id}:{event['eventId']}", one.lane, str(event["eventType"]), tenant, body
        )
        for one in workplace.subscriptions.subscriptions()
        if one.api == api
        and to_ms(one.created_time) <= at_ms
        and _hears(one, str(event["eventType"]), tenant, region)
    ]
    if messages or cursor is not None:
        workplace.subscriptions.queue(messages, queued_ms=workplace.clock.now_ms(), cursor=cursor)
    return len(messages)


def _hears(one: Subscription, kind: str, tenant: str, region: str) -> bool:
    scope: Scope = one.scope
    return (
        (not one.event_types or kind in one.event_types)
        and (not scope.tenants or tenant in scope.tenants)
        and (not scope.regions or region in scope.regions)
    )
