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

    def __init__(self, statement: Any, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = names
        self._compiled: tuple[str, Callable[[Parameters], Any]] | None = None

    def run(self, connection: sa.Connection, rows: Iterable[Parameters]) -> None:
        """Run the statement for each row, in order; for none it does nothing."""
        parameters = list(rows)
        if not parameters:
            return
        if self._compiled is None:
            self._compiled = self._compile(connection.dialect)
        sql, take = self._compiled
        connection.exec_driver_sql(sql, list(map(take, parameters)))

    def _compile(self, dialect: sa.Dialect) -> tuple[str, Callable[[Parameters], Any]]:
        compiled = self._statement.compile(dialect=dialect, column_keys=[*self._names])
        if set(compiled.params) != set(self._names):
            message = (
                f"the statement binds {sorted(compiled.params)}, its rows hold {sorted(self._names)}; "
                "the same names are allowed; mend telcollm.store.statements"
            )
            raise TypeError(message)
        places = compiled.positiontup
        return str(compiled), _escaped if places is None else itemgetter(*places)


def _escaped(row: Parameters) -> Parameters:
    return {name: escape(value) if isinstance(value, str) else value for name, value in row.items()}
