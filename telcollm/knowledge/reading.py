"""Reading files into sections: Markdown, text and HTML here; PDF and tables of past tickets beside it.

What is read is untrusted: a damaged file, or one that is too large, is refused and nothing of it kept.
Does not know how sections are cut further.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.knowledge.document import Section
from telcollm.knowledge.pages import pdf_sections
from telcollm.knowledge.table import table_sections

LARGEST_BYTES: Final = 64 * 2**20


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
    if not path.exists():
        message = f"{path} is not there; a file or a folder that exists is allowed; check the path"
        raise TelcollmError(message)
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
    sections = [_whole(section) for section in read(data, path.name) if section.text.strip()]
    if not sections:
        message = (
            f"{path.name} holds no text; a file with text is allowed (a scan needs OCR first); leave it out"
        )
        raise TelcollmError(message)
    title = sections[0].headings[0] if kind in ("markdown", "html") and sections[0].headings else path.stem
    return ReadFile(path, kind, title, sections, hashlib.sha256(data).hexdigest())


def hash_file(path: Path) -> str:
    """Return a file's sha256, empty where it cannot be read: `read_file` tells why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _whole(section: Section) -> Section:
    """The section without halves of signs, which PDF files hold and no store takes."""
    headings = tuple(_sound(heading) for heading in section.headings)
    return Section(headings, _sound(section.text), section.place)


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def _text(data: bytes, name: str) -> str:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    message = (
        f"{name} holds bytes that are no text; a text file is allowed; leave it out, or export it as text"
    )
    raise TelcollmError(message)


def _markdown(data: bytes, name: str) -> Iterator[Section]:
    """Sections by headings; what is inside code fences is text, never a heading."""
    from markdown_it import MarkdownIt

    text = _text(data, name)
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
    lines = _text(data, name).splitlines()
    yield _lines([], lines, 0, len(lines))


def _html(data: bytes, name: str) -> Iterator[Section]:
    """Sections by h1 to h6; scripts, styles and navigation are left out."""
    try:
        from bs4 import BeautifulSoup, ParserRejectedMarkup
        from bs4.element import NavigableString, PreformattedString
    except ImportError as error:
        raise MissingExtraError(package="beautifulsoup4", extra="knowledge") from error
    try:
        soup = BeautifulSoup(data, "html.parser")
    except ParserRejectedMarkup as error:
        reason = str(error).splitlines()[-1]
        message = f"{name} is no HTML that can be read ({reason}); whole HTML is allowed; save the page anew"
        raise TelcollmError(message) from error
    for tag in soup(["script", "style", "nav", "template", "noscript", "head"]):
        tag.decompose()
    # What a page hides from people is not for them, and is where instructions to machines are hidden.
    for tag in soup.select("[hidden], [aria-hidden=true], [style*='display:none'], [style*='display: none']"):
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


def _table(data: bytes, name: str) -> Iterator[Section]:
    yield from table_sections(_text(data, name), name)


_Reader = tuple[str, Callable[[bytes, str], Iterator[Section]]]
_READERS: Final[dict[str, _Reader]] = {
    ".md": ("markdown", _markdown),
    ".markdown": ("markdown", _markdown),
    ".txt": ("text", _plain),
    ".html": ("html", _html),
    ".htm": ("html", _html),
    ".pdf": ("pdf", pdf_sections),
    ".csv": ("table", _table),
}


def readable(path: Path) -> bool:
    """Tell whether a file's kind is one that can be read."""
    return path.suffix.lower() in _READERS
