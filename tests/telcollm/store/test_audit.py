from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telcollm.ports import EVERYTHING
from telcollm.store.access_tables import audit, audit_head
from telcollm.store.opening import Stores
from tests.telcollm.store.examples import at

COUNT = 5
rows = st.integers(1, COUNT)


def fill(stores: Stores) -> None:
    for number in range(1, COUNT + 1):
        stores.audit.append("ann", "route", f"t{number}", tenant="acme", detail="\x00", at=at(number))


def tamper(stores: Stores, *statements: Any) -> None:
    with stores.database.writing() as connection:
        for statement in statements:
            connection.execute(statement)


def test_entries_are_told_latest_first_in_pages(stores: Stores) -> None:
    fill(stores)
    found = stores.audit.entries(EVERYTHING, 99)
    assert [one.number for one in found] == [5, 4, 3, 2, 1]
    assert [one.at for one in found] == [at(number) for number in (5, 4, 3, 2, 1)]
    assert [stores.audit.entries(EVERYTHING, 2, start) for start in (0, 2, 4, 6)] == [
        found[:2],
        found[2:4],
        found[4:],
        [],
    ]
    assert found[0].detail == "\x00" and stores.audit.count(EVERYTHING) == COUNT
    assert stores.audit.verify() is None


def test_an_empty_trail_is_whole(stores: Stores) -> None:
    assert stores.audit.verify() is None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, st.integers(0, 10_000), st.sampled_from(["body", "hash", "tenant", "region", "number"]))
def test_a_changed_row_is_found(stores: Stores, number: int, place: int, column: str) -> None:
    tamper(stores, sa.delete(audit), sa.delete(audit_head))
    fill(stores)
    with stores.database.reading() as connection:
        row = connection.execute(sa.select(audit).where(audit.c.number == number)).one()._mapping
    if column in ("body", "hash"):
        value = bytearray(row[column])
        value[place % len(value)] ^= 1 + place % 255
        changed: Any = bytes(value)
    else:
        changed = 9 if column == "number" else f"{row[column]}!"
    tamper(stores, sa.update(audit).where(audit.c.number == number).values({column: changed}))
    assert stores.audit.verify() == number


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(rows, min_size=1))
def test_dropped_rows_are_found(stores: Stores, dropped: set[int]) -> None:
    tamper(stores, sa.delete(audit), sa.delete(audit_head))
    fill(stores)
    tamper(stores, sa.delete(audit).where(audit.c.number.in_(dropped)))
    assert stores.audit.verify() == min(dropped)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rows, min_size=2, max_size=2, unique=True), st.booleans())
def test_swapped_rows_are_found(stores: Stores, swapped: list[int], hashes_too: bool) -> None:
    tamper(stores, sa.delete(audit), sa.delete(audit_head))
    fill(stores)
    with stores.database.reading() as connection:
        first, second = (
            connection.execute(sa.select(audit).where(audit.c.number == number)).one() for number in swapped
        )
    for number, other in ((first.number, second), (second.number, first)):
        values = {"body": other.body} | ({"hash": other.hash} if hashes_too else {})
        tamper(stores, sa.update(audit).where(audit.c.number == number).values(values))
    assert stores.audit.verify() == min(swapped)


def test_what_goes_on_after_a_dropped_row_does_not_hide_it(stores: Stores) -> None:
    fill(stores)
    tamper(stores, sa.delete(audit).where(audit.c.number == COUNT))
    stores.audit.append("ann", "route", "t6", tenant="acme", at=at(6))
    assert stores.audit.verify() == COUNT


def test_entries_written_at_once_make_one_chain(stores: Stores) -> None:
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(5):
                stores.audit.append("ann", "route", "t1", tenant="acme", at=at(1))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert stores.audit.count(EVERYTHING) == 15 and stores.audit.verify() is None


def test_a_body_that_is_none_is_found(stores: Stores) -> None:
    fill(stores)
    tamper(stores, sa.update(audit).where(audit.c.number == 3).values(body=b"{"))
    assert stores.audit.verify() == 3


@pytest.mark.parametrize("number", [0, 3])
def test_a_head_that_was_set_back_is_found(stores: Stores, number: int) -> None:
    fill(stores)
    tamper(stores, sa.update(audit_head).values(number=number))
    assert stores.audit.verify() == number + 1
