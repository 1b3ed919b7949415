"""Laws of corrections: a person's word becomes feedback that training reads, and a route of its own."""

from __future__ import annotations

import pytest

from agents.routing.correction import CorrectionError, check_team, correct
from finetune.feedback import mend_labels
from finetune.table import Table
from telcollm.ports import Scope
from telcollm.records import DecidedBy, FeedbackKind, TicketPriority
from telcollm.store.opening import Stores
from tests.agents.routing.desk import NOON, at, router, ticket


def test_a_correction_mends_the_label_of_the_tickets_row(stores: Stores) -> None:
    one = ticket("T7", "battery low")
    route = router(stores).route([one], decided_time=NOON)[0]
    done = correct(
        one, route, team="site_partner", given_time=at(5), actor="ann", priority=TicketPriority.HIGH
    )
    rows = [{"ticket_id": "T7", "team": "field_power"}, {"ticket_id": "T8", "team": "core"}]
    table = Table(("ticket_id", "team"), tuple(rows), "abc", "tickets.csv")
    mended, used = mend_labels(table, done.feedback, id_column="ticket_id", label_column="team")
    assert [row["team"] for row in mended.rows] == ["site_partner", "core"]
    assert used.rows == 1
    assert [(item.subject_kind, item.kind) for item in done.feedback] == [
        ("route", FeedbackKind.CORRECTED),
        ("priority", FeedbackKind.CORRECTED),
    ]


def test_the_route_of_a_person_is_the_latest_and_the_ticket_goes_there(stores: Stores) -> None:
    one = ticket("T7", "battery low")
    route = router(stores).route([one], decided_time=NOON)[0]
    done = correct(one, route, team="security", given_time=at(5), actor="ann", reason="stolen")
    stores.tickets.put_routes([route, done.route])
    history = stores.tickets.route_history(_scope(), "T7")
    assert [item.team for item in history] == ["field_power", "security"]
    assert (done.route.decided_by, done.route.reason) == (DecidedBy.PERSON, "stolen")
    assert done.ticket.team == "security"
    assert stores.tickets.route(_scope(), route.route_id) == route


def test_the_same_team_again_accepts_the_route(stores: Stores) -> None:
    one = ticket("T7", "battery low")
    route = router(stores).route([one], decided_time=NOON)[0]
    done = correct(one, route, team=route.team, given_time=at(5), actor="ann")
    assert [(item.kind, item.correction) for item in done.feedback] == [(FeedbackKind.ACCEPTED, "")]


def test_a_team_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(CorrectionError, match="did you mean radio_access"):
        check_team("radio_acess", ("radio_access", "core"))
    check_team("core", ("core",))
    check_team("anything", ())
    with pytest.raises(CorrectionError, match="--team is empty"):
        correct(ticket(), None, team=" ", given_time=NOON, actor="ann")


def _scope() -> Scope:
    return Scope(tenants=("acme",))
