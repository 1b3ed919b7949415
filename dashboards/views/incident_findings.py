"""The part of an incident's page that says what is thought to be wrong, on what evidence, and what to do."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from dashboards.frame import Place, empty, link, machine_mark
from dashboards.plain import coded, line, plain
from dashboards.reader import clock, moment, number, percent, say, severity_name, tell, word
from dashboards.sentences import retold
from telcollm.app.services.incident_detail import IncidentDetail
from telcollm.records import Claim, Diagnosis, Hypothesis, NextStep, Verdict
from telcollm.state import AlarmState

MOST_EVIDENCE: Final = 25
_VERDICTS: Final = {Verdict.SUPPORTED: "green", Verdict.CONTRADICTED: "red", Verdict.OPEN: "gray"}


def show(place: Place, found: IncidentDetail) -> None:
    """Show the latest diagnosis."""
    if not found.diagnoses:
        empty("findings.none", "findings.none means")
        return
    said = found.diagnoses[-1]
    machine_mark(
        said.decided_by,
        model=said.model,
        adapter=said.adapter,
        prompt_version=said.prompt_version,
        mode=said.mode,
    )
    if said.incident_revision < found.incident.revision:
        st.caption(say("findings.older", revision=said.incident_revision, present=found.incident.revision))
    if said.summary:
        st.text(retold(said.summary))
    if said.abstained:
        _abstained(said)
    alarms = {one.alarm_id: one for one in found.alarms}
    for order, hypothesis in enumerate(said.hypotheses, start=1):
        _hypothesis(order, hypothesis, found, alarms)
    if said.grounding is not None:
        st.caption(say("findings.grounding", share=percent(said.grounding), dropped=said.dropped_claims))
    _next_steps(said.next_steps)


def _abstained(said: Diagnosis) -> None:
    st.warning(say("findings.abstained"), icon=":material/help:")
    for what in said.missing:
        st.text(tell("findings.missing", what=retold(line(what, 300))))


def _hypothesis(
    order: int, hypothesis: Hypothesis, found: IncidentDetail, alarms: dict[str, AlarmState]
) -> None:
    with st.container(border=True, key=f"hypothesis {order}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(say("findings.cause", order=order, resource=hypothesis.root_cause_resource))
            st.badge(percent(hypothesis.confidence), color="blue")
            colour: Any = _VERDICTS[hypothesis.verdict]
            st.badge(word("verdict", hypothesis.verdict), color=colour)
        st.text(
            tell(
                "findings.explains",
                problem=line(hypothesis.root_cause_problem, 100),
                explained=number(hypothesis.explained_alarms),
                total=number(found.incident.alarm_count),
            )
        )
        if len(hypothesis.path) > 1:
            st.text(tell("findings.path", path=line(" → ".join(hypothesis.path), 400)))
        for place, claim in enumerate(hypothesis.claims):
            _claim(f"{order} {place}", claim, alarms)


def _claim(key: str, claim: Claim, alarms: dict[str, AlarmState]) -> None:
    """Show a claim, and what bears it out one click away."""
    sentence, evidence = st.columns((4, 1.9), vertical_alignment="center")
    with sentence:
        if claim.against:
            st.text(tell("findings.against", claim=retold(line(claim.text, 500))))
        else:
            st.text(retold(claim.text, 500))
    with evidence, st.popover(say("findings.evidence", count=len(claim.evidence)), key=f"evidence {key}"):
        for evidence_id in claim.evidence[:MOST_EVIDENCE]:
            alarm = alarms.get(evidence_id)
            if alarm is None:
                st.text(plain(evidence_id, 200))
                continue
            st.text(
                tell(
                    "findings.alarm",
                    time=clock(moment(alarm.raised_ms), seconds=True),
                    object=line(alarm.managed_object, 80),
                    problem=line(alarm.problem, 80),
                    severity=severity_name(alarm.severity),
                )
            )
            st.caption(coded(alarm.alarm_id))
        if len(claim.evidence) > MOST_EVIDENCE:
            st.caption(say("findings.more", more=len(claim.evidence) - MOST_EVIDENCE))


def _next_steps(steps: tuple[NextStep, ...]) -> None:
    if not steps:
        return
    st.markdown(say("findings.next"))
    for order, step in enumerate(steps, start=1):
        with st.container(border=True, key=f"step {order}"):
            st.text(tell("findings.step", order=order, text=retold(line(step.text, 600))))
            with st.container(horizontal=True, vertical_alignment="center"):
                if step.needs_approval:
                    st.badge(say("findings.needs approval"), color="orange", icon=":material/how_to_reg:")
                else:
                    st.badge(say("findings.only looks"), color="green", icon=":material/visibility:")
                if step.source:
                    st.text(plain(step.source, 200))
                if step.citations:
                    link("ask", say("findings.source"), cite=step.citations[0])
