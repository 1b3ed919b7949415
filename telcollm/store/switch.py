"""The stop switch: one row that every process looks at, at most once in half a second.

While it is down no process gives out what a model has made; alarms and rules go on. Does not know models.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
import sqlalchemy as sa

from telcollm.errors import TelcollmError, TransientError
from telcollm.store.access_tables import switches
from telcollm.store.database import Database
from telcollm.store.rows import to_ms
from telcollm.store.upsert import upsert

LOOK_EVERY_S: Final = 0.5
"""Half of the second in which model output must end, so that the look itself fits into the other half."""

_LOG = logging.getLogger(__name__)
_NAME: Final = "model-output"
_STOPPED: Final = "stopped"
_RUNNING: Final = "running"


class SwitchState(msgspec.Struct, frozen=True):
    """Whether model output is stopped, and who changed that last; nobody where it was never touched."""

    stopped: bool
    changed_by: str = ""
    changed_time: datetime | None = None


class ModelStoppedError(TransientError):
    """Model output is stopped; the caller goes on with rules, or waits."""

    def __init__(self) -> None:
        super().__init__(
            "model output is stopped by the switch; rules and stored results go on; "
            "telcollm start-model lets models speak again"
        )


class StopSwitch:
    """The switch as one process sees it. Safe to share between threads."""

    def __init__(self, database: Database, monotonic_s: Callable[[], float]) -> None:
        self._database = database
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._looked_s: float | None = None
        self._stopped = False

    def stopped(self) -> bool:
        """Tell whether model output is stopped, as of half a second ago at most.

        Where the store does not answer it is: a switch that cannot be seen must not be taken for up.
        """
        with self._lock:
            now_s = self._monotonic_s()
            if self._looked_s is None or now_s - self._looked_s >= LOOK_EVERY_S:
                try:
                    self._stopped = self.state().stopped
                except TelcollmError as error:
                    _LOG.warning("model output waits, as the switch cannot be seen: %s", error)
                    self._stopped = True
                self._looked_s = now_s
            return self._stopped

    def check(self) -> None:
        """Guarantee that models may speak: asked before a model is and again before its output is given.

        Raises:
            ModelStoppedError: they may not.
        """
        if self.stopped():
            raise ModelStoppedError

    def check_now(self) -> None:
        """Guarantee that models may speak as the switch stands now, however lately it was looked at.

        Asked right before what models said becomes durable: from then on it is sent, whatever happens. On
        PostgreSQL a stop that is committed between this look and the caller's own commit, milliseconds
        later, is not seen.

        Raises:
            ModelStoppedError: they may not.
        """
        with self._lock:
            self._looked_s = None
        self.check()

    def state(self) -> SwitchState:
        """Return how the switch stands in the store now."""
        statement = sa.select(switches).where(switches.c.name == _NAME)
        with self._database.reading() as connection:
            row = connection.execute(statement).first()
        if row is None:
            return SwitchState(False)
        changed = datetime.fromtimestamp(row.changed_ms / 1000, UTC)
        # Anything but the one word that lets models speak is taken for a stop.
        return SwitchState(row.value != _RUNNING, row.changed_by, changed)

    def set(self, *, stopped: bool, by: str, at: datetime) -> SwitchState:
        """Return the switch as it stands from now on, for every process within a second."""
        row = {
            "name": _NAME,
            "value": _STOPPED if stopped else _RUNNING,
            "changed_ms": to_ms(at),
            "changed_by": by,
        }
        with self._database.writing() as connection:
            connection.execute(upsert(connection.dialect.name, switches), row)
        with self._lock:
            self._looked_s = None
        return self.state()
