"""Column types that hold and order the same values on SQLite and on PostgreSQL, and text search in them.

Knows no table; `metadata` is where the modules of tables register theirs.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = sa.MetaData()

# PostgreSQL refuses NUL in text while JSON, and so any operator's alarm, may hold one. The escape is a
# private-use character that doubles as its own escape.
_ESCAPE: Final = "\ue000"

# SQLite refuses patterns of more than 50,000 bytes.
_LONGEST_SEARCH: Final = 1_000
_LONGEST_WORDS: Final = 16_384

ORDERED_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text in order of code points on both: a PostgreSQL cluster's own collation would order ids otherwise."""

SEQUENCE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A counter the database assigns; SQLite counts only columns declared INTEGER."""


class Words(TypeDecorator[str]):
    """Text in order of code points that gives back exactly what was put in, NUL included."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[str]:
        """Return the type the dialect stores words in."""
        return sa.Text(collation="C") if dialect.name == "postgresql" else sa.Text()

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Return what the database is given."""
        if value is None or dialect.name == "sqlite":
            return value
        return escape(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Return what was put in."""
        if value is None or dialect.name == "sqlite":
            return value
        return unescape(value)


def escape(value: str) -> str:
    r"""Return `value` without NUL, told apart from every other text.

    >>> unescape(escape("a\x00b\ue000c")) == "a\x00b\ue000c"
    True
    """
    if "\x00" not in value and _ESCAPE not in value:
        return value
    return value.replace(_ESCAPE, _ESCAPE + "1").replace("\x00", _ESCAPE + "0")


def unescape(value: str) -> str:
    r"""Return the text that `escape` was given.

    >>> unescape("a\ue0000b") == "a\x00b"
    True
    """
    if _ESCAPE not in value:
        return value
    return value.replace(_ESCAPE + "0", "\x00").replace(_ESCAPE + "1", _ESCAPE)


def searchable(*texts: str) -> str:
    r"""Return the texts as `says` looks through them: a line each, without case, bounded.

    >>> searchable("Cell-7", "LINK_LOSS")
    'cell-7\nlink_loss'
    """
    return _folded("\n".join(filter(None, texts)))[:_LONGEST_WORDS]


def _folded(text: str) -> str:
    # What SQLite compares ends at a NUL.
    return text.casefold().replace("\x00", " ")


def says(column: sa.Column[Any], text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a `searchable` column holds `text`, whatever its case.

    No column holds a text of more than 1,000 characters.
    """
    if len(text) > _LONGEST_SEARCH:
        return sa.false()
    return column.contains(_folded(text), autoescape=True)
