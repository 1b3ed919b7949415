"""Now: what is open, what is worst, who has it in hand; live, with its filters in the URL."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Final, Literal

import msgspec
import streamlit as st

from dashboards.address import chosen, keeper
from dashboards.frame import Place, empty, guarded, heading, here, link, severity_badge
from dashboards.plain import coded, line, plain
from dashboards.reader import age, clock, number, percent, say, tell, word
from telcollm.app.services import incidents
from telcollm.ports import IncidentCounts, IncidentQuery
from telcollm.records import Mode, PerceivedSeverity, TicketStatus

PAGE: Final = 20
OPEN: Final = tuple(
    one.value
    for one in (TicketStatus.ACKNOWLEDGED, TicketStatus.PENDING, TicketStatus.HELD, TicketStatus.IN_PROGRESS)
)
STATES: Final[dict[str, tuple[str, ...]]] = {
    "open": OPEN,
    "over": (TicketStatus.RESOLVED.value, TicketStatus.CLOSED.value, TicketStatus.CANCELLED.value),
    "all": (),
}
PAGE_KEY: Final = "page"
COLUMNS: Final = ("severity", "what", "impact", "age", "in hand")
SORTS: Final[tuple[Literal["impact", "age", "latest"], ...]] = ("impact", "age", "latest")
LEAST: Final = ("any", "WARNING", "MINOR", "MAJOR", "CRITICAL")


def show() -> None:
    """Show the page."""
    heading("now.title")
    query = _filters()
    _live(query)


def _filters() -> IncidentQuery:
    """Return the query that the filters, which the URL keeps, ask for."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        state = st.segmented_control(
            say("now.state"),
            list(STATES),
            default=chosen("state", list(STATES)),
            required=True,
            key="state",
            on_change=keeper("state", list(STATES), _begin_anew),
            format_func=lambda one: word("state", one),
        )
        sort = st.segmented_control(
            say("now.sort"),
            SORTS,
            default=chosen("sort", SORTS),
            required=True,
            key="sort",
            on_change=keeper("sort", SORTS, _begin_anew),
            format_func=lambda one: word("sort", one),
        )
        least = st.selectbox(
            say("now.severity"),
            LEAST,
            index=LEAST.index(chosen("severity", LEAST)),
            key="severity",
            on_change=keeper("severity", LEAST, _begin_anew),
            format_func=lambda one: word("least", one),
            width=150,
        )
        text = st.text_input(
            say("now.text"), key="text", bind="query-params", on_change=_begin_anew, max_chars=200, width=190
        )
        place = st.text_input(
            say("now.object"),
            key="object",
            bind="query-params",
            on_change=_begin_anew,
            max_chars=200,
            width=160,
        )
    return IncidentQuery(
        statuses=STATES[state],
        managed_object=(place or "").strip(),
        severity_at_least=None if least == "any" else PerceivedSeverity(least),
        text=(text or "").strip(),
        sort=sort,
        limit=PAGE,
    )


def _begin_anew() -> None:
    """Go back to the first page: what is asked for has changed."""
    if PAGE_KEY in st.session_state:
        st.session_state[PAGE_KEY] = 1


@st.fragment(run_every="5s")
def _live(query: IncidentQuery) -> None:
    place = here()
    with guarded(place):
        _list(place, query)


def _list(place: Place, query: IncidentQuery) -> None:
    # Which page is shown, the widget beneath has kept from the run before, or the address names it.
    asked = msgspec.structs.replace(query, offset=(_page_asked() - 1) * PAGE)
    page = incidents.list_incidents(place.desk, place.caller, asked)
    _counts(page.counts)
    total = page.counts.total
    if not total:
        _nothing(query)
        return
    pages = ceil(total / PAGE)
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            number_of = st.pagination(pages, key=PAGE_KEY, bind="query-params")
            st.text(tell("now.of", total=number(total)))
        if (number_of - 1) * PAGE != asked.offset:
            asked = msgspec.structs.replace(query, offset=(number_of - 1) * PAGE)
            page = incidents.list_incidents(place.desk, place.caller, asked)
    now = place.desk.now()
    with st.container(key="row heads"):
        for key in COLUMNS:
            st.markdown(word("column", key))
    for place_in_list, row in enumerate(page.rows):
        _row(row, now, place_in_list)


def _page_asked() -> int:
    """Return the number of the page that is asked for, 1 where that is none."""
    asked = str(st.session_state.get(PAGE_KEY) or st.query_params.get(PAGE_KEY, ""))
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 9 else 1


def _counts(counts: IncidentCounts) -> None:
    """Show how many there are, the worst first."""
    with st.container(horizontal=True, key="counts"):
        st.metric(say("now.total"), number(counts.total), border=True, width=150)
        for severity in ("CRITICAL", "MAJOR", "MINOR", "WARNING", "INDETERMINATE"):
            found = counts.by_severity.get(severity, 0)
            if found or severity in ("CRITICAL", "MAJOR"):
                with st.container(key=f"count {severity}", width=150):
                    st.metric(word("severity", severity), number(found), border=True)


def _nothing(query: IncidentQuery) -> None:
    filtered = query.text or query.managed_object or query.severity_at_least or query.statuses != OPEN
    if filtered:
        empty("now.none match", "now.none match means")
    else:
        empty("now.none open", "now.none open means")


def _row(row: incidents.IncidentRow, now: datetime, place_in_list: int) -> None:
    """Show an incident in six elements, which `console.css` puts into columns: each costs time to draw."""
    found, said = row.incident, row.diagnosis
    with st.container(key=f"row {found.perceived_severity.value} {place_in_list}"):
        over = "" if found.status.value in OPEN else found.status.value
        severity_badge(found.perceived_severity.value, over)
        first = said.hypotheses[0] if said and said.hypotheses and not said.abstained else None
        resource = first.root_cause_resource if first else found.root_cause_resource
        problem = first.root_cause_problem if first else found.root_cause_problem
        link(
            "incident",
            coded(resource or (found.affected_objects[0] if found.affected_objects else "-"), 60),
            id=found.incident_id,
        )
        if first:
            st.text(tell("now.cause", problem=line(problem, 80), sure=percent(first.confidence)))
        elif said and said.abstained:
            st.text(tell("now.abstained"))
        else:
            st.text(plain(line(problem, 80)) or tell("now.not diagnosed"))
        objects, services = number(len(found.affected_objects)), number(len(found.affected_service))
        active, total = number(found.active_alarms), number(found.alarm_count)
        st.text(
            "\n".join(
                (
                    tell("now.impact", objects=objects, services=services),
                    tell("now.alarms", active=active, total=total),
                )
            )
        )
        st.text("\n".join((age(now - found.opened_time), clock(found.opened_time))))
        st.text(
            "\n".join(
                (
                    tell("now.assigned", who=row.assigned.detail)
                    if row.assigned and row.assigned.detail
                    else tell("now.acknowledged", who=row.acknowledged.actor)
                    if row.acknowledged
                    else tell("now.nobody"),
                    "" if found.mode is Mode.LIVE else word("mode", found.mode),
                )
            )
        )
