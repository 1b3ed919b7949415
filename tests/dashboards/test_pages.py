"""Each page as each role sees it: filled, empty and failing, in both languages."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import opened
from telcollm.access import ALLOWED, PAGES, Role
from telcollm.app.services import accounts, incident_detail, incidents
from telcollm.app.workplace import Workplace
from telcollm.errors import TransientError
from telcollm.ports import Scope
from tests.dashboards.conftest import Look, go, texts
from tests.dashboards.network import HOSTILE, StillClock, incident, put_incidents
from tests.telcollm.store import desk_examples, examples

OWNERS = {
    "now": Role.NOC_ENGINEER,
    "incident": Role.NOC_ENGINEER,
    "ask": Role.NOC_ENGINEER,
    "tickets": Role.TRIAGE_OPERATOR,
    "care": Role.CARE_AGENT,
    "models": Role.MODEL_OWNER,
    "audit": Role.AUDITOR,
    "accounts": Role.ADMINISTRATOR,
}
FILLED = {
    "now": {},
    "incident": {"id": "inc-main"},
    "ask": {},
    "tickets": {"ticket": "t-main"},
    "care": {"conversation": "c1"},
    "models": {},
    "audit": {},
    "accounts": {},
}


def no_fault(test: AppTest) -> None:
    assert [one.value for one in test.exception] == []


@pytest.mark.parametrize("page", OWNERS)
def test_a_page_shows_what_there_is_in_chinese_without_english_words_of_its_own(
    trouble: Workplace, look: Look, page: str
) -> None:
    test = look(page, OWNERS[page], lang="zh", **FILLED[page])
    no_fault(test)
    titles = [one.value for one in test.title]
    assert titles and all(re.search(r"[\u4e00-\u9fff]", one) for one in titles)


@pytest.mark.parametrize("page", OWNERS)
def test_a_page_with_nothing_on_it_says_so_and_what_it_means(desk: Workplace, look: Look, page: str) -> None:
    test = look(page, OWNERS[page])
    no_fault(test)
    assert not test.error
    assert len(texts(test)) > 80


@pytest.mark.parametrize("role", Role)
def test_a_role_has_the_pages_that_the_one_table_gives_it(desk: Workplace, look: Look, role: Role) -> None:
    test = look("now", role)
    no_fault(test)
    pages = test.session_state["pages"]
    assert set(pages) == {name for name, action in PAGES.items() if role in ALLOWED[action]}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_page_that_a_role_has_not_says_so_in_words(trouble: Workplace, look: Look, page: str) -> None:
    may = ALLOWED[PAGES[page]]
    for role in (min(may), *sorted(set(Role) - may)[:1]):
        test = look(page, role)
        no_fault(test)
        denied = any("may not see" in one.value for one in test.error)
        assert denied == (role not in may), role


def test_an_address_without_a_page_is_told_once(trouble: Workplace, look: Look) -> None:
    test = look("now", nowhere="1")
    no_fault(test)
    assert [one.value for one in test.warning] == ["There is no such page. This is what is open now."]
    assert not test.run().warning


def test_whoever_is_not_known_sees_the_login_and_nothing_else(trouble: Workplace, look: Look) -> None:
    test = look("now")
    del test.session_state["token"]
    go(test, "now")
    assert "router-1" not in texts(test)
    assert [one.label for one in test.text_input] == ["Name", "Password"]


def test_a_login_by_the_account_file_opens_the_console_and_leaving_closes_it(
    trouble: Workplace, look: Look
) -> None:
    trouble.accounts.add(
        "eva", "a long password", roles=(Role.NOC_ENGINEER,), scope=Scope(), at=trouble.now()
    )
    test = look("now")
    del test.session_state["token"]
    go(test, "now")
    test.text_input(key="login_name").input("eva")
    test.text_input(key="login_password").input("wrong password")
    test.button[0].click().run()
    assert any("refused" in one.value for one in test.error)
    test.text_input(key="login_password").input("a long password")
    test.button[0].click().run()
    no_fault(test)
    assert "router-1" in texts(test)
    trouble.accounts.set_password("eva", "another password")
    assert "router-1" not in texts(test.run()), "a new password ends the sessions of the old one"


def test_what_an_address_asks_for_outlives_the_log_in(trouble: Workplace, look: Look) -> None:
    trouble.accounts.add(
        "ann", "a long password", roles=(Role.NOC_ENGINEER,), scope=Scope(), at=trouble.now()
    )
    test = look("now", severity="CRITICAL")
    del test.session_state["token"]
    test.run()
    test.text_input(key="login_name").input("ann")
    test.text_input(key="login_password").input("a long password")
    test.button[0].click().run()
    no_fault(test)
    assert test.selectbox(key="severity").value == "CRITICAL"
    assert "CRITICAL" in test.query_params["severity"]


def test_the_next_person_in_a_tab_finds_nothing_of_the_last_but_the_language(
    trouble: Workplace, look: Look
) -> None:
    trouble.accounts.add("kim", "a long password", roles=(Role.CARE_AGENT,), scope=Scope(), at=trouble.now())
    test = look("now", Role.NOC_ENGINEER)
    for leave in ("by the button", "by expiry"):
        test.session_state["talk"], test.session_state["lang"] = f"what eva asked, left {leave}", "en"
        if leave == "by the button":
            test.button(key="leave").click().run()
        else:
            opened.sessions().end(test.session_state["token"])
            test.run()
        assert "talk" not in test.session_state and "token" not in test.session_state
        test.text_input(key="login_name").input("kim")
        test.text_input(key="login_password").input("a long password")
        test.button[0].click().run()
        no_fault(test)
        assert "talk" not in test.session_state and test.session_state["lang"] == "en"


def test_the_worst_incident_comes_first_and_is_counted(trouble: Workplace, look: Look) -> None:
    put_incidents(trouble, (incident(order) for order in range(1, 6)))
    test = look("now")
    no_fault(test)
    assert {one.label: one.value for one in test.metric}["Critical"] == "2"
    assert "Likely cause: LINK_LOSS (83% sure)" in texts(test)


def test_filters_are_read_from_the_address(trouble: Workplace, look: Look) -> None:
    put_incidents(trouble, (incident(order) for order in range(1, 30)))
    test = look("now", severity="CRITICAL")
    metrics = {one.label: one.value for one in test.metric}
    assert metrics["Incidents"] == metrics["Critical"]
    assert "Major" in metrics and metrics["Major"] == "0"


def test_only_one_page_of_many_incidents_is_read(
    desk: Workplace, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_incidents(desk, (incident(order) for order in range(200)))
    asked = []
    real = incidents.list_incidents
    monkeypatch.setattr(incidents, "list_incidents", lambda *given: asked.append(given[2]) or real(*given))
    test = look("now", page="3")
    no_fault(test)
    assert [(one.limit, one.offset) for one in asked] == [(20, 40)]
    assert "200 in all" in texts(test)


def test_an_incident_tells_cause_evidence_path_steps_and_what_hangs_on_it(
    trouble: Workplace, look: Look
) -> None:
    said = texts(look("incident", id="inc-main"))
    for expected in (
        "router-1 lost its link; three cells behind it went down.",
        "Spread: router-1 → cell-1",
        "Against: cell-3 came back alone",
        "Needs approval",
        "`t-main`",
        "Written by a machine",
    ):
        assert expected in said, expected


def test_text_of_alarms_and_tickets_is_shown_as_it_is_and_never_as_markdown(
    trouble: Workplace, look: Look
) -> None:
    for page, role, chosen in (
        ("incident", Role.NOC_ENGINEER, {"id": "inc-main"}),
        ("tickets", Role.TRIAGE_OPERATOR, {"ticket": "t-main"}),
        ("care", Role.CARE_AGENT, {"conversation": "c1"}),
    ):
        test = look(page, role, **chosen)
        no_fault(test)
        assert any(HOSTILE[:40] in one.value for one in test.text), page
        marked = [one.value for kind in ("markdown", "caption") for one in getattr(test, kind)]
        assert not any("<img" in re.sub(r"`[^`]*`", "", one) for one in marked), page


def test_acknowledging_is_kept_and_shown(trouble: Workplace, look: Look) -> None:
    test = look("incident", id="inc-main")
    next(one for one in test.button if one.label == "Acknowledge").click().run()
    no_fault(test)
    assert "Acknowledged by eva" in texts(test)
    assert [one.value for one in test.success] == ["Acknowledged."]


def test_who_may_not_acknowledge_has_no_such_button(trouble: Workplace, look: Look) -> None:
    test = look("incident", Role.AUDITOR, id="inc-main")
    no_fault(test)
    assert "Acknowledge" not in [one.label for one in test.button]


def test_an_incident_of_another_region_is_not_found(trouble: Workplace, look: Look) -> None:
    test = look("incident", scope=Scope(("acme",), ("south",)), id="inc-main")
    assert len(test.warning) == 1
    assert "router-1" not in texts(test)


def test_a_store_that_does_not_answer_is_told_with_the_next_step(
    trouble: Workplace, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        message = "database=x did not answer; a running one is allowed; start it and try again"
        raise TransientError(message)

    monkeypatch.setattr(incident_detail, "detail_of", silent)
    test = look("incident", id="inc-main")
    no_fault(test)
    assert len(test.error) == 1
    assert "start it and try again" in texts(test)
    assert test.button(key="act acknowledge"), "what was read before can still be acted upon"


def test_accepting_a_route_hands_the_ticket_over(trouble: Workplace, look: Look) -> None:
    test = look("tickets", Role.TRIAGE_OPERATOR, ticket="t-main")
    no_fault(test)
    said = texts(test)
    assert "• transport: 91%" in said and "Because: speaks of light on a fibre" in said
    test.button(key="accept").click().run()
    no_fault(test)
    kept = trouble.stores.tickets.ticket(Scope(), "t-main")
    assert kept is not None and kept.team == "transport"


def test_a_withdrawn_reply_cannot_be_sent(trouble: Workplace, look: Look) -> None:
    test = look("care", Role.CARE_AGENT, conversation="c2")
    no_fault(test)
    assert any("Withdrawn" in one.value for one in test.error)
    assert "Send" not in [one.label for one in test.button]


def test_a_reply_whose_place_another_took_is_still_shown_as_withdrawn(trouble: Workplace, look: Look) -> None:
    trouble.stores.care.put_replies(
        [
            desk_examples.reply(
                "p3", conversation_id="c2", supersedes="p2", text="已经修复。", decided_time=examples.at(9)
            )
        ]
    )
    test = look("care", Role.CARE_AGENT, conversation="c2")
    no_fault(test)
    assert any("Withdrawn" in one.value for one in test.error)
    assert "the incident was resolved" in texts(test) and "旧的回复" in texts(test)
    assert test.text_area[0].value == "已经修复。", "what is offered is what holds"


def test_a_reply_is_shown_with_its_facts_and_sent(trouble: Workplace, look: Look) -> None:
    test = look("care", Role.CARE_AGENT, conversation="c1")
    no_fault(test)
    assert "end: 14:00" in texts(test)
    next(one for one in test.button if one.label == "Send").click().run()
    no_fault(test)
    sent = trouble.stores.care.conversation(Scope(), "c1")[-1]
    assert sent.author == "agent" and sent.text.startswith("There is an outage")


def test_stopping_models_is_seen_on_every_page(trouble: Workplace, look: Look, clock: StillClock) -> None:
    test = look("models", Role.MODEL_OWNER)
    next(one for one in test.button if one.label == "Stop all model output").click().run()
    no_fault(test)
    assert trouble.switch.state().stopped
    assert "Models stopped" in texts(look("now"))


def test_a_session_whose_account_is_gone_is_over_within_the_live_parts_too(
    trouble: Workplace, look: Look
) -> None:
    account = trouble.accounts.add(
        "eva", "a long password", roles=(Role.NOC_ENGINEER,), scope=Scope(), at=trouble.now()
    )
    test = look("now")
    test.session_state["token"] = opened.sessions().begin(account.caller, account.password_hash)
    assert "router-1" in texts(go(test, "now"))
    trouble.accounts.remove("eva", at=trouble.now())
    assert "router-1" not in texts(test.run())


def test_times_are_told_in_the_zone_of_the_reader(trouble: Workplace, look: Look) -> None:
    test = look("now")
    test.context = {"timezone": "Asia/Shanghai"}
    go(test, "now")
    assert "2026-01-01 20:00" in texts(test)
    assert "(Asia/Shanghai)" in texts(test)


def test_the_trail_of_what_was_done_is_shown_and_checked(trouble: Workplace, look: Look) -> None:
    caller = opened.sessions().session(look("now").session_state["token"])
    assert caller is not None
    accounts.stop_model(trouble, caller.caller)
    test = look("audit", Role.AUDITOR)
    no_fault(test)
    assert list(test.dataframe[0].value["Did"]) == ["model stopped"]
    test.button[0].click().run()
    assert [one.value for one in test.success] == ["The trail is whole."]
