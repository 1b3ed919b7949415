"""Ids that derive from what a thing is and when it was raised, so that a replay updates and never doubles.

Knows nothing of offsets, arrival or members: none of them may enter an id.
"""

from __future__ import annotations

from datetime import UTC
from hashlib import blake2b

from telcollm.records import KpiSample, LogLine


def derive_id(prefix: str, *parts: str) -> str:
    """Return `prefix-` and 16 hexadecimal characters that depend on the parts alone, in their order.

    >>> derive_id("alm", "acme", "ems1", "cell-7", "2026-01-01T00:00:00Z")
    'alm-06746c245d3c46fd'
    """
    digest = blake2b(repr(parts).encode(), digest_size=8)
    return f"{prefix}-{digest.hexdigest()}"


def kpi_id(sample: KpiSample) -> str:
    """Return the id of what was measured, where, when and over how long: the value does not enter it.

    >>> from datetime import datetime, UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> place = {"tenant": "acme", "managed_object": "cell-7", "sampled_time": noon}
    >>> kpi_id(KpiSample(**place, kpi="prb_utilisation_ratio", value=0.5))
    'kpi-9de47be3837b8255'
    """
    return derive_id(
        "kpi",
        sample.tenant,
        sample.managed_object,
        sample.kpi,
        sample.sampled_time.astimezone(UTC).isoformat(),
        str(sample.granularity_s),
    )


def log_id(line: LogLine) -> str:
    """Return the id of what an object wrote at an instant.

    >>> from datetime import datetime, UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> log_id(LogLine(tenant="acme", managed_object="cell-7", logged_time=noon, text="link down"))
    'log-cef2de5d80b2e312'
    """
    return derive_id(
        "log", line.tenant, line.managed_object, line.logged_time.astimezone(UTC).isoformat(), line.text
    )
