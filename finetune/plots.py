"""Plots as SVG text, to stand inside a page without scripts or fonts of its own.

All words that come from data are escaped here. Does not know what is plotted well or badly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH = 680
_ROW = 30
_LEFT = 210
_INK = "var(--ink)"
_FAINT = "var(--line)"
_MAIN = "var(--main)"
_OTHER = "var(--other)"


class Bar(NamedTuple):
    """One figure between 0 and 1 with its interval, and whether it is the one the page is about."""

    name: str
    value: float
    low: float
    high: float
    main: bool = False


class Bin(NamedTuple):
    """One bin of a reliability plot: mean confidence, share that was right, rows."""

    confidence: float
    accuracy: float
    rows: int


def intervals(bars: Sequence[Bar], title: str) -> str:
    """Return a plot of figures and their intervals, one line each, in the order given.

    >>> "a&lt;b" in intervals([Bar("a<b", 0.5, 0.4, 0.6)], "accuracy")
    True
    """
    least = min((bar.low for bar in bars), default=0.0)
    most = max((bar.high for bar in bars), default=1.0)
    step = next((size for size in (0.01, 0.02, 0.05, 0.1) if (most - least) / size <= 6), 0.2)
    low = max(0.0, math.floor(least / step) * step)
    high = min(1.0, math.ceil(most / step) * step)
    span = max(high - low, 1e-6)
    right = WIDTH - 70

    def x(value: float) -> float:
        return _LEFT + (right - _LEFT) * (value - low) / span

    height = _ROW * len(bars) + 44
    parts = [_open(height, title)]
    for mark in range(round(span / step) + 1):
        value = low + mark * step
        parts.append(_line(x(value), 8, x(value), height - 30, _FAINT))
        parts.append(_text(x(value), height - 12, f"{value:.2f}", "middle"))
    for place, bar in enumerate(bars):
        y = 22 + _ROW * place
        ink = _MAIN if bar.main else _OTHER
        parts.append(_text(_LEFT - 10, y + 4, _short(bar.name, 30), "end", bold=bar.main))
        parts.append(_line(x(bar.low), y, x(bar.high), y, ink, 3))
        parts.append(f'<circle cx="{x(bar.value):.1f}" cy="{y}" r="5" fill="{ink}"/>')
        parts.append(_text(right + 10, y + 4, f"{bar.value:.3f}", "start", bold=bar.main))
    return "".join([*parts, "</svg>"])


def reliability(bins: Sequence[Bin], title: str) -> str:
    """Return a reliability plot: how often each confidence was right, beside perfect calibration."""
    side, left, top = 300, 50, 14
    parts = [_open(side + 60, title, width=side + 90)]

    def x(value: float) -> float:
        return left + side * value

    def y(value: float) -> float:
        return top + side * (1 - value)

    for step in range(6):
        value = step / 5
        parts.append(_line(x(value), y(0), x(value), y(1), _FAINT))
        parts.append(_line(x(0), y(value), x(1), y(value), _FAINT))
        parts.append(_text(x(value), y(0) + 16, f"{value:.1f}", "middle"))
        parts.append(_text(left - 8, y(value) + 4, f"{value:.1f}", "end"))
    parts.append(_line(x(0), y(0), x(1), y(1), _OTHER, dashed=True))
    most = max((one.rows for one in bins), default=1) or 1
    path = " ".join(f"{x(one.confidence):.1f},{y(one.accuracy):.1f}" for one in bins)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{_MAIN}" stroke-width="2"/>')
    for one in bins:
        radius = 3 + 4 * (one.rows / most) ** 0.5
        parts.append(
            f'<circle cx="{x(one.confidence):.1f}" cy="{y(one.accuracy):.1f}" r="{radius:.1f}" '
            f'fill="{_MAIN}"><title>{one.rows} rows: confidence {one.confidence:.3f}, right '
            f"{one.accuracy:.3f}</title></circle>"
        )
    parts.append(_text(left + side / 2, top + side + 36, "confidence", "middle"))
    parts.append(
        f'<text x="12" y="{top + side / 2}" text-anchor="middle" '
        f'transform="rotate(-90 12 {top + side / 2})">right</text>'
    )
    return "".join([*parts, "</svg>"])


def confusion(labels: Sequence[str], counts: Sequence[Sequence[int]], title: str) -> str:
    """Return a confusion matrix: a line per true label, shades by its share, counts where they fit."""
    cell = 34 if len(labels) <= 14 else 24
    left, top = 170, 130
    size = cell * len(labels)
    parts = [_open(top + size + 12, title, width=left + size + 20)]
    for place, label in enumerate(labels):
        middle = place * cell + cell / 2
        name = _short(label, 22)
        parts.append(_text(left - 8, top + middle + 4, name, "end"))
        parts.append(
            f'<text x="{left + middle:.1f}" y="{top - 8}" text-anchor="start" '
            f'transform="rotate(-55 {left + middle:.1f} {top - 8})">{escape(name)}</text>'
        )
    for row, line in enumerate(counts):
        total = sum(line) or 1
        for column, count in enumerate(line):
            share = count / total
            ink = _MAIN if row == column else "var(--wrong)"
            x, y = left + column * cell, top + row * cell
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" fill="{ink}" '
                f'fill-opacity="{share:.3f}" stroke="{_FAINT}"><title>{escape(labels[row])} taken for '
                f"{escape(labels[column])}: {count} of {total}</title></rect>"
            )
            if count:
                parts.append(
                    f'<text x="{x + cell / 2}" y="{y + cell / 2 + 4}" text-anchor="middle" font-size="10" '
                    f'style="fill: {"#fff" if share > 0.6 else _INK}">{count}</text>'
                )
    return "".join([*parts, "</svg>"])


def _open(height: float, title: str, width: int = WIDTH) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>'
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, ink: str, width: float = 1, *, dashed: bool = False
) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ink}" '
        f'stroke-width="{width}"{dash}/>'
    )


def _text(x: float, y: float, words: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}"{weight}>{escape(words)}</text>'
    )


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
