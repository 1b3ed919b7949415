"""In which tenant and region something is made: as said, else the only one the caller sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcollm.access import Caller
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError


def placed(workplace: Workplace, caller: Caller, wire: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with tenant and region; what is not said is the only one that the caller sees.

    Raises:
        TelcollmError: the caller sees several tenants, or regions, and does not say which.
    """
    scope = caller.scope
    configured = tuple(dict.fromkeys(source.tenant for source in workplace.settings.sources))
    tenant = str(wire.get("tenant") or _only("tenant", scope.tenants or configured))
    region = str(wire.get("region") or (_only("region", scope.regions) if scope.regions else ""))
    return {**wire, "tenant": tenant, "region": region}


def _only(name: str, known: tuple[str, ...]) -> str:
    if len(known) != 1:
        message = (
            f"{name} is not given and you see several; one of {', '.join(known)[:200]} is allowed; "
            f"give {name}"
        )
        raise TelcollmError(message)
    return known[0]
