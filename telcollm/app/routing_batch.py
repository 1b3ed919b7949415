"""A file of tickets made into records, and its rows again with their routes beside them.

A row that cannot be a ticket is named with its reason and keeps its place; the others go on. Does not decide.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from telcollm.decider.rows import cell_text
from telcollm.errors import TelcollmError
from telcollm.identity import derive_id
from telcollm.records import Mode, Route, TroubleTicket

Cells = dict[str, object]

_SEPARATORS: Final = ",\t;|"
_PREFIX: Final = "routed_"
_ID_COLUMNS: Final = ("ticket_id", "ticketId", "id", "number", "ticket")
_TIME_COLUMNS: Final = ("creation_date", "creationDate", "created", "opened", "time")
_FIELDS: Final = {
    "severity": ("severity",),
    "ticket_type": ("reported_type", "ticketType", "type"),
    "channel": ("channel",),
    "region": ("region",),
    "name": ("name", "title", "summary"),
}
_LISTS: Final = {"related_entity": ("related_entity", "relatedEntity"), "related_party": ("related_party",)}
_LONGEST_ID: Final = 200
_LONGEST_TEXT: Final = 100_000
_MOST_UNPACKED_BYTES: Final = 64 * 2**20
"""A small file can unpack to more than the memory there is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a file; `places[i]` is the row of ticket i, `bad` says by row why it is none.

    Rows count from 0; `lines` say where each stands in its file, `notes` how the file was read.
    """

    tickets: tuple[TroubleTicket, ...]
    places: tuple[int, ...]
    rows: tuple[Cells, ...]
    lines: tuple[int, ...]
    bad: Mapping[int, str]
    notes: tuple[str, ...] = ()


def read_batch(
    data: bytes,
    path: Path,
    *,
    text: str = "description",
    id_column: str = "",
    tenant: str = "default",
    region: str = "",
    mode: Mode = Mode.BACKFILL,
) -> Batch:
    """Return the tickets in a CSV, JSON lines or Parquet file's bytes; `path` names it and its format.

    Known columns (severity, reported_type, channel, region, name, related_entity, times) fill the ticket's
    fields; all others stay beside them, where deciders find them by name.

    Raises:
        TableError: the file is none of these, has no rows, or no such column of text.
    """
    from finetune.formats import TableError, decoded, file_format, read_parquet

    name = path.name.lower()
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(_MOST_UNPACKED_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            message = f"{path} begins like gzip but cannot be unpacked ({error}); unpack or copy it again"
            raise TableError(message) from error
        if len(data) > _MOST_UNPACKED_BYTES:
            message = (
                f"{path} unpacks to more than {_MOST_UNPACKED_BYTES} bytes; up to that many are allowed; "
                "split the file, or unpack it yourself"
            )
            raise TableError(message)
        name = name.removesuffix(".gz")
    kind = file_format(data, Path(name).suffix, path)
    notes: list[str] = []
    if kind == "parquet":
        _, found, notes = read_parquet(data, path)
        read: list[tuple[int, Cells, str]] = [(at, row, "") for at, row in enumerate(found, 1)]
    else:
        decoded_text, notes = decoded(data, path)
        read = list((_csv_rows if kind == "csv" else _json_rows)(decoded_text))
    columns = list(dict.fromkeys(name for _, row, _ in read for name in row))
    if not read or text not in columns:
        shown = ", ".join(columns[:20]) or "none"
        message = (
            f"--text {text!r} is no column of {path}; its columns are: {shown}; name the one that holds "
            "what people wrote"
        )
        raise TableError(message)
    if id_column and id_column not in columns:
        message = f"--id {id_column!r} is no column of {path}; its columns are: {', '.join(columns[:20])}"
        raise TableError(message + "; give one of these")
    own_id = id_column or next((one for one in _ID_COLUMNS if one in columns), "")
    tickets: list[TroubleTicket] = []
    places: list[int] = []
    bad: dict[int, str] = {}
    known: dict[str, int] = {}
    for place, (line, row, fault) in enumerate(read):
        if not fault:
            fault = _fault(row, text, own_id, known, line)
        if fault:
            bad[place] = fault
            continue
        tickets.append(_ticket(row, text, own_id, tenant, region, mode, path.name, line))
        places.append(place)
    lines = tuple(line for line, _, _ in read)
    rows = tuple(row for _, row, _ in read)
    return Batch(tuple(tickets), tuple(places), rows, lines, bad, tuple(notes))


def routed_rows(batch: Batch, routes: Sequence[Route]) -> list[Cells]:
    """Return the file's rows in order, each with its route in columns named `routed_...`."""
    by_place = dict(zip(batch.places, routes, strict=True))
    done = []
    for place, row in enumerate(batch.rows):
        kept = {name: cell for name, cell in row.items() if not name.startswith(_PREFIX)}
        done.append({**kept, **_columns(by_place.get(place), batch.bad.get(place, ""))})
    return done


