"""Laws of the one table, each tried for every role and every action."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import typer

from telcollm.access import (
    ALLOWED,
    COMMANDS,
    PAGES,
    AccessDenied,
    Action,
    Caller,
    Role,
    allows,
    contains,
    narrowed,
    require,
    require_place,
    role_named,
    scope_text,
)
from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING, Scope

NORTH = Scope(("acme",), ("north",))
PEOPLE = {
    Role.NOC_ENGINEER: {Action.INCIDENT_ACKNOWLEDGE, Action.INCIDENT_JUDGE, Action.QUESTION_ASK},
    Role.TRIAGE_OPERATOR: {Action.TICKET_JUDGE, Action.TICKET_BATCH, Action.TICKET_ROUTE},
    Role.CARE_AGENT: {Action.CARE_SUGGEST, Action.CARE_JUDGE, Action.CUSTOMER_REVEAL},
    Role.MODEL_OWNER: {Action.MODEL_PROMOTE, Action.MODEL_ROLL_BACK, Action.MODEL_START},
    Role.AUDITOR: {Action.AUDIT_READ, Action.CARE_READ},
    Role.ADMINISTRATOR: {Action.ACCOUNT_WRITE, Action.PLATFORM_RUN},
}
"""What each role is there for: the table may grow, but never lose these."""
FORBIDDEN = {
    Role.NOC_ENGINEER: {Action.MODEL_PROMOTE, Action.CUSTOMER_REVEAL, Action.ACCOUNT_WRITE},
    Role.TRIAGE_OPERATOR: {Action.CARE_READ, Action.INCIDENT_JUDGE, Action.MODEL_START},
    Role.CARE_AGENT: {Action.TICKET_LIST, Action.ALARM_LIST, Action.AUDIT_READ, Action.INCIDENT_READ},
    Role.MODEL_OWNER: {Action.CARE_READ, Action.TICKET_JUDGE, Action.ACCOUNT_WRITE},
    Role.AUDITOR: {Action.INCIDENT_ACKNOWLEDGE, Action.CUSTOMER_REVEAL, Action.MODEL_STOP},
    Role.ADMINISTRATOR: {Action.CARE_READ, Action.AUDIT_READ, Action.MODEL_PROMOTE},
}


def caller(*roles: Role, scope: Scope = EVERYTHING) -> Caller:
    return Caller("eva", frozenset(roles), scope)


@pytest.mark.parametrize(("role", "action"), list(itertools.product(Role, Action)))
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role, action: Action) -> None:
    if role in ALLOWED[action]:
        require(caller(role), action)
    else:
        with pytest.raises(AccessDenied, match=r"is denied to 'eva' .* may do it; ask an administrator"):
            require(caller(role), action)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_keeps_what_it_is_there_for_and_never_gets_what_others_are(role: Role) -> None:
    assert all(allows(caller(role), action) for action in PEOPLE[role])
    assert not any(allows(caller(role), action) for action in FORBIDDEN[role])


@pytest.mark.parametrize("action", list(Action))
def test_whoever_has_no_role_may_do_nothing(action: Action) -> None:
    assert not allows(caller(), action)
    assert action in ALLOWED


def test_an_action_that_the_table_does_not_name_is_denied_to_everyone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(ALLOWED, Action.AUDIT_READ)
    with pytest.raises(AccessDenied, match="nobody may do it"):
        require(caller(*Role), Action.AUDIT_READ)


def test_a_caller_of_several_roles_may_do_what_any_of_them_may() -> None:
    both = caller(Role.AUDITOR, Role.CARE_AGENT)
    assert allows(both, Action.AUDIT_READ) and allows(both, Action.CARE_SUGGEST)


def test_each_role_may_enter_at_least_one_page_and_none_may_enter_all() -> None:
    entered = {role: {page for page, action in PAGES.items() if role in ALLOWED[action]} for role in Role}
    assert all(entered.values())
    assert all(len(pages) < len(PAGES) for pages in entered.values())


@pytest.mark.parametrize(
    ("tenant", "region", "inside"),
    [("acme", "north", True), ("acme", "south", False), ("rival", "north", False), ("acme", "", False)],
)
def test_a_place_outside_the_scope_is_denied(tenant: str, region: str, inside: bool) -> None:
    if inside:
        require_place(caller(scope=NORTH), tenant, region)
    else:
        with pytest.raises(AccessDenied, match="is outside the scope of 'eva'; acme in north is allowed"):
            require_place(caller(scope=NORTH), tenant, region)


def test_a_wanted_scope_can_only_narrow_what_a_caller_sees() -> None:
    assert narrowed(caller(scope=NORTH), EVERYTHING) == NORTH
    assert narrowed(caller(), NORTH) == NORTH
    assert narrowed(caller(scope=Scope(("a", "b"))), Scope(("b",), ("x",))) == Scope(("b",), ("x",))
    for wanted in (Scope(("rival",)), Scope((), ("south",)), Scope(("acme", "rival"))):
        with pytest.raises(AccessDenied):
            narrowed(caller(scope=NORTH), wanted)


@pytest.mark.parametrize(
    ("outer", "inner", "fits"),
    [
        (EVERYTHING, NORTH, True),
        (EVERYTHING, EVERYTHING, True),
        (NORTH, EVERYTHING, False),
        (NORTH, Scope(("acme",)), False),
        (Scope(("acme", "b")), NORTH, True),
        (Scope(("acme",)), Scope(("acme", "b")), False),
    ],
)
def test_everything_fits_only_into_everything(outer: Scope, inner: Scope, fits: bool) -> None:
    assert contains(outer, inner) is fits


def test_a_scope_of_everything_is_told_as_such() -> None:
    assert scope_text(EVERYTHING) == "every tenant in every region"


def test_a_role_that_is_none_is_refused_with_those_there_are() -> None:
    assert role_named("auditor") is Role.AUDITOR
    with pytest.raises(TelcollmError, match=r"role 'root' is not known; noc_engineer, .* is allowed"):
        role_named("root")


def commands(command: Any, path: tuple[str, ...] = ()) -> list[str]:
    below = getattr(command, "commands", None)
    if below is None:
        return [" ".join(path)]
    return [name for key, one in below.items() for name in commands(one, (*path, key))]


def test_the_table_names_every_command_of_the_command_line_and_no_other() -> None:
    from telcollm.app.cli import app

    assert set(commands(typer.main.get_command(app))) == set(COMMANDS)
