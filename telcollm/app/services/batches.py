"""Batches: many tickets routed together, in the background, kept in files so that a restart loses none.

A batch is routed by who asked for it, with the access that they had then. Does not know HTTP.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from telcollm import codec
from telcollm.access import AccessDenied, Action, Caller, Role, require, require_place
from telcollm.app.services.incidents import NotFoundError
from telcollm.app.services.tickets import decided
from telcollm.app.workplace import Workplace
from telcollm.errors import DecodeError, TelcollmError
from telcollm.identity import derive_id
from telcollm.ports import Scope
from telcollm.records import TroubleTicket
from telcollm.records.record import UtcTime

_LOG = logging.getLogger(__name__)
_AT_ONCE: Final = 64


class BatchTask(msgspec.Struct, frozen=True):
    """What was asked for, by whom, with which access."""

    batch_id: str
    actor: str
    roles: tuple[Role, ...]
    scope: Scope
    created_time: UtcTime
    tickets: tuple[dict[str, Any], ...]


class BatchResult(msgspec.Struct, frozen=True):
    """What became of it: one route a ticket in order, or why there is none at all."""

    routes: tuple[dict[str, Any], ...] = ()
    failure: str = ""


class Batch(msgspec.Struct, frozen=True):
    """How a batch stands: waiting, done or failed."""

    batch_id: str
    state: str
    tickets: int
    created_time: UtcTime
    routes: tuple[dict[str, Any], ...] = ()
    failure: str = ""


_TASK: Final = msgspec.json.Decoder(BatchTask)
_RESULT: Final = msgspec.json.Decoder(BatchResult)


def submit(workplace: Workplace, caller: Caller, wires: Sequence[dict[str, Any]]) -> Batch:
    """Return the batch, which waits to be routed; its tickets are telcollm's field names in camelCase.

    Raises:
        AccessDenied: the caller may not have batches routed, or not there.
        TelcollmError: there are too many, or one cannot be read.
    """
    require(caller, Action.TICKET_BATCH)
    most = workplace.settings.api.batch_max_rows
    if not 0 < len(wires) <= most:
        message = f"the batch has {len(wires)} tickets; 1 to {most} are allowed; cut it in parts"
        raise TelcollmError(message)
    for number, wire in enumerate(wires):
        require_place(caller, str(wire.get("tenant", "")), str(wire.get("region", "")))
        _ticket(wire, f"row-{number}")
    now = workplace.now()
    body = msgspec.json.encode(list(wires))
    batch_id = derive_id("bat", caller.name, now.isoformat(), body.decode())
    task = BatchTask(batch_id, caller.name, tuple(sorted(caller.roles)), caller.scope, now, tuple(wires))
    workplace.audit(caller, "batch submitted", batch_id, detail=f"{len(wires)} tickets")
    _write(_folder(workplace) / f"{batch_id}.task", msgspec.json.encode(task))
    return Batch(batch_id, "waiting", len(wires), now)


def batch(workplace: Workplace, caller: Caller, batch_id: str) -> Batch:
    """Return how a batch of the caller's stands, with its routes once it is done.

    Raises:
        AccessDenied: the caller may not have batches routed.
        NotFoundError: they have none of that id.
    """
    require(caller, Action.TICKET_BATCH)
    named = batch_id.removeprefix("bat-")
    path = _folder(workplace) / f"{batch_id}.task"
    if not (batch_id.startswith("bat-") and named.isalnum() and named.isascii() and path.is_file()):
        raise _unknown(batch_id)
    task = _TASK.decode(path.read_bytes())
    if task.actor != caller.name:
        raise _unknown(batch_id)
    done = path.with_suffix(".result")
    if not done.is_file():
        return Batch(batch_id, "waiting", len(task.tickets), task.created_time)
    result = _RESULT.decode(done.read_bytes())
    state = "failed" if result.failure else "done"
    return Batch(batch_id, state, len(task.tickets), task.created_time, result.routes, result.failure)


def _unknown(batch_id: str) -> NotFoundError:
    return NotFoundError(
        f"batch={batch_id[:80]!r} is not known; the id of one of yours is allowed; it was told on submitting"
    )


def run_waiting(workplace: Workplace) -> int:
    """Return how many batches were finished: all that waited, the oldest first."""
    waiting = [
        task
        for task in map(_read, _folder(workplace).glob("*.task"))
        if task is not None and not (_folder(workplace) / f"{task.batch_id}.result").exists()
    ]
    for task in sorted(waiting, key=lambda one: (one.created_time, one.batch_id)):
        _write(
            _folder(workplace) / f"{task.batch_id}.result", msgspec.json.encode(_finished(workplace, task))
        )
    return len(waiting)


def _read(path: Path) -> BatchTask | None:
    try:
        return _TASK.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        _LOG.warning("batch %s cannot be read: %s", path.name, error)
        return None


def _finished(workplace: Workplace, task: BatchTask) -> BatchResult:
    caller = Caller(task.actor, frozenset(task.roles), task.scope)
    found = [_ticket(wire, f"{task.batch_id}-{number}") for number, wire in enumerate(task.tickets)]
    routes: list[dict[str, Any]] = []
    try:
        for start in range(0, len(found), _AT_ONCE):
            part = decided(workplace, caller, found[start : start + _AT_ONCE])
            routes += [codec.to_wire(route) for route in part]
    except (TelcollmError, AccessDenied) as error:
        _LOG.warning("batch %s failed: %s", task.batch_id, error)
        return BatchResult(failure=str(error))
    return BatchResult(tuple(routes))


def _ticket(wire: dict[str, Any], ticket_id: str) -> TroubleTicket:
    try:
        return codec.from_wire({"ticketId": ticket_id, **wire}, TroubleTicket)
    except DecodeError as error:
        message = str(error).partition("; mend the producer")[0] + "; mend the row"
        raise DecodeError(message, field=error.field) from error


def _folder(workplace: Workplace) -> Path:
    folder = workplace.settings.home / "batches"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(path: Path, body: bytes) -> None:
    """Put a file in place whole, readable by its owner alone: it holds customers' words."""
    handle, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)


def serve(workplace: Workplace, stop: threading.Event, every_s: float = 0.5) -> None:
    """Finish what waits until told to stop; what fails is said and tried again, and ends nothing."""
    while not stop.wait(every_s):
        try:
            run_waiting(workplace)
        except TelcollmError as error:
            _LOG.warning("batches wait: %s", error)
        except Exception as error:
            # A full disk or a fault of ours must not end the thread: no batch would be finished any more.
            _LOG.error("batches wait after a fault: %s", type(error).__name__, exc_info=True)
