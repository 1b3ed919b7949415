"""The part of the tickets' page that routes a whole file, which comes back with teams and reasons."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from dashboards.frame import Place, guarded
from dashboards.reader import number, say, tell
from telcollm.app.services import tickets_batch

_RESULT: Final = "batch result"
KINDS: Final = ("csv", "jsonl", "json")


def show(place: Place) -> None:
    """Show the upload, and the result of the last one until the next."""
    with st.expander(say("batch.title"), icon=":material/upload_file:"):
        st.text(tell("batch.what"))
        file = st.file_uploader(say("batch.file"), type=list(KINDS), key="batch file")
        if file is not None and st.button(say("batch.route"), type="primary"):
            st.session_state.pop(_RESULT, None)
            with guarded(place), st.spinner(say("batch.routing")):
                st.session_state[_RESULT] = tickets_batch.route_batch(
                    place.desk, place.caller, file.name, file.getvalue()
                )
        result: Any = st.session_state.get(_RESULT)
        if result is None:
            return
        st.text(
            tell(
                "batch.done",
                rows=number(result.rows),
                routed=number(result.routed),
                failed=number(result.failed),
            )
        )
        st.download_button(
            say("batch.download"),
            result.content,
            file_name=result.filename,
            on_click="ignore",
            icon=":material/download:",
        )
