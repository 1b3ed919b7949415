"""How the pipeline stands: lag, rate, degraded or not, what waits; from a worker's health and the store.

What cannot be known is None, never a guess. Does not start or stop anything.
"""

from __future__ import annotations

import http.client
import json
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from telcollm.access import Action, Caller, require
from telcollm.app.workplace import Look, Workplace
from telcollm.errors import TelcollmError
from telcollm.store.schema import dead_letters, outbox, requests
from telcollm.store.switch import SwitchState

_ANSWER_WITHIN_S: Final = 1.0
_LOOK_S: Final = 2.0
_MOST_BYTES: Final = 65_536


class PipelineState(msgspec.Struct, frozen=True):
    """How things stand now.

    `state`: ok, failing, stale or starting, as the worker says; unreachable where its health is served but
    does not answer; unknown where none is served (health_port). `degraded`: it runs on less than its full
    level. `rate_per_s` is of alarms since the last look, None at the first.
    """

    state: str
    lag: int | None
    rate_per_s: float | None
    level: str
    level_says: str
    degraded: bool | None
    failure: str
    open_alarms: int | None
    requests_waiting: int
    messages_waiting: int
    dead_letters: int
    model: SwitchState


def pipeline(workplace: Workplace, caller: Caller) -> PipelineState:
    """Return how the pipeline stands.

    Raises:
        AccessDenied: the caller has no role.
    """
    require(caller, Action.PIPELINE_READ)
    status = worker_status(workplace)
    state = str(status.get("state", "unknown"))
    alarms = status.get("alarms")
    level = str(status.get("level", ""))
    return PipelineState(
        state=state,
        lag=status.get("lag"),
        rate_per_s=_rate(workplace, alarms),
        level=level,
        level_says=str(status.get("level_says", "")),
        degraded=level != "FULL" if level else None,
        failure=str(status.get("failure", "") or status.get("advice_failure", "")),
        open_alarms=status.get("open_alarms"),
        model=workplace.switch.state(),
        **_waiting(workplace),
    )


def worker_status(workplace: Workplace) -> dict[str, Any]:
    """Return what the worker's health says: {} where none is served, a state alone where it is silent."""
    settings = workplace.settings
    if not settings.health_port:
        return {}
    connection = http.client.HTTPConnection(
        settings.health_host, settings.health_port, timeout=_ANSWER_WITHIN_S
    )
    try:
        connection.request("GET", "/ready")
        found = json.loads(connection.getresponse().read(_MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError):
        return {"state": "unreachable"}
    finally:
        connection.close()
    return found if isinstance(found, dict) else {"state": "unreachable"}


def _rate(workplace: Workplace, alarms: int | None) -> float | None:
    """Return alarms a second over the last two seconds or more; None at first, and after a worker's restart.

    Several pages that look at once are told the same: a look counts only once it is two seconds old.
    """
    if alarms is None:
        return None
    now_s = workplace.clock.monotonic_s()
    before = workplace.last_look
    if before is None or alarms < before.alarms:
        workplace.last_look = Look(now_s, alarms, None)
    elif now_s - before.at_s >= _LOOK_S:
        workplace.last_look = Look(now_s, alarms, (alarms - before.alarms) / (now_s - before.at_s))
    found = workplace.last_look
    return None if found is None else found.rate_per_s


def _waiting(workplace: Workplace) -> dict[str, int]:
    with workplace.stores.database.reading() as connection:
        return {
            name: int(
                connection.scalar(sa.select(sa.func.count()).select_from(table).where(column.is_(None))) or 0
            )
            for name, table, column in (
                ("requests_waiting", requests, requests.c.done_ms),
                ("messages_waiting", outbox, outbox.c.sent_ms),
                ("dead_letters", dead_letters, dead_letters.c.replayed_ms),
            )
        }


def ready(workplace: Workplace) -> str:
    """Return why the store cannot be used; empty when it can. Anybody may know that."""
    try:
        with workplace.stores.database.reading() as connection:
            connection.execute(sa.select(1))
    except TelcollmError:
        return "the store does not answer"
    return ""
