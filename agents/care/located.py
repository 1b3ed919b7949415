"""A YAML file of the operator's with the line of each value, so that a fault can be pointed at.

Every scalar is read as the text it is written as: `off`, `no` and `1.0` stay these words. Does not know
what scripts or rules are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from telcollm.errors import TelcollmError

Path_ = tuple[str | int, ...]
"""Where in a file a value stands: keys and positions from the top."""

_MOST_BYTES: Final = 1_000_000
_DEEPEST: Final = 12


class CareFileError(TelcollmError):
    """An operator's file cannot be used; lists each fault with file, line and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault of an operator's file: where, under which name, what is wrong, and what to do."""

    file: str
    line: int
    check: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.check}: {self.what}; {self.todo}"


@dataclass(slots=True)
class Located:
    """One file's values (texts, lists and mappings) and the line, from 1, on which each begins."""

    file: str
    value: Any
    lines: dict[Path_, int] = field(default_factory=dict)

    def line(self, path: Path_) -> int:
        """Return the line of the value at `path`, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def finding(self, path: Path_, check: str, what: str, todo: str) -> Finding:
        """Return a fault of the value at `path`."""
        return Finding(self.file, self.line(path), check, what, todo)


def yaml_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, and the `.yaml` and `.yml` files of the folders, sorted.

    Raises:
        CareFileError: a path is not there, or there is no such file at all.
    """
    count = 0
    for path in paths:
        if not path.exists():
            message = f"{path} is not there; a YAML file or a folder of them is allowed; mend the path"
            raise CareFileError(message)
        inside = [path] if path.is_file() else sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")])
        count += len(inside)
        yield from inside
    if not count:
        message = "no .yaml file was given; a file or a folder of them is allowed; name one that holds some"
        raise CareFileError(message)


def read_located(path: Path) -> tuple[Located, list[Finding]]:
    """Return a file's values with their lines, and what hinders reading it; the value is {} then."""
    located = Located(str(path), {})
    try:
        if path.stat().st_size > _MOST_BYTES:
            size = located.finding((), "too-big", f"more than {_MOST_BYTES} bytes", "split the file")
            return located, [size]
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return located, [located.finding((), "unreadable", str(error), "give a readable file in UTF-8")]
    try:
        # Aliases can make a small file huge or endless, and nobody needs them in a script.
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                todo = "write the value out where it is used"
                return located, [Finding(located.file, line, "alias", f"alias *{event.anchor}", todo)]
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        return located, [Finding(located.file, line, "no-yaml", str(what), "mend the YAML here")]
    faults: list[Finding] = []
    if root is not None:
        located.value = _walk(root, (), located, faults)
    return located, faults


def _walk(node: yaml.Node, path: Path_, located: Located, faults: list[Finding]) -> Any:
    located.lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > _DEEPEST:
        faults.append(located.finding(path, "too-deep", f"more than {_DEEPEST} levels", "flatten it"))
        return ""
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            located.lines[(*path, key)] = key_node.start_mark.line + 1
            if key in found or not key:
                what = f"key {key!r} twice" if key else "a key that is no plain text"
                faults.append(located.finding((*path, key), "key", what, "keep one, as plain text"))
                continue
            found[key] = _walk(value_node, (*path, key), located, faults)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_walk(item, (*path, number), located, faults) for number, item in enumerate(node.value)]
    return str(node.value)


def text_of(value: Any) -> str:
    """Return a text value with its blanks made single; an empty text for anything else."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def texts_of(value: Any) -> tuple[str, ...]:
    """Return a text or a list of texts as texts, without empty ones."""
    items = value if isinstance(value, list) else [value]
    return tuple(text for text in map(text_of, items) if text)


def mapping_of(value: Any) -> Mapping[str, Any]:
    """Return a mapping, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def stop_on(findings: Iterable[Finding]) -> None:
    """Pass where there is no finding.

    Raises:
        CareFileError: lists them.
    """
    listed = sorted(findings)
    if listed:
        more = f"\n... and {len(listed) - 20} more" if len(listed) > 20 else ""
        raise CareFileError("\n".join(map(str, listed[:20])) + more)
