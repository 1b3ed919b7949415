"""Database errors as telcollm's own: what may pass when tried again, and what a person must mend.

Does not know which statement failed, and never shows parameters or passwords.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from telcollm.errors import TelcollmError, TransientError

# SQLite's primary result codes.
_SQLITE_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_FULL: Final = sqlite3.SQLITE_FULL
_SQLITE_TRANSIENT: Final = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT})
# Source: PostgreSQL documentation, appendix A, classes of error codes.
_POSTGRESQL_LOCK: Final = frozenset({"55P03", "40P01", "40001", "57014"})
_POSTGRESQL_FULL: Final = "53100"
_POSTGRESQL_TRANSIENT: Final = ("08", "40", "53", "55", "57", "58")
_POSTGRESQL_REFUSED: Final = ("authentication failed", "does not exist", "no pg_hba.conf entry")


@contextmanager
def told(place: str) -> Iterator[None]:
    """Turn what the database raises inside the block into TelcollmError; `place` is its safe URL.

    Raises:
        TransientError: locked, out of disk, unreachable: the same may succeed later.
        TelcollmError: the database refuses for good.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        message = (
            f"store={place} has no free connection left; every one is in use; "
            "end a transaction first, then try again"
        )
        raise TransientError(message) from error
    except sa.exc.DBAPIError as error:
        raise _explain(error, place) from error


def _explain(error: sa.exc.DBAPIError, place: str) -> TelcollmError:
    origin = error.orig
    text = " ".join(str(origin).split())
    if isinstance(origin, sqlite3.Error):
        code = getattr(origin, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        locked, full = code in _SQLITE_BUSY, code == _SQLITE_FULL
        transient = code in _SQLITE_TRANSIENT
    else:
        state = getattr(origin, "sqlstate", None)
        locked, full = state in _POSTGRESQL_LOCK, state == _POSTGRESQL_FULL
        if state is not None:
            transient = state.startswith(_POSTGRESQL_TRANSIENT)
        else:
            lost = isinstance(error, sa.exc.OperationalError) or error.connection_invalidated
            transient = lost and not any(words in text for words in _POSTGRESQL_REFUSED)
    if locked:
        return TransientError(
            f"store={place} is locked by another process ({text}); one writer at a time is allowed; "
            "try again, or end the process that holds it"
        )
    if full:
        return TransientError(
            f"store={place} has no disk space left ({text}); nothing of this commit was kept; "
            "free disk space, then try again"
        )
    if transient:
        return TransientError(
            f"store={place} did not answer ({text}); a reachable database is needed; "
            "try again, or see to the database"
        )
    return TelcollmError(
        f"store={place} refused ({text}); a readable, writable telcollm database is allowed; "
        "mend the database or set store_url"
    )
