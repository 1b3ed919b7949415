"""Laws of a ticket's states: only the allowed ones follow, and each change stays in its history."""

from __future__ import annotations

import itertools

import pytest

from agents.routing.states import OPEN, TRANSITIONS, TicketStateError, with_status
from telcollm.records import TicketStatus
from tests.agents.routing.desk import at, ticket


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(TicketStatus, 2)))
def test_a_state_follows_another_only_where_the_table_has_it(
    before: TicketStatus, after: TicketStatus
) -> None:
    one = ticket(status=before)
    if after in TRANSITIONS[before]:
        changed = with_status(one, after, at=at(5), reason="because")
        assert (changed.status, changed.status_change_reason, changed.last_update) == (
            after,
            "because",
            at(5),
        )
        assert changed.extra["statusChangeHistory"][0]["status"] == after.value
    else:
        with pytest.raises(TicketStateError, match=f"{before.value} cannot become {after.value}; allowed"):
            with_status(one, after, at=at(5))


def test_changes_add_up_in_the_history_and_no_change_adds_nothing() -> None:
    one = with_status(ticket(), TicketStatus.IN_PROGRESS, at=at(1))
    assert with_status(one, TicketStatus.IN_PROGRESS, at=at(2)) is one
    two = with_status(one, TicketStatus.RESOLVED, at=at(3))
    assert two.resolution_date == at(3)
    assert [item["status"] for item in two.extra["statusChangeHistory"]] == ["inProgress", "resolved"]


def test_every_open_state_leads_to_an_end() -> None:
    for state in OPEN:
        reached = {state}
        while more := {new for one in reached for new in TRANSITIONS[one]} - reached:
            reached |= more
        assert TicketStatus.CLOSED in reached
