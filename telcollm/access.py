"""Access: who may do what, in one table that console, API and command line all ask; denied by default.

Does not know how a caller was recognised (`telcollm.store.accounts`), nor what is behind an action.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from telcollm.errors import TelcollmError
from telcollm.ports import Scope


class Role(StrEnum):
    """What a person or program is to the platform."""

    NOC_ENGINEER = "noc_engineer"
    TRIAGE_OPERATOR = "triage_operator"
    CARE_AGENT = "customer_service_agent"
    MODEL_OWNER = "model_owner"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What can be done: each page, endpoint and command asks for exactly one of these."""

    INCIDENT_LIST = "incident.list"
    INCIDENT_READ = "incident.read"
    INCIDENT_ACKNOWLEDGE = "incident.acknowledge"
    INCIDENT_ASSIGN = "incident.assign"
    INCIDENT_JUDGE = "incident.judge"
    INCIDENT_WRITE = "incident.write"
    ALARM_LIST = "alarm.list"
    ALARM_READ = "alarm.read"
    ALARM_WRITE = "alarm.write"
    ALARM_RECEIVE = "alarm.receive"
    TICKET_LIST = "ticket.list"
    TICKET_READ = "ticket.read"
    TICKET_WRITE = "ticket.write"
    TICKET_ROUTE = "ticket.route"
    TICKET_JUDGE = "ticket.judge"
    TICKET_BATCH = "ticket.batch"
    CARE_LIST = "care.list"
    CARE_READ = "care.read"
    CARE_WRITE = "care.write"
    CARE_SUGGEST = "care.suggest"
    CARE_JUDGE = "care.judge"
    CUSTOMER_REVEAL = "customer.reveal"
    QUESTION_ASK = "question.ask"
    KNOWLEDGE_READ = "knowledge.read"
    KNOWLEDGE_WRITE = "knowledge.write"
    MODEL_READ = "model.read"
    MODEL_TRAIN = "model.train"
    MODEL_PROMOTE = "model.promote"
    MODEL_ROLL_BACK = "model.roll-back"
    MODEL_STOP = "model.stop"
    MODEL_START = "model.start"
    PIPELINE_READ = "pipeline.read"
    METRICS_READ = "metrics.read"
    SUBSCRIPTION_WRITE = "subscription.write"
    AUDIT_READ = "audit.read"
    ACCOUNT_READ = "account.read"
    ACCOUNT_WRITE = "account.write"
    PLATFORM_RUN = "platform.run"
    STORE_READ = "store.read"
    STORE_WRITE = "store.write"


_N, _T, _C = Role.NOC_ENGINEER, Role.TRIAGE_OPERATOR, Role.CARE_AGENT
_M, _U, _A = Role.MODEL_OWNER, Role.AUDITOR, Role.ADMINISTRATOR
_EVERYONE: Final = frozenset(Role)

