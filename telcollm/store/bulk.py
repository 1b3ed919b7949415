"""One statement for many rows, compiled once and handed to the driver as it is.

Does not know what the statements say. SQLAlchemy's own way of running one over many rows costs as much
as SQLite's work itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from telcollm.store.columns import escape

Parameters = dict[str, Any]


class Bulk:
    """A statement and the names it binds, at least two; no value is written into the statement itself."""

    def __init__(self, statement: Any, dialect: sa.Dialect, names: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=[*names])
        bound = set(compiled.params)
        if bound != set(names):
            message = (
                f"the statement binds {sorted(bound)}, its rows hold {sorted(names)}; "
                "the same names are allowed; mend telcollm.store.statements"
            )
            raise TypeError(message)
        self._sql = str(compiled)
        places = compiled.positiontup
        self._take: Callable[[Parameters], Any] = _escaped if places is None else itemgetter(*places)

    def run(self, connection: sa.Connection, rows: Iterable[Parameters]) -> None:
        """Run the statement for each row, in order; for none it does nothing."""
        taken = list(map(self._take, rows))
        if taken:
            connection.exec_driver_sql(self._sql, taken)


def _escaped(row: Parameters) -> Parameters:
    return {name: escape(value) if isinstance(value, str) else value for name, value in row.items()}
