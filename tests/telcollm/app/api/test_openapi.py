"""The API against its own description: schemathesis asks every endpoint, the same questions each time."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from telcollm.access import Role
from telcollm.app.api.application import build_app
from telcollm.app.workplace import Workplace
from tests.telcollm.app.places import key_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 3
SEED = 20_260_101


@pytest.mark.parametrize("roles", [tuple(Role)], ids=["everyone"])
def test_every_endpoint_answers_as_it_is_described(workplace: Workplace, roles: tuple[Role, ...]) -> None:
    app = build_app(workplace, background=False)
    headers = {"Authorization": f"Bearer {key_of(workplace, *roles)}"}
    asked: dict[str, int] = {}
    for result in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
        operation = result.ok()

        @hypothesis.seed(SEED)
        @hypothesis.settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            asked[case.operation.label] = asked.get(case.operation.label, 0) + 1
            case.call_and_validate(headers=headers, checks=CHECKS)

        ask()
    assert len(asked) == sum(len(methods) for methods in app.openapi()["paths"].values())
