"""Accounts: who may come in, as what, and what they see; keys of programs."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboards.frame import Place, done, empty, guarded, heading, here
from dashboards.plain import line
from dashboards.reader import clock, say, tell, word
from telcollm.access import Action, Role, allows
from telcollm.app.services import accounts
from telcollm.ports import Scope


def show() -> None:
    """Show the page."""
    place = here()
    heading("people.title", "people.what")
    with guarded(place):
        known = accounts.list_accounts(place.desk, place.caller)
        st.dataframe(
            pd.DataFrame(
                {
                    word("column", "name"): [line(one.name) for one in known],
                    word("column", "roles"): [
                        ", ".join(word("role", role) for role in one.roles) for one in known
                    ],
                    word("column", "tenants"): [_scope(one.scope.tenants) for one in known],
                    word("column", "regions"): [_scope(one.scope.regions) for one in known],
                    word("column", "since"): [clock(one.created_time) for one in known],
                }
            ),
            hide_index=True,
            width="stretch",
            key="accounts table",
        )
        if allows(place.caller, Action.ACCOUNT_WRITE):
            _change(place, [one.name for one in known])
        _keys(place)


def _scope(names: tuple[str, ...]) -> str:
    return line(", ".join(names)) or tell("people.all")


def _change(place: Place, names: list[str]) -> None:
    with st.expander(say("people.add"), icon=":material/person_add:"), st.form("add account"):
        name = st.text_input(say("login.name"), max_chars=64)
        password = st.text_input(say("login.password"), type="password", autocomplete="new-password")
        roles = st.multiselect(
            say("people.roles"),
            list(Role),
            format_func=lambda one: word("role", one),
            placeholder=say("people.choose"),
        )
        tenants = st.text_input(say("people.tenants"), help=say("people.many"))
        regions = st.text_input(say("people.regions"), help=say("people.many"))
        if st.form_submit_button(say("people.add"), type="primary"):
            scope = Scope(_named(tenants), _named(regions))
            _do(
                place,
                "people.added",
                lambda: accounts.add_account(
                    place.desk, place.caller, name.strip(), password, roles=roles, scope=scope
                ),
            )
    with st.expander(say("people.remove"), icon=":material/person_remove:"), st.form("remove account"):
        gone = st.selectbox(
            say("people.which"), names, index=None, format_func=line, placeholder=say("people.choose")
        )
        if st.form_submit_button(say("people.remove")) and gone:
            _do(
                place,
                "people.removed",
                lambda: accounts.remove_account(place.desk, place.caller, gone),
            )


def _named(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _keys(place: Place) -> None:
    st.subheader(say("people.keys"), anchor=False)
    keys = accounts.list_keys(place.desk, place.caller)
    if not keys:
        empty("people.no keys", "people.no keys means")
        return
    st.dataframe(
        pd.DataFrame(
            {
                word("column", "key"): [line(one.key_id) for one in keys],
                word("column", "who"): [line(one.owner) for one in keys],
                word("column", "roles"): [
                    ", ".join(word("role", role) for role in one.roles) for one in keys
                ],
                word("column", "since"): [clock(one.created_time) for one in keys],
                word("column", "until"): [clock(one.revoked or one.expires) for one in keys],
            }
        ),
        hide_index=True,
        width="stretch",
        key="keys table",
    )


def _do(place: Place, note: str, action: Callable[[], object]) -> None:
    with guarded(place):
        action()
        done(note)
