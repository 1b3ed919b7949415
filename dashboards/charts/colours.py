"""Colours of severities, the same in every picture: told apart without red and green as well."""

from __future__ import annotations

from typing import Final

SEVERITIES: Final = {
    6: "#c62828",
    5: "#ef6c00",
    4: "#f2b600",
    3: "#1e88e5",
    2: "#78909c",
    1: "#43a047",
    0: "#b0bec5",
}
"""By the numbers of RFC 8632; 0 is for nothing open."""

PATH: Final = "#7b1fa2"
LINE: Final = "#90a4ae"
