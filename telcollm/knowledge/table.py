"""Reading tables of past tickets: each row is found and cited by its ticket's id.

Does not know files or encodings.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from telcollm.errors import TelcollmError
from telcollm.knowledge.document import Section

_DELIMITERS: Final = (",", ";", "\t", "|")
_ID_NAMES: Final = frozenset(
    "ticket ticketid ticketno ticketnumber troubleticketid incident incidentid incidentnumber id number case "
    "caseid casenumber key issuekey reference 工单 工单号 工单编号 编号 单号 故障单号".split()
)


def table_sections(text: str, name: str) -> Iterator[Section]:
    """Return one section a row, its cells named by the header, under the row's own id where it has one.

    The id's column is one named so (ticket, incident, number ...). Commas, semicolons, tabs or bars separate.

    Raises:
        TelcollmError: there is no header of two columns, or the rows are no CSV.
    """
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=lambda sign: len(next(csv.reader([first], delimiter=sign), [])))
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        header = [cell.strip() for cell in next((row for row in rows if any(row)), [])]
        if len(header) < 2:
            message = (
                f"{name} has no header of two columns or more; a CSV with a header is allowed; add one, or "
                "name the file .txt"
            )
            raise TelcollmError(message)
        id_column = _id_column(header)
        for number, row in enumerate(filter(any, rows), start=1):
            names = [*header, *(f"column {place + 1}" for place in range(len(header), len(row)))]
            cells = [f"{key}: {cell}" if key else cell for key, cell in zip(names, row, strict=False) if cell]
            ticket = row[id_column].strip() if id_column is not None and id_column < len(row) else ""
            yield Section((ticket,) if ticket else (), "\n".join(cells), f"row {number}")
    except csv.Error as error:
        message = f"{name} is no CSV ({error}); a CSV with a header is allowed; mend that line"
        raise TelcollmError(message) from error


def _id_column(header: Sequence[str]) -> int | None:
    plain = [re.sub(r"[\W_]", "", cell.lower()) for cell in header]
    return next((place for place, cell in enumerate(plain) if cell in _ID_NAMES), None)
