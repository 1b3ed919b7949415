"""The subset of JSON Schema that every engine can fill: parsing it, and checking a value against it.

It does not know how a value is made. Supported: object, string, integer, number, boolean, null and array;
enum and const of scalars; minLength, maxLength, minimum, maximum, minItems, maxItems; local `$ref` without
recursion. Every declared property is always written, in the order declared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from telcollm.errors import TelcollmError
from telcollm.model.port import JsonSchema, JsonValue

MAX_ITEMS = 16
"""Longest array where the schema sets no maxItems."""

MAX_LENGTH = 1000
"""Longest string in characters where the schema sets no maxLength."""

_ANNOTATIONS = {"title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs"}
_KEYWORDS = {
    "object": {"properties", "required", "additionalProperties"},
    "string": {"minLength", "maxLength"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "boolean": set[str](),
    "null": set[str](),
    "array": {"items", "minItems", "maxItems"},
}

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few fixed values: an enum, a const, a boolean or null."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A free string of `min_length` to `max_length` characters."""

    min_length: int
    max_length: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, both included; without a fraction where `integer`."""

    integer: bool
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Array:
    """`min_items` to `max_items` values of one shape."""

    items: Node
    min_items: int
    max_items: int


@dataclass(frozen=True, slots=True)
class Object:
    """Named fields, all of them, in this order."""

    fields: tuple[tuple[str, Node], ...]


Node = OneOf | Text | Number | Array | Object


def parse_schema(schema: JsonSchema) -> Node:
    """One tree of nodes for the schema.

    >>> parse_schema({"type": "object", "properties": {"team": {"enum": ["RAN", "core"]}}})
    Object(fields=(('team', OneOf(values=('RAN', 'core'))),))

    Raises: TelcollmError naming the path and keyword that is not supported or makes no sense.
    """
    return _parse(schema, "$", schema.get("$defs", {}), ())


def _fail(path: str, what: str, allowed: str) -> TelcollmError:
    return TelcollmError(f"schema at {path}: {what}; {allowed}; change the schema")


def _parse(schema: Any, path: str, definitions: dict[str, Any], seen: tuple[str, ...]) -> Node:
    if not isinstance(schema, dict):
        raise _fail(path, f"{schema!r} is not an object", "a schema is a JSON object")
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        if name not in definitions or name in seen:
            raise _fail(path, f"$ref {schema['$ref']!r}", "a $ref names an entry of $defs and does not recur")
        return _parse(definitions[name], path, definitions, (*seen, name))
    if "enum" in schema or "const" in schema:
        _only(schema, path, {"enum", "const", "type"})
        values = tuple(schema["enum"]) if "enum" in schema else (schema["const"],)
        if not values or not all(value is None or isinstance(value, str | int | float) for value in values):
            raise _fail(path, f"enum {list(values)!r}", "an enum lists one or more scalars")
        return OneOf(values)
    kind = schema.get("type", "object" if "properties" in schema else None)
    if not isinstance(kind, str) or kind not in _KEYWORDS:
        raise _fail(path, f"type {kind!r}", f"allowed types are {', '.join(sorted(_KEYWORDS))}")
    _only(schema, path, {"type"} | _KEYWORDS[kind])
    match kind:
        case "object":
            return _parse_object(schema, path, definitions, seen)
        case "array":
            low, high = _bounds(schema, path, "minItems", "maxItems", 0, MAX_ITEMS)
            items = _parse(schema.get("items"), f"{path}[]", definitions, seen)
            return Array(items, int(low), int(high))
        case "string":
            low, high = _bounds(schema, path, "minLength", "maxLength", 0, MAX_LENGTH)
            return Text(int(low), int(high))
        case "boolean":
            return OneOf((True, False))
        case "null":
            return OneOf((None,))
        case _:
            low, high = _bounds(schema, path, "minimum", "maximum", -math.inf, math.inf)
            if kind == "integer" and math.isfinite(high - low) and math.floor(high) < math.ceil(low):
                raise _fail(path, f"no integer lies in {low}..{high}", "the bounds enclose an integer")
            return Number(kind == "integer", low, high)


def _parse_object(schema: Any, path: str, definitions: dict[str, Any], seen: tuple[str, ...]) -> Object:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        raise _fail(path, f"properties {properties!r}", "an object declares at least one property")
    missing = sorted(set(schema.get("required", [])) - set(properties))
    if missing:
        raise _fail(path, f"required {missing!r} not declared", "required names declared properties only")
    if schema.get("additionalProperties") not in (None, True, False):
        raise _fail(path, "additionalProperties is a schema", "additionalProperties is true or false")
    return Object(
        tuple(
            (name, _parse(inner, f"{path}.{name}", definitions, seen)) for name, inner in properties.items()
        )
    )


def _only(schema: dict[str, Any], path: str, allowed: set[str]) -> None:
    unknown = sorted(set(schema) - allowed - _ANNOTATIONS)
    if unknown:
        raise _fail(
            path, f"keyword {unknown[0]!r} is not supported", f"allowed are {', '.join(sorted(allowed))}"
        )


def _bounds(
    schema: dict[str, Any], path: str, low_key: str, high_key: str, low: float, high: float
) -> tuple[float, float]:
    given_low, given_high = schema.get(low_key, low), schema.get(high_key)
    if given_high is None:
        given_high = max(high, given_low)
    if given_low < low or given_high < given_low:
        raise _fail(
            path, f"{low_key}={given_low}, {high_key}={given_high}", f"{low_key} is at most {high_key}"
        )
    return given_low, given_high


def check_value(node: Node, value: JsonValue, path: str = "$") -> None:
    """Pass where the value satisfies the node.

    Raises: TelcollmError naming the first path that does not.
    """
    wrong = TelcollmError(f"value at {path}: {value!r} does not satisfy {node!r}; ask the model again")
    match node:
        case OneOf(values):
            if not any(type(value) is type(allowed) and value == allowed for allowed in values):
                raise wrong
        case Text(low, high):
            if not isinstance(value, str) or not low <= len(value) <= high:
                raise wrong
        case Number(integer, minimum, maximum):
            numeric = isinstance(value, int | float) and not isinstance(value, bool)
            if not numeric or not minimum <= value <= maximum or (integer and value != int(value)):
                raise wrong
        case Array(items, low, high):
            if not isinstance(value, list) or not low <= len(value) <= high:
                raise wrong
            for place, item in enumerate(value):
                check_value(items, item, f"{path}[{place}]")
        case Object(fields):
            if not isinstance(value, dict) or set(value) != {name for name, _ in fields}:
                raise wrong
            for name, inner in fields:
                check_value(inner, value[name], f"{path}.{name}")