def routed_path(path: Path) -> Path:
    """Return where the result of a file goes: beside it, `.routed` before its ending.

    >>> routed_path(Path("day/tickets.csv")).as_posix(), routed_path(Path("old.jsonl.gz")).as_posix()
    ('day/tickets.routed.csv', 'old.routed.jsonl')
    """
    name = path.name.removesuffix(".gz")
    stem, dot, ending = name.rpartition(".")
    known = (
        f".{ending}" if dot and f".{ending}".lower() in (".csv", ".jsonl", ".json", ".parquet") else ".csv"
    )
    return path.with_name(f"{stem if dot else name}.routed{known}")


def _columns(route: Route | None, fault: str) -> Cells:
    if route is None:
        names = ("team", "priority", "severity", "ticket_type", "confidence", "automatic", "top3")
        more = ("duplicate_of", "parent_incident", "words", "reason", "set_aside")
        return {**{f"{_PREFIX}{name}": None for name in (*names, *more)}, f"{_PREFIX}error": fault}
    top = [[team, round(chance, 4)] for team, chance in route.alternatives[:3]]
    return {
        f"{_PREFIX}team": route.team,
        f"{_PREFIX}priority": route.priority.value if route.priority else "",
        f"{_PREFIX}severity": route.severity,
        f"{_PREFIX}ticket_type": route.ticket_type,
        f"{_PREFIX}confidence": round(route.confidence, 4),
        f"{_PREFIX}automatic": route.automatic,
        f"{_PREFIX}top3": json.dumps(top, ensure_ascii=False),
        f"{_PREFIX}duplicate_of": route.duplicate_of,
        f"{_PREFIX}parent_incident": route.parent_incident,
        f"{_PREFIX}words": json.dumps([list(one) for one in route.words], ensure_ascii=False),
        f"{_PREFIX}reason": route.reason,
        f"{_PREFIX}set_aside": json.dumps(list(route.set_aside), ensure_ascii=False),
        f"{_PREFIX}error": "",
    }


def _fault(row: Cells, text: str, own_id: str, known: dict[str, int], line: int) -> str:
    """Return why a row is no ticket, empty where it is one."""
    told = cell_text(row.get(text)).strip()
    if not told:
        return f"{text} is empty; what is wrong must be told"
    if len(told) > _LONGEST_TEXT:
        return f"{text} has {len(told):,} characters; at most {_LONGEST_TEXT:,} are allowed"
    name = cell_text(row.get(own_id)).strip() if own_id else ""
    if len(name) > _LONGEST_ID:
        return f"{own_id} has {len(name)} characters; at most {_LONGEST_ID} are allowed"
    if name and name in known:
        return f"{own_id} {name!r} is that of line {known[name]} as well; each ticket needs an id of its own"
    if name:
        known[name] = line
    return ""


