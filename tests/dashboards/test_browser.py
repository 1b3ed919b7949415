"""Each person's main task in a real browser, against a running pipeline, in both languages.

Pictures of what was seen are kept where TELCOLLM_SCREENSHOTS names a folder, else in build/screenshots.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards.wording import wording
from streams.broker import EmbeddedBroker
from streams.testing import settings_for, unique_prefix
from telcollm.access import Role
from telcollm.app.console import running_console
from telcollm.ports import EVERYTHING
from telcollm.records import FeedbackKind
from tests.dashboards.network import HOSTILE
from tests.dashboards.running import CHALLENGER, INJECTED, LANGUAGES, PASSWORD, Pipeline, running_pipeline

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM = os.environ.get("TELCOLLM_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")
SCREENSHOTS = Path(os.environ.get("TELCOLLM_SCREENSHOTS") or Path(__file__).parents[2] / "build/screenshots")
WAIT_MS = 240_000
"""Far beyond what anything takes, so that a machine under load is slow and not wrong."""

READERS = {"en": ("en-GB", "Europe/Berlin"), "zh": ("zh-CN", "Asia/Shanghai")}
QUESTIONS = {
    "en": "What happened on router-main-en in the last two hours?",
    "zh": "过去两小时 router-main-zh 发生了什么？",
}
WIDTH, HEIGHT = 1440, 1000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.timeout(3_600),
    # What MLflow and its own libraries warn of is not telcollm's to mend.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        not CHROMIUM, reason=f"no Chromium is installed ({', '.join(NAMES)}; or TELCOLLM_CHROMIUM names it)"
    ),
    pytest.mark.parametrize("language", LANGUAGES),
]

Enter = Callable[[Role, str], Any]


@pytest.fixture(scope="module")
def pipeline(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A worker that has seen to a site in trouble for each language."""
    kafka = settings_for(broker, unique_prefix())
    with running_pipeline(kafka, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def address(pipeline: Pipeline) -> Iterator[str]:
    """A console on the pipeline's home, in a process of its own."""
    settings = pipeline.settings
    environment = {
        "TELCOLLM_HOME": str(settings.home),
        "TELCOLLM_HEALTH_PORT": str(settings.health_port),
        "TELCOLLM_MODEL__ENGINE": "none",
    }
    with running_console(port=0, environment=environment) as console:
        yield console.address


@pytest.fixture(scope="module")
def browsers(address: str) -> Iterator[dict[str, Any]]:
    """One browser, with a reader of each language; what it fetched once it keeps."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        made = {
            language: started.new_context(
                base_url=address,
                viewport={"width": WIDTH, "height": HEIGHT},
                locale=locale,
                timezone_id=zone,
            )
            for language, (locale, zone) in READERS.items()
        }
        yield made
        started.close()


@pytest.fixture
def enter(browsers: dict[str, Any], language: str) -> Iterator[Enter]:
    """Log in as somebody of a role, at a path; every page is looked through for what was injected."""
    context = browsers[language]
    pages: list[Any] = []
    scripts: list[str] = []

    def hear(dialog: Any) -> None:
        scripts.append(dialog.message)
        dialog.dismiss()

    def enter(role: Role, path: str) -> Any:
        context.clear_cookies()
        page = context.new_page()
        pages.append(page)
        page.set_default_timeout(WAIT_MS)
        page.on("dialog", hear)
        page.goto(path)
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("input[type=text]").first.fill(role.value)
        page.locator("[data-testid=stFormSubmitButton] button").click()
        seen(page, ".st-key-pipeline", wording(language, "words.pipeline ok"))
        return page

    yield enter
    for page in pages:
        page.close()
    assert scripts == [], "a script in a text from outside ran"


def says(language: str, key: str) -> str:
    """Return what the catalogue has, as the browser shows it."""
    return wording("zh" if language == "zh" else "en", key).replace("**", "")


def button(page: Any, language: str, key: str) -> Any:
    """Return the button that bears an entry of the catalogue, gaps in it filled with anything."""
    pattern = re.sub(r"\\\{\w+\\\}", ".*", re.escape(says(language, key)))
    return page.get_by_role("button", name=re.compile(f"{pattern}$")).first


def seen(page: Any, selector: str, text: str | re.Pattern[str]) -> Any:
    """Return what shows the text, once it does; what a run before left may stand beside it until then."""
    from playwright.sync_api import expect

    found = page.locator(selector).filter(has_text=text).first
    expect(found).to_be_visible()
    return found


def keep(page: Any, name: str) -> None:
    """Keep a picture of the whole page, where nothing was injected into it."""
    from playwright.sync_api import expect

    expect(page.locator("[data-testid=stSpinner]")).to_have_count(0)
    for injected in ("img[src=x]", "a[href^=javascript]", "a[href*='evil.example']", ".katex", "[onerror]"):
        assert page.locator(injected).count() == 0, f"{name}: a text from outside was read: {injected}"
    assert page.locator("[data-testid=stException]").count() == 0
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tall = page.evaluate("Math.max(...[...document.querySelectorAll('*')].map(one => one.scrollHeight))")
    page.set_viewport_size({"width": WIDTH, "height": max(HEIGHT, min(int(tall), 4_000))})
    page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def test_an_engineer_finds_an_incident_reads_it_takes_it_in_hand_and_asks(
    enter: Enter, pipeline: Pipeline, language: str
) -> None:
    from playwright.sync_api import expect

    found = pipeline.incident("main", language)
    assert found is not None
    router = f"router-main-{language}"
    page = enter(Role.NOC_ENGINEER, "/")
    row = page.locator("[class*=st-key-row-CRITICAL]").filter(has_text=router)
    expect(row).to_contain_text("LINK_LOSS")
    expect(row).to_contain_text(says(language, "now.nobody"))
    keep(page, f"now-{language}")

    row.locator("a").click()
    page.wait_for_url(re.compile(re.escape(found.incident_id)))
    seen(page, ".st-key-hypothesis-1", router)
    expect(page.get_by_text(HOSTILE[:30]).first).to_be_attached()
    drawing = page.locator(".st-key-topology canvas, .st-key-topology svg").first
    expect(drawing).to_be_visible()
    inside, around = drawing.bounding_box(), page.locator(".st-key-topology").bounding_box()
    assert inside["x"] + inside["width"] <= around["x"] + around["width"] + 1, "the picture is cut off"
    page.locator(".st-key-hypothesis-1").get_by_role("button").first.click()
    evidence = page.locator("[data-testid=stPopoverBody]")
    expect(evidence.first).to_contain_text("LINK_LOSS")
    page.keyboard.press("Escape")
    keep(page, f"incident-{language}")

    button(page, language, "incident.acknowledge").click()
    expect(page.get_by_text(says(language, "incident.acknowledged"), exact=True).first).to_be_visible()
    seen(page, ".st-key-incident-actions", "noc_engineer")
    (kept,) = pipeline.desk.actions.actions(EVERYTHING, found.incident_id)
    assert (kept.kind, kept.actor) == ("acknowledged", "noc_engineer")

    page.locator("[data-testid=stSidebarNav] a[href*='/ask']").click()
    asks = page.locator("[data-testid=stChatInputTextArea]")
    asks.fill(QUESTIONS[language])
    asks.press("Enter")
    answer = page.locator("[data-testid=stChatMessage]").nth(1)
    expect(answer).to_contain_text(router)
    expect(answer).to_contain_text(says(language, "frame.by machine"))
    keep(page, f"ask-{language}")
    answer.locator("[data-testid=stPopover] button").first.click()
    source = page.locator("[data-testid=stPopoverBody] a").first
    cited = source.inner_text().strip()
    source.click()
    shown = page.locator(".st-key-cited")
    expect(shown.locator("code").first).to_have_text(re.compile(re.escape(cited.rstrip("…"))))
    expect(shown.get_by_text(says(language, "frame.not found"))).to_have_count(0)
    keep(page, f"cited-{language}")
    page.reload()
    expect(shown.locator("code").first).to_be_visible()
    assert page.locator("input[type=password]").count() == 0, "a reload must not ask for the password again"


def test_what_can_be_clicked_on_an_incident_holds_still_and_answers_while_the_rest_is_fetched(
    enter: Enter, pipeline: Pipeline, language: str
) -> None:
    from playwright.sync_api import expect

    found = pipeline.incident("other", language)
    assert found is not None
    page = enter(Role.NOC_ENGINEER, "/")
    held: list[Any] = []

    def let_through(name: str) -> None:
        for one in [one for one in held if f"/{name}." in one.request.url]:
            held.remove(one)
            one.continue_()

    page.route(re.compile(r"/(Button|Metric)\.[^/]*js$"), lambda one: held.append(one))
    page.goto(f"/incident?id={found.incident_id}")
    row = page.locator(".st-key-incident-actions")
    popovers = row.locator("[data-testid=stPopover]")
    expect(popovers.first).to_be_attached()
    expect(popovers.first).to_be_hidden()
    let_through("Button")
    expect(page.locator(".st-key-act-acknowledge button")).to_be_visible()
    expect(popovers.first).to_be_visible()
    assert [one for one in held if "/Metric." in one.request.url], "figures are still to be fetched"
    page.locator(".st-key-act-acknowledge button").click()
    again = page.locator(".st-key-act-take-back button")
    expect(again).to_be_visible()
    before = again.bounding_box()
    let_through("Metric")
    expect(page.locator("[data-testid=stMetric]").first).to_be_visible()
    assert again.bounding_box() == before
    kept = pipeline.desk.actions.actions(EVERYTHING, found.incident_id)
    assert [(one.kind, one.actor) for one in kept] == [("acknowledged", "noc_engineer")]


def test_an_operator_accepts_one_route_and_corrects_another(
    enter: Enter, pipeline: Pipeline, language: str
) -> None:
    from playwright.sync_api import expect

    one, two = f"t-{language}-1", f"t-{language}-2"
    tickets = pipeline.desk.stores.tickets
    team = tickets.routes(EVERYTHING, [one])[one].alternatives[0][0]
    page = enter(Role.TRIAGE_OPERATOR, f"/tickets?ticket={one}")
    seen(page, ".st-key-chosen-ticket", HOSTILE)
    seen(page, ".st-key-route", team)
    keep(page, f"tickets-{language}")
    page.locator(".st-key-accept button, .st-key-alternatives button").first.click()
    done = f"{says(language, 'tickets.accepted')}|{says(language, 'tickets.corrected')}"
    seen(page, "[data-testid=stAlert]", re.compile(done))
    kept = tickets.ticket(EVERYTHING, one)
    assert kept is not None and kept.team == team

    page.locator("[data-testid=stPageLink] a").filter(has_text=two).first.click()
    seen(page, ".st-key-chosen-ticket", two)
    expect(page.locator(".st-key-chosen-ticket")).to_have_count(1)
    right = page.locator("[data-testid=stForm] [data-testid=stSelectbox] input").first
    right.fill("billing_systems")
    right.press("Enter")
    button(page, language, "tickets.correct").click()
    expect(page.get_by_text(says(language, "tickets.corrected"), exact=True).first).to_be_visible()
    kept = tickets.ticket(EVERYTHING, two)
    assert kept is not None and kept.team == "billing_systems"
    keep(page, f"tickets-corrected-{language}")


def test_an_agent_sends_a_reply_and_sees_another_withdrawn_when_the_fault_is_over(
    enter: Enter, pipeline: Pipeline, language: str
) -> None:
    from playwright.sync_api import expect

    found = pipeline.incident("main", language)
    assert found is not None
    page = enter(Role.CARE_AGENT, f"/care?conversation=c-main-{language}")
    seen(page, ".st-key-talk", INJECTED)
    seen(page, ".st-key-facts", found.incident_id)
    suggested = pipeline.replies("main", language)[-1]
    expect(page.locator("[data-testid=stForm] textarea").first).to_have_value(suggested.text)
    keep(page, f"care-{language}")
    button(page, language, "care.send").click()
    expect(page.get_by_text(says(language, "care.sent it"), exact=True).first).to_be_visible()
    seen(page, ".st-key-talk", suggested.text[:40])
    sent = pipeline.desk.stores.care.conversation(EVERYTHING, f"c-main-{language}")[-1]
    assert (sent.author, sent.text) == ("agent", suggested.text)
    assert [
        one.kind
        for one in pipeline.desk.stores.store.feedback(EVERYTHING)
        if one.subject_id == suggested.reply_id
    ] == [FeedbackKind.ACCEPTED]

    page.locator("[data-testid=stPageLink] a").filter(has_text=f"c-other-{language}").first.click()
    before = pipeline.replies("other", language)[-1]
    expect(page.locator("[data-testid=stForm] textarea").first).to_have_value(before.text)
    assert page.get_by_text(says(language, "care.withdrawn")).count() == 0
    pipeline.alarms("other", language, cleared=True)
    expect(page.get_by_text(says(language, "care.withdrawn")).first).to_be_visible()
    now = {one.reply_id: one for one in pipeline.replies("other", language)}
    assert now[before.reply_id].withdrawn
    keep(page, f"care-withdrawn-{language}")


def test_a_model_owner_is_refused_by_the_gate_and_an_auditor_sees_that_and_no_switch(
    enter: Enter, pipeline: Pipeline, language: str
) -> None:
    from playwright.sync_api import expect

    page = enter(Role.MODEL_OWNER, f"/models?model={CHALLENGER}")
    expect(button(page, language, "models.stop")).to_be_visible()
    button(page, language, "models.promote").click()
    refused = re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(says(language, "models.failed the gate"))))
    expect(page.get_by_text(refused).first).to_be_visible()
    beats = says(language, "gate.no gain").partition("{gain}")[0]
    beats = beats.replace("{rival}", says(language, "words.rival tfidf"))
    expect(page.get_by_text(beats).first).to_be_visible()
    keep(page, f"models-{language}")

    page = enter(Role.AUDITOR, "/audit")
    expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    trail = pipeline.desk.stores.audit.entries(EVERYTHING, 50)
    judged = [one.detail for one in trail if one.action == "promotion judged"]
    assert judged and "beats TF-IDF" in judged[0]
    button(page, language, "audit.verify").click()
    seen(page, "[data-testid=stAlert]", says(language, "audit.whole"))
    keep(page, f"audit-{language}")
    page.locator("[data-testid=stSidebarNav] a[href*='/models']").click()
    seen(page, ".st-key-switch", says(language, "models.speak"))
    # What chooses the version of the report is drawn last: by then every button would be there.
    expect(page.locator("[data-testid=stSelectbox]").nth(1)).to_be_visible()
    assert button(page, language, "models.stop").count() == 0
    assert button(page, language, "models.promote").count() == 0
