"""Laws of accounts and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import argon2
import pytest
import sqlalchemy as sa

from telcollm.access import Role
from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING, Scope
from telcollm.store.access_tables import accounts as accounts_table
from telcollm.store.access_tables import api_keys
from telcollm.store.accounts import AccountStore, LoginError
from telcollm.store.database import Database, open_database

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NORTH = Scope(("acme",), ("north",))
PASSWORD = "correct horse battery"
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One file for the module, emptied before each test; both databases have a test of their own."""
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('accounts') / 'telcollm.db'}")
    yield opened
    opened.close()


@pytest.fixture
def accounts(database: Database) -> AccountStore:
    with database.writing() as connection:
        for table in (accounts_table, api_keys):
            connection.execute(table.delete())
    return AccountStore(database, hasher=QUICK)


def eva(accounts: AccountStore) -> None:
    accounts.add("eva", PASSWORD, roles=(Role.NOC_ENGINEER,), scope=NORTH, at=NOON)


def test_a_new_store_has_no_account_and_no_key(accounts: AccountStore) -> None:
    assert accounts.accounts() == [] and accounts.keys() == []
    for name in ("admin", "root", "telcollm", ""):
        with pytest.raises(LoginError):
            accounts.log_in(name, name, at=NOON)


def test_whoever_knows_the_password_comes_in_as_what_they_are(accounts: AccountStore) -> None:
    eva(accounts)
    caller = accounts.log_in("eva", PASSWORD, at=NOON).caller
    assert (caller.name, caller.roles, caller.scope) == ("eva", {Role.NOC_ENGINEER}, NORTH)


def test_a_wrong_password_and_an_unknown_name_are_refused_in_the_same_words(accounts: AccountStore) -> None:
    eva(accounts)
    for password in ("wrong password", "", PASSWORD + " ", "x" * 5000):
        told = []
        for name in ("eva", "bob"):
            with pytest.raises(LoginError, match="check both, or ask an administrator") as refused:
                accounts.log_in(name, password, at=NOON)
            told.append(str(refused.value).replace(name, "NAME"))
        assert told[0] == told[1]


@pytest.mark.parametrize("name", ["eva", "nobody"])
def test_failures_make_the_next_attempt_wait_longer_each_time_for_names_that_are_none_too(
    accounts: AccountStore, name: str
) -> None:
    eva(accounts)
    at, waits, tries = NOON, list[int](), 0
    while len(waits) < 8:
        with pytest.raises(LoginError) as refused:
            accounts.log_in(name, "wrong password", at=at)
        found = re.search(r"try again in (\d+) s", str(refused.value))
        tries += found is None
        if found:
            waits.append(int(found[1]))
            at += timedelta(seconds=waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128] and tries == 5 + 7


def test_while_it_waits_even_the_right_password_is_not_looked_at_and_then_it_opens(
    accounts: AccountStore,
) -> None:
    eva(accounts)
    for _ in range(5):
        with pytest.raises(LoginError, match="failed"):
            accounts.log_in("eva", "wrong password", at=NOON)
    with pytest.raises(LoginError, match=r"waits after 5 wrong passwords; .* try again in 1 s"):
        accounts.log_in("eva", PASSWORD, at=NOON)
    assert accounts.log_in("eva", PASSWORD, at=after(1)).failures == 0
    with pytest.raises(LoginError, match="failed, 1 in a row"):
        accounts.log_in("eva", "wrong password", at=after(1))


def test_no_wait_is_longer_than_a_quarter_of_an_hour(accounts: AccountStore) -> None:
    eva(accounts)
    at = NOON
    for _ in range(30):
        with pytest.raises(LoginError, match="failed"):
            accounts.log_in("eva", "wrong password", at=at)
        at += timedelta(minutes=15)
    assert accounts.log_in("eva", PASSWORD, at=at).name == "eva"


def test_another_password_opens_and_ends_the_wait(accounts: AccountStore) -> None:
    eva(accounts)
    for _ in range(5):
        with pytest.raises(LoginError):
            accounts.log_in("eva", "wrong password", at=NOON)
    accounts.set_password("eva", "another good one")
    assert accounts.log_in("eva", "another good one", at=NOON).name == "eva"
    with pytest.raises(LoginError):
        accounts.log_in("eva", PASSWORD, at=NOON)


def test_a_password_that_is_short_endless_or_the_name_is_refused(accounts: AccountStore) -> None:
    for password in ("", "short", "x" * 1025, "Eva-the-great"):
        with pytest.raises(TelcollmError, match="12 to 1024 characters other than the account's name"):
            accounts.add("eva-the-great", password, roles=(Role.AUDITOR,), scope=EVERYTHING, at=NOON)
    assert accounts.accounts() == []


def test_a_name_that_is_none_is_refused(accounts: AccountStore) -> None:
    for name in ("", "-eva", "eva eva", "x" * 65, "'; DROP TABLE accounts; --", "<b>", "é"):
        with pytest.raises(TelcollmError, match="is none for an account"):
            accounts.add(name, PASSWORD, roles=(Role.AUDITOR,), scope=EVERYTHING, at=NOON)


def test_a_name_is_given_once(accounts: AccountStore) -> None:
    eva(accounts)
    with pytest.raises(TelcollmError, match="account 'eva' exists"):
        eva(accounts)


