"""The console as a whole: who asks, which pages they have, and the one that they look at."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from dashboards import login, pipeline
from dashboards.frame import PAGES, Place
from dashboards.opened import workplace
from dashboards.plain import plain
from dashboards.reader import LANGUAGE, language, say, tell, word
from dashboards.server import NOWHERE
from dashboards.wording import LANGUAGES
from telcollm import access
from telcollm.access import Caller
from telcollm.errors import TelcollmError

MODULES: Final = {
    "now": ("now", ":material/crisis_alert:"),
    "incident": ("incident", ":material/hub:"),
    "ask": ("ask", ":material/forum:"),
    "tickets": ("tickets", ":material/confirmation_number:"),
    "care": ("care", ":material/support_agent:"),
    "models": ("models", ":material/model_training:"),
    "audit": ("audit", ":material/policy:"),
    "accounts": ("people", ":material/group:"),
}
"""The module and the icon of each page, by its name in `telcollm.access.PAGES`."""

_STYLE: Final = Path(__file__).with_name("console.css")
_ICON: Final = Path(__file__).with_name("icon.png")
"""A file, as Streamlit has browsers fetch its own icons from elsewhere."""


def main() -> None:
    """Show the console."""
    st.set_page_config(page_title="telcollm", page_icon=str(_ICON), layout="wide")
    st.html(_STYLE)
    try:
        desk = workplace()
        caller = login.caller()
    except TelcollmError as error:
        st.error(say("frame.no workplace"), icon=":material/cloud_off:")
        st.text(plain(error))
        st.button(say("frame.again"))
        return
    pages = _pages(caller)
    st.session_state[PAGES] = {name: page for name, page in pages.items() if _has(caller, name)}
    chosen = st.navigation(list(pages.values()), position="sidebar" if caller else "hidden")
    with st.sidebar:
        _language()
    if caller is None:
        login.login_page(desk)
        return
    with st.sidebar:
        _person(Place(desk, caller))
    login.keep_cookie()
    home = login.home()
    # A switch drops what the address asks for: whoever is where they begin stays.
    if home in pages and not chosen.url_path and pages[home].url_path:
        st.switch_page(pages[home])
    pipeline.state_line()
    if st.query_params.pop(NOWHERE, ""):
        st.warning(say("frame.no such page"), icon=":material/wrong_location:")
    chosen.run()


def _pages(caller: Caller | None) -> dict[str, st.Page]:
    """Return all pages: those that the caller has, and in place of the others that they have them not.

    While nobody is known they have all, as the address stays.
    """
    return {
        name: st.Page(
            _shown(module) if _has(caller, name) else _denied,
            title=word("page", name),
            icon=icon,
            url_path=name,
            default=name == "now",
            visibility="visible" if _has(caller, name) else "hidden",
        )
        for name, (module, icon) in MODULES.items()
    }


def _has(caller: Caller | None, page: str) -> bool:
    return caller is None or access.allows(caller, access.PAGES[page])


def _denied() -> None:
    st.error(say("frame.denied"), icon=":material/block:")
    st.text(tell("frame.denied page"))


def _shown(module: str) -> Callable[[], None]:
    """Return what shows a page; its module is loaded when it is first shown."""

    def show() -> None:
        importlib.import_module(f"dashboards.views.{module}").show()

    return show


def _language() -> None:
    present = language()
    chosen = st.segmented_control(
        say("frame.language"),
        list(LANGUAGES),
        default=present,
        required=True,
        format_func=lambda one: LANGUAGES[one],
        key="language",
        label_visibility="collapsed",
    )
    if chosen and chosen != present:
        st.session_state[LANGUAGE] = chosen
        st.query_params[LANGUAGE] = chosen
        login.remember_language(chosen)
        st.rerun()


def _person(place: Place) -> None:
    st.text(tell("frame.you", who=place.caller.name))
    st.text(", ".join(word("role", role) for role in access.Role if role in place.caller.roles))
    scope = place.caller.scope
    if scope.tenants or scope.regions:
        st.text(plain(access.scope_text(scope)))
    st.button(say("login.leave"), on_click=login.log_out, icon=":material/logout:", key="leave")
