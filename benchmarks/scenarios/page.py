"""The comparison of two runs as one HTML page that needs nothing beside it: no script, no font, no network.

All that was said is escaped: texts of cases are made to be hostile. Deliberately does not compare.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.scenarios.comparing import Comparison, Difference
from benchmarks.scenarios.results import Figure, Results
from telcollm.errors import MissingExtraError, SettingsError

MOST_CASES: Final = 200
"""Cases shown of each kind; the files of the runs hold all."""

_MOST_TEXT: Final = 4_000


def write_page(comparison: Comparison, path: Path) -> None:
    """Write the page to `path`.

    Raises:
        MissingExtraError: Jinja2 is not installed.
        SettingsError: it cannot be written there.
    """
    text = page_of(comparison)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"the page cannot be written to {path} ({error}); name a file in a writable folder"
        raise SettingsError(message) from error


def page_of(comparison: Comparison) -> str:
    """Return the page.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError(package="jinja2", extra="finetune") from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.globals.update(
        number=number, interval=interval, chance=chance, way=_way, json=_json, cost=_cost
    )
    before, after = comparison.before, comparison.after
    return environment.get_template("page.html").render(
        c=comparison,
        identities=sorted({*before.identity, *after.identity}),
        costs=[name for name in before.costs if name in after.costs],
        most=MOST_CASES,
        lists=[
            ("cases got better", "better", comparison.better),
            ("cases got worse", "worse", comparison.worse),
            ("cases said otherwise, as right or wrong as before", "otherwise", comparison.otherwise),
        ],
    )


def number(value: float | None) -> str:
    """Return a figure as it is shown.

    >>> number(0.12345), number(12.0), number(None)
    ('.123', '12', '-')
    """
    if value is None:
        return "-"
    if float(value).is_integer() and abs(value) != 1:
        return f"{value:.0f}"
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:,.3f}"


def interval(figure: Figure) -> str:
    """Return a figure with its interval.

    >>> interval(Figure(0.5, 10, 10, 0.25, 0.75)), interval(Figure(3.0, 10, 10))
    ('.500 (.250 to .750)', '3')
    """
    if figure.low is None or figure.high is None:
        return number(figure.value)
    return f"{number(figure.value)} ({number(figure.low)} to {number(figure.high)})"


def chance(p: float | None) -> str:
    """Return a p-value as it is shown.

    >>> chance(0.00001), chance(0.25), chance(None)
    ('< .001', '.250', '-')
    """
    return "< .001" if p is not None and p < 0.001 else number(p)


def _way(difference: Difference) -> str:
    """Return the class of a difference beyond chance: for better, or for worse."""
    if not difference.beyond_chance or difference.measure.better == "neither":
        return ""
    return "up" if (difference.change.value > 0) is (difference.measure.better == "higher") else "down"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()[:_MOST_TEXT]


def _cost(results: Results, name: str) -> str:
    cost = results.costs[name]
    return f"{cost.p50:,.1f} / {cost.p95:,.1f}"
