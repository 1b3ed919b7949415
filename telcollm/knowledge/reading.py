"""Reading files into sections: Markdown, text, HTML, PDF, and tables of past tickets.

What is read is untrusted: a damaged file, or one that is too large, is refused and nothing of it kept.
Does not know how sections are cut further.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.knowledge.document import Section

LARGEST_BYTES: Final = 64 * 2**20
_MOST_PAGES: Final = 5_000


class ReadFile:
    """A file as read: its sections, its title, its kind and its hash."""

    def __init__(self, path: Path, kind: str, title: str, sections: list[Section], sha256: str) -> None:
        self.path = path
        self.kind = kind
        self.title = title
        self.sections = sections
        self.sha256 = sha256


def read_file(path: Path) -> ReadFile:
    """Return the sections of a Markdown, text, HTML, PDF or CSV file.

    Raises:
        TelcollmError: the file cannot be read, is too large, of another kind, damaged, or holds no text.
        MissingExtraError: what reads its kind is not installed.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        allowed = ", ".join(sorted(_READERS))
        message = f"{path.name} is of an unknown kind; {allowed} are allowed; convert it to one of these"
        raise TelcollmError(message)
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            message = (
                f"{path.name} has {size} bytes; {LARGEST_BYTES} at most are allowed; cut it into several"
            )
            raise TelcollmError(message)
        data = path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}); a readable file is allowed; check the path"
        raise TelcollmError(message) from error
    kind, read = reader
    sections = [section for section in read(data, path.name) if section.text.strip()]
    if not sections:
        message = (
            f"{path.name} holds no text; a file with text is allowed (a scan needs OCR first); leave it out"
        )
        raise TelcollmError(message)
    title = sections[0].headings[0] if kind in ("markdown", "html") and sections[0].headings else path.stem
    return ReadFile(path, kind, title, sections, hashlib.sha256(data).hexdigest())


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _markdown(data: bytes, name: str) -> Iterator[Section]:
    """Sections by headings; what is inside code fences is text, never a heading."""
    del name
    from markdown_it import MarkdownIt

    text = _text(data)
    lines = text.splitlines()
    way: list[tuple[int, str]] = []
    begin = 0
    tokens = MarkdownIt().parse(text)
    for token, inside in itertools.pairwise(tokens):
        if token.type != "heading_open" or token.map is None or token.level:
            continue
        yield _lines(way, lines, begin, token.map[0])
        depth = int(token.tag[1])
        way = [*(entry for entry in way if entry[0] < depth), (depth, inside.content.strip())]
        begin = token.map[1]
    yield _lines(way, lines, begin, len(lines))


def _lines(way: list[tuple[int, str]], lines: list[str], begin: int, end: int) -> Section:
    headings = tuple(title for _, title in way)
    return Section(headings, "\n".join(lines[begin:end]).strip(), f"lines {begin + 1}-{end}")


def _plain(data: bytes, name: str) -> Iterator[Section]:
    del name
    lines = _text(data).splitlines()
    yield _lines([], lines, 0, len(lines))


def _html(data: bytes, name: str) -> Iterator[Section]:
    """Sections by h1 to h6; scripts, styles and navigation are left out."""
    del name
    try:
        from bs4 import BeautifulSoup
        from bs4.element import NavigableString, PreformattedString
    except ImportError as error:
        raise MissingExtraError(package="beautifulsoup4", extra="knowledge") from error
    soup = BeautifulSoup(data, "html.parser")
    for tag in soup(["script", "style", "nav", "template", "noscript"]):
        tag.decompose()
    way: list[tuple[int, str]] = []
    parts: list[str] = []
    headings = {f"h{depth}": depth for depth in range(1, 7)}
    number = 0
    for node in (soup.body or soup).descendants:
        depth = headings.get(getattr(node, "name", None) or "")
        if depth is not None:
            yield Section(tuple(title for _, title in way), " ".join(parts), f"section {number}")
            number += 1
            way = [*(entry for entry in way if entry[0] < depth), (depth, node.get_text(" ", strip=True))]
            parts = []
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            inside = any(parent.name in headings for parent in node.parents)
            if not inside and node.strip():
                parts.append(str(node.strip()))
    yield Section(tuple(title for _, title in way), " ".join(parts), f"section {number}")


def _pdf(data: bytes, name: str) -> Iterator[Section]:
    """One section a page."""
    try:
        import pypdf
    except ImportError as error:
        raise MissingExtraError(package="pypdf", extra="knowledge") from error
    try:
        pages = pypdf.PdfReader(io.BytesIO(data)).pages
        if len(pages) > _MOST_PAGES:
            message = (
                f"{name} has {len(pages)} pages; at most {_MOST_PAGES} are allowed; cut it into several files"
            )
            raise TelcollmError(message)
        found = [page.extract_text() for page in pages]
    except TelcollmError:
        raise
    except Exception as error:  # pypdf raises whatever a damaged file provokes
        message = (
            f"{name} is no PDF that can be read ({type(error).__name__}: {error}); an unencrypted, whole PDF "
            "is allowed; print it to PDF anew or export its text"
        )
        raise TelcollmError(message) from error
    for number, text in enumerate(found, start=1):
        yield Section((), text, f"page {number}")


def _table(data: bytes, name: str) -> Iterator[Section]:
    """One section a row, its cells named by the header: past tickets and what solved them."""
    reader = csv.DictReader(io.StringIO(_text(data)))
    if not reader.fieldnames or len(reader.fieldnames) < 2:
        message = (
            f"{name} has no header of two columns or more; a CSV with a header is allowed; add one, or name "
            "the file .txt"
        )
        raise TelcollmError(message)
    try:
        for number, row in enumerate(reader, start=1):
            cells = [
                f"{key}: {value}" for key, value in row.items() if key and isinstance(value, str) and value
            ]
            yield Section((), "\n".join(cells), f"row {number}")
    except csv.Error as error:
        message = f"{name} is no CSV ({error}); a CSV with a header is allowed; mend that line"
        raise TelcollmError(message) from error


_Reader = tuple[str, Callable[[bytes, str], Iterator[Section]]]
_READERS: Final[dict[str, _Reader]] = {
    ".md": ("markdown", _markdown),
    ".markdown": ("markdown", _markdown),
    ".txt": ("text", _plain),
    ".html": ("html", _html),
    ".htm": ("html", _html),
    ".pdf": ("pdf", _pdf),
    ".csv": ("table", _table),
}


def readable(path: Path) -> bool:
    """Tell whether a file's kind is one that can be read."""
    return path.suffix.lower() in _READERS
