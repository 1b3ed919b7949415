"""tau2-bench telecom tickets as a table: what a customer reports, and which script it calls for.

The 74 tasks are few and their tickets alike: a smoke test of ticket to script, no measure of it. Persona and
initial faults are the simulator's secrets and are no inputs. Does not download.
Source: github sierra-research/tau2-bench at a2c0247251, MIT; Barres et al., tau2-bench, 2025.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from finetune.formats import TableError
from finetune.table import Table

LICENCE: Final = "MIT"
COLUMNS: Final = ("text", "label", "faults")
_NAME: Final = re.compile(r"\[(?P<issue>\w+)\](?P<faults>[^\[]*)")


def tau2_table(data_dir: Path) -> Table:
    """Return the tickets: text, label ("mms_issue", "mobile_data_issue", "service_issue") and faults.

    `faults` names the initial faults, sorted, as one text: tasks of the same faults belong together.

    Raises:
        TableError: the file is missing from the data directory, or holds no tasks.
    """
    path = data_dir / "tau2_telecom" / "train_tasks.json"
    try:
        data = path.read_bytes()
        tasks = json.loads(data)
        rows = [_row(str(task["id"]), str(task["ticket"])) for task in tasks]
    except OSError as error:
        message = (
            f"{path} is missing; tau2-bench's published tasks are needed; set TELCOLLM_DATA_DIR to the "
            "folder "
            "that holds tau2_telecom/"
        )
        raise TableError(message) from error
    except (ValueError, TypeError, KeyError) as error:
        message = (
            f"{path} holds no tasks ({error!r}); a list of tasks with id and ticket is needed; copy it anew"
        )
        raise TableError(message) from error
    sha256 = hashlib.sha256(data).hexdigest()
    return Table(COLUMNS, tuple(rows), sha256, "tau2_telecom", ("licence " + LICENCE,))


def _row(name: str, ticket: str) -> dict[str, object]:
    found = _NAME.match(name)
    if found is None:
        message = f"task id {name[:60]!r} names no issue"
        raise ValueError(message)
    faults = " ".join(sorted(filter(None, found["faults"].split("|"))))
    return {"text": ticket, "label": found["issue"], "faults": faults}
