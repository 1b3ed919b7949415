"""Hypothesis strategies for the twelve records, made from their own types and bounds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st

from telcollm.codec import wire_names
from telcollm.records import RECORD_TYPES, Record

R = TypeVar("R", bound=Record)

MOMENTS: st.SearchStrategy[datetime] = st.datetimes(
    min_value=datetime(1900, 1, 2),  # noqa: DTZ001
    max_value=datetime(2200, 1, 2),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
"""Aware times with any offset of whole minutes."""

WHOLE = st.integers(-(2**63), 2**63 - 1)
REAL = st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | WHOLE | REAL | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
"""What JSON can hold: no NaN, no infinity."""


def records_of(kind: type[R], *, unknown_fields: bool = True) -> st.SearchStrategy[R]:
    """Records of a kind, any optional field there or not, with fields nobody knows."""
    known = wire_names(kind)
    extra = (
        st.dictionaries(st.text(max_size=12).filter(lambda name: name not in known), JSON_VALUES, max_size=3)
        if unknown_fields
        else st.just({})
    )
    return _struct(kind, {"extra": extra})


def _struct(kind: type[Any], given: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    required, optional = {}, {}
    for field in info.fields:
        strategy = given[field.name] if field.name in given else _values(field.type)
        (required if field.required else optional)[field.name] = strategy
    return st.fixed_dictionaries(required, optional=optional).map(lambda fields: kind(**fields))


def _values(found: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    inspect = msgspec.inspect
    if isinstance(found, inspect.StrType):
        longest = min(found.max_length or 30, 30)
        return st.text(min_size=found.min_length or 0, max_size=longest)
    if isinstance(found, inspect.FloatType):
        return st.floats(found.ge, found.le, allow_nan=False, allow_infinity=False)
    if isinstance(found, inspect.DateTimeType):
        return MOMENTS
    if isinstance(found, inspect.EnumType):
        return st.sampled_from(list(found.cls))
    if isinstance(found, inspect.StructType):
        return _struct(found.cls, {})
    if isinstance(found, inspect.UnionType):
        return st.one_of(*(_values(one) for one in found.types))
    if isinstance(found, inspect.VarTupleType):
        return st.lists(_values(found.item_type), max_size=3).map(tuple)
    if isinstance(found, inspect.TupleType):
        return st.tuples(*(_values(one) for one in found.item_types))
    if isinstance(found, inspect.DictType):
        return st.dictionaries(_values(found.key_type), _values(found.value_type), max_size=3)
    simple: dict[type[Any], st.SearchStrategy[Any]] = {
        inspect.IntType: WHOLE,
        inspect.BoolType: st.booleans(),
        inspect.NoneType: st.none(),
        inspect.AnyType: JSON_VALUES,
    }
    return simple[type(found)]


RECORDS: st.SearchStrategy[Record] = st.one_of(*(records_of(kind) for kind in RECORD_TYPES.values()))
"""Any of the twelve."""
