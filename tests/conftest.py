"""Fixtures of every test, and the rule that nothing is skipped where everything is there."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ["streams.testing"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
    """Turn a skip into a failure when TELCOLLM_NO_SKIPS is set, as it is in CI."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("TELCOLLM_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped though TELCOLLM_NO_SKIPS is set: {report.longrepr}"
    return report
