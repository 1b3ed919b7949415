"""Tickets: the triage queue, where each would go and why, quick accept and correct, whole files at once."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, Final

import msgspec
import streamlit as st

from dashboards.address import chosen, keeper, named
from dashboards.frame import Place, done, empty, guarded, heading, here, link, machine_mark
from dashboards.plain import coded, line, plain
from dashboards.reader import clock, number, percent, say, tell, word
from dashboards.sentences import retold
from dashboards.views import tickets_batch
from telcollm.access import Action, allows
from telcollm.app.services import tickets
from telcollm.app.services.tickets import TicketDetail, TicketRow
from telcollm.records import DecidedBy, Route, TicketPriority, TicketStatus
from telcollm.store.tickets import TicketQuery

PAGE: Final = 15
CHOSEN: Final = "ticket"
PAGE_KEY: Final = "tickets_page"
PRIORITY_COLOURS: Final = {
    TicketPriority.CRITICAL: "red",
    TicketPriority.HIGH: "orange",
    TicketPriority.MEDIUM: "yellow",
    TicketPriority.LOW: "blue",
}
_WAITING: Final = (TicketStatus.ACKNOWLEDGED.value, TicketStatus.PENDING.value)
STATES: Final[dict[str, tuple[str, ...]]] = {
    "waiting": _WAITING,
    "at work": (TicketStatus.IN_PROGRESS.value, TicketStatus.HELD.value),
    "all": (),
}


def show() -> None:
    """Show the page."""
    place = here()
    heading("tickets.title")
    with guarded(place):
        if allows(place.caller, Action.TICKET_BATCH):
            tickets_batch.show(place)
        query = _filters()
        left, right = st.columns((1.0, 1.35), gap="medium")
        with left:
            _queue(query)
        with right:
            chosen = named(CHOSEN)
            if chosen:
                with guarded(place):
                    _ticket(place, tickets.detail(place.desk, place.caller, chosen))
            else:
                empty("tickets.choose", "tickets.choose means")


def _filters() -> TicketQuery:
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        state = st.segmented_control(
            say("tickets.state"),
            list(STATES),
            default=chosen("queue", list(STATES)),
            required=True,
            key="queue",
            on_change=keeper("queue", list(STATES), _begin_anew),
            format_func=lambda one: word("queue", one),
        )
        text = st.text_input(
            say("tickets.text"),
            key="about",
            bind="query-params",
            on_change=_begin_anew,
            max_chars=200,
            width=260,
        )
    return TicketQuery(statuses=STATES[state or "waiting"], text=(text or "").strip(), limit=PAGE)


def _begin_anew() -> None:
    """Go back to the first page: what is asked for has changed."""
    if PAGE_KEY in st.session_state:
        st.session_state[PAGE_KEY] = 1


@st.fragment(run_every="10s")
def _queue(query: TicketQuery) -> None:
    place = here()
    with guarded(place):
        asked = msgspec.structs.replace(query, offset=(_page() - 1) * PAGE)
        page = tickets.list_tickets(place.desk, place.caller, asked)
        st.text(tell("tickets.count", total=number(page.total)))
        if not page.total:
            empty("tickets.none", "tickets.none means")
            return
        for order, row in enumerate(page.rows):
            _row(order, row)
        if page.total > PAGE:
            st.pagination(ceil(page.total / PAGE), key=PAGE_KEY, persist_state="session")


def _page() -> int:
    """Return which page of the queue was chosen last."""
    return max(1, int(st.session_state.get(PAGE_KEY, 1)))


def _row(order: int, row: TicketRow) -> None:
    ticket, route = row.ticket, row.route
    with st.container(border=True, key=f"ticket {order}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            link("tickets", coded(ticket.ticket_id, 36), ticket=ticket.ticket_id)
            if ticket.priority is not None:
                colour: Any = PRIORITY_COLOURS[ticket.priority]
                st.badge(word("priority", ticket.priority), color=colour)
            if row.judged is not None:
                st.badge(word("action", row.judged.kind), color="green")
        st.text(plain(line(ticket.name or ticket.description, 140)))
        if route is None:
            st.text(tell("tickets.not routed"))
        elif route.team:
            st.text(tell("tickets.to", team=line(route.team, 60), sure=percent(route.confidence)))
        else:
            st.text(tell("tickets.undecided"))


def _ticket(place: Place, found: TicketDetail) -> None:
    ticket = found.ticket
    with st.container(border=True, key="chosen ticket"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(coded(ticket.ticket_id))
            st.badge(word("status", ticket.status), color="gray")
            if ticket.team:
                st.text(tell("tickets.team", team=line(ticket.team, 60)))
            st.text(tell("tickets.created", when=clock(ticket.creation_date)))
        if ticket.name:
            st.text(plain(ticket.name, 300))
        st.text(plain(ticket.description))
        if ticket.related_entity:
            st.text(tell("tickets.about", what=line(", ".join(ticket.related_entity), 300)))
        for note in ticket.note[-5:]:
            st.text(tell("tickets.note", when=clock(note.date), who=line(note.author, 60)))
            st.text(plain(note.text, 1_000))
    latest = found.routes[-1] if found.routes else None
    if latest is None:
        empty("tickets.unrouted", "tickets.unrouted means")
    else:
        _route(latest)
    _actions(place, found, latest)
    _history(found)


def _route(route: Route) -> None:
    st.markdown(say("tickets.suggestion"))
    machine_mark(
        route.decided_by,
        model=route.model,
        adapter=route.adapter,
        prompt_version=route.prompt_version,
        mode=route.mode,
    )
    with st.container(border=True, key="route"):
        if route.team:
            st.markdown(say("tickets.goes to", team=route.team, sure=percent(route.confidence)))
        else:
            st.markdown(say("tickets.not sure"))
        if route.priority is not None:
            st.text(tell("tickets.priority is", priority=word("priority", route.priority)))
        if route.reason:
            st.text(tell("tickets.because", reason=retold(line(route.reason, 600))))
        for team, share in route.alternatives[:3]:
            st.text(tell("tickets.alternative", team=line(team, 80), sure=percent(share)))
        if route.words:
            found = ", ".join(f"{one} ({weight:+.1f})" for one, weight in route.words[:8])
            st.text(tell("tickets.words", words=line(found, 400)))
        if route.duplicate_of:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(tell("tickets.duplicate"))
                link("tickets", coded(route.duplicate_of), ticket=route.duplicate_of)
        if route.parent_incident:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(tell("tickets.parent"))
                link("incident", coded(route.parent_incident), id=route.parent_incident)
        for sentence in route.set_aside[:5]:
            st.text(tell("tickets.set aside", sentence=line(sentence, 300)))


def _actions(place: Place, found: TicketDetail, latest: Route | None) -> None:
    desk, caller, ticket_id = place.desk, place.caller, found.ticket.ticket_id
    if latest is None or latest.decided_by is not DecidedBy.PERSON:
        if allows(caller, Action.TICKET_ROUTE) and st.button(
            say("tickets.route again" if latest else "tickets.route"), icon=":material/alt_route:"
        ):
            with st.spinner(say("tickets.routing")):
                _do(place, "tickets.routed", lambda: tickets.route(desk, caller, [ticket_id]))
    if latest is None or not allows(caller, Action.TICKET_JUDGE):
        return
    if latest.team and st.button(
        say("tickets.accept", team=latest.team), type="primary", icon=":material/check:", key="accept"
    ):
        _do(place, "tickets.accepted", lambda: tickets.accept(desk, caller, ticket_id))
    with st.container(horizontal=True, key="alternatives"):
        for order, (team, _) in enumerate(latest.alternatives[:3]):
            if team != latest.team and st.button(say("tickets.take", team=team), key=f"take {order}"):
                _take(place, ticket_id, team)
    known = tickets.teams(desk, caller)
    with st.form("correct route"):
        right = st.selectbox(
            say("tickets.right team"),
            known,
            index=None,
            format_func=line,
            accept_new_options=True,
            placeholder=say("tickets.choose team"),
        )
        priority = st.selectbox(
            say("tickets.right priority"),
            [None, *TicketPriority],
            format_func=lambda one: word("priority", one.value if one else "as it is"),
        )
        reason = st.text_input(say("tickets.reason"), max_chars=1_000)
        asked = st.form_submit_button(say("tickets.correct"))
    if asked:
        _do(
            place,
            "tickets.corrected",
            lambda: tickets.correct(desk, caller, ticket_id, right or "", priority=priority, reason=reason),
        )


def _take(place: Place, ticket_id: str, team: str) -> None:
    _do(place, "tickets.corrected", lambda: tickets.correct(place.desk, place.caller, ticket_id, team))


def _do(place: Place, note: str, action: Callable[[], object]) -> None:
    with guarded(place):
        action()
        done(note)


def _history(found: TicketDetail) -> None:
    if not found.actions:
        return
    st.markdown(say("tickets.history"))
    for action in found.actions[:10]:
        st.text(
            tell(
                "history.action",
                when=clock(action.at, seconds=True),
                who=action.actor,
                what=word("action", action.kind),
            )
        )
        if action.detail:
            st.text(plain(action.detail, 300))
