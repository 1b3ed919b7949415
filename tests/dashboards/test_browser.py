"""Each person's main task in a real browser, in both languages; TELCOLLM_SCREENSHOTS keeps pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telcollm.access import Role
from telcollm.app.console import running_console
from telcollm.app.workplace import open_workplace
from telcollm.ports import EVERYTHING
from telcollm.settings import Settings
from tests.dashboards.network import incident, put_incidents, put_trouble

CHROMIUM = Path(os.environ.get("TELCOLLM_CHROMIUM", "/usr/bin/chromium"))
PASSWORD = "correct horse battery"
WAIT_MS = 60_000
LANGUAGES = {"en": ("en-GB", "Europe/Berlin"), "zh": ("zh-CN", "Asia/Shanghai")}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
]

Enter = Callable[[Role, str, str], Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a network in trouble and an account of each role."""
    home = tmp_path_factory.mktemp("home")
    desk = open_workplace(Settings(home=home))
    put_trouble(desk)
    put_incidents(desk, (incident(order) for order in range(1, 41)))
    for role in Role:
        desk.accounts.add(role.value, PASSWORD, roles=(role,), scope=EVERYTHING, at=desk.now())
    desk.close()
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with running_console(port=0, environment={"TELCOLLM_HOME": str(home)}) as console:
        yield console.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture
def enter(browser: Any, address: str) -> Iterator[Enter]:
    """Log in as a role, in a language, at a path; the page is there when its title is."""
    contexts = []

    def enter(role: Role, language: str, path: str) -> Any:
        locale, zone = LANGUAGES[language]
        context = browser.new_context(
            viewport={"width": 1440, "height": 1000}, locale=locale, timezone_id=zone
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{address}{path}")
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("input[type=text]").first.fill(role.value)
        page.locator("[data-testid=stFormSubmitButton] button").click()
        page.locator(".st-key-pipeline .stText").first.wait_for()
        page.locator("h1").first.wait_for()
        return page

    yield enter
    for context in contexts:
        context.close()


def keep(page: Any, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("TELCOLLM_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


WORDS = {
    "en": {
        "ack": "Acknowledge",
        "done": "Acknowledged.",
        "accept": "Accept",
        "send": "Send",
        "stop": "Stop all",
    },
    "zh": {
        "ack": "确认",
        "done": "已确认。",
        "accept": "采纳",
        "send": "发送",
        "stop": "停用全部",
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_engineer_sees_the_worst_opens_it_and_takes_it_in_hand(enter: Enter, language: str) -> None:
    page = enter(Role.NOC_ENGINEER, language, "/")
    row = page.locator("[class*=st-key-row-CRITICAL]").first
    row.wait_for()
    keep(page, f"now-{language}")
    row.locator("a").click()
    page.wait_for_url("**id=inc-main**")
    page.locator(".st-key-incident-actions").wait_for()
    keep(page, f"incident-{language}")
    words = WORDS[language]
    button = page.locator(".st-key-incident-actions button").first
    if words["ack"] == button.inner_text().splitlines()[-1].strip():
        button.click()
        page.get_by_text(words["done"], exact=True).wait_for()
    assert page.locator("img[src=x]").count() == 0, "a text of an alarm was read as HTML"
    page.reload()
    page.locator(".st-key-incident-actions").wait_for()
    assert page.locator("input[type=password]").count() == 0, "a reload must not ask for the password again"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_operator_sees_where_a_ticket_goes_and_accepts_it(enter: Enter, language: str) -> None:
    page = enter(Role.TRIAGE_OPERATOR, language, "/tickets?ticket=t-main")
    page.get_by_role("button", name=re.compile(WORDS[language]["accept"])).first.wait_for()
    keep(page, f"tickets-{language}")
    page.get_by_role("button", name=re.compile(WORDS[language]["accept"])).first.click()
    page.locator("[data-testid=stAlert]").first.wait_for()
    assert page.locator("img[src=x]").count() == 0, "a text of a ticket was read as HTML"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agent_sees_the_reply_with_its_facts_and_sends_it(enter: Enter, language: str) -> None:
    page = enter(Role.CARE_AGENT, language, "/care?conversation=c1")
    page.locator(".st-key-facts").wait_for()
    keep(page, f"care-{language}")
    page.get_by_role("button", name=re.compile(WORDS[language]["send"])).first.click()
    page.locator("[data-testid=stAlert]").first.wait_for()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_owner_sees_the_switch_and_an_auditor_the_trail(enter: Enter, language: str) -> None:
    page = enter(Role.MODEL_OWNER, language, "/models")
    page.get_by_role("button", name=re.compile(WORDS[language]["stop"])).wait_for()
    keep(page, f"models-{language}")
    page = enter(Role.AUDITOR, language, "/audit")
    page.locator("[data-testid=stDataFrame]").wait_for()
    keep(page, f"audit-{language}")
