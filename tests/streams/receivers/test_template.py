"""Laws of templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.receivers.template import template_of


def test_the_first_name_with_a_value_fills_a_place() -> None:
    template = template_of("{{linkDown}} {a | b}/{c}")
    assert template.fill({"a": "", "b": "2", "c": "3"}) == "{linkDown} 2/3"
    assert template.names == {"a", "b", "c"}


def test_a_place_without_a_value_fills_nothing_at_all() -> None:
    assert template_of("linkDown {ifIndex}").fill({"ifDescr": "x"}) is None


@pytest.mark.parametrize("text", ["{", "}", "a {b", "a b}", "{}", "{a|}", "{ | }", "{a{b}}"])
def test_a_brace_that_stands_alone_or_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is allowed"):
        template_of(text)


@given(st.text(max_size=40), st.dictionaries(st.sampled_from("abc"), st.text(max_size=5)))
def test_what_fills_a_place_is_never_read_as_a_template_itself(text: str, values: dict[str, str]) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert template_of(escaped).fill(values) == text
    assert template_of("{a}").fill({"a": "{b}", "b": "no"}) == "{b}"
