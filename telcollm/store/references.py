"""What a row names many of, in a table of its own by hash: entities of tickets, services of customers.

Does not know what the names mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from telcollm.store.rows import chunks, hash_text


def put_references(
    connection: sa.Connection, table: sa.Table, names: Mapping[tuple[str, str], Iterable[str]]
) -> None:
    """Make the rows of each (tenant, id) those of its names and no others; `table` has the three columns."""
    tenant, key, hashed = table.columns
    for owners in chunks(sorted(names)):
        connection.execute(sa.delete(table).where(sa.tuple_(tenant, key).in_(owners)))
    rows = [
        {tenant.name: owner[0], key.name: owner[1], hashed.name: one}
        for owner, named in names.items()
        for one in sorted({hash_text(name) for name in named if name})
    ]
    if rows:
        connection.execute(sa.insert(table), rows)
