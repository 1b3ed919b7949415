"""What all sessions of the console share: the workplace, and who is logged in. Opened once a process."""

from __future__ import annotations

import threading
from typing import Final

from dashboards.sessions import Sessions
from telcollm.app.workplace import Workplace, open_workplace
from telcollm.settings import load_settings

_LOCK: Final = threading.Lock()
_KEPT: Final[list[tuple[Workplace, Sessions]]] = []


def use(desk: Workplace) -> None:
    """Take a workplace that was opened elsewhere for all sessions of this process; nobody is logged in."""
    _KEPT[:] = [(desk, Sessions(desk.now))]


def workplace() -> Workplace:
    """Return the workplace that the settings of this process describe.

    Raises:
        TelcollmError: the settings are wrong, or the store cannot be used; the next call tries again.
    """
    with _LOCK:
        if not _KEPT:
            use(open_workplace(load_settings()))
        return _KEPT[0][0]


def sessions() -> Sessions:
    """Return who is logged in; it ends with the process."""
    workplace()
    return _KEPT[0][1]
