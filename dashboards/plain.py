"""Text that came from outside, made fit to be shown as nothing but text: alarms, tickets, names, ids.

Every such string goes through `plain` (for places that show text as it is) or `coded` (for labels, in which
Streamlit reads Markdown). Does not know where a text came from: whoever is unsure uses it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST: Final = 4_000
"""How many characters are shown of one text."""

_GONE: Final = {"Cc", "Cf", "Cs", "Co", "Cn"}
_TICKS: Final = re.compile("`+")


class Figure(str):
    """A text made of the console's own digits and words, such as a time or a share: harmless anywhere."""


def plain(text: object, most: int = MOST) -> str:
    r"""Return the text without what cannot be seen: control characters, marks that turn lines round.

    Line feeds and tabs stay. What is longer than `most` is cut, and ends in an ellipsis.

    >>> plain("link \u202edown\x1b[31m")
    'link down[31m'
    """
    kept = "".join(
        sign for sign in str(text) if sign in "\n\t" or unicodedata.category(sign) not in _GONE
    ).strip()
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"


def line(text: object, most: int = 200) -> str:
    r"""Return the text in one line.

    >>> line("no light\non port 3")
    'no light on port 3'
    """
    return " ".join(plain(text, most).split())


def coded(text: object, most: int = 120) -> str:
    """Return the text as a span of code: Markdown, links, HTML, emoji and formulas in it stay what they are.

    The fence is longer than any run of backticks in the text, so that nothing in it can end the span.

    >>> coded("<b>cell</b> :smile:"), coded("a`b")
    ('`<b>cell</b> :smile:`', '`` a`b ``')
    """
    shown = line(text, most) or "-"
    longest = max((len(run) for run in _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}" if longest else f"{fence}{shown}{fence}"


def coloured(colour: str, text: str) -> str:
    """Return Markdown of a badge in a colour of Streamlit's; the text must be harmless already.

    >>> coloured("red", "Critical")
    ':red-badge[Critical]'
    """
    return f":{colour}-badge[{text}]"
