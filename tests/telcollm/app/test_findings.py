"""Laws of what a worker's diagnoses rest on beside alarms: no decider that nobody promoted leads to steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from telcollm.app.findings import open_findings
from telcollm.decider.shelf import find
from telcollm.guard import Guard
from telcollm.settings import DiagnosisSettings, ModelSettings, Settings
from telcollm.store.opening import open_stores

KIND = "window-fault-kind"


def heeded(home: Path, model: ModelSettings, diagnosis: DiagnosisSettings) -> bool:
    settings = Settings(home=home, model=model, diagnosis=diagnosis)
    stores = open_stores(f"sqlite:///{home / 'telcollm.db'}")
    try:
        found = open_findings(settings, stores, Guard(b"0123456789abcdef"))
    finally:
        stores.close()
    assert found.steps is not None
    return found.steps.heeds_kinds


def test_a_shipped_decider_of_kinds_is_heard_where_deciders_lead(tmp_path: Path) -> None:
    assert heeded(tmp_path, ModelSettings(fault_kind=KIND), DiagnosisSettings(led_by="champion"))


@pytest.mark.parametrize(
    ("kind", "led_by"),
    [(KIND, "graph"), ("", "champion"), ("no-such-decider", "champion"), ("a folder", "champion")],
)
def test_no_other_decider_of_kinds_is(tmp_path: Path, kind: str, led_by: str) -> None:
    name = str(find(KIND, Settings(home=tmp_path)).folder) if kind == "a folder" else kind
    diagnosis = DiagnosisSettings.model_validate({"led_by": led_by})
    assert not heeded(tmp_path, ModelSettings(fault_kind=name), diagnosis)
