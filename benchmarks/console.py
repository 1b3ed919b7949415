"""How long each page of the console takes to paint and to answer, in a browser, with many incidents open.

`python -m benchmarks.console --json` opens each page several times and tells, in ms: `paint`, the first
content that the browser drew; `content`, what the page is for; `answer`, from a click to what it brings.
Beside it stands what one look at the list costs in the database, in this process. The times are of this
machine, with browser and console on it together. Does not know what is measured elsewhere.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from telcollm.access import Caller, Role
from telcollm.app.console import running_console
from telcollm.app.services import incidents as services
from telcollm.app.workplace import Workplace, open_workplace
from telcollm.ports import EVERYTHING, IncidentQuery
from telcollm.records import CareMessage, Incident, PerceivedSeverity, TicketStatus, TroubleTicket
from telcollm.settings import Settings

PASSWORD: Final = "only for this run"
TICKETS: Final = 1_000
CONVERSATIONS: Final = 200
WAIT_MS: Final = 120_000
LOOK: Final = 20
"""How many incidents a page shows, as dashboards.views.now has it."""

_OPEN: Final = tuple(
    one.value
    for one in (TicketStatus.ACKNOWLEDGED, TicketStatus.PENDING, TicketStatus.HELD, TicketStatus.IN_PROGRESS)
)
_PAINTED: Final = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


@dataclass(frozen=True)
class Page:
    """What is looked at: `sign` is there when the page shows what it is for, `answer` after the act."""

    role: Role
    path: str
    sign: str
    act: Callable[[Any], None]
    answer: str


def _click(selector: str, place: int = 0) -> Callable[[Any], None]:
    return lambda page: page.locator(selector).nth(place).click()


def _ask(page: Any) -> None:
    page.locator("[data-testid=stChatInputTextArea]").fill("Which incidents are open?")
    page.locator("[data-testid=stChatInputTextArea]").press("Enter")


PAGES: Final[dict[str, Page]] = {
    "now": Page(
        Role.NOC_ENGINEER,
        "/",
        "[class*=st-key-row-CRITICAL]",
        # The oldest one first: it is none of those that stand first by impact.
        _click(".st-key-sort button", 1),
        "[class*=st-key-row-MINOR]",
    ),
    "now, in the middle": Page(
        Role.NOC_ENGINEER,
        "/?page={middle}",
        "[class*=st-key-row-]",
        _click(".st-key-sort button", 1),
        "[class*=st-key-row-CRITICAL]",
    ),
    "incident": Page(
        Role.NOC_ENGINEER,
        "/incident?id=inc-000000",
        ".st-key-act-acknowledge button, .st-key-act-take-back button",
        _click(".st-key-act-acknowledge button, .st-key-act-take-back button"),
        "[data-testid=stAlert]",
    ),
    "ask": Page(
        Role.NOC_ENGINEER,
        "/ask",
        "[data-testid=stChatInputTextArea]",
        _ask,
        "[data-testid=stChatMessage] >> nth=1 >> [data-testid=stPopover], [data-testid=stBadge]",
    ),
    "tickets": Page(
        Role.TRIAGE_OPERATOR,
        "/tickets",
        ".st-key-ticket-0 a",
        _click(".st-key-ticket-0 a"),
        ".st-key-chosen-ticket",
    ),
    "care": Page(
        Role.CARE_AGENT, "/care", ".st-key-head-0 a", _click(".st-key-head-0 a"), ".st-key-customer"
    ),
    "models": Page(
        Role.MODEL_OWNER,
        "/models",
        "[data-testid=stSelectbox], [class*=st-key-empty-]",
        _click(".st-key-switch button"),
        "[data-testid=stAlert]",
    ),
    "audit": Page(
        Role.AUDITOR,
        "/audit",
        "[data-testid=stDataFrame]",
        _click("[data-testid=stMain] [data-testid=stButton] button"),
        "[data-testid=stAlert]",
    ),
}


def fill(desk: Workplace, incidents: int) -> None:
    """Put open incidents of all severities, tickets, conversations and an account a role into a new store."""
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
    desk.stores.tickets.put(
        TroubleTicket(
            tenant="default",
            ticket_id=f"t-{order:05d}",
            description=f"No internet in street {order}",
            creation_date=now - timedelta(seconds=order),
        )
        for order in range(TICKETS)
    )
    desk.stores.care.put_messages(
        CareMessage(
            tenant="default",
            message_id=f"m-{order}",
            conversation_id=f"c-{order}",
            customer_id=f"k-{order}",
            sent_time=now - timedelta(seconds=order),
            text="No internet since this morning",
        )
        for order in range(CONVERSATIONS)
    )
    for role in {page.role for page in PAGES.values()}:
        desk.accounts.add(role.value, PASSWORD, roles=(role,), scope=EVERYTHING, at=now)


def figures(times: Sequence[float]) -> dict[str, float]:
    """Return median and worst, in whole ms.

    >>> figures([3.2, 1.0, 9.9])
    {'median': 3, 'worst': 10}
    """
    return {"median": round(statistics.median(times)), "worst": round(max(times))}


def database_ms(desk: Workplace, repeats: int) -> dict[str, dict[str, float]]:
    """Return what the list costs without browser and Streamlit: counts, the first page, one in the middle."""
    caller = Caller("engineer", frozenset({Role.NOC_ENGINEER}), EVERYTHING)
    total = services.counts(desk, caller, IncidentQuery(statuses=_OPEN)).total
    middle = total // 2
    looks: dict[str, Callable[[], object]] = {
        "counts": lambda: services.counts(desk, caller, IncidentQuery(statuses=_OPEN)),
        "first page": lambda: services.list_incidents(
            desk, caller, IncidentQuery(statuses=_OPEN, sort="impact", limit=LOOK)
        ),
        "middle page": lambda: services.list_incidents(
            desk, caller, IncidentQuery(statuses=_OPEN, sort="impact", limit=LOOK, offset=middle)
        ),
    }
    return {name: figures([_took_ms(look) for _ in range(repeats)]) for name, look in looks.items()}


def _took_ms(look: Callable[[], object]) -> float:
    began = time.perf_counter()
    look()
    return (time.perf_counter() - began) * 1000


def log_in(browser: Any, address: str, role: Role) -> Any:
    """Return a tab that is logged in, cookie and all, with the console's code in its cache."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB").new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{address}/")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("input[type=text]").first.fill(role.value)
    with page.expect_response("**/session"):
        page.locator("[data-testid=stFormSubmitButton] button").click()
    page.locator(".st-key-pipeline .stText").first.wait_for()
    return page


