"""Runbooks as the simulated operator would have them, one a kind of fault: its title, its signs, what to do.

Worded by the catalogue of faults, never by a vendor's dialect. Deliberately does not know any case.
"""

from __future__ import annotations

from pathlib import Path

from streams.simulator.catalogue import FAULT_KINDS
from streams.simulator.kind import FaultKind
from telcollm.knowledge.library import Library
from telcollm.store.opening import Stores


def source_of(kind: str) -> str:
    """Return by what name a kind's runbook is cited.

    >>> source_of("fibre_cut")
    'runbook-fibre-cut'
    """
    return f"runbook-{kind.replace('_', '-')}"


def runbook_text(kind: FaultKind) -> str:
    """Return a kind's runbook as Markdown."""
    signs = dict.fromkeys(one.symptom.replace("_", " ") for one in kind.complaints)
    steps = "\n".join(
        f"{number}. {step[:1].upper()}{step[1:]}." for number, step in enumerate(kind.repairs, 1)
    )
    return (
        f"# {kind.title}\n\nSigns: {', '.join(signs)}.\n\n## What to do\n\n"
        f"Signs: {', '.join(signs)}.\n\n{steps}\n"
    )


def keep_runbooks(stores: Stores, folder: Path, tenant: str) -> None:
    """Add every kind's runbook to the documents of the store; files go to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    library = Library(stores.documents, None)
    for name, kind in sorted(FAULT_KINDS.items()):
        path = folder / f"{source_of(name)}.md"
        path.write_text(runbook_text(kind), encoding="utf-8")
        library.add(path, tenant=tenant, source=source_of(name))
