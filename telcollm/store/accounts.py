"""Accounts and API keys: who may come in, as what, and what they may see.

Passwords are kept as argon2 hashes and keys as SHA-256, so that neither can be read back. There is no default
account. Does not know what a role may do (`telcollm.access`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
import sqlalchemy as sa

from telcollm.access import Caller, Role
from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.ports import Scope
from telcollm.records.record import UtcTime
from telcollm.store.access_tables import accounts, api_keys
from telcollm.store.database import Database
from telcollm.store.subscriptions import end_subscriptions_of
from telcollm.store.upsert import upsert

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_KEY: Final = re.compile(r"tck_[0-9a-f]{12}_[A-Za-z0-9_-]{43}")
_SHORTEST: Final = 12
_LONGEST: Final = 1024
_FREE_FAILURES: Final = 4
_LONGEST_WAIT_S: Final = 900
_STRANGERS: Final = 4096


class LoginError(TelcollmError):
    """Whoever asks was not recognised; it is not told whether the name or the secret was wrong."""


class Hasher(Protocol):
    """What `argon2.PasswordHasher` does."""

    def hash(self, password: str) -> str:
        """Return a salted hash with its parameters."""
        ...

    def verify(self, hash: str, password: str) -> bool:
        """Return True, or raise."""
        ...


class Account(msgspec.Struct, frozen=True):
    """One person or program: what they are, what they see, and how often a wrong password was given."""

    name: str
    password_hash: str
    roles: tuple[Role, ...]
    scope: Scope
    created_time: UtcTime
    failures: int = 0
    locked_until: UtcTime | None = None

    def __repr__(self) -> str:
        return f"Account({self.name!r})"

    @property
    def caller(self) -> Caller:
        """Who asks, once recognised."""
        return Caller(self.name, frozenset(self.roles), self.scope)


class ApiKey(msgspec.Struct, frozen=True):
    """One key of a program; the key itself was shown once and is kept nowhere."""

    key_id: str
    owner: str
    roles: tuple[Role, ...]
    scope: Scope
    created_time: UtcTime
    expires: UtcTime
    revoked: UtcTime | None = None

    @property
    def caller(self) -> Caller:
        """Who asks, once recognised: the owner, by this key."""
        return Caller(f"{self.owner}/{self.key_id}", frozenset(self.roles), self.scope)


_ACCOUNT: Final = msgspec.json.Decoder(Account)
_API_KEY: Final = msgspec.json.Decoder(ApiKey)


class AccountStore:
    """Accounts and keys in the store's database; each call is a transaction of its own."""

    def __init__(self, database: Database, *, hasher: Hasher | None = None) -> None:
        self._database = database
        self._given = hasher
        self._dummy = ""
        self._lock = threading.Lock()
        self._strangers: OrderedDict[str, tuple[int, datetime | None]] = OrderedDict()

    @property
    def _hasher(self) -> Hasher:
        if self._given is None:
            try:
                import argon2
            except ImportError as error:
                raise MissingExtraError(package="argon2-cffi", extra="api") from error
            self._given = argon2.PasswordHasher()
        return self._given

    def add(
        self, name: str, password: str, *, roles: tuple[Role, ...], scope: Scope, at: datetime
    ) -> Account:
        """Return the new account.

        Raises:
            TelcollmError: the name is taken or none, the password too short, or no role is given.
        """
        _check_name(name)
        _check_roles(name, roles)
        account = Account(name, self._hashed(name, password), roles, scope, at)
        with self._database.writing() as connection:
            if _account(connection, name) is not None:
                message = (
                    f"account {name!r} exists; a new name is allowed; give another one, or set its password "
                    "by telcollm account password"
                )
                raise TelcollmError(message)
            _put(connection, account)
        return account

    def account(self, name: str) -> Account | None:
        """Return the account of that name."""
        with self._database.reading() as connection:
            return _account(connection, name)

    def accounts(self) -> list[Account]:
        """Return all accounts in order of name."""
        statement = sa.select(accounts.c.body).order_by(accounts.c.name)
        with self._database.reading() as connection:
            return [_ACCOUNT.decode(body) for body in connection.execute(statement).scalars()]

    def remove(self, name: str, *, at: datetime) -> None:
        """Delete an account, revoke its keys, and end what they subscribed to.

        What somebody of an identity provider subscribed to stays, though their name be the same.

        Raises:
            TelcollmError: there is none.
        """
        with self._database.writing() as connection:
            _known(connection, name)
            connection.execute(accounts.delete().where(accounts.c.name == name))
            for key in _keys(connection):
                if key.owner == name and key.revoked is None:
                    _revoke(connection, key, at)

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password; a lock on it ends.

        Raises:
            TelcollmError: there is no such account, or the password is too short.
        """
        hashed = self._hashed(name, password)
        with self._database.writing() as connection:
            account = _known(connection, name)
            _put(
                connection,
                msgspec.structs.replace(account, password_hash=hashed, failures=0, locked_until=None),
            )

    def log_in(self, name: str, password: str, *, at: datetime) -> Account:
        """Return the account whose password this is.

        It takes as long for a name that is none. From the fifth wrong password on a wait of 1, 2, 4, ...
        seconds, at most a quarter of an hour, must pass before the next is looked at.

        Raises:
            LoginError: it is not, or the wait is not over.
        """
        account, failures = self._reserved(name, at)
        if self._matches(account, password) and account is not None:
            self._forgive(name)
            return msgspec.structs.replace(account, failures=0, locked_until=None)
        message = (
            f"login of {name[:64]!r} failed, {failures} in a row; a known name with its password is allowed; "
            "check both, or ask an administrator"
        )
        raise LoginError(message)

    def _reserved(self, name: str, at: datetime) -> tuple[Account | None, int]:
        """Return the account, if any, and how many attempts this makes.

        An attempt counts as a failure before it is looked at: many at once get no more tries than one by one.
        Names that are none are counted as well, so that nothing tells them apart.
        """
        with self._database.writing() as connection:
            account = _account(connection, name)
            if account is not None:
                failures = _next_failure(name, account.failures, account.locked_until, at)
                _put(
                    connection,
                    msgspec.structs.replace(account, failures=failures, locked_until=_wait(failures, at)),
                )
                return account, failures
        with self._lock:
            failures = _next_failure(name, *self._strangers.get(name, (0, None)), at)
            self._strangers[name] = (failures, _wait(failures, at))
            self._strangers.move_to_end(name)
            while len(self._strangers) > _STRANGERS:
                self._strangers.popitem(last=False)
        return None, failures

    def _forgive(self, name: str) -> None:
        with self._database.writing() as connection:
            account = _account(connection, name)
            if account is not None:
                _put(connection, msgspec.structs.replace(account, failures=0, locked_until=None))

    def _matches(self, account: Account | None, password: str) -> bool:
        hasher = self._hasher
        if len(password) > _LONGEST:
            return False
        if account is None and not self._dummy:
            self._dummy = hasher.hash(secrets.token_hex(16))
        import argon2

        try:
            hasher.verify(account.password_hash if account else self._dummy, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return account is not None

    def _hashed(self, name: str, password: str) -> str:
        if not _SHORTEST <= len(password) <= _LONGEST or password.casefold() == name.casefold():
            message = (
                f"password of {len(password)} characters is not allowed; {_SHORTEST} to {_LONGEST} "
                "characters other than the account's name are; give another one"
            )
            raise TelcollmError(message)
        return self._hasher.hash(password)

    def make_key(
        self, owner: str, *, roles: tuple[Role, ...], scope: Scope, at: datetime, expires: datetime
    ) -> tuple[ApiKey, str]:
        """Return a new key and its text, which cannot be had a second time.

        Raises:
            TelcollmError: the owner's name is none, no role is given, or it expires before it begins.
        """
        _check_name(owner)
        _check_roles(owner, roles)
        if expires <= at:
            message = (
                f"expires={expires.isoformat()} is not in the future; a later time is allowed; "
                "give a longer --expires"
            )
            raise TelcollmError(message)
        key = ApiKey(secrets.token_hex(6), owner, roles, scope, at, expires)
        text = f"tck_{key.key_id}_{secrets.token_urlsafe(32)}"
        with self._database.writing() as connection:
            connection.execute(
                api_keys.insert().values(
                    key_id=key.key_id, key_hash=_sha256(text), body=msgspec.json.encode(key)
                )
            )
        return key, text

    def keys(self) -> list[ApiKey]:
        """Return all keys, the newest first, revoked and expired ones among them."""
        with self._database.reading() as connection:
            return sorted(_keys(connection), key=lambda key: (key.created_time, key.key_id), reverse=True)

    def revoke_key(self, key_id: str, *, at: datetime) -> ApiKey:
        """Return the key, which opens nothing from now on; what it subscribed to is ended with it.

        Raises:
            TelcollmError: there is none of that id.
        """
        with self._database.writing() as connection:
            body = connection.scalar(sa.select(api_keys.c.body).where(api_keys.c.key_id == key_id))
            if body is None:
                message = (
                    f"key {key_id[:64]!r} is not known; the id of a key that was made is allowed; "
                    "telcollm key list shows them"
                )
                raise TelcollmError(message)
            return _revoke(connection, _API_KEY.decode(body), at)

    def key_holder(self, text: str, *, at: datetime) -> ApiKey:
        """Return the key whose text this is.

        Raises:
            LoginError: there is none, or it has expired or was revoked.
        """
        if _KEY.fullmatch(text):
            statement = sa.select(api_keys.c.key_hash, api_keys.c.body).where(
                api_keys.c.key_id == text.split("_")[1]
            )
            with self._database.reading() as connection:
                row = connection.execute(statement).first()
            if row is not None and hmac.compare_digest(row.key_hash, _sha256(text)):
                key = _API_KEY.decode(row.body)
                if key.revoked is None and at < key.expires:
                    return key
                ended = "was revoked" if key.revoked else f"expired at {key.expires.isoformat()}"
                message = (
                    f"key {key.key_id} {ended}; a key in force is allowed; "
                    "ask an administrator for a new one (telcollm key make)"
                )
                raise LoginError(message)
        message = (
            "the bearer token is no key in force; a key that telcollm key make has shown is allowed; "
            "check that it was copied whole"
        )
        raise LoginError(message)


def _next_failure(name: str, failures: int, locked_until: datetime | None, at: datetime) -> int:
    if locked_until is not None and at < locked_until:
        seconds = max(1, round((locked_until - at).total_seconds()))
        message = (
            f"login of {name[:64]!r} waits after {failures} wrong passwords; one attempt at a time is "
            f"allowed; try again in {seconds} s"
        )
        raise LoginError(message)
    return failures + 1


def _wait(failures: int, at: datetime) -> datetime | None:
    beyond = failures - _FREE_FAILURES
    return at + timedelta(seconds=min(2 ** min(beyond - 1, 20), _LONGEST_WAIT_S)) if beyond > 0 else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        message = (
            f"name {name[:80]!r} is none for an account; up to 64 letters, digits and . _ @ - that begin "
            "with a letter or digit are allowed; give another one"
        )
        raise TelcollmError(message)


def _check_roles(name: str, roles: tuple[Role, ...]) -> None:
    if not roles:
        message = f"{name!r} is given no role; one or more of {', '.join(Role)} is allowed; give --role"
        raise TelcollmError(message)


def _account(connection: sa.Connection, name: str) -> Account | None:
    body = connection.scalar(sa.select(accounts.c.body).where(accounts.c.name == name))
    return None if body is None else _ACCOUNT.decode(body)


def _known(connection: sa.Connection, name: str) -> Account:
    account = _account(connection, name)
    if account is None:
        message = (
            f"account {name[:64]!r} is not known; the name of an account is allowed; "
            "telcollm account list shows them"
        )
        raise TelcollmError(message)
    return account


def _put(connection: sa.Connection, account: Account) -> None:
    statement: Any = upsert(connection.dialect.name, accounts)
    connection.execute(statement, {"name": account.name, "body": msgspec.json.encode(account)})


def _keys(connection: sa.Connection) -> list[ApiKey]:
    return [_API_KEY.decode(body) for body in connection.execute(sa.select(api_keys.c.body)).scalars()]


def _revoke(connection: sa.Connection, key: ApiKey, at: datetime) -> ApiKey:
    end_subscriptions_of(connection, key.caller.name)
    revoked = key if key.revoked else msgspec.structs.replace(key, revoked=at)
    connection.execute(
        api_keys.update().where(api_keys.c.key_id == key.key_id).values(body=msgspec.json.encode(revoked))
    )
    return revoked