ALLOWED: Final[dict[Action, frozenset[Role]]] = {
    Action.INCIDENT_LIST: _EVERYONE,
    Action.INCIDENT_READ: frozenset({_N, _T, _M, _U, _A}),
    Action.INCIDENT_ACKNOWLEDGE: frozenset({_N}),
    Action.INCIDENT_ASSIGN: frozenset({_N, _T}),
    Action.INCIDENT_JUDGE: frozenset({_N}),
    Action.INCIDENT_WRITE: frozenset({_N}),
    Action.ALARM_LIST: frozenset({_N, _T, _M, _U, _A}),
    Action.ALARM_READ: frozenset({_N, _T, _M, _U, _A}),
    Action.ALARM_WRITE: frozenset({_N}),
    Action.ALARM_RECEIVE: frozenset({_N, _A}),
    Action.TICKET_LIST: frozenset({_N, _T, _M, _U}),
    Action.TICKET_READ: frozenset({_N, _T, _M, _U}),
    Action.TICKET_WRITE: frozenset({_N, _T}),
    Action.TICKET_ROUTE: frozenset({_N, _T, _M}),
    Action.TICKET_JUDGE: frozenset({_T}),
    Action.TICKET_BATCH: frozenset({_T, _M}),
    Action.CARE_LIST: frozenset({_C, _U}),
    Action.CARE_READ: frozenset({_C, _U}),
    Action.CARE_WRITE: frozenset({_C}),
    Action.CARE_SUGGEST: frozenset({_C}),
    Action.CARE_JUDGE: frozenset({_C}),
    Action.CUSTOMER_REVEAL: frozenset({_C}),
    Action.QUESTION_ASK: frozenset({_N, _T, _C, _M}),
    Action.KNOWLEDGE_READ: _EVERYONE,
    Action.KNOWLEDGE_WRITE: frozenset({_N, _A}),
    Action.MODEL_READ: frozenset({_N, _T, _M, _U, _A}),
    Action.MODEL_TRAIN: frozenset({_M}),
    Action.MODEL_PROMOTE: frozenset({_M}),
    Action.MODEL_ROLL_BACK: frozenset({_M, _A}),
    # Whoever sees nonsense may stop it at once; only those who answer for the model let it speak again.
    Action.MODEL_STOP: frozenset({_N, _T, _C, _M, _A}),
    Action.MODEL_START: frozenset({_M, _A}),
    Action.PIPELINE_READ: _EVERYONE,
    Action.METRICS_READ: frozenset({_N, _M, _U, _A}),
    Action.SUBSCRIPTION_WRITE: frozenset({_N, _T, _A}),
    Action.AUDIT_READ: frozenset({_U}),
    Action.ACCOUNT_READ: frozenset({_U, _A}),
    Action.ACCOUNT_WRITE: frozenset({_A}),
    Action.PLATFORM_RUN: frozenset({_A}),
    Action.STORE_READ: frozenset({_N, _M, _U, _A}),
    Action.STORE_WRITE: frozenset({_A}),
}
"""The one table. An action that it does not name is nobody's."""

PAGES: Final[dict[str, Action]] = {
    "now": Action.INCIDENT_LIST,
    "incident": Action.INCIDENT_READ,
    "ask": Action.QUESTION_ASK,
    "tickets": Action.TICKET_LIST,
    "care": Action.CARE_LIST,
    "models": Action.MODEL_READ,
    "audit": Action.AUDIT_READ,
    "accounts": Action.ACCOUNT_READ,
}
"""What each page of the console asks for before it shows anything."""

COMMANDS: Final[dict[str, Action]] = {
    "account add": Action.ACCOUNT_WRITE,
    "account list": Action.ACCOUNT_READ,
    "account password": Action.ACCOUNT_WRITE,
    "account remove": Action.ACCOUNT_WRITE,
    "api": Action.PLATFORM_RUN,
    "ask": Action.QUESTION_ASK,
    "broker start": Action.PLATFORM_RUN,
    "broker status": Action.PIPELINE_READ,
    "broker stop": Action.PLATFORM_RUN,
    "care feedback": Action.CARE_JUDGE,
    "care lint": Action.CARE_LIST,
    "care suggest": Action.CARE_SUGGEST,
    "console": Action.PLATFORM_RUN,
    "demo": Action.PLATFORM_RUN,
    "dlq list": Action.STORE_READ,
    "dlq replay": Action.STORE_WRITE,
    "finetune check": Action.MODEL_READ,
    "finetune data": Action.MODEL_TRAIN,
    "finetune evaluate": Action.MODEL_TRAIN,
    "finetune run": Action.MODEL_TRAIN,
    "graph evaluate": Action.MODEL_READ,
    "graph learn": Action.MODEL_TRAIN,
    "handover": Action.INCIDENT_READ,
    "incidents list": Action.INCIDENT_LIST,
    "incidents show": Action.INCIDENT_READ,
    "key list": Action.ACCOUNT_READ,
    "key make": Action.ACCOUNT_WRITE,
    "key revoke": Action.ACCOUNT_WRITE,
    "knowledge add": Action.KNOWLEDGE_WRITE,
    "knowledge list": Action.KNOWLEDGE_READ,
    "knowledge remove": Action.KNOWLEDGE_WRITE,
    "knowledge search": Action.KNOWLEDGE_READ,
    "model list": Action.MODEL_READ,
    "model predict": Action.MODEL_READ,
    "model promote": Action.MODEL_PROMOTE,
    "model pull": Action.MODEL_TRAIN,
    "postmortem": Action.INCIDENT_READ,
    "receive check": Action.ALARM_RECEIVE,
    "receive listen": Action.PLATFORM_RUN,
    "replay": Action.PLATFORM_RUN,
    "route correct": Action.TICKET_JUDGE,
    "route ticket": Action.TICKET_ROUTE,
    "simulate": Action.MODEL_TRAIN,
    "start-model": Action.MODEL_START,
    "stop-model": Action.MODEL_STOP,
    "store prune": Action.STORE_WRITE,
    "topology load": Action.STORE_WRITE,
    "worker": Action.PLATFORM_RUN,
}
"""What each command of the command line asks for."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks: `name` as the audit trail keeps it, what they are, and which tenants and regions they see."""

    name: str
    roles: frozenset[Role]
    scope: Scope


