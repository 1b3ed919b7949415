"""Ids that derive from what a thing is and when it was raised, so that a replay updates and never doubles.

Knows nothing of offsets, arrival or members: none of them may enter an id.
"""

from __future__ import annotations

from hashlib import blake2b


def derive_id(prefix: str, *parts: str) -> str:
    """Return `prefix-` and 16 hexadecimal characters that depend on the parts alone, in their order.

    >>> derive_id("alm", "acme", "ems1", "cell-7", "2026-01-01T00:00:00Z")
    'alm-06746c245d3c46fd'
    """
    digest = blake2b(repr(parts).encode(), digest_size=8)
    return f"{prefix}-{digest.hexdigest()}"
