"""What a decider is: which columns it reads, what it may answer, how its parts are mixed.

One struct, kept as `decider.json` in the decider's folder. Does not know how it was trained or where its
folder lies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from telcollm.errors import TelcollmError

SPEC_FILE: Final = "decider.json"
ADAPTER_FOLDER: Final = "adapter"
PLAIN_FILE: Final = "plain.skops"
CARD_FILE: Final = "CARD.md"
METRICS_FILE: Final = "metrics.json"

Kind = Literal["labels", "choices"]
NumericForm = Literal["named", "sparse", "digits", "unwritten"]
"""How numbers are written for the model: each by its name, only the unusual ones by place, one digit per
column, or not at all: then the plain expert alone reads them."""


class DeciderError(TelcollmError):
    """A decider's folder, spec or row cannot be used as it is."""


class NumericColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One numeric column as the training rows showed it: its most frequent value, and edges of its bins."""

    name: str
    usual: float | None = None
    edges: tuple[float, ...] = ()


class HistorySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which earlier rows a decision may see: at most `turns` of the same group, by rising order."""

    group_column: str
    order_column: str = ""
    turns: int = 8


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Below which confidence the decider abstains, and the precision that this was set for on validation."""

    confidence: float = 0.0
    precision: float | None = None
    coverage: float | None = None


class DeciderSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that must be known to decide as the decider did when it was measured.

    `labels` are the raw values of `label_column`, in the order of every array of probabilities; empty for
    the kind "choices", where each row brings a list of its own in `choices_column`. `mix` holds the weights
    of the log-probabilities of "model" and "plain"; `temperature` divides their sum.
    """

    name: str
    version: str = ""
    kind: Kind = "labels"
    text_columns: tuple[str, ...] = ()
    numerics: tuple[NumericColumn, ...] = ()
    numeric_form: NumericForm = "named"
    history: HistorySpec | None = None
    label_column: str = "label"
    choices_column: str = ""
    labels: tuple[str, ...] = ()
    base: str = ""
    base_sha256: str = ""
    row_version: str = ""
    prompt_tokens: int = 256
    mix: dict[str, float] = {}
    temperature: float = 1.0
    threshold: Threshold = Threshold()
    data_sha256: str = ""
    code_version: str = ""
    seed: int = 0
    trained_time: str = ""
    simulated: bool = False
    licence: str = ""
    adapter: bool = False
    plain: bool = False

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """Names of the numeric columns, in order."""
        return tuple(column.name for column in self.numerics)


def write_spec(spec: DeciderSpec, folder: Path) -> Path:
    """Return the path of `decider.json` in `folder`, written whole."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SPEC_FILE
    path.write_bytes(msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n")
    return path


def read_spec(folder: Path) -> DeciderSpec:
    """Return the spec of the decider in `folder`.

    Raises:
        DeciderError: there is no `decider.json`, or it is none.
    """
    path = folder / SPEC_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=DeciderSpec)
    except OSError as error:
        message = (
            f"decider folder {folder} has no readable {SPEC_FILE} ({error.strerror}); a folder written by "
            "telcollm finetune run has one; give that folder or a registered name"
        )
        raise DeciderError(message) from error
    except msgspec.DecodeError as error:
        message = (
            f"{path} is no decider's spec ({error}); what telcollm finetune run wrote is allowed; "
            "restore the file or train again"
        )
        raise DeciderError(message) from error
