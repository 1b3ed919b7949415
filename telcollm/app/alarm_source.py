"""Which configured source alarms are written to. Does not know who writes them."""

from __future__ import annotations

from telcollm.errors import TelcollmError
from telcollm.settings import Settings, SourceSettings


def alarm_source(settings: Settings) -> SourceSettings:
    """Return the first source of alarms.

    Raises:
        TelcollmError: all that are configured hold something else.
    """
    for source in settings.sources:
        if source.kind == "alarms":
            return source
    kinds = ", ".join(dict.fromkeys(source.kind for source in settings.sources)) or "nothing"
    message = (
        f"[[sources]] hold {kinds} and no alarms; one with kind = 'alarms' is needed; add it to telcollm.toml"
    )
    raise TelcollmError(message)
