"""Incident: what happened, where, what is thought to be the cause and on what evidence, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from dashboards.address import named
from dashboards.frame import Place, done, empty, guarded, heading, here, link, severity_badge
from dashboards.plain import coded
from dashboards.reader import age, clock, number, say, tell, word
from dashboards.sentences import retold
from dashboards.views import incident_findings, incident_history, incident_pictures
from telcollm.access import Action, allows
from telcollm.app.services import incident_detail, incidents
from telcollm.app.services.incident_detail import IncidentDetail
from telcollm.app.services.incidents import IncidentRow
from telcollm.records import Incident, Mode

ID: Final = "id"


def show() -> None:
    """Show the incident that the URL names."""
    place = here()
    asked = named(ID).strip()
    if not asked:
        _without(place)
        return
    with guarded(place):
        row = incidents.row(place.desk, place.caller, asked)
        # What can be clicked comes first: nothing that is loaded or drawn later may move it.
        _head(row)
        _actions(place, row)
        _figures(place, row.incident)
        with st.spinner(say("incident.loading")):
            found = incident_detail.detail_of(place.desk, place.caller, row)
        _body(place, found)


def _without(place: Place) -> None:
    heading("incident.title")
    empty("incident.none", "incident.none means")
    link("now", say("incident.to now"), icon=":material/list:")
    with st.form("open incident", border=False):
        asked = st.text_input(say("incident.id"), max_chars=200)
        if st.form_submit_button(say("incident.open")) and asked.strip():
            st.query_params[ID] = asked.strip()
            st.rerun()


def _head(row: IncidentRow) -> None:
    incident = row.incident
    heading("incident.title")
    with st.container(horizontal=True, vertical_alignment="center", key="incident head"):
        severity_badge(incident.perceived_severity.value)
        st.badge(word("status", incident.status), color="gray")
        if incident.mode is not Mode.LIVE:
            st.badge(word("mode", incident.mode), color="gray")
        st.markdown(coded(incident.incident_id))
        st.text(tell("incident.revision", revision=incident.revision))
    if incident.superseded_by:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(say("incident.superseded"), icon=":material/merge:")
            link("incident", coded(incident.superseded_by), id=incident.superseded_by)
    if incident.description:
        st.text(retold(incident.description, 600))


def _figures(place: Place, incident: Incident) -> None:
    """Show how much it is, and since when."""
    with st.container(horizontal=True, key="incident counts"):
        st.metric(say("incident.age"), age(place.desk.now() - incident.opened_time), border=True, width=150)
        st.metric(say("incident.objects"), number(len(incident.affected_objects)), border=True, width=150)
        st.metric(say("incident.services"), number(len(incident.affected_service)), border=True, width=150)
        st.metric(
            say("incident.active alarms"),
            number(incident.active_alarms),
            border=True,
            width=150,
        )
        st.metric(say("incident.all alarms"), number(incident.alarm_count), border=True, width=150)
    st.text(
        tell(
            "incident.times",
            opened=clock(incident.opened_time, seconds=True),
            last=clock(incident.last_event_time, seconds=True),
        )
    )


def _actions(place: Place, row: IncidentRow) -> None:
    """Show what the caller may do with the incident; who has it in hand stands beside.

    Browsers fetch what draws buttons later than what draws the rest of the row, which would move under the
    pointer: so a row that has buttons is not shown before they are there (`console.css`).
    """
    caller, incident_id = place.caller, row.incident.incident_id
    judged = allows(caller, Action.INCIDENT_JUDGE) and row.diagnosis is not None
    buttons = judged or allows(caller, Action.INCIDENT_ACKNOWLEDGE)
    with st.container(
        horizontal=True, vertical_alignment="center", key="incident actions" if buttons else "assigning"
    ):
        if allows(caller, Action.INCIDENT_ACKNOWLEDGE):
            if row.acknowledged is None:
                if st.button(
                    say("incident.acknowledge"),
                    key="act acknowledge",
                    type="primary",
                    icon=":material/front_hand:",
                ):
                    _do(place, "incident.acknowledged", lambda: _acknowledge(place, incident_id, False))
            elif st.button(say("incident.take back"), key="act take back", icon=":material/undo:"):
                _do(place, "incident.taken back", lambda: _acknowledge(place, incident_id, True))
        if allows(caller, Action.INCIDENT_ASSIGN):
            with (
                st.popover(say("incident.assign"), icon=":material/person_add:", key="open assign"),
                st.form("assign"),
            ):
                who = st.text_input(say("incident.assign to"), value=caller.name, max_chars=200)
                if st.form_submit_button(say("incident.assign"), type="primary"):
                    _do(
                        place,
                        "incident.assigned",
                        lambda: incidents.assign(place.desk, caller, incident_id, who),
                    )
        if judged:
            _judging(place, incident_id)
        if allows(caller, Action.INCIDENT_ACKNOWLEDGE):
            with (
                st.popover(say("incident.comment"), icon=":material/comment:", key="open comment"),
                st.form("comment"),
            ):
                text = st.text_area(say("incident.comment text"), max_chars=incidents.MOST_TEXT)
                if st.form_submit_button(say("incident.comment"), type="primary"):
                    _do(
                        place,
                        "incident.commented",
                        lambda: incidents.comment(place.desk, caller, incident_id, text),
                    )
        if row.acknowledged is not None:
            st.text(
                tell(
                    "incident.acknowledged by",
                    who=row.acknowledged.actor,
                    when=clock(row.acknowledged.at),
                )
            )
        if row.assigned is not None and row.assigned.detail:
            st.text(tell("incident.assigned to", who=row.assigned.detail))


def _judging(place: Place, incident_id: str) -> None:
    desk, caller = place.desk, place.caller
    if st.button(say("incident.accept"), key="act accept", icon=":material/thumb_up:"):
        _do(place, "incident.accepted", lambda: incidents.accept(desk, caller, incident_id))
    with st.popover(say("incident.correct"), icon=":material/edit:", key="open correct"), st.form("correct"):
        right = st.text_input(say("incident.correction"), max_chars=1_000)
        why = st.text_area(say("incident.reason"), max_chars=incidents.MOST_TEXT)
        if st.form_submit_button(say("incident.correct"), type="primary"):
            _do(
                place,
                "incident.corrected",
                lambda: incidents.correct(desk, caller, incident_id, right, reason=why),
            )
    with (
        st.popover(say("incident.reject"), icon=":material/thumb_down:", key="open reject"),
        st.form("reject"),
    ):
        reason = st.text_area(say("incident.reason"), max_chars=incidents.MOST_TEXT)
        if st.form_submit_button(say("incident.reject"), type="primary"):
            _do(place, "incident.rejected", lambda: incidents.reject(desk, caller, incident_id, reason))


def _acknowledge(place: Place, incident_id: str, taken_back: bool) -> object:
    return incidents.acknowledge(place.desk, place.caller, incident_id, taken_back=taken_back)


def _do(place: Place, note: str, action: Callable[[], object]) -> None:
    """Do it, and draw the page anew with a note; what goes wrong is shown where it was asked for."""
    with guarded(place):
        action()
        done(note)


def _body(place: Place, found: IncidentDetail) -> None:
    left, right = st.columns((1.1, 1.0), gap="medium")
    with left:
        st.subheader(say("incident.findings"), anchor=False)
        incident_findings.show(place, found)
    with right:
        st.subheader(say("incident.where"), anchor=False)
        incident_pictures.neighbourhood(found)
    st.subheader(say("incident.happened"), anchor=False)
    incident_pictures.happened(place, found)
    left, right = st.columns((1.0, 1.0), gap="medium")
    with left:
        st.subheader(say("incident.linked"), anchor=False)
        incident_history.linked(found)
    with right:
        st.subheader(say("incident.history"), anchor=False)
        incident_history.history(found)
