"""The care desk as the settings have it: scripts, policy, the decider of intents, the topology of the store.

Does not know how replies are shown or where messages come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from telcollm.errors import SettingsError
from telcollm.settings import Settings

if TYPE_CHECKING:
    from agents.care.desk import CareDesk, NamedDecider
    from telcollm.decider.opening import BaseOpener
    from telcollm.ports import Scope
    from telcollm.store.opening import Stores
    from telcollm.topology import Topology


def open_desk(
    settings: Settings,
    stores: Stores,
    topology: Topology | None = None,
    *,
    scripts: Sequence[Path] = (),
    policy: Sequence[Path] = (),
    intent: str = "",
    scope: Scope | None = None,
    zone: tzinfo = UTC,
    open_base: BaseOpener | None = None,
    rules_only: bool = False,
) -> CareDesk:
    """Return a desk with the operator's scripts and policy, the example operator's where there are none.

    `scripts`, `policy` and `intent` stand instead of the settings' own; `rules_only` asks no decider,
    whatever is configured. Without a topology, the store's is read. Times are written in `zone`.

    Raises:
        CareFileError: a script or rule cannot be used; lists each with file, line and what to do.
        DeciderError, SettingsError: the decider cannot be used; names the next step.
        TransientError: the store or the tracking server does not answer.
    """
    from agents.care.book import SHIPPED as SHIPPED_SCRIPTS
    from agents.care.book import load_book
    from agents.care.desk import CareDesk
    from agents.care.located import CareFileError
    from agents.care.policy import SHIPPED as SHIPPED_POLICY
    from agents.care.policy import load_policy
    from telcollm.guard import load_key
    from telcollm.ports import EVERYTHING
    from telcollm.topology import Topology

    own_scripts = scripts or settings.care.scripts_paths
    own_policy = policy or settings.care.policy_paths
    name = "" if rules_only else intent or settings.model.intent
    book = load_book(own_scripts or (SHIPPED_SCRIPTS,))
    known = Topology(stores.store.topology(EVERYTHING)) if topology is None else topology
    try:
        rules = load_policy(own_policy or (SHIPPED_POLICY,), signs=book.signs, intents=book.intents)
    except CareFileError as error:
        if own_policy or not own_scripts:
            raise
        message = (
            "the example operator's policy does not fit these scripts; a policy of your own is allowed; "
            f"name it with care.policy_paths or --policy (`rules: []` for none)\n{error}"
        )
        raise CareFileError(message) from error
    return CareDesk(
        stores,
        known,
        book,
        rules,
        guard_key=load_key(settings.home),
        decider=_named(name, settings, frozenset(book.intents), open_base) if name else None,
        scope=EVERYTHING if scope is None else scope,
        zone=zone,
    )


def _named(
    name: str, settings: Settings, intents: frozenset[str], open_base: BaseOpener | None
) -> NamedDecider:
    from agents.care.desk import NamedDecider
    from telcollm.decider.opening import open_named

    shelved, decider = open_named(name, settings, open_base=open_base)
    spec = decider.spec
    if spec.kind != "labels" or not intents.intersection(spec.labels):
        message = (
            f"model.intent={name!r} decides {', '.join(spec.labels[:5]) or 'among choices'}, none of which "
            f"the scripts answer; a decider of intents such as {', '.join(sorted(intents)[:4])} is allowed; "
            "train one on messages, or name the intents alike in the scripts"
        )
        raise SettingsError(message)
    version = f"@{shelved.version}" if shelved.version else ""
    adapter = shelved.name if spec.adapter else ""
    return NamedDecider(decider, f"{shelved.name}{version}", frozenset(map(str, spec.labels)), adapter)