class AccessDenied(TelcollmError):
    """The caller may not; nothing was done, and nothing is told of what is there."""


def allows(caller: Caller, action: Action) -> bool:
    """Tell whether one of the caller's roles may do it.

    >>> allows(Caller("eva", frozenset({Role.AUDITOR}), Scope()), Action.AUDIT_READ)
    True
    """
    return not ALLOWED.get(action, frozenset()).isdisjoint(caller.roles)


def require(caller: Caller, action: Action) -> None:
    """Guarantee that the caller may do it.

    Raises:
        AccessDenied: no role of theirs allows it.
    """
    if allows(caller, action):
        return
    held = listed(caller.roles)
    allowed = listed(ALLOWED.get(action, frozenset()))
    message = (
        f"{action.value} is denied to {caller.name!r} with the roles {held}; {allowed} may do it; "
        "ask an administrator for the role"
    )
    raise AccessDenied(message)


def require_place(caller: Caller, tenant: str, region: str) -> None:
    """Guarantee that the caller's scope holds records of the tenant and region.

    Raises:
        AccessDenied: it does not.
    """
    tenants, regions = caller.scope.tenants, caller.scope.regions
    if (tenants and tenant not in tenants) or (regions and region not in regions):
        message = (
            f"tenant={tenant!r}, region={region!r} is outside the scope of {caller.name!r}; "
            f"{scope_text(caller.scope)} is allowed; ask an administrator for a wider scope"
        )
        raise AccessDenied(message)


def narrowed(caller: Caller, wanted: Scope) -> Scope:
    """Return what of the wanted scope the caller sees; an empty tuple asks for all they see.

    >>> caller = Caller("eva", frozenset(), Scope(("acme",), ()))
    >>> narrowed(caller, Scope((), ("north",)))
    Scope(tenants=('acme',), regions=('north',))

    Raises:
        AccessDenied: a tenant or region was asked for that the caller does not see.
    """
    for tenant in wanted.tenants:
        require_place(Caller(caller.name, caller.roles, Scope(caller.scope.tenants)), tenant, "")
    for region in wanted.regions:
        require_place(Caller(caller.name, caller.roles, Scope((), caller.scope.regions)), "", region)
    return Scope(wanted.tenants or caller.scope.tenants, wanted.regions or caller.scope.regions)


def contains(scope: Scope, inner: Scope) -> bool:
    """Tell whether all that `inner` sees is seen by `scope`; empty means all, so it fits only into empty."""
    return all(
        not outer or (bool(part) and set(part) <= set(outer))
        for outer, part in ((scope.tenants, inner.tenants), (scope.regions, inner.regions))
    )


def scope_text(scope: Scope) -> str:
    """Return a scope for people: its tenants and regions, or that it is all of them."""
    tenants = ", ".join(scope.tenants) or "every tenant"
    regions = ", ".join(scope.regions) or "every region"
    return f"{tenants} in {regions}"


def listed(roles: Iterable[Role]) -> str:
    """Return the roles for people, in the order of `Role`; `nobody` for none."""
    held = frozenset(roles)
    return ", ".join(role.value for role in Role if role in held) or "nobody"


def role_named(name: str) -> Role:
    """Return the role of that name.

    Raises:
        TelcollmError: there is none.
    """
    try:
        return Role(name)
    except ValueError as error:
        message = f"role {name!r} is not known; {', '.join(Role)} is allowed; give one of these"
        raise TelcollmError(message) from error
