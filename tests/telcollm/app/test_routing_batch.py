"""Laws of files of tickets: what is packed is unpacked, and never to more than the memory may hold."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from finetune.formats import TableError
from telcollm.app import routing_batch

ROWS = b"id,description\n" + b"".join(b"%d,no power\n" % number for number in range(100))


def test_a_packed_file_is_read_up_to_a_size_and_refused_above(monkeypatch: pytest.MonkeyPatch) -> None:
    packed, path = gzip.compress(ROWS), Path("tickets.csv.gz")
    monkeypatch.setattr(routing_batch, "_MOST_UNPACKED_BYTES", len(ROWS))
    assert len(routing_batch.read_batch(packed, path).tickets) == 100
    monkeypatch.setattr(routing_batch, "_MOST_UNPACKED_BYTES", len(ROWS) - 1)
    with pytest.raises(TableError, match="unpacks to more than"):
        routing_batch.read_batch(packed, path)
    with pytest.raises(TableError, match="cannot be unpacked"):
        routing_batch.read_batch(packed[:10] + b"\xff" * 20, path)
