from __future__ import annotations

from typing import Any

import pytest

from telcollm.errors import TelcollmError
from telcollm.model.schema import Array, Number, Object, OneOf, Text, check_value, parse_schema

SCHEMA: dict[str, Any] = {
    "title": "Ticket",
    "type": "object",
    "properties": {
        "team": {"$ref": "#/$defs/Team"},
        "priority": {"type": "integer", "minimum": 1, "maximum": 4},
        "steps": {"type": "array", "items": {"type": "string", "maxLength": 9}, "minItems": 1, "maxItems": 2},
        "urgent": {"type": "boolean"},
    },
    "required": ["team"],
    "additionalProperties": False,
    "$defs": {"Team": {"enum": ["RAN", "core"], "type": "string"}},
}
GOOD = {"team": "RAN", "priority": 2, "steps": ["reset"], "urgent": False}


def test_a_schema_as_pydantic_writes_it_is_read() -> None:
    assert parse_schema(SCHEMA) == Object(
        (
            ("team", OneOf(("RAN", "core"))),
            ("priority", Number(True, 1, 4)),
            ("steps", Array(Text(0, 9), 1, 2)),
            ("urgent", OneOf((True, False))),
        )
    )


def test_a_value_that_satisfies_its_schema_passes() -> None:
    check_value(parse_schema(SCHEMA), GOOD)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"team": "sales"}, r"\$\.team"),
        ({"priority": 5}, r"\$\.priority"),
        ({"priority": 2.5}, r"\$\.priority"),
        ({"priority": True}, r"\$\.priority"),
        ({"steps": []}, r"\$\.steps"),
        ({"steps": ["a" * 10]}, r"\$\.steps\[0\]"),
        ({"urgent": 0}, r"\$\.urgent"),
        ({"more": 1}, r"\$:"),
    ],
)
def test_a_value_that_breaks_its_schema_is_refused_with_the_path(change: dict[str, Any], path: str) -> None:
    with pytest.raises(TelcollmError, match=path):
        check_value(parse_schema(SCHEMA), GOOD | change)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string", "pattern": "a+"}, "'pattern' is not supported"),
        ({"type": ["string", "null"]}, "type .* allowed types are"),
        ({"anyOf": []}, "type None"),
        ({"type": "object", "properties": {}}, "at least one property"),
        ({"type": "object", "properties": {"a": 1}}, "1 is not an object"),
        ({"type": "object", "properties": {"a": {"type": "null"}}, "required": ["b"]}, "not declared"),
        (
            {"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": {}},
            "additionalProperties is a schema",
        ),
        ({"enum": []}, "one or more scalars"),
        ({"enum": [{}]}, "one or more scalars"),
        ({"type": "array"}, "None is not an object"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "minLength is at most maxLength"),
        ({"type": "string", "minLength": -1}, "minLength=-1"),
        ({"type": "integer", "minimum": 1.2, "maximum": 1.8}, "no integer"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}}, "recur"),
        ({"$ref": "#/$defs/b"}, "names an entry"),
    ],
)
def test_what_the_subset_does_not_hold_is_refused_with_the_reason(
    schema: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TelcollmError, match=reason):
        parse_schema(schema)