def look_at(tab: Any, url: str, page: Page, repeats: int) -> dict[str, dict[str, float]]:
    """Return the times of a page over so many looks."""
    paint, content, answer = [], [], []
    for _ in range(repeats):
        began = time.perf_counter()
        tab.goto(url, wait_until="commit")
        tab.locator(page.sign).first.wait_for()
        content.append((time.perf_counter() - began) * 1000)
        painted = tab.evaluate(_PAINTED)
        if painted is not None:
            paint.append(float(painted))
        tab.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
        began = time.perf_counter()
        page.act(tab)
        tab.locator(page.answer).first.wait_for()
        answer.append((time.perf_counter() - began) * 1000)
    found = {"content": figures(content), "answer": figures(answer)}
    return {"paint": figures(paint), **found} if paint else found


def measure(
    home: Path,
    incidents: int,
    repeats: int,
    chromium: str,
    wanted: Sequence[str],
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Return all figures: of the database, and of each wanted page."""
    from playwright.sync_api import sync_playwright

    desk = open_workplace(Settings(home=home))
    try:
        tell(f"writing {incidents:,} incidents")
        fill(desk, incidents)
        tell("asking the database")
        asked = database_ms(desk, repeats)
    finally:
        desk.close()
    pages: dict[str, Any] = {}
    environment = {"TELCOLLM_HOME": str(home), "TELCOLLM_MODEL__ENGINE": "none"}
    with running_console(port=0, environment=environment) as console, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        tabs: dict[Role, Any] = {}
        for name in wanted:
            page = PAGES[name]
            if page.role not in tabs:
                tabs[page.role] = log_in(browser, console.address, page.role)
            path = page.path.format(middle=max(1, incidents // LOOK // 2))
            pages[name] = look_at(tabs[page.role], f"{console.address}{path}", page, repeats)
            shown = ", ".join(f"{what} {one['median']} ms" for what, one in pages[name].items())
            tell(f"{name}: {shown}")
        browser.close()
    return {"incidents": incidents, "repeats": repeats, "database_ms": asked, "pages_ms": pages}


def table(found: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown, median (worst) of each."""

    def cell(one: dict[str, float] | None) -> str:
        return "-" if one is None else f"{one['median']:,} ({one['worst']:,})"

    lines = [
        f"{found['incidents']:,} open incidents, ms, median (worst) of {found['repeats']} looks",
        "",
        "| page | first paint | content | answer to a click |",
        "|---|---|---|---|",
    ]
    for name, one in found["pages_ms"].items():
        lines.append(
            f"| {name} | {cell(one.get('paint'))} | {cell(one['content'])} | {cell(one['answer'])} |"
        )
    lines += ["", "| in the database | ms |", "|---|---|"]
    lines += [f"| {name} | {cell(one)} |" for name, one in found["database_ms"].items()]
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Measure, and print a table or JSON; return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--page", action="append", choices=list(PAGES), help="only this one; may be repeated")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON instead of a table")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(
            Path(folder),
            asked.incidents,
            asked.repeats,
            asked.chromium,
            asked.page or list(PAGES),
            lambda line: print(line, file=sys.stderr, flush=True),
        )
    print(json.dumps(found, indent=1) if asked.as_json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
