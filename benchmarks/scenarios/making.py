"""The making of a suite's cases: once, and anew where the recipe is another.

Deliberately does not know any suite, nor how cases are kept.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.scenarios.case import Part
from benchmarks.scenarios.folder import CaseFolder
from benchmarks.scenarios.suite import Suite, Tell


def made_folder(suite: Suite, part: Part, data: Path, tell: Tell) -> CaseFolder:
    """Return the suite's cases under `data`, made where they are not there yet or by another recipe.

    Raises:
        NotAvailable: data is missing that cannot be made.
        SettingsError: what lies there cannot be read, or is none of ours.
    """
    folder = CaseFolder(data / suite.name / part)
    recipe = suite.recipe(part)
    if folder.is_of(recipe):
        return folder
    folder.clear()
    folder.inputs.mkdir(parents=True)
    tell(f"making the cases of {suite.name}, {part}")
    suite.make(folder, part, tell)
    folder.note(recipe)
    return folder
