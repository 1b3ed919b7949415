"""Audit: who did what, and whether the trail is whole."""

from __future__ import annotations

from math import ceil
from typing import Final

import pandas as pd
import streamlit as st

from dashboards.frame import empty, guarded, heading, here
from dashboards.plain import line
from dashboards.reader import clock, number, say, tell, word
from telcollm.app.services import accounts

PAGE: Final = 50
PAGE_KEY: Final = "audit_page"


def show() -> None:
    """Show the page."""
    place = here()
    heading("audit.title", "audit.what")
    with guarded(place):
        if st.button(say("audit.verify"), icon=":material/verified:"):
            broken = accounts.verify_audit(place.desk, place.caller)
            if broken is None:
                st.success(say("audit.whole"), icon=":material/verified:")
            else:
                st.error(say("audit.broken", row=broken), icon=":material/gpp_bad:")
        number_of = max(1, int(st.session_state.get(PAGE_KEY, 1)))
        page = accounts.audit_page(place.desk, place.caller, limit=PAGE, offset=(number_of - 1) * PAGE)
        if not page.total:
            empty("audit.none", "audit.none means")
            return
        st.text(tell("audit.count", total=number(page.total)))
        st.dataframe(
            pd.DataFrame(
                {
                    word("column", "number"): [one.number for one in page.entries],
                    word("column", "time"): [clock(one.at, seconds=True) for one in page.entries],
                    word("column", "who"): [line(one.actor) for one in page.entries],
                    word("column", "did"): [line(one.action) for one in page.entries],
                    word("column", "subject"): [line(one.subject) for one in page.entries],
                    word("column", "detail"): [line(one.detail, 300) for one in page.entries],
                }
            ),
            hide_index=True,
            width="stretch",
            key="audit table",
        )
        if page.total > PAGE:
            st.pagination(ceil(page.total / PAGE), key=PAGE_KEY, persist_state="session")
