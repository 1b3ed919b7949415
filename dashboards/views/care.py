"""Care desk: the conversation, the suggested reply with its facts, and what the agent makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from dashboards.address import named
from dashboards.frame import Place, done, empty, guarded, heading, here, link, machine_mark
from dashboards.plain import coded, line, plain
from dashboards.reader import clock, percent, say, tell
from dashboards.sentences import retold
from telcollm.access import Action, allows
from telcollm.app.services import care
from telcollm.app.services.care import Conversation
from telcollm.records import Customer, Reply

PAGE: Final = 20
CHOSEN: Final = "conversation"
PAGE_KEY: Final = "care_page"
MOST_MESSAGES: Final = 50


def show() -> None:
    """Show the page."""
    heading("care.title")
    left, right = st.columns((1.0, 2.2), gap="medium")
    with left:
        _heads()
    with right:
        chosen = named(CHOSEN)
        if chosen:
            _conversation(chosen)
        else:
            empty("care.choose", "care.choose means")


@st.fragment(run_every="10s")
def _heads() -> None:
    place = here()
    with guarded(place):
        page = max(1, int(st.session_state.get(PAGE_KEY, 1)))
        # One more than is shown tells whether there is another page.
        heads = care.list_conversations(place.desk, place.caller, limit=PAGE + 1, offset=(page - 1) * PAGE)
        if not heads:
            empty("care.none", "care.none means")
        for order, head in enumerate(heads[:PAGE]):
            with st.container(border=True, key=f"head {order}", gap="xsmall"):
                link("care", coded(head.conversation_id, 34), conversation=head.conversation_id)
                st.text(tell("care.head", customer=head.customer_id or "-", messages=head.messages))
                st.text(clock(head.last_time))
        if page > 1 or len(heads) > PAGE:
            st.pagination(page + (len(heads) > PAGE), key=PAGE_KEY, persist_state="session")


@st.fragment(run_every="5s")
def _conversation(conversation_id: str) -> None:
    """Show a conversation; a reply that is withdrawn meanwhile is shown as such within seconds."""
    place = here()
    with guarded(place):
        found = care.conversation(place.desk, place.caller, conversation_id)
        talk, side = st.columns((1.5, 1.0), gap="medium")
        with side:
            _customer(found.customer)
        with talk:
            _talk(found)
        _reply(place, found)


def _customer(customer: Customer | None) -> None:
    with st.container(border=True, key="customer"):
        st.markdown(say("care.customer"))
        if customer is None:
            st.text(tell("care.unknown customer"))
            return
        st.text(plain(customer.name or customer.customer_id, 120))
        if customer.plan:
            st.text(tell("care.plan", plan=line(customer.plan, 120)))
        if customer.service_ids:
            st.text(tell("care.services", services=line(", ".join(customer.service_ids), 300)))


def _talk(found: Conversation) -> None:
    with st.container(height=360, key="talk", autoscroll=True):
        for message in found.messages[-MOST_MESSAGES:]:
            mine = message.author != "customer"
            icon = ":material/support_agent:" if mine else ":material/person:"
            with st.chat_message("assistant" if mine else "user", avatar=icon):
                st.text(plain(message.text))
                st.caption(say("care.sent", when=clock(message.sent_time)))


def _reply(place: Place, found: Conversation) -> None:
    said = found.replies[-1] if found.replies else None
    st.markdown(say("care.suggestion"))
    if allows(place.caller, Action.CARE_SUGGEST) and st.button(
        say("care.suggest again" if said else "care.suggest"), icon=":material/auto_awesome:"
    ):
        with st.spinner(say("care.thinking")):
            _do(
                place,
                "care.suggested",
                lambda: care.suggest(place.desk, place.caller, found.conversation_id),
            )
    if said is None:
        empty("care.no reply", "care.no reply means")
        return
    machine_mark(
        said.decided_by,
        model=said.model,
        adapter=said.adapter,
        prompt_version=said.prompt_version,
        mode=said.mode,
    )
    if said.withdrawn:
        _withdrawn(said)
        return
    for former in found.replies:
        # Whoever was about to send it must see that it holds no longer, also where another took its place.
        if former.withdrawn and former.reply_id == said.supersedes:
            _withdrawn(former)
    text, facts = st.columns((1.5, 1.0), gap="medium")
    with facts:
        _facts(said)
    with text:
        if said.abstained:
            st.warning(say("care.abstained"), icon=":material/help:")
        if said.refused_by:
            st.warning(say("care.refused", rule=said.refused_by), icon=":material/gavel:")
        for role in said.approvals:
            st.warning(say("care.needs approval", role=role), icon=":material/how_to_reg:")
        if said.text:
            st.code(plain(said.text), language=None, wrap_lines=True)
        _answer(place, found.conversation_id, said)


def _withdrawn(said: Reply) -> None:
    st.error(say("care.withdrawn"), icon=":material/undo:")
    if said.withdrawn_reason:
        st.text(retold(said.withdrawn_reason, 400))
    with st.expander(say("care.what was withdrawn")):
        st.text(plain(said.text))


def _facts(said: Reply) -> None:
    with st.container(border=True, key="facts"):
        st.markdown(say("care.facts"))
        if said.intent:
            st.text(tell("care.intent", intent=line(said.intent, 80), sure=percent(said.confidence)))
        if not said.slots:
            st.text(tell("care.no facts"))
        for name, value in said.slots.items():
            st.text(tell("care.fact", name=line(name, 60), value=line(value, 200)))
            if source := said.slot_sources.get(name):
                st.caption(say("care.from", source=source))
        if said.incident_id:
            link("incident", coded(said.incident_id), id=said.incident_id)
        if said.next_question:
            st.text(tell("care.ask next", question=line(said.next_question, 200)))
        if said.valid_until is not None:
            st.text(tell("care.valid until", when=clock(said.valid_until)))
        if said.script_id:
            st.caption(say("care.script", script=said.script_id))


def _answer(place: Place, conversation_id: str, said: Reply) -> None:
    if not allows(place.caller, Action.CARE_JUDGE):
        return
    desk, caller = place.desk, place.caller
    with st.form(f"answer {said.reply_id}"):
        text = st.text_area(
            say("care.edit"), value=plain(said.text, care.MOST_TEXT), max_chars=care.MOST_TEXT, height=140
        )
        send = st.form_submit_button(say("care.send"), type="primary", icon=":material/send:")
    if send:
        as_it_is = text == plain(said.text, care.MOST_TEXT)
        _do(
            place,
            "care.sent it",
            lambda: care.send(desk, caller, conversation_id, said.reply_id, None if as_it_is else text),
        )
    with st.popover(say("care.reject"), icon=":material/thumb_down:"), st.form("reject reply"):
        reason = st.text_input(say("care.reason"), max_chars=1_000)
        if st.form_submit_button(say("care.reject"), type="primary"):
            _do(
                place,
                "care.rejected",
                lambda: care.reject(desk, caller, conversation_id, said.reply_id, reason),
            )


def _do(place: Place, note: str, action: Callable[[], object]) -> None:
    with guarded(place):
        action()
        done(note)
