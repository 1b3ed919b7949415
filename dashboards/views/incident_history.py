"""The parts of an incident's page that say what hangs on it, and what became of it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboards.frame import link
from dashboards.plain import coded, line, plain
from dashboards.reader import clock, percent, say, tell, word
from telcollm.app.services.incident_detail import IncidentDetail

MOST_SHOWN: Final = 30


def linked(found: IncidentDetail) -> None:
    """Show tickets, the route and replies that hang on the incident."""
    st.markdown(say("linked.tickets"))
    if found.tickets is None:
        st.text(tell("linked.not yours"))
    elif not found.tickets:
        st.text(tell("linked.no tickets"))
    for ticket in (found.tickets or ())[:MOST_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center"):
            link("tickets", coded(ticket.ticket_id, 40), ticket=ticket.ticket_id)
            st.badge(word("status", ticket.status), color="gray")
            st.text(plain(ticket.team or tell("linked.no team"), 80))
        st.text(plain(line(ticket.name or ticket.description, 200)))
    if found.routes:
        last = found.routes[-1]
        st.text(tell("linked.route", team=line(last.team, 80) or "-", sure=percent(last.confidence)))
    st.markdown(say("linked.replies"))
    if found.replies is None:
        st.text(tell("linked.not yours"))
    elif not found.replies:
        st.text(tell("linked.no replies"))
    for reply in (found.replies or ())[:MOST_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center"):
            link("care", coded(reply.conversation_id, 40), conversation=reply.conversation_id)
            st.text(clock(reply.decided_time))
        st.text(plain(line(reply.text, 200)))


def history(found: IncidentDetail) -> None:
    """Show what people did, and how the diagnosis changed from revision to revision."""
    if not found.actions:
        st.text(tell("history.none"))
    for action in found.actions[:MOST_SHOWN]:
        st.text(
            tell(
                "history.action",
                when=clock(action.at, seconds=True),
                who=action.actor,
                what=word("action", action.kind),
            )
        )
        if action.detail:
            st.text(plain(action.detail, 500))
    if len(found.diagnoses) > 1:
        with st.expander(say("history.revisions", count=len(found.diagnoses))):
            for said in reversed(found.diagnoses[-MOST_SHOWN:]):
                first = said.hypotheses[0] if said.hypotheses else None
                st.text(
                    tell(
                        "history.revision",
                        when=clock(said.decided_time, seconds=True),
                        revision=said.incident_revision,
                        cause=first.root_cause_resource if first and not said.abstained else "-",
                        sure=percent(said.confidence),
                        who=word("decided_by", said.decided_by),
                    )
                )
