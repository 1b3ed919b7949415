"""The router as the settings have it: deciders by name, the policy's file, the topology of the store.

Does not know how routes are shown or where tickets come from.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from telcollm.errors import SettingsError, TransientError
from telcollm.settings import Settings

if TYPE_CHECKING:
    from agents.routing.deciding import Asked
    from agents.routing.policy import RoutingPolicy
    from agents.routing.router import Router
    from telcollm.decider.opening import BaseOpener
    from telcollm.guard import Guard
    from telcollm.store.opening import Stores
    from telcollm.topology import Topology


def open_router(
    settings: Settings,
    stores: Stores,
    topology: Topology | None = None,
    *,
    policy: Path | None = None,
    team: str = "",
    priority: str = "",
    open_base: BaseOpener | None = None,
    rules_only: bool = False,
) -> Router:
    """Return a router; `policy`, `team` and `priority` stand instead of the settings' own.

    Without a topology, the store's is read. `rules_only` asks no decider, whatever is configured.

    Raises:
        DeciderError, SettingsError: a decider or the policy cannot be used; names the next step.
        TransientError: the store or the tracking server does not answer.
    """
    from agents.routing.router import Router
    from telcollm.guard import Guard, load_key
    from telcollm.ports import EVERYTHING
    from telcollm.topology import Topology

    guard = Guard(load_key(settings.home), remember=False)
    names = {"team": team or settings.model.team, "priority": priority or settings.model.priority}
    if rules_only:
        names = dict.fromkeys(names, "")
    asked = {
        what: _asked(what, name, settings, guard, open_base) if name else None for what, name in names.items()
    }
    known = Topology(stores.store.topology(EVERYTHING)) if topology is None else topology
    rules = routing_policy(settings, policy)
    return Router(stores, known, rules, guard, team=asked["team"], priority=asked["priority"])


def routing_policy(settings: Settings, policy: Path | None = None) -> RoutingPolicy:
    """Return the policy of the file given, else of the settings', else the built-in example.

    Raises:
        SettingsError: the file cannot be used; names the field and the next step.
    """
    from agents.routing.policy import load_policy

    return load_policy(policy or settings.routing.policy_path)


def known_teams(settings: Settings, policy: Path | None = None) -> tuple[str, ...]:
    """Return every team that is routed to: the policy's, then others that the settings' decider names.

    While the tracking server does not answer, the policy's alone.

    Raises:
        DeciderError, SettingsError: the decider or the policy cannot be used; names the next step.
    """
    from telcollm.decider.shelf import resolve
    from telcollm.decider.spec import read_spec

    known = list(routing_policy(settings, policy).teams)
    if settings.model.team:
        with contextlib.suppress(TransientError):
            known += read_spec(resolve(settings.model.team, settings, unpromoted=True)).labels
    return tuple(dict.fromkeys(known))


def _asked(what: str, name: str, settings: Settings, guard: Guard, open_base: BaseOpener | None) -> Asked:
    from agents.routing.deciding import Asked
    from telcollm.decider.decider import open_decider
    from telcollm.decider.opening import open_named

    shelved, decider = open_named(name, settings, guard=guard, open_base=open_base)
    spec = decider.spec
    if spec.kind != "labels" or spec.history is not None:
        message = (
            f"model.{what}={name!r} decides among each row's own choices or reads earlier rows; a decider of "
            "one ticket with fixed labels is allowed; train one: telcollm finetune run --data tickets.csv "
            f"--text description --label {what}"
        )
        raise SettingsError(message)
    expert = open_decider(shelved.folder, None, guard=guard, plain_only=True) if spec.plain else None
    version = f"@{shelved.version}" if shelved.version else ""
    return Asked(decider, expert, f"{shelved.name}{version}")
