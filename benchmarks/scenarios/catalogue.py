"""The suites there are, opened by name. Deliberately does not know what they ask."""

from __future__ import annotations

import importlib
from typing import Final, cast

from benchmarks.scenarios.suite import NotAvailable, Suite
from telcollm.errors import SettingsError

SUITES: Final = {
    "incidents": "benchmarks.scenarios.incidents.suite:IncidentSuite",
    "tickets": "benchmarks.scenarios.tickets.suite:TicketSuite",
    "conversations": "benchmarks.scenarios.conversations.suite:ConversationSuite",
}
"""Where each suite's class is; it is made without arguments."""


def open_suite(name: str) -> Suite:
    """Return the suite of that name.

    Raises:
        SettingsError: there is none.
        NotAvailable: its module is not here.
    """
    if name not in SUITES:
        message = f"suite {name!r} is not known; {', '.join(SUITES)} are allowed; name one of them"
        raise SettingsError(message)
    module, _, kind = SUITES[name].partition(":")
    try:
        found = getattr(importlib.import_module(module), kind)
    except ModuleNotFoundError as error:
        message = f"suite {name!r} cannot be opened: {error}; install the extra: pip install 'telcollm[test]'"
        raise NotAvailable(message) from error
    return cast(Suite, found())
