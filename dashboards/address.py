"""What is chosen stands in the address by its value, not by its word: links hold in each language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

T = TypeVar("T", bound=str)


def named(name: str) -> str:
    """Return what the address names, and see that the browser shows it there: a reload shows the same.

    Streamlit leaves the browser's address as it was after a link from a page to itself.
    """
    value = str(st.query_params.get(name, ""))
    shown = f"address {name}"
    if value and st.session_state.get(shown) != value:
        st.query_params[name] = value
    st.session_state[shown] = value
    return value


def chosen(name: str, options: Sequence[T]) -> T:
    """Return the option that the address names, the first where it names none of them."""
    asked = st.query_params.get(name, "")
    return next((one for one in options if one == asked), options[0])


def keeper(name: str, options: Sequence[str], then: Callable[[], None]) -> Callable[[], None]:
    """Return what puts the choice of the widget `name` into the address, and then does `then`."""

    def keep() -> None:
        value = str(st.session_state.get(name, ""))
        if value in options[1:]:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
        then()

    return keep
