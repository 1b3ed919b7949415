"""HTML, Markdown and links in what comes from outside, tried on every page that shows it: none is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from telcollm.access import PAGES, Caller, Role
from telcollm.app.services import incidents, questions
from telcollm.app.workplace import Workplace
from telcollm.ports import EVERYTHING
from telcollm.records import (
    Claim,
    Hypothesis,
    Link,
    NextStep,
    Note,
    PerceivedSeverity,
    TicketStatus,
    Verdict,
)
from tests.dashboards.conftest import Look
from tests.dashboards.network import HOSTILE, incident, put_incidents
from tests.dashboards.test_pages import OWNERS, no_fault
from tests.telcollm.store import desk_examples, examples

AS_IT_IS = {"text", "code", "text_area", "text_input", "chat_input"}
"""Elements that show what they are given as it is; of those that take input, the label is looked at."""

CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
PIECES = ("<img", "](javascript", ":red[", "$x$", "https://evil", "**bold**")

CHOSEN: dict[str, dict[str, str]] = {
    "now": {},
    "incident": {"id": "inc-bad"},
    "ask": {"cite": "t-bad"},
    "tickets": {"ticket": "t-bad"},
    "care": {"conversation": "c-bad"},
    "models": {"model": HOSTILE},
    "audit": {},
    "accounts": {},
}


def put_hostile(workplace: Workplace) -> None:
    """An incident, a ticket and a conversation of which every text is hostile."""
    store = workplace.stores.store
    put_incidents(
        workplace,
        [
            type(made)(
                **{
                    **{name: getattr(made, name) for name in made.__struct_fields__},
                    "incident_id": "inc-bad",
                }
            )
            for made in [
                incident(
                    0,
                    perceived_severity=PerceivedSeverity.CRITICAL,
                    description=HOSTILE,
                    affected_objects=(HOSTILE, f"cell {HOSTILE}"),
                    affected_service=(HOSTILE,),
                    root_cause_resource=HOSTILE,
                    root_cause_problem=HOSTILE,
                    trouble_ticket=("t-bad",),
                    neighbourhoods=("c-bad",),
                )
            ]
        ],
    )
    store.put_topology(
        [
            examples.element(HOSTILE, element_type=HOSTILE, name=HOSTILE, links=()),
            examples.element(f"cell {HOSTILE}", name=HOSTILE, links=(Link(target=HOSTILE),)),
        ]
    )
    with store.transaction() as unit:
        unit.put_alarms(
            [
                examples.alarm("a-bad", managed_object=HOSTILE, problem=HOSTILE, component_id="c-bad"),
                examples.alarm(HOSTILE, managed_object=HOSTILE, problem=HOSTILE, component_id="c-bad"),
            ]
        )
        unit.put_components([examples.component("c-bad")])
        unit.put_component_incidents([(0, "c-bad", "inc-bad")])
        unit.put_diagnoses(
            [
                examples.diagnosis(
                    "d-bad",
                    "inc-bad",
                    summary=HOSTILE,
                    model=HOSTILE,
                    adapter=HOSTILE,
                    hypotheses=(
                        Hypothesis(
                            root_cause_resource=HOSTILE,
                            root_cause_alarm="a-bad",
                            root_cause_problem=HOSTILE,
                            confidence=0.9,
                            verdict=Verdict.SUPPORTED,
                            path=(HOSTILE, f"cell {HOSTILE}"),
                            claims=(Claim(text=HOSTILE, evidence=("a-bad", HOSTILE)),),
                        ),
                    ),
                    next_steps=(NextStep(text=HOSTILE, citations=(HOSTILE,), source=HOSTILE),),
                )
            ]
        )
    store.put_planned_work([examples.planned_work("w-bad", managed_objects=(HOSTILE,), description=HOSTILE)])
    workplace.stores.tickets.put(
        [
            desk_examples.ticket(
                "t-bad",
                name=HOSTILE,
                description=HOSTILE,
                team=HOSTILE,
                status=TicketStatus.PENDING,
                related_entity=("inc-bad", HOSTILE),
                note=(Note(author=HOSTILE, date=examples.at(1), text=HOSTILE),),
            ),
            desk_examples.ticket(HOSTILE, description=HOSTILE),
        ]
    )
    workplace.stores.tickets.put_routes(
        [
            desk_examples.route(
                "r-bad",
                "t-bad",
                team=HOSTILE,
                reason=HOSTILE,
                alternatives=((HOSTILE, 0.5), (f"b {HOSTILE}", 0.3)),
                words=((HOSTILE, 1.0),),
                set_aside=(HOSTILE,),
                duplicate_of=HOSTILE,
                parent_incident=HOSTILE,
                model=HOSTILE,
            )
        ]
    )
    place = {"conversation_id": "c-bad", "customer_id": "k-bad"}
    workplace.stores.care.put_customers(
        [desk_examples.customer("k-bad", name=HOSTILE, plan=HOSTILE, service_ids=(HOSTILE,))]
    )
    workplace.stores.care.put_messages([desk_examples.care_message("m-bad", text=HOSTILE, **place)])
    bad = {
        "text": HOSTILE,
        "intent": HOSTILE,
        "incident_id": HOSTILE,
        "script_id": HOSTILE,
        "next_question": HOSTILE,
        "refused_by": HOSTILE,
        "slots": {HOSTILE: HOSTILE},
        "slot_sources": {HOSTILE: HOSTILE},
        **place,
    }
    workplace.stores.care.put_replies(
        [
            desk_examples.reply("p-old", withdrawn=True, withdrawn_reason=HOSTILE, **bad),
            desk_examples.reply("p-new", supersedes="p-old", decided_time=examples.at(9), **bad),
        ]
    )
    caller = Caller("eva", frozenset({Role.NOC_ENGINEER}), EVERYTHING)
    incidents.comment(workplace, caller, "inc-bad", HOSTILE)
    incidents.assign(workplace, caller, "inc-bad", HOSTILE)
    workplace.audit(caller, "tried", HOSTILE, detail=HOSTILE)


def elements(test: AppTest) -> Iterator[tuple[str, Any]]:
    """Every element and block of a page with its kind and its message."""
    for place in (test.main, test.sidebar):
        for node in place:
            yield str(node.type), node.proto


def read_as_markdown(test: AppTest) -> list[str]:
    """Every string of a page in which Streamlit reads Markdown, spans of code taken out."""
    found = []
    for kind, proto in elements(test):
        if proto is None:
            continue
        parts = [proto, *(getattr(proto, name, None) for name in ("expandable", "popover", "status"))]
        fields = ("label", "help") if kind in AS_IT_IS else ("label", "help", "body", "delta", "element_id")
        found += [
            CODE.sub("", value)
            for part in parts
            for name in fields
            if isinstance(value := getattr(part, name, None), str)
        ]
    return found


def shown(test: AppTest) -> str:
    return "\n".join(f"{proto}" for _, proto in elements(test))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_hostile_is_read_on_any_page(
    trouble: Workplace, look: Look, page: str, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_hostile(trouble)
    test = look(page, OWNERS[page], lang=lang, **CHOSEN[page])
    no_fault(test)
    read = read_as_markdown(test)
    assert read, "a page without a label shows that the test looks at nothing"
    for piece in PIECES:
        assert [one for one in read if piece in one] == [], page
    if page not in ("models", "accounts"):
        assert "onerror" in shown(test), f"{page} shows nothing hostile: nothing was tried"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_hostile_is_read_in_a_question_and_its_answer(
    trouble: Workplace, look: Look, lang: str
) -> None:
    put_hostile(trouble)
    test = look("ask", Role.NOC_ENGINEER, lang=lang)
    for asked in (f"Which incidents are open? {HOSTILE}", HOSTILE):
        test.chat_input[0].set_value(asked).run()
        no_fault(test)
    assert questions.MOST_TEXT > len(HOSTILE)
    assert shown(test).count("onerror") >= 2
    read = read_as_markdown(test)
    for piece in PIECES:
        assert [one for one in read if piece in one] == []


def test_the_search_for_what_is_read_finds_what_was_let_through() -> None:
    def script() -> None:
        import streamlit as st

        st.markdown("**bold** text")
        st.expander(":red[r]")
        st.text("<img src=x>")
        st.markdown("`<img src=x>`")

    test = AppTest.from_function(script).run()
    read = "\n".join(read_as_markdown(test))
    assert "**bold**" in read and ":red[" in read and "<img" not in read
