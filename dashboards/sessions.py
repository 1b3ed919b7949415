"""Who is logged in to this process of the console: random tokens, kept as hashes, that end by themselves.

A ticket lets a browser fetch the token of a session into its cookie, once and soon. Does not know passwords.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from telcollm.access import Caller

IDLE: Final = timedelta(hours=8)
"""After how long without a look a session ends: a shift."""

LONGEST: Final = timedelta(hours=16)
TICKET: Final = timedelta(minutes=1)
_MOST: Final = 10_000


@dataclass(frozen=True)
class Session:
    """One login: `proof` is what the login rested on; a session whose account has another one is over."""

    caller: Caller
    proof: str
    begun: datetime
    seen: datetime
    language: str = ""


class Sessions:
    """The sessions of one process. Safe to share between threads."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._sessions: dict[bytes, Session] = {}
        self._tickets: dict[bytes, tuple[datetime, str]] = {}

    def begin(self, caller: Caller, proof: str, language: str = "") -> str:
        """Return the token of a new session."""
        token, now = secrets.token_urlsafe(32), self._now()
        with self._lock:
            self._sessions = {
                key: one for key, one in list(self._sessions.items())[-_MOST:] if _lasts(one, now)
            }
            self._sessions[_hash(token)] = Session(caller, proof, now, now, language)
        return token

    def session(self, token: str) -> Session | None:
        """Return the session of a token, which has been seen now; None where there is none or it is over."""
        key, now = _hash(token), self._now()
        with self._lock:
            found = self._sessions.get(key)
            if found is None or not _lasts(found, now):
                self._sessions.pop(key, None)
                return None
            self._sessions[key] = replace(found, seen=now)
            return found

    def speak(self, token: str, language: str) -> None:
        """Keep the language that a session reads."""
        with self._lock:
            found = self._sessions.get(_hash(token))
            if found is not None:
                self._sessions[_hash(token)] = replace(found, language=language)

    def end(self, token: str) -> None:
        """End a session; its token opens nothing from now on."""
        with self._lock:
            self._sessions.pop(_hash(token), None)

    def ticket(self, token: str) -> str:
        """Return what the token can be had for, once, within a minute."""
        ticket, now = secrets.token_urlsafe(32), self._now()
        with self._lock:
            self._tickets = {
                key: one for key, one in list(self._tickets.items())[-_MOST:] if now - one[0] <= TICKET
            }
            self._tickets[_hash(ticket)] = (now, token)
        return ticket

    def redeem(self, ticket: str) -> str | None:
        """Return the token for a ticket; None where it is none, was used, or is too old."""
        with self._lock:
            made, token = self._tickets.pop(_hash(ticket), (None, ""))
        return token if made is not None and self._now() - made <= TICKET else None


def _lasts(session: Session, now: datetime) -> bool:
    return now - session.seen <= IDLE and now - session.begun <= LONGEST


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
