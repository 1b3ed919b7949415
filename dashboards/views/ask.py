"""Ask: questions in words; answers sentence by sentence, each with what it rests on one click away."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from dashboards.address import named
from dashboards.frame import Place, empty, guarded, heading, here, link
from dashboards.plain import coded, line, plain
from dashboards.reader import clock, language, number, percent, say, tell, word
from telcollm.app.services import citations, questions

CITE: Final = "cite"
MOST_CITED: Final = 12
_TALK: Final = "talk"
_MOST_TURNS: Final = 20


def show() -> None:
    """Show the talk so far, and take the next question."""
    place = here()
    heading("ask.title")
    if cited := named(CITE):
        _cited(place, cited)
    talk: list[tuple[str, Any]] = st.session_state.setdefault(_TALK, [])
    if not talk:
        _nothing_yet()
    for turn, (question, answer) in enumerate(talk):
        _question(question)
        with st.chat_message("assistant", avatar=":material/smart_toy:"):
            _answer(turn, answer)
    asked = st.chat_input(say("ask.question"), max_chars=questions.MOST_TEXT)
    if asked:
        _ask(place, talk, asked)


def _nothing_yet() -> None:
    empty("ask.nothing yet", "ask.nothing yet means")
    for key in ("ask.example open", "ask.example object", "ask.example runbook"):
        st.text(tell(key))


def _question(question: str) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.text(plain(question))


def _ask(place: Place, talk: list[tuple[str, Any]], asked: str) -> None:
    _question(asked)
    with st.chat_message("assistant", avatar=":material/smart_toy:"), guarded(place):
        with st.status(say("ask.looking"), type="compact") as status:
            answer = questions.ask(place.desk, place.caller, asked, language=language())
            for call in answer.steps:
                st.text(plain(call.name, 80))
            status.update(label=say("ask.looked", steps=len(answer.steps)), state="complete")
        talk.append((asked, answer))
        del talk[:-_MOST_TURNS]
        _answer(len(talk) - 1, answer)


def _answer(turn: int, answer: Any) -> None:
    """Show an answer: its sentences appear as they are drawn, the first before the last is."""
    if answer.declined:
        st.text(plain(answer.declined))
        for name in answer.suggestions[:8]:
            st.markdown(coded(name))
    for order, sentence in enumerate(answer.sentences):
        left, right = st.columns((6, 1), vertical_alignment="top")
        with left:
            st.text(plain(sentence.text))
        with right:
            _citations(f"{turn} {order}", sentence.ids)
    for step in answer.next_steps:
        st.text(tell("ask.step", text=line(step.text, 600)))
        _citations(f"{turn} step {step.text[:40]}", step.citations)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(say("frame.by machine"), color="violet", icon=":material/smart_toy:")
        st.text(tell("frame.decided by", who=word("decided_by", answer.decided_by)))
        if answer.model:
            st.markdown(coded(answer.model))
        if answer.since and answer.until:
            st.text(tell("ask.interval", since=clock(answer.since), until=clock(answer.until)))
        if answer.grounding is not None:
            st.text(tell("ask.grounding", share=percent(answer.grounding), dropped=number(answer.dropped)))


def _citations(key: str, ids: tuple[str, ...]) -> None:
    if not ids:
        return
    with st.popover(say("ask.sources", count=len(ids)), key=f"sources {key}"):
        for one in ids[:MOST_CITED]:
            link("ask", coded(one, 60), cite=one)
        if len(ids) > MOST_CITED:
            st.caption(say("findings.more", more=len(ids) - MOST_CITED))


def _cited(place: Place, record_id: str) -> None:
    """Show what a citation names."""
    with st.container(border=True, key="cited"), guarded(place):
        found = citations.cited(place.desk, place.caller, record_id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(word("kind", found.kind), color="blue")
            st.markdown(coded(found.id))
            st.text(clock(found.time))
        if found.title:
            st.text(plain(found.title, 300))
        st.text(plain(found.text))
        with st.container(horizontal=True):
            if found.incident_id:
                link("incident", say("ask.open incident"), id=found.incident_id)
            if found.kind == "ticket":
                link("tickets", say("ask.open ticket"), ticket=found.id)
            link("ask", say("ask.close"))
