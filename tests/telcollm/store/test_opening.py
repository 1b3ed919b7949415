from __future__ import annotations

import pytest

from telcollm.errors import SettingsError
from telcollm.ports import EVERYTHING
from telcollm.store import open_store
from telcollm.store.opening import open_stores
from tests.telcollm.store.desk_examples import ticket


def test_all_stores_share_one_database_that_is_kept(store_url: str) -> None:
    stores = open_stores(store_url)
    assert repr(stores.database).startswith("Database(")
    stores.tickets.put([ticket()])
    stores.store.claim("alarms", 0)
    assert stores.documents.documents(EVERYTHING) == []
    stores.documents.close()
    assert stores.tickets.ticket(EVERYTHING, "t1") == ticket()
    stores.close()
    again = open_stores(store_url)
    assert again.tickets.ticket(EVERYTHING, "t1") == ticket()
    again.close()
    store = open_store(store_url)
    assert store.claim("alarms", 0).owner_epoch == 2
    store.close()


def test_a_place_that_is_no_database_is_refused() -> None:
    with pytest.raises(SettingsError, match="sqlite and postgresql are allowed"):
        open_stores("mysql://host/db")
