"""The report of a run as one HTML page that needs nothing beside it: no script, no font, no network.

Takes what was measured and words that passed the guard. Does not measure or judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from finetune import plots
from telcollm.errors import MissingExtraError

CALLED: Final = {
    "decider": "decider (mix)",
    "model": "model alone",
    "plain": "plain expert alone",
    "champion": "present champion",
    "base": "untuned base",
    "tfidf": "TF-IDF + logistic regression",
    "boosting": "gradient boosting",
    "majority": "commonest label",
}
_MOST_LABELS: Final = 60
_MOST_CONFUSED: Final = 20
_TEMPLATES: Final = Path(__file__).parent / "templates"

Measured = Mapping[str, Any]
"""What `metrics.json` holds."""


def write_report(measured: Measured, path: Path) -> Path:
    """Return the path of the page, written whole.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError(package="jinja2", extra="finetune") from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["ratio"] = _ratio
    environment.filters["percent"] = _percent
    environment.filters["interval"] = _interval
    page = environment.get_template("report.html").render(**_fields(measured))
    path.write_text(page, encoding="utf-8")
    return path


def part_order(parts: Mapping[str, Any]) -> list[str]:
    """Return the names of the parts in the order of reading: the decider, its parts, then the rivals."""
    return [name for name in CALLED if name in parts] + [name for name in parts if name not in CALLED]


def _fields(measured: Measured) -> dict[str, Any]:
    parts = measured["parts"]
    names = part_order(parts)
    labels = sorted(measured["per_label"], key=lambda one: (-one["count"], one["label"]))
    confused, counts = _confusion(measured.get("confusion") or {})
    bars = [
        plots.Bar(
            CALLED.get(name, name),
            parts[name]["accuracy"],
            parts[name]["accuracy_low"],
            parts[name]["accuracy_high"],
            name == "decider",
        )
        for name in names
    ]
    bins = [plots.Bin(one["confidence"], one["accuracy"], one["rows"]) for one in measured["reliability"]]
    total = len(measured.get("confusion", {}).get("labels", ()))
    return {
        "m": measured,
        "own": parts["decider"],
        "parts": [_part_line(name, parts[name], measured["gains"].get(name)) for name in names],
        "accuracy_plot": plots.intervals(bars, "accuracy with 95 % intervals"),
        "reliability_plot": plots.reliability(bins, "reliability: confidence against share that was right"),
        "per_label": labels[:_MOST_LABELS],
        "per_label_left_out": max(0, len(labels) - _MOST_LABELS),
        "confusion_plot": plots.confusion(confused, counts, "confusion of labels") if confused else "",
        "confusion_note": f"; the {_MOST_CONFUSED} commonest of {total} labels"
        if total > _MOST_CONFUSED
        else "",
        "cost": _cost(measured["cost"], measured.get("training") or {}),
        "origin": [(name, value) for name, value in measured["origin"].items() if value not in ("", None)],
    }


def _part_line(name: str, part: Mapping[str, Any], gain: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        **part,
        "name": name,
        "called": CALLED.get(name, name),
        "accuracy_gain": _interval(gain["accuracy"]) if gain else "",
        "macro_f1_gain": _interval(gain["macro_f1"]) if gain else "",
    }


def _confusion(found: Mapping[str, Any]) -> tuple[list[str], list[list[int]]]:
    """Return the labels shown and their counts: those with most true rows, what is left out left out."""
    labels: Sequence[str] = found.get("labels", ())
    counts: Sequence[Sequence[int]] = found.get("counts", ())
    if len(labels) < 2:
        return [], []
    order = sorted(range(len(labels)), key=lambda place: (-sum(counts[place]), place))[:_MOST_CONFUSED]
    shown = sorted(order)
    return [labels[place] for place in shown], [[counts[row][column] for column in shown] for row in shown]


def _cost(cost: Mapping[str, Any], training: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = [
        ("a decision, in batches", _unit(cost.get("ms_per_row"), "ms")),
        ("a prompt, mean", _unit(cost.get("prompt_tokens_mean"), "tokens")),
        ("a prompt, 95th percentile", _unit(cost.get("prompt_tokens_p95"), "tokens")),
        ("computed for a decision, labels included", _unit(cost.get("tokens_per_row"), "tokens")),
        ("size of the decider", _unit(cost.get("size_mb"), "MB")),
        ("training", _minutes(training.get("seconds"))),
        ("tokens trained", f"{training['tokens']:,}" if training.get("tokens") else ""),
        ("training ended because", str(training.get("stopped_because") or "")),
        ("the whole run", _minutes(cost.get("run_s"))),
        ("hardware", str(cost.get("hardware") or "")),
    ]
    return [(name, value) for name, value in lines if value]


def _unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:,.1f} {unit}"


def _minutes(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 60:.1f} minutes"


def _interval(values: Sequence[float]) -> str:
    value, low, high = values
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
