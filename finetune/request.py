"""What a person asks for when tuning: the data, the columns, the base, the time, and the key it resumes by.

Frozen values only. Does not read the data.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_MINUTES: Final = 20.0
MOST_DISTURBED_ROWS: Final = 600
DEFAULT_BASE: Final = "smollm2-135m-instruct"

# A run that is killed and begun again with more time is still the same run.
# Nor does it hang on what a test is told otherwise.
_NOT_IN_KEY: Final = ("data", "test", "minutes", "slices", "name", "disturbed", "disturbed_rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRequest:
    """One task to learn. Column names may be patterns; `numeric` may be ("all",); empty texts mean none.

    With `numeric_unwritten` the plain expert reads the numbers and the model does not: where a text says the
    same, they would cost it tokens only.

    `minutes` bounds the training of the model, not the plain expert or the evaluation, which take a few
    minutes more. `epochs` and `learning_rate` of None are the training's own. `disturbed` holds tables that
    tell test rows otherwise, as NAME=FILE, joined by `id_column`; at most `disturbed_rows` test rows are
    asked again after each change.
    """

    data: Path | None = None
    test: Path | None = None
    feedback: bool = False
    id_column: str = ""
    text: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    numeric_unwritten: bool = False
    label: str = "label"
    choices: str = ""
    time: str = ""
    group: str = ""
    split: str = ""
    order: str = ""
    history: int = 0
    base: str = DEFAULT_BASE
    name: str = ""
    minutes: float = DEFAULT_MINUTES
    epochs: float | None = None
    learning_rate: float | None = None
    prompt_tokens: int = 256
    precision: float | None = None
    seed: int = 0
    slices: tuple[str, ...] = ()
    model: bool = True
    simulated: bool = False
    licence: str = ""
    disturbed: tuple[str, ...] = ()
    disturbed_rows: int = MOST_DISTURBED_ROWS

    def key(self, data_sha256: str) -> str:
        """Return the name under which an interrupted run of the same data and settings is found again."""
        settings = {
            name: value for name, value in dataclasses.asdict(self).items() if name not in _NOT_IN_KEY
        }
        body = json.dumps([data_sha256, settings], sort_keys=True, default=str)
        return hashlib.sha256(body.encode()).hexdigest()[:12]

    def own_name(self) -> str:
        """Return the decider's name: the one asked for, else the file's and the label's.

        >>> TuningRequest(data=Path("my tickets.csv"), label="team").own_name()
        'my-tickets-team'
        """
        if self.name:
            return self.name
        stem = self.data.name.split(".")[0] if self.data else "feedback"
        name = re.sub(r"[^A-Za-z0-9_]+", "-", f"{stem}-{self.label}").strip("-_")
        return name[:64].strip("-_") or "decider"

    def command(self) -> str:
        """Return the command line that asks for the same."""
        words = ["telcollm finetune run"]
        for name, value in dataclasses.asdict(self).items():
            default = next(item.default for item in dataclasses.fields(self) if item.name == name)
            if value == default or value is None:
                continue
            option = {
                "id_column": "--id",
                "slices": "--slice",
                "model": "--no-model",
                "prompt_tokens": "--prompt-tokens",
                "disturbed_rows": "--disturbed-rows",
                "learning_rate": "--learning-rate",
                "numeric_unwritten": "--numeric-unwritten",
            }.get(name, f"--{name}")
            if isinstance(value, bool):
                words.append(option)
            else:
                text = ",".join(value) if isinstance(value, tuple) else str(value)
                words.append(f"{option} {_quoted(text)}")
        return " ".join(words)


def names(values: list[str] | None) -> tuple[str, ...]:
    """Return column names from options that may be repeated and may hold several by commas.

    >>> names(["a, b", "c"])
    ('a', 'b', 'c')
    """
    return tuple(name.strip() for value in values or () for name in value.split(",") if name.strip())


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
