"""People and programs that come in, the switch that stops models, and the trail of who did what.

Every login, refusal and change is told to the audit trail. Does not know how passwords and keys are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec

from telcollm.access import AccessDenied, Action, Caller, Role, contains, listed, require, scope_text
from telcollm.app.identity_provider import looks_signed
from telcollm.app.workplace import Workplace
from telcollm.ports import Scope
from telcollm.settings import Settings
from telcollm.store.accounts import Account, ApiKey, LoginError
from telcollm.store.audit import AuditEntry
from telcollm.store.switch import SwitchState

_KNOWN_REFUSALS: Final = 1_024
_KNOWN_TOKENS: Final = 1_024
_TOKEN_HELD_S: Final = 300.0


class AuditPage(msgspec.Struct, frozen=True):
    """A page of the audit trail, the latest first, and how many entries there are."""

    entries: tuple[AuditEntry, ...]
    total: int


def log_in(workplace: Workplace, name: str, password: str) -> Caller:
    """Return who asks.

    Raises:
        LoginError: name and password are not an account's, or too many were wrong before.
    """
    try:
        account = workplace.accounts.log_in(name, password, at=workplace.now())
    except LoginError as error:
        refused(workplace, name[:64], "login", str(error))
        raise
    workplace.audit(account.name, "login", account.name)
    return account.caller


def bearer(workplace: Workplace, token: str) -> Caller:
    """Return who holds the key, or whom the identity provider's token names.

    Raises:
        LoginError: it is none in force.
        TransientError: the identity provider does not answer.
    """
    if looks_signed(token):
        return _token_holder(workplace, token)
    try:
        return workplace.accounts.key_holder(token, at=workplace.now()).caller
    except LoginError as error:
        refused(workplace, "unknown", "key", str(error))
        raise


def _token_holder(workplace: Workplace, token: str) -> Caller:
    """Return the holder of a signed token; one that was taken is not looked at again for some minutes."""
    digest, now_s = hashlib.sha256(token.encode()).digest(), workplace.clock.now_ms() / 1000
    held = workplace.token_holders
    if digest in held and now_s < held[digest][1]:
        return held[digest][0]
    try:
        claims = workplace.identity_provider.claims(token)
    except LoginError as error:
        refused(workplace, "unknown", "token", str(error))
        raise
    caller = identified(workplace, claims)
    if len(held) >= _KNOWN_TOKENS:
        held.clear()
    held[digest] = (caller, min(float(claims["exp"]), now_s + _TOKEN_HELD_S))
    return caller


def identified(workplace: Workplace, claims: Mapping[str, Any]) -> Caller:
    """Return who an identity provider says that somebody is: roles by the groups that settings name.

    Raises:
        LoginError: the claims name nobody, or no group that is a role.
    """
    access = workplace.settings.access
    name = next((str(claims[key]) for key in ("email", "preferred_username", "sub") if claims.get(key)), "")
    groups = claims.get(access.oidc_claim, ())
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, Sequence) else []
    roles = frozenset(
        access.oidc_roles[one] for one in named if isinstance(one, str) and one in access.oidc_roles
    )
    if not name or not roles:
        message = (
            f"the identity provider names {name[:64]!r} with no group that is a role; groups of "
            "access.oidc_roles are allowed; ask an administrator to name one of theirs there"
        )
        refused(workplace, name[:64], "login", message)
        raise LoginError(message)
    workplace.audit(name, "login", name, detail="by identity provider")
    return Caller(name, roles, Scope(access.oidc_tenants, access.oidc_regions))


def local_caller(settings: Settings, name: str) -> Caller:
    """Return the user of this machine as the settings have them."""
    access = settings.access
    scope = Scope(access.local_tenants, access.local_regions)
    return Caller(f"local:{name}", frozenset(access.local_roles), scope)


def refused(workplace: Workplace, actor: str, action: str, why: str) -> None:
    """Tell the audit trail of a refusal, the same one once a second: a flood must not fill the disk."""
    second = workplace.clock.now_ms() // 1000
    key = (actor, action)
    seen = workplace.refusals
    if seen.get(key) == second:
        return
    if len(seen) >= _KNOWN_REFUSALS:
        seen.clear()
    seen[key] = second
    workplace.audit(actor, f"{action} refused", actor, detail=why[:300])


def denied(workplace: Workplace, caller: Caller, error: AccessDenied) -> None:
    """Tell the audit trail that somebody who is known asked for what is not theirs."""
    refused(workplace, caller.name, "access", str(error))


def add_account(
    workplace: Workplace, caller: Caller, name: str, password: str, *, roles: Sequence[Role], scope: Scope
) -> Account:
    """Return the new account, which sees no more than the caller does.

    Raises:
        AccessDenied: the caller may not, or the scope is wider than theirs.
        TelcollmError: the name is taken, or name or password is not allowed.
    """
    require(caller, Action.ACCOUNT_WRITE)
    _require_within(caller, scope)
    account = workplace.accounts.add(
        name, password, roles=tuple(dict.fromkeys(roles)), scope=scope, at=workplace.now()
    )
    workplace.audit(caller, "account added", name, detail=f"{listed(roles)}; {scope_text(scope)}")
    return account


def list_accounts(workplace: Workplace, caller: Caller) -> list[Account]:
    """Return the accounts that see no more than the caller does, in order of name.

    Raises:
        AccessDenied: the caller may not see them.
    """
    require(caller, Action.ACCOUNT_READ)
    return [one for one in workplace.accounts.accounts() if contains(caller.scope, one.scope)]


def remove_account(workplace: Workplace, caller: Caller, name: str) -> None:
    """Delete an account, revoke its keys, and end what they subscribed to.

    Raises:
        AccessDenied: the caller may not, or it sees more than they do.
        TelcollmError: there is none of that name.
    """
    require(caller, Action.ACCOUNT_WRITE)
    _require_account_within(workplace, caller, name)
    known = workplace.accounts.account(name) is not None
    workplace.audit(caller, "account removed", name[:64])
    for key in workplace.accounts.keys() if known else []:
        if key.owner == name:
            _tell_ended(workplace, caller, key.caller.name)
    workplace.accounts.remove(name, at=workplace.now())


def set_password(workplace: Workplace, caller: Caller, name: str, password: str) -> None:
    """Give an account another password: an administrator any, anybody their own.

    Raises:
        AccessDenied: it is another's, and the caller no administrator, or it sees more than they do.
        TelcollmError: there is no such account, or the password is not allowed.
    """
    if name != caller.name:
        require(caller, Action.ACCOUNT_WRITE)
        _require_account_within(workplace, caller, name)
    workplace.audit(caller, "password set", name[:64])
    workplace.accounts.set_password(name, password)


def make_key(
    workplace: Workplace,
    caller: Caller,
    owner: str,
    *,
    roles: Sequence[Role],
    scope: Scope,
    days: int | None = None,
) -> tuple[ApiKey, str]:
    """Return a new key and its text, which is shown this once; it sees no more than the caller does.

    Raises:
        AccessDenied: the caller may not, or the scope is wider than theirs.
        TelcollmError: the owner's name is none, or no role is given.
    """
    require(caller, Action.ACCOUNT_WRITE)
    _require_within(caller, scope)
    now = workplace.now()
    lasts = workplace.settings.access.key_days if days is None else days
    key, text = workplace.accounts.make_key(
        owner, roles=tuple(dict.fromkeys(roles)), scope=scope, at=now, expires=now + timedelta(days=lasts)
    )
    workplace.audit(caller, "key made", key.key_id, detail=f"{owner}; {listed(roles)}; {scope_text(scope)}")
    return key, text


def list_keys(workplace: Workplace, caller: Caller) -> list[ApiKey]:
    """Return the keys that see no more than the caller does, the newest first; none can be read back.

    Raises:
        AccessDenied: the caller may not see them.
    """
    require(caller, Action.ACCOUNT_READ)
    return [one for one in workplace.accounts.keys() if contains(caller.scope, one.scope)]


def revoke_key(workplace: Workplace, caller: Caller, key_id: str) -> ApiKey:
    """Return the key, which opens nothing from now on; what it subscribed to is ended with it.

    Raises:
        AccessDenied: the caller may not, or it sees more than they do.
        TelcollmError: there is none of that id.
    """
    require(caller, Action.ACCOUNT_WRITE)
    held = [key for key in workplace.accounts.keys() if key.key_id == key_id]
    for key in held:
        _require_within(caller, key.scope)
    workplace.audit(caller, "key revoked", key_id[:64])
    for key in held:
        _tell_ended(workplace, caller, key.caller.name)
    return workplace.accounts.revoke_key(key_id, at=workplace.now())


def _tell_ended(workplace: Workplace, caller: Caller, holder: str) -> None:
    """Tell the audit trail which subscriptions end with their holder."""
    for one in workplace.subscriptions.subscriptions():
        if one.created_by == holder:
            workplace.audit(caller, "subscription ended", one.subscription_id, detail=f"with {holder}"[:200])


def _require_account_within(workplace: Workplace, caller: Caller, name: str) -> None:
    # Of a name that is not there, the store tells.
    if (account := workplace.accounts.account(name)) is not None:
        _require_within(caller, account.scope)


def _require_within(caller: Caller, scope: Scope) -> None:
    if not contains(caller.scope, scope):
        message = (
            f"{scope_text(scope)} is more than {caller.name!r} sees; up to {scope_text(caller.scope)} is "
            "allowed; give a narrower scope"
        )
        raise AccessDenied(message)


def switch_state(workplace: Workplace, caller: Caller) -> SwitchState:
    """Return whether models may speak, and who said so last.

    Raises:
        AccessDenied: the caller has no role.
    """
    require(caller, Action.PIPELINE_READ)
    return workplace.switch.state()


def stop_model(workplace: Workplace, caller: Caller) -> SwitchState:
    """Return the switch, down: within a second no process gives out what a model has made.

    Raises:
        AccessDenied: the caller may not.
    """
    require(caller, Action.MODEL_STOP)
    # First stopped, then told: whoever stops a model must not wait for the trail.
    state = workplace.switch.set(stopped=True, by=caller.name, at=workplace.now())
    workplace.audit(caller, "model stopped", "model output")
    return state


def start_model(workplace: Workplace, caller: Caller) -> SwitchState:
    """Return the switch, up again.

    Raises:
        AccessDenied: the caller may not.
    """
    require(caller, Action.MODEL_START)
    workplace.audit(caller, "model started", "model output")
    return workplace.switch.set(stopped=False, by=caller.name, at=workplace.now())


def audit_page(workplace: Workplace, caller: Caller, *, limit: int = 50, offset: int = 0) -> AuditPage:
    """Return a page of the audit trail within the caller's scope.

    Raises:
        AccessDenied: the caller may not read it.
    """
    require(caller, Action.AUDIT_READ)
    trail = workplace.stores.audit
    return AuditPage(tuple(trail.entries(caller.scope, limit, offset)), trail.count(caller.scope))


def verify_audit(workplace: Workplace, caller: Caller) -> int | None:
    """Return the number of the first row of the trail that is not what was appended; None: it is whole.

    Raises:
        AccessDenied: the caller may not read it.
    """
    require(caller, Action.AUDIT_READ)
    return workplace.stores.audit.verify()
