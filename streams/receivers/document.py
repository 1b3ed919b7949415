"""A YAML document with the lines its parts stand in, and keys that are given twice.

It deliberately does not know what the parts mean.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import yaml

_MOST_NODES: Final = 200_000


class Document(msgspec.Struct):
    """`value` is what plain YAML reads; `faults` are (line, what) of keys that are there twice."""

    value: Any
    lines: dict[tuple[str | int, ...], int]
    faults: list[tuple[int, str]]

    def line(self, *path: str | int) -> int:
        r"""Return the line of the part at `path`, or of the nearest part around it; the first is 1.

        >>> document_of(b"rules:\n- name: a\n  trap: 1.3").line("rules", 0, "trap")
        3
        """
        for length in range(len(path), 0, -1):
            found = self.lines.get(path[:length])
            if found is not None:
                return found
        return 1


def document_of(data: bytes) -> Document:
    """Return the document in `data`.

    Raises:
        yaml.YAMLError, UnicodeDecodeError: it is no YAML.
        ValueError: it has too many parts.
    """
    text = data.decode("utf-8-sig")
    document = Document(yaml.safe_load(text), {}, [])
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    waiting: list[tuple[tuple[str | int, ...], Any]] = [] if root is None else [((), root)]
    walked = 0
    while waiting:
        path, node = waiting.pop()
        walked += 1
        if walked > _MOST_NODES:
            message = f"more than {_MOST_NODES} parts, aliases unfolded; write it without aliases of aliases"
            raise ValueError(message)
        document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, value in node.value:
                name = str(key.value)
                if name in seen:
                    document.faults.append(
                        (key.start_mark.line + 1, f"{name!r} is there twice; once is allowed")
                    )
                seen.add(name)
                document.lines[(*path, name)] = key.start_mark.line + 1
                waiting.append(((*path, name), value))
        elif isinstance(node, yaml.SequenceNode):
            waiting += [((*path, place), value) for place, value in enumerate(node.value)]
    return document
