"""Errors: one root, and a subclass only where a caller acts differently.

A message has four parts: what, the value received, what is allowed, what to do next.
"""

from __future__ import annotations


class TelcollmError(Exception):
    """Everything telcollm raises on purpose; the message names the next step."""


class SettingsError(TelcollmError):
    """A setting is missing or out of range; the caller stops before it starts."""


class DecodeError(TelcollmError):
    """A record cannot be read; the caller dead-letters it and goes on.

    `field` is the dotted path of the offending field, empty when the whole record is unreadable.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class TransientError(TelcollmError):
    """A peer (broker, database, model server) did not answer; the caller retries with back-off."""


class FencedError(TelcollmError):
    """Another worker owns this partition now; the caller drops what it held of it and goes on."""


class MissingExtraError(TelcollmError):
    """An optional dependency is not installed; the message names the extra to install."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed; it comes with the extra '{extra}': "
            f"run pip install 'telcollm[{extra}]'"
        )
