"""Reading PDF files page by page, under the chapters that their outline names.

What is read is untrusted: whatever a damaged file provokes becomes one error. Does not know other kinds.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any, Final

from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.knowledge.document import Section

MOST_PAGES: Final = 5_000
_DEEPEST: Final = 4


def pdf_sections(data: bytes, name: str) -> Iterator[Section]:
    """Return one section a page.

    Raises:
        TelcollmError: it is damaged, has too many pages, or needs a password.
        MissingExtraError: pypdf is not installed.
    """
    try:
        import pypdf
    except ImportError as error:
        raise MissingExtraError(package="pypdf", extra="knowledge") from error
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            message = (
                f"{name} is protected by a password; a PDF that opens without one is allowed; save it "
                "without its password and add it again"
            )
            raise TelcollmError(message)
        if len(reader.pages) > MOST_PAGES:
            message = (
                f"{name} has {len(reader.pages)} pages; at most {MOST_PAGES} are allowed; cut it into "
                "several files"
            )
            raise TelcollmError(message)
        begins = dict(_chapters(reader, reader.outline, ()))
        found = [page.extract_text() for page in reader.pages]
    except TelcollmError:
        raise
    except Exception as error:  # pypdf raises whatever a damaged file provokes
        message = (
            f"{name} is no PDF that can be read ({type(error).__name__}: {error}); an unencrypted, whole PDF "
            "is allowed; print it to PDF anew or export its text"
        )
        raise TelcollmError(message) from error
    way: tuple[str, ...] = ()
    for number, text in enumerate(found, start=1):
        way = begins.get(number, way)
        yield Section(way, text, f"page {number}")


def _chapters(
    reader: Any, outline: list[Any], above: tuple[str, ...]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The page on which each chapter begins and its way from the outermost; the last one on a page counts."""
    way = above
    for entry in outline:
        if isinstance(entry, list):
            if len(way) < _DEEPEST:
                yield from _chapters(reader, entry, way)
            continue
        page = reader.get_destination_page_number(entry)
        way = (*above, str(entry.title).strip())
        if page is not None and page >= 0:
            yield page + 1, way