def _ticket(
    row: Cells, text: str, own_id: str, tenant: str, region: str, mode: Mode, source: str, line: int
) -> TroubleTicket:
    told = cell_text(row[text]).strip()
    name = cell_text(row.get(own_id)).strip() if own_id else ""
    fields = {field: _first(row, names) for field, names in _FIELDS.items()}
    lists = {
        field: tuple(part.strip() for part in _first(row, names).split(",") if part.strip())
        for field, names in _LISTS.items()
    }
    used = {text, own_id, *(one for names in (*_FIELDS.values(), *_LISTS.values()) for one in names)}
    extra = {
        column: cell
        for column, cell in row.items()
        if column not in used
        and not column.startswith(_PREFIX)
        and isinstance(cell, str | int | float | bool)
    }
    return TroubleTicket(
        tenant=tenant,
        region=fields["region"] or region,
        ticket_id=name or derive_id("tkt", tenant, source, str(line), told),
        description=told,
        severity=fields["severity"],
        ticket_type=fields["ticket_type"],
        channel=fields["channel"],
        name=fields["name"],
        creation_date=_time(row),
        related_entity=lists["related_entity"],
        related_party=lists["related_party"],
        trouble_ticket_characteristic=extra,
        mode=mode,
    )


def _first(row: Cells, names: Sequence[str]) -> str:
    return next((told for name in names if (told := cell_text(row.get(name)).strip())), "")


def _time(row: Cells) -> datetime | None:
    """Return when a ticket was opened, UTC where it does not say; None where nothing can be read."""
    for name in _TIME_COLUMNS:
        cell = row.get(name)
        if isinstance(cell, datetime):
            return cell if cell.tzinfo else cell.replace(tzinfo=UTC)
        if isinstance(cell, str):
            try:
                time = datetime.fromisoformat(cell.strip())
            except ValueError:
                continue
            return time if time.tzinfo else time.replace(tzinfo=UTC)
    return None


def _csv_rows(text: str) -> Iterator[tuple[int, Cells, str]]:
    """Yield (line, cells, fault) of separated text; the separator cuts the header into most cells."""
    text = text.replace("\x00", "").lstrip("\ufeff")
    head = text.lstrip("\r\n").partition("\n")[0]
    separator = max(_SEPARATORS, key=lambda one: (head.count(one), -_SEPARATORS.index(one)))
    before = csv.field_size_limit(2**31 - 1)
    try:
        # An odd mark is never closed: read as a quotation it would swallow all that follows.
        quoting: Literal[0, 3] = csv.QUOTE_NONE if text.count('"') % 2 else csv.QUOTE_MINIMAL
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)
        header: list[str] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [" ".join(cell.split()) or f"column_{at}" for at, cell in enumerate(cells, 1)]
                continue
            fault = ""
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                fault = (
                    f"{len(cells)} cells, {len(header)} in the header: quote those that hold {separator!r}"
                )
            row: Cells = dict.fromkeys(header)
            row.update(
                (name, cell if cell.strip() else None) for name, cell in zip(header, cells, strict=False)
            )
            yield reader.line_num, row, fault
    except csv.Error as error:
        message = f"line {reader.line_num} is no CSV ({error}); mend its quotation marks"
        raise TelcollmError(message) from error
    finally:
        csv.field_size_limit(before)


def _json_rows(text: str) -> Iterator[tuple[int, Cells, str]]:
    """Yield (line, cells, fault) of JSON objects, by lines or in one list."""
    bare = text.lstrip("\ufeff \r\n\t")
    if bare.startswith("["):
        try:
            records = enumerate(json.loads(bare), 1)
        except (json.JSONDecodeError, RecursionError) as error:
            message = f"the file is no JSON list ({error}); one object a line or one list is allowed; mend it"
            raise TelcollmError(message) from error
        for at, record in records:
            yield at, *_object(record)
        return
    for at, line in enumerate(bare.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            yield at, {}, f"it is no JSON ({error})"
            continue
        yield at, *_object(record)


def _object(record: object) -> tuple[Cells, str]:
    if isinstance(record, dict):
        return {str(name): value for name, value in record.items()}, ""
    return {}, f"it is a {type(record).__name__}; a JSON object is needed"
