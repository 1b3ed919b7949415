"""A report: sections of sentences that each cite records, as Markdown and as plain values.

Does not know what is reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from agents.questions.answer import Cited

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|#])")
_MOST_CITED: Final = 12


class Section(msgspec.Struct, frozen=True):
    """A heading and its sentences."""

    heading: str
    sentences: tuple[Cited, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A title, sections, and what was looked for and not found: `absent` are headings without a sentence."""

    title: str
    language: str
    note: str = ""
    sections: tuple[Section, ...] = ()
    absent: tuple[str, ...] = ()
    absent_note: str = ""


class Draft:
    """A report as it is written: a section without a sentence is told as absent, never as empty."""

    def __init__(self) -> None:
        self._sections: list[Section] = []
        self._absent: list[str] = []

    def section(self, heading: str, sentences: Sequence[Cited]) -> None:
        """Add a section; sentences without ids are left out."""
        kept = tuple(one for one in sentences if one.ids)
        if kept:
            self._sections.append(Section(heading, kept))
        else:
            self._absent.append(heading)

    def report(self, title: str, language: str, *, note: str = "", absent_note: str = "") -> Report:
        """Return the report."""
        return Report(
            title=title,
            language=language,
            note=note,
            sections=tuple(self._sections),
            absent=tuple(self._absent),
            absent_note=absent_note,
        )


def cited(text: str, ids: Sequence[str]) -> Cited:
    """Return a sentence with the first of the ids it rests on, each once."""
    return Cited(text, tuple(dict.fromkeys(ids))[:_MOST_CITED])


def markdown(report: Report) -> str:
    r"""Return a report as Markdown; what networks and people wrote is shown as it is, never as markup.

    >>> from agents.questions.answer import Cited
    >>> draft = Draft()
    >>> draft.section("Open", [Cited("cell_1 is *down*.", ("inc-1",))])
    >>> print(markdown(draft.report("Shift", "en")))
    # Shift
    <BLANKLINE>
    ## Open
    <BLANKLINE>
    - cell\_1 is \*down\*. [inc-1]
    <BLANKLINE>
    """
    lines = [f"# {_plain(report.title)}", ""]
    if report.note:
        lines += [_plain(report.note), ""]
    for section in report.sections:
        lines += [f"## {_plain(section.heading)}", ""]
        for one in section.sentences:
            ids = ", ".join(_plain(name) for name in one.ids)
            lines.append(f"- {_plain(one.text)} [{ids}]")
        lines.append("")
    if report.absent and report.absent_note:
        lines += [f"{_plain(report.absent_note)} {', '.join(_plain(name) for name in report.absent)}.", ""]
    return "\n".join(lines)


def wire(report: Report) -> dict[str, Any]:
    """Return a report as plain values for JSON."""
    values: dict[str, Any] = msgspec.to_builtins(report)
    return values


def _plain(text: str) -> str:
    """Return a text on one line whose signs are no markup and whose control characters are written out."""
    line = " ".join(text.split())
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in line)
    return _MARKUP.sub(r"\\\1", shown)
