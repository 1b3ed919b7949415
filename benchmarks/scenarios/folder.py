"""Where the cases of a suite lie: a folder of inputs, and the answers beside it, never in it.

A manifest holds the recipe and the hash. Deliberately does not know what cases hold, nor who makes them.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from benchmarks.scenarios.case import Answer, Case
from telcollm.errors import SettingsError

_CASES: Final = "cases.jsonl"
_ANSWERS: Final = "answers.jsonl"
_MANIFEST: Final = "manifest.json"
_Row = TypeVar("_Row")


class CaseFolder:
    """The cases of one part of one suite, at `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.inputs = root / "inputs"
        self._manifest = root / _MANIFEST

    def write(self, cases: Iterable[Case], answers: Iterable[Answer]) -> None:
        """Keep the cases and their answers, one of each by id.

        Raises:
            SettingsError: a case has no answer, an answer no case, or an id comes twice.
        """
        rows, hidden = list(cases), list(answers)
        asked, known = [row.case_id for row in rows], [row.case_id for row in hidden]
        if len(set(asked)) != len(asked) or sorted(asked) != sorted(known):
            odd = sorted(set(asked) ^ set(known)) or ["an id that comes twice"]
            message = (
                f"{len(asked)} cases and {len(known)} answers do not pair ({odd[0]}); one answer a case is "
                "allowed; mend the suite that makes them"
            )
            raise SettingsError(message)
        self.inputs.mkdir(parents=True, exist_ok=True)
        _write(self.inputs / _CASES, rows)
        _write(self.root / _ANSWERS, hidden)

    def cases(self) -> list[Case]:
        """Return the cases in their order.

        Raises:
            SettingsError: they cannot be read.
        """
        return _read(self.inputs / _CASES, Case)

    def answers(self) -> dict[str, Answer]:
        """Return the hidden answers by case id. Only a scorer asks for them.

        Raises:
            SettingsError: they cannot be read.
        """
        return {answer.case_id: answer for answer in _read(self.root / _ANSWERS, Answer)}

    @property
    def data_hash(self) -> str:
        """The sha256 of the cases and their answers: equal where the same was asked."""
        digest = hashlib.sha256()
        for path in (self.inputs / _CASES, self.root / _ANSWERS):
            digest.update(_bytes(path))
        return digest.hexdigest()

    def is_of(self, recipe: Mapping[str, Any]) -> bool:
        """Tell whether the cases are those that were made by the recipe."""
        if not self._manifest.is_file():
            return False
        known = msgspec.json.decode(self._manifest.read_bytes())
        wanted = msgspec.json.decode(msgspec.json.encode(recipe))
        return bool(known.get("recipe") == wanted and known.get("data_hash") == self.data_hash)

    def note(self, recipe: Mapping[str, Any]) -> None:
        """Keep by what recipe the cases were made."""
        entry: Mapping[str, Any] = {"recipe": recipe, "data_hash": self.data_hash}
        self._manifest.write_bytes(msgspec.json.format(msgspec.json.encode(entry), indent=1) + b"\n")

    def clear(self) -> None:
        """Take away what an earlier recipe made, and nothing else.

        Raises:
            SettingsError: the folder is none of ours.
        """
        if not self.root.exists():
            return
        own = {_ANSWERS, _MANIFEST, "inputs"}
        strange = sorted(entry.name for entry in self.root.iterdir() if entry.name not in own)
        if strange:
            message = (
                f"{self.root} holds {strange[0]!r}, which no suite made; a folder of cases, or none yet, is "
                "allowed; name another --data"
            )
            raise SettingsError(message)
        shutil.rmtree(self.root)


def _write(path: Path, rows: Iterable[msgspec.Struct]) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = (
            f"{path} cannot be read ({error}); the cases as a suite makes them are allowed; take the folder "
            f"{path.parent} away, and they are made anew"
        )
        raise SettingsError(message) from error


def _read(path: Path, kind: type[_Row]) -> list[_Row]:
    try:
        return [msgspec.json.decode(line, type=kind) for line in _bytes(path).splitlines() if line]
    except msgspec.DecodeError as error:
        message = (
            f"{path} cannot be read ({error}); one JSON object a line is allowed; take "
            "the folder away, and it is made anew"
        )
        raise SettingsError(message) from error
