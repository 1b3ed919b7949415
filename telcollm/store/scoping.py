"""What a Scope lets a statement see: rows of its tenants and regions, and nothing else.

Does not know who asks.
"""

from __future__ import annotations

import sqlalchemy as sa

from telcollm.ports import Scope


def within(scope: Scope, table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition under which a row of `table`, which has tenant and region, may be seen."""
    condition: sa.ColumnElement[bool] = sa.true()
    if scope.tenants:
        condition = sa.and_(condition, table.c.tenant.in_(scope.tenants))
    if scope.regions:
        condition = sa.and_(condition, table.c.region.in_(scope.regions))
    return condition
