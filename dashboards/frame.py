"""What every page shares: who asks, links, the states of nothing and of failure, the mark of machines.

Does not know what is on a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from dashboards import login
from dashboards.opened import workplace
from dashboards.plain import coded, coloured, plain
from dashboards.reader import LANGUAGE, say, tell, word
from telcollm.access import AccessDenied, Caller
from telcollm.app.services import accounts
from telcollm.app.services.incidents import NotFoundError
from telcollm.app.workplace import Workplace
from telcollm.errors import TelcollmError, TransientError
from telcollm.records import DecidedBy, Mode

PAGES: Final = "pages"
"""The name in the session under which the pages stand that the caller has."""

NOTE: Final = "note"

SEVERITY_COLOURS: Final = {
    "CRITICAL": "red",
    "MAJOR": "orange",
    "MINOR": "yellow",
    "WARNING": "blue",
    "INDETERMINATE": "gray",
    "CLEARED": "green",
}


@dataclass(frozen=True)
class Place:
    """Where a page stands: the workplace, and who asks."""

    desk: Workplace
    caller: Caller


def here() -> Place:
    """Return where the page stands; whoever is no longer logged in comes to the login.

    Parts that run again by themselves ask this each time, so that they end with the session.
    """
    caller = login.caller()
    if caller is None:
        st.rerun()
    return Place(workplace(), caller)


@contextmanager
def guarded(place: Place) -> Iterator[None]:
    """Show what went wrong in the block in words, with the next step; denials are told to the audit trail."""
    try:
        yield
    except AccessDenied as error:
        accounts.denied(place.desk, place.caller, error)
        st.error(say("frame.denied"), icon=":material/block:")
        st.text(plain(error))
    except NotFoundError as error:
        st.warning(say("frame.not found"), icon=":material/search_off:")
        st.text(plain(error))
    except TransientError as error:
        st.error(say("frame.unreachable"), icon=":material/cloud_off:")
        st.text(plain(error))
        st.button(say("frame.again"), key="again")
    except TelcollmError as error:
        st.error(say("frame.failed"), icon=":material/error:")
        st.text(plain(error))


def heading(title: str, explanation: str = "") -> None:
    """Show a page's title and, beneath, a note that an action of the run before left."""
    st.title(say(title), anchor=False)
    if explanation:
        st.text(tell(explanation))
    if note := st.session_state.pop(NOTE, ""):
        st.success(say(note), icon=":material/check:")


def done(note: str) -> None:
    """Draw the page anew, with a note of what was done."""
    st.session_state[NOTE] = note
    st.rerun()


def empty(title: str, explanation: str) -> None:
    """Show that there is nothing, and what that means."""
    with st.container(border=True, key=f"empty {title}".replace(".", " ")):
        st.markdown(say(title))
        st.text(tell(explanation))


def link(page: str, label: str, *, icon: str | None = None, **query: str) -> None:
    """Show a link to a page, as text where the caller has no such page. The label is made by say or coded."""
    target = st.session_state.get(PAGES, {}).get(page)
    if target is None:
        st.markdown(label)
        return
    asked: dict[str, Any] = {name: value for name, value in query.items() if value}
    if language := st.session_state.get(LANGUAGE):
        asked[LANGUAGE] = language
    st.page_link(target, label=label, icon=icon, query_params=asked)


def severity_badge(value: str, status: str = "") -> None:
    """Show a severity by word and colour, and a status, where one is given, in grey beside it."""
    colour = SEVERITY_COLOURS.get(value, "gray")
    st.markdown(
        " ".join((coloured(colour, word("severity", value)), coloured("gray", word("status", status))))
        if status
        else coloured(colour, word("severity", value))
    )


def machine_mark(
    decided_by: DecidedBy,
    *,
    model: str = "",
    adapter: str = "",
    prompt_version: str = "",
    mode: Mode = Mode.LIVE,
) -> None:
    """Mark what a machine wrote as such, with the model and the run; what a person decided, as that."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if decided_by is DecidedBy.PERSON:
            st.badge(say("frame.by person"), color="green", icon=":material/person:")
        else:
            st.badge(say("frame.by machine"), color="violet", icon=":material/smart_toy:")
            st.text(tell("frame.decided by", who=word("decided_by", decided_by)))
        named = " · ".join(part for part in (model, adapter, prompt_version) if part)
        if named and decided_by is not DecidedBy.PERSON:
            st.markdown(coded(named))
        if mode is not Mode.LIVE:
            st.badge(word("mode", mode), color="gray")
