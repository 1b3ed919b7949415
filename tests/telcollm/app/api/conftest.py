"""The application over an empty store, asked in this process without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from telcollm.access import Role
from telcollm.app.api.application import build_app
from telcollm.app.workplace import Workplace
from telcollm.ports import Scope
from tests.telcollm.app.places import NORTH, key_of

Ask = Callable[..., Any]


@pytest.fixture
def client(workplace: Workplace) -> Iterator[TestClient]:
    with TestClient(build_app(workplace, background=False), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def ask(workplace: Workplace, client: TestClient) -> Ask:
    """`ask(method, path, *roles, scope=..., **request)` by a key of these roles, made when first needed."""
    keys: dict[tuple[tuple[Role, ...], Scope], str] = {}

    def ask(method: str, path: str, *roles: Role, scope: Scope = NORTH, **request: Any) -> Any:
        headers = dict(request.pop("headers", {}))
        if roles:
            if (roles, scope) not in keys:
                keys[roles, scope] = key_of(workplace, *roles, scope=scope)
            headers["Authorization"] = f"Bearer {keys[roles, scope]}"
        return client.request(method, path, headers=headers, **request)

    return ask
