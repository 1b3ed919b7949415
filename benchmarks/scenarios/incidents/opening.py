"""A variant of the incident suite, opened: its playbook, its evidence, and who is asked for an opinion.

Deliberately does not know cases or truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agents.diagnosis import PLAYBOOK_VERSION, GraphDiagnoser
from agents.diagnosis.evidence import StoreEvidence
from agents.diagnosis.finder import StepFinder
from agents.diagnosis.leading import Leading
from benchmarks.scenarios.incidents.stream import writer_of
from benchmarks.scenarios.incidents.systems import DiagnosisSystem
from benchmarks.scenarios.suite import NotAvailable, Options, Tell
from benchmarks.scenarios.version import weights_version
from streams.component import Snapshot
from telcollm.errors import TelcollmError
from telcollm.graph import CauseGraph
from telcollm.guard import Guard
from telcollm.knowledge.library import Library
from telcollm.ports import EVERYTHING, Adviser
from telcollm.settings import DiagnosisSettings, Settings
from telcollm.store.opening import Stores, open_stores
from telcollm.topology import Topology

if TYPE_CHECKING:
    from telcollm.decider.spec import DeciderSpec
    from telcollm.model.port import LanguageModel

_WITH_DECIDERS: Final = ("tuned", "led")
_ALARMS_ALONE: Final = ("rules", "rules-graph")
_DECIDERS: Final = {"root_cause": "window-root-cause", "fault_kind": "window-fault-kind"}
_KEY: Final = b"simulated-operators-have-no-customers"


def open_variant(
    variant: str,
    database: Path,
    incidents: Mapping[str, Snapshot],
    graph: CauseGraph | None,
    options: Options,
    settings: Settings,
    tell: Tell,
) -> DiagnosisSystem:
    """Return the variant over stored incidents.

    Raises:
        NotAvailable: a decider or the base model is not here.
    """
    stores = open_stores(f"sqlite:///{database}")
    try:
        topology = Topology(stores.store.topology(EVERYTHING))
        guard = Guard(_KEY, remember=False)
        diagnosis = DiagnosisSettings()
        adviser, who = _adviser(variant, topology, stores, diagnosis, guard, options, settings, tell)
        beside = None
        if variant not in _ALARMS_ALONE:
            beside = StoreEvidence(stores.store, stores.telemetry, guard)
        diagnoser = GraphDiagnoser(
            stores.store,
            topology,
            diagnosis,
            has_graph=graph is not None,
            evidence=beside,
            steps=_steps(variant, stores),
        )
    except BaseException:
        stores.close()
        raise
    identity = {
        "playbook": PLAYBOOK_VERSION,
        "graph": graph.sha256 if graph else "none",
        "abstain_below": str(diagnosis.abstain_below),
        **who,
    }
    return DiagnosisSystem(
        incidents,
        writer_of(graph, topology),
        diagnoser,
        stores,
        topology,
        identity,
        adviser=adviser,
        leading=Leading(diagnoser) if variant == "led" else None,
        prompt_tokens=settings.model.prompt_tokens,
    )


def _steps(variant: str, stores: Stores) -> StepFinder | None:
    """Return where a variant looks runbooks up; where a decider leads, it hears of the kind of fault."""
    if variant not in ("knowledge", "led"):
        return None
    return StepFinder(Library(stores.documents, None), heed_kinds=variant == "led")


def _adviser(
    variant: str,
    topology: Topology,
    stores: Stores,
    diagnosis: DiagnosisSettings,
    guard: Guard,
    options: Options,
    settings: Settings,
    tell: Tell,
) -> tuple[Adviser | None, dict[str, str]]:
    """Return who is asked beside the playbook, and who that is, for the record."""
    if variant == "untuned":
        from agents.advice import ModelAdviser
        from telcollm.model import open_model

        name = options.model or settings.model.name
        tell(f"opening {name}")
        try:
            model = open_model(name, device=settings.model.device, overlong="cut_middle")
        except TelcollmError as error:
            message = f"the base model cannot be opened: {error}"
            raise NotAvailable(message) from error
        if model is None:
            message = f"the base model {name!r} cannot be opened; name one by --model"
            raise NotAvailable(message)
        who = {"model": model.name, "adapter": "none", "weights_model": model.info.sha256[:12] or "unknown"}
        return ModelAdviser(model, diagnosis, guard), who
    if variant not in _WITH_DECIDERS:
        return None, {}
    from agents.opinion import OpinionAdviser
    from agents.window_evidence import StoreWindowEvidence
    from agents.window_reader import WindowReader
    from telcollm.decider.opening import open_named

    opened: dict[str, LanguageModel | None] = {}

    def base_of(spec: DeciderSpec) -> LanguageModel | None:
        from telcollm.model import open_model

        if spec.base not in opened:
            tell(f"opening {spec.base}")
            opened[spec.base] = open_model(spec.base, device=settings.model.device, overlong="cut_middle")
        return opened[spec.base]

    deciders, weights, reasons = {}, {}, []
    for what, usual in _DECIDERS.items():
        name = options.deciders.get(what, "" if options.deciders else usual)
        if name:
            try:
                shelved, deciders[what] = open_named(
                    name, settings, unpromoted=True, guard=guard, open_base=base_of
                )
                weights[f"weights_{what}"] = weights_version(shelved.folder)
            except TelcollmError as error:
                reasons.append(f"{what}: {error}")
    if not deciders or (options.deciders and reasons):
        message = (
            f"no decider of windows: {'; '.join(reasons)}; name one: --decider fault_kind=NAME or FOLDER"
        )
        raise NotAvailable(message)
    specs = {what: decider.spec for what, decider in deciders.items()}
    who = {what: f"{spec.name}@{spec.version}" for what, spec in specs.items()} | weights
    who["model"] = ", ".join(sorted({spec.base or "plain" for spec in specs.values()}))
    evidence = StoreWindowEvidence(stores.store, stores.telemetry)
    adviser = OpinionAdviser(
        WindowReader(topology, evidence, diagnosis.max_candidates),
        guard,
        root_cause=deciders.get("root_cause"),
        fault_kind=deciders.get("fault_kind"),
        model=next(iter(opened.values()), None),
    )
    return adviser, who
