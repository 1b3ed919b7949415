"""Laws of files: a digest is of what stands in them, and what is synced is there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcollm.files import sha256, sync


@given(content=st.binary(max_size=200))
def test_a_digest_is_of_what_stands_in_the_file(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("files") / "one"
    path.write_bytes(content)
    sync(path)
    sync(path.parent)
    assert sha256(path) == hashlib.sha256(content).hexdigest()


def test_what_is_not_there_is_not_synced(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "nothing")
