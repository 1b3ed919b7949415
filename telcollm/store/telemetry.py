"""KPI samples and log lines: kept as they came, read back by object and interval.

Does not know what is normal for a KPI nor what a log line means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from telcollm import codec
from telcollm.identity import kpi_id, log_id
from telcollm.ports import Scope
from telcollm.records import KpiSample, LogLine, Record
from telcollm.store.bulk import Bulk
from telcollm.store.database import Database
from telcollm.store.desk_tables import kpis, logs
from telcollm.store.rows import chunks, hash_text, to_ms
from telcollm.store.scoping import within
from telcollm.store.upsert import bulk, upsert

R = TypeVar("R", bound=Record)


@cache
def _put(dialect: str, table: sa.Table) -> Bulk:
    return bulk(upsert(dialect, table), table)


def put_kpis(connection: sa.Connection, samples: Iterable[KpiSample]) -> None:
    """Insert or update samples by id: the same one twice is one, a corrected one replaces the first."""
    rows = [
        {
            "kpi_id": kpi_id(sample),
            "tenant": sample.tenant,
            "region": sample.region,
            "managed_object": sample.managed_object,
            "object_hash": hash_text(sample.managed_object),
            "kpi": sample.kpi,
            "sampled_ms": to_ms(sample.sampled_time),
            "body": codec.encode(sample),
        }
        for sample in samples
    ]
    _put(connection.dialect.name, kpis).run(connection, rows)


def put_logs(connection: sa.Connection, lines: Iterable[LogLine]) -> None:
    """Insert or update lines by id: the same one twice is one."""
    rows = [
        {
            "log_id": log_id(line),
            "tenant": line.tenant,
            "region": line.region,
            "managed_object": line.managed_object,
            "object_hash": hash_text(line.managed_object),
            "logged_ms": to_ms(line.logged_time),
            "body": codec.encode(line),
        }
        for line in lines
    ]
    _put(connection.dialect.name, logs).run(connection, rows)


class TelemetryStore:
    """KPI samples and log lines in the store's database; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_kpis(self, samples: Iterable[KpiSample]) -> None:
        """Insert or update samples by id: the same one twice is one, a corrected one replaces the first."""
        with self._database.writing() as connection:
            put_kpis(connection, samples)

    def put_logs(self, lines: Iterable[LogLine]) -> None:
        """Insert or update lines by id: the same one twice is one."""
        with self._database.writing() as connection:
            put_logs(connection, lines)

    def kpis(
        self,
        scope: Scope,
        objects: Sequence[str],
        *,
        kpis: Sequence[str] = (),
        since_ms: int,
        until_ms: int,
        limit: int,
        offset: int = 0,
    ) -> list[KpiSample]:
        """Return samples of the objects in [since_ms, until_ms) by (time, id); no `kpis`: all of them."""
        named = _kpis(kpis)
        return self._found(_KPIS, KpiSample, scope, objects, named, since_ms, until_ms, limit, offset)

    def count_kpis(
        self, scope: Scope, objects: Sequence[str], *, kpis: Sequence[str] = (), since_ms: int, until_ms: int
    ) -> int:
        """Return how many samples there are, whatever the limit."""
        return self._counted(_KPIS, scope, objects, _kpis(kpis), since_ms, until_ms)

    def logs(
        self,
        scope: Scope,
        objects: Sequence[str],
        *,
        since_ms: int,
        until_ms: int,
        limit: int,
        offset: int = 0,
    ) -> list[LogLine]:
        """Return lines of the objects in [since_ms, until_ms) by (time, id)."""
        return self._found(_LOGS, LogLine, scope, objects, sa.true(), since_ms, until_ms, limit, offset)

    def count_logs(self, scope: Scope, objects: Sequence[str], *, since_ms: int, until_ms: int) -> int:
        """Return how many lines there are, whatever the limit."""
        return self._counted(_LOGS, scope, objects, sa.true(), since_ms, until_ms)

    def _found(
        self,
        columns: _Columns,
        kind: type[R],
        scope: Scope,
        objects: Sequence[str],
        condition: sa.ColumnElement[bool],
        since_ms: int,
        until_ms: int,
        limit: int,
        offset: int,
    ) -> list[R]:
        key, time = columns
        found: list[list[Any]] = []
        with self._database.reading() as connection:
            for matching in _matching(columns, scope, objects, condition, since_ms, until_ms):
                statement = (
                    sa.select(time, key, key.table.c.body)
                    .where(matching)
                    .order_by(time, key)
                    .limit(offset + limit)
                )
                found.append([tuple(row) for row in connection.execute(statement)])
        ordered = merge(*found, key=itemgetter(0, 1))
        return [codec.decode(body, kind) for _, _, body in islice(ordered, offset, offset + limit)]

    def _counted(
        self,
        columns: _Columns,
        scope: Scope,
        objects: Sequence[str],
        condition: sa.ColumnElement[bool],
        since_ms: int,
        until_ms: int,
    ) -> int:
        table = columns[0].table
        with self._database.reading() as connection:
            return sum(
                connection.execute(sa.select(sa.func.count()).select_from(table).where(matching)).scalar_one()
                for matching in _matching(columns, scope, objects, condition, since_ms, until_ms)
            )


_Columns = tuple[sa.Column[str], sa.Column[int]]
_KPIS: _Columns = (kpis.c.kpi_id, kpis.c.sampled_ms)
_LOGS: _Columns = (logs.c.log_id, logs.c.logged_ms)


def _kpis(names: Sequence[str]) -> sa.ColumnElement[bool]:
    return kpis.c.kpi.in_(names) if names else sa.true()


def _matching(
    columns: _Columns,
    scope: Scope,
    objects: Sequence[str],
    condition: sa.ColumnElement[bool],
    since_ms: int,
    until_ms: int,
) -> list[sa.ColumnElement[bool]]:
    """Return one condition for each bounded part of the objects."""
    key, time = columns
    table: Any = key.table
    return [
        sa.and_(
            table.c.object_hash.in_([hash_text(name) for name in names]),
            table.c.managed_object.in_(names),
            time >= since_ms,
            time < until_ms,
            condition,
            within(scope, table),
        )
        for names in chunks(dict.fromkeys(objects))
    ]
