"""The shape every record shares: tenant, region, schema version, and the fields nobody knew.

Knows nothing of any one record; `codec` puts records on the wire and reads them back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

UtcTime = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware point in time; a naive one is refused."""

Ratio = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
"""A share or probability in 0-1."""

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
"""A name that something is found by: never empty, bounded."""

SCHEMA_VERSION = 1


class Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename="camel",
    forbid_unknown_fields=False,
):
    """What every record carries. `extra` holds the wire fields this version does not know."""

    tenant: Identifier
    region: str = ""
    schema_version: int = SCHEMA_VERSION
    extra: dict[str, Any] = {}


class Part(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=False
):
    """A value inside a record; it has no life of its own."""
