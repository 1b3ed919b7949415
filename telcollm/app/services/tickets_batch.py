"""A file of tickets in, the same file with routes out. Does not keep either, nor file any ticket."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from telcollm.access import Action, Caller, require, require_place
from telcollm.app.services.tickets import decided
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError

_AT_ONCE = 64


class BatchFile(msgspec.Struct, frozen=True):
    """The file to hand back, and how many of its rows were routed; `failed` rows say why beside them."""

    filename: str
    content: bytes
    rows: int
    routed: int
    failed: int
    notes: tuple[str, ...] = ()


def route_batch(
    workplace: Workplace,
    caller: Caller,
    filename: str,
    data: bytes,
    *,
    text: str = "description",
    tenant: str = "",
    region: str = "",
) -> BatchFile:
    """Return the rows of a CSV, JSON lines or Parquet file with their routes, as CSV or JSON lines.

    Raises:
        AccessDenied: the caller may not have batches routed, or not there.
        TelcollmError: the file cannot be read, is too large, or has no such column of text.
    """
    require(caller, Action.TICKET_BATCH)
    from telcollm.app.routing_batch import read_batch, routed_path, routed_rows

    sources = [source.tenant for source in workplace.settings.sources]
    where = tenant or next(iter(caller.scope.tenants or sources), "default")
    place = region or (caller.scope.regions[0] if len(caller.scope.regions) == 1 else "")
    require_place(caller, where, place)
    name = Path(Path(filename).name or "tickets.csv")
    batch = read_batch(data, name, text=text, tenant=where, region=place)
    most = workplace.settings.api.batch_max_rows
    if len(batch.rows) > most:
        message = f"{name} has {len(batch.rows)} rows; at most {most} are allowed; cut it in parts"
        raise TelcollmError(message)
    workplace.audit(caller, "batch routed", name.name[:100], tenant=where, detail=f"{len(batch.rows)} rows")
    routes = [
        route
        for start in range(0, len(batch.tickets), _AT_ONCE)
        for route in decided(workplace, caller, batch.tickets[start : start + _AT_ONCE])
    ]
    rows = routed_rows(batch, routes)
    out = routed_path(name)
    if out.suffix == ".parquet":
        out = out.with_suffix(".csv")
    content = _csv(rows) if out.suffix == ".csv" else _json_lines(rows)
    return BatchFile(
        out.name, content, len(batch.rows), len(batch.tickets), len(batch.bad), tuple(batch.notes)
    )


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    """Return the rows as CSV with a mark that spreadsheets know UTF-8 by."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
    return f"'{shown}" if isinstance(shown, str) and shown[:1] in ("=", "+", "-", "@", "\t", "\r") else shown


def _json_lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False, default=str)}\n" for row in rows).encode()
