"""Commands asked of the one table: what the user of this machine may do, where the settings limit it.

By default the machine's user has every role. Whoever may write the settings or open the store is not kept out
by this: it keeps mistakes out. Does not know what a command does.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from telcollm.access import COMMANDS, AccessDenied, Caller, require


def guarded(command: Any, path: tuple[str, ...] = ()) -> Any:
    """Return the command, or group of commands, each of which asks the table before it begins."""
    below = getattr(command, "commands", None)
    if below is not None:
        for name, one in below.items():
            guarded(one, (*path, name))
    elif command.callback is not None:
        command.callback = _asking(command.callback, " ".join(path))
    return command


def _asking(callback: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(callback)
    def asked(**given: Any) -> Any:
        from telcollm.app.cli.access import user_name
        from telcollm.app.services.accounts import local_caller
        from telcollm.settings import load_settings

        config = given.get("config")
        settings = load_settings(config if isinstance(config, Path) else None)
        check(name, local_caller(settings, user_name()))
        return callback(**given)

    return asked


def check(name: str, caller: Caller) -> None:
    """Guarantee that the caller may give the command.

    Raises:
        AccessDenied: they may not, or the table does not know the command.
    """
    action = COMMANDS.get(name)
    if action is None:
        message = f"command {name!r} is in no table of access; nobody may give it; name it in telcollm.access"
        raise AccessDenied(message)
    require(caller, action)
