"""Workplaces for tests of services and of the API: a real store, a clock that the test moves, no broker."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import argon2

from telcollm.access import Caller, Role
from telcollm.access_settings import ApiSettings
from telcollm.app.workplace import Workplace
from telcollm.ports import Scope
from telcollm.settings import ModelSettings, Settings, SourceSettings, TrackingSettings
from telcollm.store.opening import open_stores

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NORTH = Scope(("acme",), ("north",))
SOUTH = Scope(("acme",), ("south",))
RIVAL = Scope(("rival",), ())


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now_ms(self) -> int:
        return int(NOON.timestamp() * 1000 + self.passed_s * 1000)

    def monotonic_s(self) -> float:
        return self.passed_s


class Topic:
    """Stands where the brokers are: keeps what is published, or refuses it."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, bytes]] = []
        self.failure: Exception | None = None

    def __call__(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        if self.failure is not None:
            raise self.failure
        self.records += [(topic, key, value) for key, value in records]


def settings_of(home: Path, **api: object) -> Settings:
    return Settings(
        home=home,
        sources=(SourceSettings(tenant="acme", region="north"),),
        model=ModelSettings(engine="none"),
        tracking=TrackingSettings(enabled=False),
        api=ApiSettings.model_validate(api),
    )


def open_at(
    home: Path, template: Path | None = None, *, clock: Hand | None = None, **api: object
) -> Workplace:
    """A workplace whose store is the copied template, which spares the migrations."""
    settings = settings_of(home, **api)
    home.mkdir(parents=True, exist_ok=True)
    if template is not None and not (home / "telcollm.db").exists():
        shutil.copy(template, home / "telcollm.db")
    hand = clock or Hand()
    return Workplace(
        settings,
        open_stores(settings.store_location, clock=lambda: datetime.fromtimestamp(hand.now_ms() / 1000, UTC)),
        clock=hand,
        publisher=Topic(),
        hasher=argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    )


def caller(*roles: Role, scope: Scope = NORTH, name: str = "eva") -> Caller:
    return Caller(name, frozenset(roles), scope)


def key_of(workplace: Workplace, *roles: Role, scope: Scope = NORTH, owner: str = "robot") -> str:
    """The text of a new key, good for an hour."""
    now = workplace.now()
    return workplace.accounts.make_key(
        owner, roles=roles, scope=scope, at=now, expires=now + timedelta(hours=1)
    )[1]
