"""Coming in and going out: the local account file, or an identity provider where one is configured.

A session outlives a reload by a cookie that no script can read. Does not know what a role may do.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboards.opened import sessions, workplace
from dashboards.plain import plain
from dashboards.reader import LANGUAGE, say, tell
from telcollm.access import Caller, Role
from telcollm.app.services import accounts
from telcollm.app.workplace import Workplace
from telcollm.store.accounts import LoginError

COOKIE: Final = "telcollm_console"
_TOKEN: Final = "token"
_ARRIVED: Final = "arrived"
_COOKIE_DUE: Final = "cookie due"
_KEPT: Final = (LANGUAGE, "language")
"""What a tab keeps from one person to the next: the language, and the control that shows it."""

_FETCH: Final = """<script>fetch("/session", {{method: "POST", credentials: "same-origin",
headers: {{"Content-Type": "application/json"}}, body: JSON.stringify({{ticket: "{ticket}"}})}})</script>"""

HOMES: Final = (
    (Role.NOC_ENGINEER, "now"),
    (Role.TRIAGE_OPERATOR, "tickets"),
    (Role.CARE_AGENT, "care"),
    (Role.MODEL_OWNER, "models"),
    (Role.AUDITOR, "audit"),
)
"""Where each role begins; whoever has several, at the first."""


def caller() -> Caller | None:
    """Return who is logged in, as their account is now; None where nobody is."""
    token = st.session_state.get(_TOKEN) or st.context.cookies.get(COOKIE, "")
    session = sessions().session(token) if isinstance(token, str) and token else None
    if session is None:
        _session_over()
        return None
    found: Caller | None = session.caller
    if session.proof:
        account = workplace().accounts.account(session.caller.name)
        found = account.caller if account and account.password_hash == session.proof else None
    if found is None:
        sessions().end(token)
        _session_over()
        return None
    st.session_state[_TOKEN] = token
    if session.language and LANGUAGE not in st.session_state:
        st.session_state[LANGUAGE] = session.language
    return found


def remember_language(language: str) -> None:
    """Keep the language for the rest of the session, reloads and new tabs among it."""
    if token := st.session_state.get(_TOKEN):
        sessions().speak(token, language)


def log_out() -> None:
    """End the session; the tab keeps nothing of it but the language."""
    sessions().end(st.session_state.get(_TOKEN, ""))
    _forget()
    if has_provider() and st.user.get("is_logged_in"):
        st.logout()


def _session_over() -> None:
    # Only where somebody was logged in here: what is typed into the login itself stays.
    if _TOKEN in st.session_state:
        _forget()


def _forget() -> None:
    for name in [str(key) for key in st.session_state]:
        if name not in _KEPT:
            del st.session_state[name]


def home() -> str:
    """Return the page that the caller who has just come in begins with, once; empty at any other time."""
    return str(st.session_state.pop(_ARRIVED, ""))


def keep_cookie() -> None:
    """Let the browser fetch its cookie, where the session has just begun."""
    if token := st.session_state.pop(_COOKIE_DUE, ""):
        ticket = sessions().ticket(token)
        st.html(_FETCH.format(ticket=ticket), unsafe_allow_javascript=True)


def has_provider() -> bool:
    """Tell whether an identity provider is configured (`[auth]` in Streamlit's secrets)."""
    from streamlit.errors import StreamlitSecretNotFoundError

    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def login_page(desk: Workplace) -> None:
    """Show how to come in; the page that was asked for follows."""
    with st.container(key="login", width=420):
        st.title(say("login.title"), anchor=False)
        st.text(tell("login.what"))
        if has_provider():
            _by_provider(desk)
        with st.form("login form", border=True):
            name = st.text_input(say("login.name"), key="login_name", max_chars=64, autocomplete="username")
            password = st.text_input(
                say("login.password"), type="password", key="login_password", autocomplete="current-password"
            )
            asked = st.form_submit_button(say("login.enter"), type="primary", width="stretch")
        if asked:
            _enter(desk, name.strip(), password)
        st.text(tell("login.no account"))


def _enter(desk: Workplace, name: str, password: str) -> None:
    try:
        came = accounts.log_in(desk, name, password)
    except LoginError as error:
        st.error(say("login.refused"))
        st.text(plain(error))
        return
    account = desk.accounts.account(came.name)
    _begin(came, account.password_hash if account else "")


def _by_provider(desk: Workplace) -> None:
    if not st.user.get("is_logged_in"):
        st.button(say("login.by provider"), on_click=st.login, type="primary", width="stretch")
        return
    try:
        came = accounts.identified(desk, st.user.to_dict())
    except LoginError as error:
        st.error(say("login.refused"))
        st.text(plain(error))
        return
    _begin(came, "")


def _begin(came: Caller, proof: str) -> None:
    language = str(st.session_state.get(LANGUAGE, ""))
    token = sessions().begin(came, proof, language)
    _forget()
    st.session_state[_TOKEN] = st.session_state[_COOKIE_DUE] = token
    st.session_state[_ARRIVED] = next((page for role, page in HOMES if role in came.roles), "now")
    st.rerun()
