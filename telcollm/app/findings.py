"""What a diagnosis rests on beside alarms: telemetry in the store, runbooks, and a calibrated threshold.

Does not know how a diagnosis is made, nor how telemetry came into the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from telcollm.errors import TelcollmError

if TYPE_CHECKING:
    from agents.diagnosis.calibration import Calibration
    from agents.diagnosis.evidence import EvidenceSource
    from agents.diagnosis.finder import StepFinder
    from telcollm.guard import Guard
    from telcollm.settings import Settings
    from telcollm.store.opening import Stores


class Findings(NamedTuple):
    """Where signs and steps are looked up, and when to abstain; None is nowhere, and as the settings say."""

    evidence: EvidenceSource | None = None
    steps: StepFinder | None = None
    calibration: Calibration | None = None


def open_findings(settings: Settings, stores: Stores, guard: Guard) -> Findings:
    """Return what the stores and settings have for a worker.

    Runbooks are searched by words alone: nothing is embedded while alarms wait. What a decider takes for the
    kind of fault is heard between them where deciders lead and that one was promoted or shipped.

    Raises:
        TelcollmError: the calibration file that the settings name cannot be read.
    """
    from agents.diagnosis.calibration import load_calibration
    from agents.diagnosis.evidence import StoreEvidence
    from agents.diagnosis.finder import StepFinder
    from telcollm.knowledge.library import Library

    path = settings.diagnosis.calibration_path
    return Findings(
        StoreEvidence(stores.store, stores.telemetry, guard),
        StepFinder(Library(stores.documents, None), heed_kinds=_heeds_kinds(settings)),
        load_calibration(path) if path else None,
    )


def _heeds_kinds(settings: Settings) -> bool:
    """Tell whether a decider of fault kinds may say which runbook comes first."""
    from telcollm.decider.shelf import CHAMPION, find

    name = settings.model.fault_kind
    if settings.diagnosis.led_by != "champion" or not name:
        return False
    try:
        shelved = find(name, settings)
    except TelcollmError:
        return False
    return shelved.origin == "shipped" or CHAMPION in shelved.aliases