def test_nobody_is_made_without_a_role(accounts: AccountStore) -> None:
    with pytest.raises(TelcollmError, match="'eva' is given no role"):
        accounts.add("eva", PASSWORD, roles=(), scope=EVERYTHING, at=NOON)
    with pytest.raises(TelcollmError, match="'eva' is given no role"):
        accounts.make_key("eva", roles=(), scope=EVERYTHING, at=NOON, expires=after(60))


def test_a_removed_account_opens_nothing_and_neither_do_its_keys(accounts: AccountStore) -> None:
    eva(accounts)
    _, text = accounts.make_key("eva", roles=(Role.AUDITOR,), scope=NORTH, at=NOON, expires=after(60))
    accounts.remove("eva", at=NOON)
    with pytest.raises(LoginError):
        accounts.log_in("eva", PASSWORD, at=NOON)
    with pytest.raises(LoginError, match="was revoked"):
        accounts.key_holder(text, at=NOON)
    for act in (lambda: accounts.remove("eva", at=NOON), lambda: accounts.set_password("eva", PASSWORD)):
        with pytest.raises(TelcollmError, match="account 'eva' is not known"):
            act()


def test_neither_password_nor_key_can_be_read_from_the_database_or_a_repr(
    accounts: AccountStore, database: Database
) -> None:
    eva(accounts)
    _, text = accounts.make_key("eva", roles=(Role.AUDITOR,), scope=NORTH, at=NOON, expires=after(60))
    with database.reading() as connection:
        rows = [
            *connection.execute(sa.select(accounts_table)).all(),
            *connection.execute(sa.select(api_keys)).all(),
        ]
    kept = repr([tuple(row) for row in rows]) + repr(accounts.accounts()) + repr(accounts.keys())
    assert PASSWORD not in kept and text.split("_", 2)[2] not in kept
    assert "$argon2id$" in kept and "$argon2" not in repr(accounts.accounts())


def test_a_key_opens_until_it_expires_as_what_it_was_made_for(accounts: AccountStore) -> None:
    key, text = accounts.make_key("robot", roles=(Role.AUDITOR,), scope=NORTH, at=NOON, expires=after(60))
    caller = accounts.key_holder(text, at=after(59)).caller
    assert (caller.name, caller.roles, caller.scope) == (f"robot/{key.key_id}", {Role.AUDITOR}, NORTH)
    with pytest.raises(LoginError, match=r"expired at 2026-01-01T12:01:00\+00:00"):
        accounts.key_holder(text, at=after(60))


def test_a_key_that_was_revoked_opens_nothing_more(accounts: AccountStore) -> None:
    key, text = accounts.make_key("robot", roles=(Role.AUDITOR,), scope=NORTH, at=NOON, expires=after(60))
    assert accounts.revoke_key(key.key_id, at=after(1)).revoked == after(1)
    assert accounts.revoke_key(key.key_id, at=after(2)).revoked == after(1)
    with pytest.raises(LoginError, match="was revoked"):
        accounts.key_holder(text, at=after(3))
    with pytest.raises(TelcollmError, match="key 'abc' is not known"):
        accounts.revoke_key("abc", at=NOON)


def test_a_text_that_is_nearly_a_key_opens_nothing(accounts: AccountStore) -> None:
    key, text = accounts.make_key("robot", roles=(Role.AUDITOR,), scope=NORTH, at=NOON, expires=after(60))
    other = "A" if text[-1] != "A" else "B"
    _, another = accounts.make_key("robot", roles=(Role.AUDITOR,), scope=NORTH, at=NOON, expires=after(60))
    mixed = f"tck_{key.key_id}_{another.split('_', 2)[2]}"
    for wrong in ("", text[:-1], text + "A", text[:-1] + other, text.upper(), mixed, "tck_' OR 1=1 --"):
        with pytest.raises(LoginError, match="is no key in force"):
            accounts.key_holder(wrong, at=NOON)


def test_a_key_ends_after_it_begins(accounts: AccountStore) -> None:
    with pytest.raises(TelcollmError, match="is not in the future"):
        accounts.make_key("robot", roles=(Role.AUDITOR,), scope=NORTH, at=NOON, expires=NOON)


def test_keys_are_listed_the_newest_first(accounts: AccountStore) -> None:
    made = [
        accounts.make_key("robot", roles=(Role.AUDITOR,), scope=NORTH, at=after(second), expires=after(90))[
            0
        ].key_id
        for second in range(3)
    ]
    assert [key.key_id for key in accounts.keys()] == made[::-1]


def test_accounts_and_keys_are_the_same_on_both_databases(store_url: str) -> None:
    opened = open_database(store_url)
    accounts = AccountStore(opened, hasher=QUICK)
    eva(accounts)
    with pytest.raises(LoginError, match="failed, 1 in a row"):
        accounts.log_in("eva", "wrong password", at=NOON)
    assert accounts.log_in("eva", PASSWORD, at=NOON).failures == 0
    key, text = accounts.make_key("eva", roles=(Role.AUDITOR,), scope=NORTH, at=NOON, expires=after(60))
    assert accounts.key_holder(text, at=NOON) == key
    accounts.remove("eva", at=NOON)
    assert accounts.accounts() == [] and accounts.keys()[0].revoked == NOON
    opened.close()
