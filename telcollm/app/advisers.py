"""Which model is asked for an opinion, and as what: the base itself, or deciders by name.

Knows neither prompts nor how answers are kept.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from telcollm.errors import SettingsError
from telcollm.ports import Adviser
from telcollm.settings import Settings

if TYPE_CHECKING:
    from agents.window_reader import WindowReader
    from telcollm.decider.decider import Decider
    from telcollm.decider.opening import BaseOpener
    from telcollm.guard import Guard
    from telcollm.model.port import LanguageModel
    from telcollm.store.opening import Stores


def open_adviser(
    settings: Settings, stores: Stores | None = None, *, base_too: bool = False
) -> Adviser | None:
    """Return what asks the configured deciders or model, None where none is configured.

    Deciders read causes, KPIs, logs, planned work and the topology of windows from `stores`. With `base_too`
    the base is asked about root causes where no decider is. Deciders that hold no adapter are asked without
    a model, and none is loaded for them.

    Raises:
        TelcollmError: the model is not in the cache, a decider is not found or reads no windows, or an extra
            is missing; names the next step.
    """
    from telcollm.guard import Guard, load_key

    guard = Guard(load_key(settings.home), remember=False)
    names = {"root_cause": settings.model.root_cause, "fault_kind": settings.model.fault_kind}
    if settings.diagnosis.led_by == "champion" and not names["root_cause"]:
        message = (
            "diagnosis.led_by='champion' without model.root_cause; a promoted or shipped decider of root "
            "causes is needed; set model.root_cause='window-root-cause', or diagnosis.led_by='graph'"
        )
        raise SettingsError(message)
    if any(names.values()):
        from agents.opinion import OpinionAdviser

        base = functools.cache(lambda: open_language_model(settings))
        opened = {
            what: _open_decider(what, name, settings, lambda spec: base(), guard) if name else None
            for what, name in names.items()
        }
        model = base() if base.cache_info().currsize else None
        return OpinionAdviser(
            open_windows(settings, stores),
            guard,
            **opened,
            base=_base_adviser(base(), settings, guard) if base_too else None,
            model=model,
        )
    return _base_adviser(open_language_model(settings), settings, guard)


def _base_adviser(model: LanguageModel | None, settings: Settings, guard: Guard) -> Adviser | None:
    if model is None:
        return None
    from agents.advice import ModelAdviser

    return ModelAdviser(model, settings.diagnosis, guard)


def open_windows(settings: Settings, stores: Stores | None) -> WindowReader:
    """Return what reads the windows of incidents in `stores`; without any, what alarms alone tell."""
    from agents.window_evidence import StoreWindowEvidence
    from agents.window_reader import WindowReader
    from telcollm.ports import EVERYTHING
    from telcollm.topology import Topology

    most = settings.diagnosis.max_candidates
    if stores is None:
        return WindowReader(Topology(), None, most)
    topology = Topology(stores.store.topology(EVERYTHING))
    return WindowReader(topology, StoreWindowEvidence(stores.store, stores.telemetry), most)


def open_language_model(settings: Settings) -> LanguageModel | None:
    """Return the configured language model, None for the engine `none`.

    Raises:
        TelcollmError: it is not in the cache, or an extra is missing; names the next step.
    """
    if settings.model.engine == "none":
        return None
    if settings.model.engine == "scripted":
        from telcollm.testing import ScriptedModel

        return ScriptedModel()
    from telcollm.model import open_model

    return open_model(
        settings.model.name,
        engine=settings.model.engine,
        device=settings.model.device,
        dtype=settings.model.dtype,
        adapters={name: Path(path) for name, path in settings.model.adapters.items()},
        overlong="cut_middle",
        base_url=settings.model.base_url,
        api_key=settings.model.api_key.get_secret_value(),
    )


def _open_decider(what: str, name: str, settings: Settings, open_base: BaseOpener, guard: Guard) -> Decider:
    from agents.opinion import CANDIDATES, TEXT
    from telcollm.decider.opening import open_named
    from telcollm.decider.shelf import CHAMPION
    from telcollm.prompts import NUMBER

    leads = what == "root_cause" and settings.diagnosis.led_by == "champion"
    shelved, decider = open_named(name, settings, unpromoted=not leads, guard=guard, open_base=open_base)
    if leads and shelved.origin != "shipped" and CHAMPION not in shelved.aliases:
        message = (
            f"diagnosis.led_by='champion', and model.root_cause={name!r} is none; a promoted decider or a "
            f"shipped one is allowed; run 'telcollm model promote {shelved.name}', or set "
            "diagnosis.led_by='graph'"
        )
        raise SettingsError(message)
    spec = decider.spec
    wanted = ("choices", CANDIDATES) if what == "root_cause" else ("labels", "")
    reads = (*spec.text_columns, *spec.numeric_columns)
    of_windows = spec.text_columns in ((), (TEXT,)) and all(
        name.startswith(NUMBER) for name in spec.numeric_columns
    )
    if (spec.kind, spec.choices_column) != wanted or not of_windows or spec.history is not None:
        choices = f", choices in {CANDIDATES!r}" if what == "root_cause" else ", a fixed label"
        message = (
            f"model.{what}={name!r} reads {', '.join(reads[:8])} and decides {spec.label_column!r}; a "
            f"decider of the column {TEXT!r} and of numbers {NUMBER}*{choices}, is allowed; train one on "
            "windows: telcollm simulate writes such tables"
        )
        raise SettingsError(message)
    return decider
