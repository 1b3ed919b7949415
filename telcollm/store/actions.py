"""What people did with incidents, alarms and tickets: acknowledged, assigned, commented; never changed later.

Does not know what it means for the thing acted on, nor who may do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from telcollm.identity import derive_id
from telcollm.ports import Scope
from telcollm.records.record import UtcTime
from telcollm.store.access_tables import operator_actions
from telcollm.store.database import Database
from telcollm.store.rows import chunks, to_ms
from telcollm.store.scoping import within
from telcollm.store.upsert import keep_first


class ActionKind(StrEnum):
    """What was done."""

    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"


class OperatorAction(msgspec.Struct, frozen=True):
    """One thing a person did; `detail` is the person assigned to, the comment, the correction."""

    tenant: str
    region: str
    subject_id: str
    kind: ActionKind
    actor: str
    at: UtcTime
    detail: str = ""

    @property
    def action_id(self) -> str:
        """The same for the same thing done at the same time, so that a repeated request doubles nothing."""
        return derive_id(
            "act", self.tenant, self.subject_id, self.kind.value, self.actor, self.at.isoformat(), self.detail
        )


_DECODER = msgspec.json.Decoder(OperatorAction)


class ActionStore:
    """Operators' actions in the store's database; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, actions: Iterable[OperatorAction]) -> None:
        """Keep actions; one that is known already is left as it is."""
        rows = [
            {
                "action_id": action.action_id,
                "tenant": action.tenant,
                "region": action.region,
                "subject_id": action.subject_id,
                "kind": action.kind.value,
                "actor": action.actor,
                "at_ms": to_ms(action.at),
                "body": msgspec.json.encode(action),
            }
            for action in actions
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(keep_first(connection.dialect.name, operator_actions), rows)

    def actions(self, scope: Scope, subject_id: str, *, limit: int = 200) -> list[OperatorAction]:
        """Return what was done with one subject, the latest first."""
        statement = (
            sa.select(operator_actions.c.body)
            .where(operator_actions.c.subject_id == subject_id, within(scope, operator_actions))
            .order_by(operator_actions.c.at_ms.desc(), operator_actions.c.action_id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [_DECODER.decode(body) for body in connection.execute(statement).scalars()]

    def latest(
        self, scope: Scope, subject_ids: Sequence[str], kinds: Sequence[ActionKind]
    ) -> dict[str, OperatorAction]:
        """Return the latest action of one of the kinds on each subject that has one."""
        found: dict[str, OperatorAction] = {}
        with self._database.reading() as connection:
            for ids in chunks(dict.fromkeys(subject_ids)):
                statement = (
                    sa.select(operator_actions.c.body)
                    .where(
                        operator_actions.c.subject_id.in_(ids),
                        operator_actions.c.kind.in_([kind.value for kind in kinds]),
                        within(scope, operator_actions),
                    )
                    .order_by(operator_actions.c.at_ms, operator_actions.c.action_id.desc())
                )
                for body in connection.execute(statement).scalars():
                    action = _DECODER.decode(body)
                    found[action.subject_id] = action
        return found

    def since(self, scope: Scope, since: datetime) -> list[OperatorAction]:
        """Return the actions that were taken since, in order of time."""
        statement = (
            sa.select(operator_actions.c.body)
            .where(operator_actions.c.at_ms >= to_ms(since), within(scope, operator_actions))
            .order_by(operator_actions.c.at_ms, operator_actions.c.action_id)
        )
        with self._database.reading() as connection:
            return [_DECODER.decode(body) for body in connection.execute(statement).scalars()]
