"""Fixtures of every test, and the rule that nothing is skipped where everything is there."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# The suite draws the same examples everywhere; `make test-all` draws new ones: what it finds becomes a test.
settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("new", parent=settings.get_profile("same"), derandomize=False)
settings.load_profile(os.environ.get("TELCOLLM_EXAMPLES", "same"))

pytest_plugins = ["streams.testing"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
    """Turn a skip into a failure when TELCOLLM_NO_SKIPS is set, as it is in CI."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("TELCOLLM_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped though TELCOLLM_NO_SKIPS is set: {report.longrepr}"
    return report
