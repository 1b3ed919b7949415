"""True graphs, prior edges and topologies as files: matrices (.npy) or lists of pairs (.csv).

It deliberately does not know any alarm history: it is told the names that rows and columns stand for.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from telcollm.errors import DecodeError, SettingsError

Ints = npt.NDArray[np.int64]
UNKNOWN, NO_EDGE, EDGE = -1, 0, 1


@dataclass(frozen=True)
class NamedMatrix:
    """A square matrix of 0, 1 and (in priors) -1 for unknown, with the names of its rows and columns."""

    names: tuple[str, ...]
    values: Ints

    def aligned(self, names: Sequence[str], missing: int) -> Ints:
        """Return the values for `names` in that order; `missing` where the matrix lacks a name."""
        place = {name: number for number, name in enumerate(self.names)}
        found = np.array([place.get(name, -1) for name in names], dtype=np.int64)
        known = found >= 0
        values = np.full((len(names), len(names)), missing, dtype=np.int64)
        values[np.ix_(known, known)] = self.values[np.ix_(found[known], found[known])]
        return values


def read_matrix(
    path: Path, names: Sequence[str], what: str, *, unlisted: int = NO_EDGE, allow_unknown: bool = False
) -> NamedMatrix:
    """Return the matrix in a file: `.npy` (square), or `.csv` with rows cause,effect[,value].

    The rows of a `.npy` matrix stand for `names` where there are as many, else for the whole numbers 0, 1, 2
    and so on where every name is such a number below the matrix's size. A csv file's names are added to
    `names`; its first row may be a header; value is 1 where the third column is missing; pairs that it does
    not list are `unlisted`.

    Raises:
        SettingsError: the file cannot be read or has another ending.
        DecodeError: the matrix is not square, holds other values, or its rows cannot be matched to names.
    """
    allowed = (UNKNOWN, NO_EDGE, EDGE) if allow_unknown else (NO_EDGE, EDGE)
    if path.suffix == ".npy":
        found = _read_npy(path, names, what)
    elif path.suffix == ".csv":
        found = _read_csv(path, names, what, unlisted)
    else:
        msg = f"{what} file {str(path)!r} must end in .npy (matrix) or .csv (pairs); convert it"
        raise SettingsError(msg)
    wrong = ~np.isin(found.values, allowed)
    if wrong.any():
        value = found.values[wrong][0]
        msg = f"{what} file {str(path)!r} holds {value}; allowed are {', '.join(map(str, allowed))}; mend it"
        raise DecodeError(msg)
    return found


def read_links(path: Path, object_names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of neighbouring objects in a topology file, read as `read_matrix` reads it.

    A link in either direction counts; what joins an object to itself is left out.

    Raises:
        SettingsError, DecodeError: as for `read_matrix`.
    """
    matrix = read_matrix(path, object_names, "topology")
    rows, columns = np.nonzero(matrix.values)
    return [(matrix.names[a], matrix.names[b]) for a, b in zip(rows, columns, strict=True) if a != b]


def _read_npy(path: Path, names: Sequence[str], what: str) -> NamedMatrix:
    try:
        raw = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        msg = f"{what} file {str(path)!r} cannot be read as a NumPy array: {error}; name a .npy file"
        raise SettingsError(msg) from error
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1]:
        msg = f"{what} file {str(path)!r} has shape {raw.shape}, must be square; give one row per name"
        raise DecodeError(msg)
    size = raw.shape[0]
    numbers = all(name.isdecimal() and int(name) < size for name in names)
    if numbers:
        names = [str(number) for number in range(size)]
    elif len(names) != size:
        msg = (
            f"{what} file {str(path)!r} has {size} rows for {len(names)} names; as many are needed, "
            f"or every name a whole number below {size}; give the pairs as a .csv of names instead"
        )
        raise DecodeError(msg)
    values = np.nan_to_num(np.asarray(raw, dtype=np.float64), nan=-1.0)
    if not np.equal(values, np.rint(values)).all():
        msg = f"{what} file {str(path)!r} holds fractions; allowed are whole numbers -1, 0, 1; round it"
        raise DecodeError(msg)
    return NamedMatrix(tuple(names), values.astype(np.int64))


def _read_csv(path: Path, names: Sequence[str], what: str, unlisted: int) -> NamedMatrix:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row and any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{what} file {str(path)!r} cannot be read: {error}; name a .csv file of pairs, UTF-8"
        raise SettingsError(msg) from error
    known = set(names)
    pairs: list[tuple[str, str, int]] = []
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        header = number == 1 and not {cells[0], cells[min(1, len(cells) - 1)]} & known
        if header:
            continue
        try:
            value = int(float(cells[2])) if len(cells) == 3 else 1
        except ValueError:
            value = 2
        if len(cells) not in (2, 3) or value not in (UNKNOWN, NO_EDGE, EDGE):
            msg = (
                f"row {number} of {what} file {str(path)!r} is {','.join(row)!r}; allowed is from,to or "
                "from,to,value with value -1, 0 or 1; mend the row"
            )
            raise DecodeError(msg)
        pairs.append((cells[0], cells[1], value))
    extra = sorted({end for pair in pairs for end in pair[:2]} - known)
    every = (*names, *extra)
    place = {name: index for index, name in enumerate(every)}
    values = np.full((len(every), len(every)), unlisted, dtype=np.int64)
    for cause, effect, value in pairs:
        values[place[cause], place[effect]] = value
    return NamedMatrix(every, values)
