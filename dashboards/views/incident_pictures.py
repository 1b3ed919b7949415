"""The pictures of an incident's page: the topology around the root cause, and what happened when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import streamlit as st

from dashboards.charts.timeline import MOST_OBJECTS, MOST_SERIES, kpi_chart, timeline
from dashboards.charts.topology import SELECTED, picture
from dashboards.frame import Place, empty
from dashboards.plain import coded, plain
from dashboards.reader import clock, moment, say, severity_name, tell, word, zone
from telcollm.app.services.incident_detail import IncidentDetail

MOST_SHOWN: Final = 20
_RANKS: Final = (6, 5, 4, 3, 2)


def _severities() -> dict[int, str]:
    return {rank: severity_name(rank) for rank in _RANKS}


@st.fragment
def neighbourhood(found: IncidentDetail) -> None:
    """Show the elements around the root cause; one that is clicked tells its alarms."""
    around = found.neighbourhood
    if around is None or not around.nodes:
        empty("pictures.no topology", "pictures.no topology means")
        return
    words = {
        "element": word("column", "element"),
        "kind": word("column", "kind"),
        "alarms": word("column", "alarms"),
        "worst": word("column", "worst"),
        "none": word("column", "none open"),
    }
    event: Any = st.altair_chart(
        picture(around, words=words, severities=_severities()),
        width="stretch",
        on_select="rerun",
        selection_mode=SELECTED,
        key="topology",
        alt=say("pictures.topology alt"),
    )
    st.caption(say("pictures.how to read"))
    if not around.complete:
        st.caption(say("pictures.cut", shown=len(around.nodes)))
    chosen = [one.get(SELECTED) for one in event.get("selection", {}).get(SELECTED, [])]
    if chosen:
        _element(str(chosen[0]), found)


def _element(element_id: str, found: IncidentDetail) -> None:
    alarms = [one for one in found.alarms if one.managed_object == element_id]
    with st.container(border=True, key="element"):
        st.markdown(coded(element_id))
        if not alarms:
            st.text(tell("pictures.element silent"))
        for one in alarms[:MOST_SHOWN]:
            st.text(
                tell(
                    "findings.alarm",
                    time=clock(moment(one.raised_ms), seconds=True),
                    object=one.managed_object,
                    problem=one.problem,
                    severity=severity_name(one.severity),
                )
            )
        if len(alarms) > MOST_SHOWN:
            st.caption(say("findings.more", more=len(alarms) - MOST_SHOWN))


def happened(place: Place, found: IncidentDetail) -> None:
    """Show alarms, changes and KPIs over time."""
    if not found.alarms and not found.kpis and not found.changes:
        empty("pictures.nothing happened", "pictures.nothing happened means")
        return
    incident = found.incident
    if found.alarms or found.changes:
        words = {
            "object": word("column", "object"),
            "problem": word("column", "problem"),
            "severity": word("column", "severity"),
            "raised": word("column", "raised"),
            "cleared": word("column", "cleared"),
            "change": word("column", "change"),
            "opened": tell("pictures.opened"),
            "still": word("column", "still open"),
        }
        until = max(incident.last_event_time, incident.opened_time + timedelta(minutes=1))
        if incident.active_alarms:
            until = max(until, min(place.desk.now(), until + timedelta(hours=6)))
        st.altair_chart(
            timeline(
                found.alarms,
                found.changes,
                opened=incident.opened_time,
                until=until,
                zone=zone(),
                words=words,
                severities=_severities(),
            ),
            width="stretch",
            alt=say("pictures.timeline alt"),
        )
        objects = len({one.managed_object for one in found.alarms})
        if objects > MOST_OBJECTS:
            st.caption(say("pictures.objects cut", shown=MOST_OBJECTS, total=objects))
    _kpis(found)
    _changes(found)


def _kpis(found: IncidentDetail) -> None:
    words = {
        "time": word("column", "time"),
        "value": word("column", "value"),
        "normal": word("column", "normal"),
        "deviation": word("column", "deviation"),
    }
    chart = kpi_chart(found.kpis, opened=found.incident.opened_time, zone=zone(), words=words)
    st.markdown(say("pictures.kpis"))
    if chart is None:
        st.text(tell("pictures.no kpis"))
        return
    st.altair_chart(chart, width="stretch", alt=say("pictures.kpis alt"))
    st.caption(say("pictures.normal"))
    if len(found.kpis) > MOST_SERIES or not found.kpis_complete:
        st.caption(say("pictures.kpis cut", shown=min(MOST_SERIES, len(found.kpis))))


def _changes(found: IncidentDetail) -> None:
    st.markdown(say("pictures.changes"))
    if not found.changes:
        st.text(tell("pictures.no changes"))
    for work in found.changes[:MOST_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(tell("pictures.from to", begin=clock(work.start_time), end=clock(work.end_time)))
            st.text(plain(work.description, 300))
            st.markdown(coded(work.planned_work_id))
