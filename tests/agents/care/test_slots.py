"""Laws of slots: a value of its kind or none at all, so that no record brings markup into a reply."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.care.slots import SLOTS, Slot, fill, places, write

HOSTILE = st.text(alphabet=st.sampled_from("<>{}[]()*_`#|\\&\"'/:@.=;!~^$%+-\n\t\u200b a1Zé网"), max_size=40)
ANYTHING = st.one_of(
    HOSTILE,
    st.text(max_size=60),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=5)),
)


@given(name=st.sampled_from(sorted(SLOTS)), value=ANYTHING, language=st.sampled_from(["en", "zh"]))
def test_no_value_brings_markup_links_or_slots_into_a_text(name: str, value: Any, language: str) -> None:
    filled = fill(f"Dear {{{name}}}!", {name: Slot(value, "r1")}, language, UTC)
    if filled is not None:
        written = filled.values[name]
        assert filled.text == f"Dear {written}!" and written == written.strip() != ""
        assert not set(written) & set('<>{}[]()*`|\\&"@;=\n\t\u200b')
        # Markdown reads no emphasis into an underscore that stands inside a word, as in BILL_2024.
        assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", written)
        assert "://" not in written and "www." not in written.lower()
        assert places(filled.text) == ()


@given(
    values=st.dictionaries(st.sampled_from(sorted(SLOTS)), ANYTHING), wanted=st.sampled_from(sorted(SLOTS))
)
def test_a_text_is_filled_wholly_or_not_at_all(values: dict[str, Any], wanted: str) -> None:
    slots = {name: Slot(value, f"record of {name}") for name, value in values.items()}
    filled = fill(f"a {{{wanted}}} b {{customer_name}}", slots, "en", UTC)
    if filled is not None:
        assert set(filled.values) == set(filled.sources) == {wanted, "customer_name"}
        assert all(filled.sources[name] == f"record of {name}" for name in filled.sources)


def test_a_value_without_a_record_is_none() -> None:
    assert fill("{plan_name}", {"plan_name": Slot("Basic", "")}, "en", UTC) is None
    assert fill("{plan_name}", {}, "en", UTC) is None


@pytest.mark.parametrize(
    ("name", "value", "en", "zh"),
    [
        ("customer_name", "Anna  O'Neill-Roux", "Anna O'Neill-Roux", "Anna O'Neill-Roux"),
        ("customer_name", "王小明", "王小明", "王小明"),
        ("plan_name", "Unlimited Plus 5G+", "Unlimited Plus 5G+", "Unlimited Plus 5G+"),
        ("bill_reference", "B-1001", "B-1001", "B-1001"),
        ("bill_amount", (150.5, "EUR"), "150.50 EUR", "150.50 EUR"),
        ("bill_amount", (150.5, "<b>"), "150.50", "150.50"),
        ("data_used_gb", 3.2, "3.2", "3.2"),
        ("bill_due", date(2026, 2, 19), "19 Feb 2026", "2026年2月19日"),
        ("line_ending", "555-123-2002", "2002", "2002"),
        (
            "incident_estimate",
            datetime(2026, 3, 4, 15, 30, tzinfo=UTC),
            "15:30 UTC on 4 Mar",
            "3月4日15:30 UTC",
        ),
    ],
)
def test_values_are_written_as_customers_read_them(name: str, value: Any, en: str, zh: str) -> None:
    assert (write(name, value, "en", UTC), write(name, value, "zh", UTC)) == (en, zh)


def test_times_are_written_in_the_desks_zone() -> None:
    zone = timezone(timedelta(hours=8), "CST")
    time = datetime(2026, 3, 4, 20, 30, tzinfo=UTC)
    assert write("incident_estimate", time, "zh", zone) == "3月5日04:30"
    assert write("incident_estimate", time.replace(tzinfo=None), "en", zone) is None


@pytest.mark.parametrize(
    "value", ["<b>Anna</b>", "{plan_name}", "Anna http", "a@b", "[x](y)", "*Anna*", "Anna\x00"]
)
def test_a_name_that_is_none_is_not_written(value: str) -> None:
    written = write("customer_name", value, "en", UTC)
    assert written is None
