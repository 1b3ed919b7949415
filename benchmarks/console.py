"""How long a page of the console takes to paint and to answer, in a browser, with many incidents open.

`python -m benchmarks.console --incidents 10000` prints a row a page: the first sight of the page after the
login (paint), and from a click on a filter or link until the answer stands there (interact). The times are of
this machine, browser and console on it together. Does not know what is measured elsewhere.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from telcollm.access import Role
from telcollm.app.console import running_console
from telcollm.app.workplace import open_workplace
from telcollm.ports import EVERYTHING
from telcollm.records import Incident, PerceivedSeverity, TicketStatus
from telcollm.settings import Settings

PASSWORD: Final = "only for this run"
PAGES: Final = {
    "now": (Role.NOC_ENGINEER, "/", "[class*=st-key-row-]"),
    "now, page 2": (Role.NOC_ENGINEER, "/?page=2", "[class*=st-key-row-]"),
    "incident": (Role.NOC_ENGINEER, "/incident?id=inc-000001", ".st-key-incident-head"),
    "tickets": (Role.TRIAGE_OPERATOR, "/tickets", "[class*=st-key-empty-]"),
    "care": (Role.CARE_AGENT, "/care", "[class*=st-key-empty-]"),
    "models": (Role.MODEL_OWNER, "/models", ".st-key-switch"),
}
"""Who looks at what, and what is there when it has been painted."""


def fill(home: Path, incidents: int) -> None:
    """Put open incidents of all severities into the store of a new home, and an account a role."""
    desk = open_workplace(Settings(home=home))
    now = desk.now()
    severities = [one for one in PerceivedSeverity if one is not PerceivedSeverity.CLEARED]
    with desk.stores.store.transaction() as unit:
        unit.put_incidents(
            Incident(
                tenant="default",
                incident_id=f"inc-{order:06d}",
                revision=1,
                status=TicketStatus.IN_PROGRESS,
                opened_time=now - timedelta(seconds=order),
                last_event_time=now,
                perceived_severity=severities[order % len(severities)],
                affected_objects=(f"cell-{order}", f"router-{order % 97}"),
                root_cause_resource=f"router-{order % 97}",
                root_cause_problem="LINK_LOSS",
                alarm_count=3,
                active_alarms=2,
            )
            for order in range(incidents)
        )
    for role in Role:
        desk.accounts.add(role.value, PASSWORD, roles=(role,), scope=EVERYTHING, at=now)
    desk.close()


def log_in(browser: Any, address: str, role: Role) -> Any:
    """Return a page whose session is logged in, cookie and all."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("input[type=text]").first.fill(role.value)
    page.locator("[data-testid=stFormSubmitButton] button").click()
    page.locator(".st-key-pipeline .stText").first.wait_for()
    page.wait_for_timeout(2_000)
    return page


def paint_ms(page: Any, url: str, sign: str) -> float:
    """Return the time from asking for the address to the sign of its content."""
    began = time.perf_counter()
    page.goto(url)
    page.locator(sign).first.wait_for()
    return (time.perf_counter() - began) * 1000


def interact_ms(page: Any, address: str) -> float:
    """Return the time from a click on another order to the list in that order."""
    page.goto(f"{address}/")
    page.locator("[class*=st-key-row-]").first.wait_for()
    page.wait_for_timeout(1_000)
    began = time.perf_counter()
    page.locator(".st-key-sort button").nth(1).click()
    page.wait_for_url("**sort=age**")
    page.locator("[class*=st-key-row-INDETERMINATE], [class*=st-key-row-MINOR]").first.wait_for()
    return (time.perf_counter() - began) * 1000


def main(argv: Sequence[str]) -> int:
    """Measure, and print a table; return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"))
    asked = parser.parse_args(argv)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, asked.incidents)
        with (
            running_console(port=0, environment={"TELCOLLM_HOME": str(home)}) as console,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(
                executable_path=str(asked.chromium), args=["--no-sandbox", "--disable-gpu"]
            )
            print(f"{asked.incidents} open incidents, median of {asked.repeats}, ms")
            for name, (role, path, sign) in PAGES.items():
                page = log_in(browser, console.address, role)
                times = [paint_ms(page, console.address + path, sign) for _ in range(asked.repeats)]
                print(f"paint {name:12} {statistics.median(times):8.0f} (worst {max(times):.0f})", flush=True)
                page.context.close()
            page = log_in(browser, console.address, Role.NOC_ENGINEER)
            times = [interact_ms(page, console.address) for _ in range(asked.repeats)]
            print(f"sort by age        {statistics.median(times):8.0f} (worst {max(times):.0f})")
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
