"""Sessions end by themselves, tickets work once."""

from __future__ import annotations

from datetime import timedelta

from dashboards.sessions import IDLE, LONGEST, TICKET, Sessions
from telcollm.access import Caller, Role
from telcollm.ports import Scope
from tests.dashboards.network import StillClock

EVA = Caller("eva", frozenset({Role.AUDITOR}), Scope())


def made() -> tuple[StillClock, Sessions]:
    clock = StillClock()
    return clock, Sessions(lambda: clock.now)


def test_a_session_lasts_while_it_is_looked_at_and_ends_when_it_is_not() -> None:
    clock, sessions = made()
    token = sessions.begin(EVA, "")
    clock.go_on(IDLE)
    assert sessions.session(token) is not None
    clock.go_on(IDLE + timedelta(seconds=1))
    assert sessions.session(token) is None


def test_a_session_ends_however_often_it_is_looked_at() -> None:
    clock, sessions = made()
    token = sessions.begin(EVA, "")
    for _ in range(16):
        clock.go_on(LONGEST / 16)
        assert sessions.session(token) is not None
    clock.go_on(timedelta(seconds=1))
    assert sessions.session(token) is None


def test_a_session_that_was_ended_opens_nothing() -> None:
    _, sessions = made()
    token = sessions.begin(EVA, "")
    sessions.end(token)
    assert sessions.session(token) is None


def test_a_made_up_token_opens_nothing() -> None:
    _, sessions = made()
    sessions.begin(EVA, "")
    assert sessions.session("guessed") is None


def test_a_ticket_gives_the_token_once() -> None:
    _, sessions = made()
    token = sessions.begin(EVA, "")
    ticket = sessions.ticket(token)
    assert sessions.redeem(ticket) == token
    assert sessions.redeem(ticket) is None


def test_a_ticket_that_is_too_old_gives_nothing() -> None:
    clock, sessions = made()
    ticket = sessions.ticket(sessions.begin(EVA, ""))
    clock.go_on(TICKET + timedelta(seconds=1))
    assert sessions.redeem(ticket) is None


def test_the_language_stays_with_the_session() -> None:
    _, sessions = made()
    token = sessions.begin(EVA, "")
    sessions.speak(token, "zh")
    found = sessions.session(token)
    assert found is not None and found.language == "zh"
