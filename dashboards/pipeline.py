"""The state of the pipeline in one line, live and in sight on every page."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from dashboards.frame import guarded, here
from dashboards.plain import line, plain
from dashboards.reader import clock, number, say, tell, word, zone_name
from telcollm.app.services import pipeline
from telcollm.app.services.pipeline import PipelineState

_STATES: Final = {
    "ok": ("green", ":material/check_circle:"),
    "starting": ("blue", ":material/hourglass_top:"),
    "failing": ("red", ":material/error:"),
    "stale": ("red", ":material/heart_broken:"),
    "unreachable": ("red", ":material/cloud_off:"),
    "unknown": ("gray", ":material/help:"),
}


@st.fragment(run_every="5s")
def state_line() -> None:
    """Show how the pipeline stands now."""
    place = here()
    with st.container(key="pipeline"), guarded(place):
        now = place.desk.now()
        _state(pipeline.pipeline(place.desk, place.caller))
        st.text(tell("pipeline.as of", time=clock(now, seconds=True)[11:], zone=zone_name()))


def _state(found: PipelineState) -> None:
    state = found.state if found.state in _STATES else "unknown"
    colour: Any
    colour, icon = _STATES[state]
    if state == "ok" and found.degraded:
        st.badge(say("pipeline.degraded"), color="orange", icon=":material/speed:")
        st.text(word("level", found.level))
    else:
        st.badge(word("pipeline", state), color=colour, icon=icon)
    if state == "unknown":
        st.text(tell("pipeline.how to watch"))
    if found.lag is not None:
        st.text(tell("pipeline.lag", lag=number(found.lag)))
    if found.rate_per_s is not None:
        st.text(tell("pipeline.rate", rate=number(found.rate_per_s, 1)))
    if found.open_alarms is not None:
        st.text(tell("pipeline.open alarms", alarms=number(found.open_alarms)))
    if found.requests_waiting:
        st.text(tell("pipeline.waiting", waiting=number(found.requests_waiting)))
    if found.dead_letters:
        st.text(tell("pipeline.dead letters", letters=number(found.dead_letters)))
    if found.model.stopped:
        st.badge(say("pipeline.model stopped"), color="red", icon=":material/front_hand:")
    if found.failure:
        st.text(plain(line(found.failure, 160)))
