"""Starting the console as a process of its own, which ends with the one that started it.

Does not know what is on its pages: they are in `dashboards`, which this never imports.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

from telcollm.errors import MissingExtraError, SettingsError, TelcollmError

HOST: Final = "127.0.0.1"
PORT: Final = 8501
_LAST_WORDS: Final = 2_000
_GOES_WITHIN_S: Final = 10.0


@dataclass(frozen=True)
class Console:
    """A console that answers at `address`."""

    address: str
    process: subprocess.Popen[str]

    def wait(self) -> int:
        """Return the exit code of the process, once it has ended."""
        return self.process.wait()


@contextmanager
def running_console(
    *,
    config: Path | None = None,
    host: str = HOST,
    port: int = PORT,
    environment: dict[str, str] | None = None,
) -> Iterator[Console]:
    """The console, from when it answers to the end of the block; it ends as well when this process dies.

    Port 0 takes a free one. `environment` is added to this process's own.

    Raises:
        MissingExtraError: Streamlit is not installed.
        SettingsError: the address cannot be listened on.
        TelcollmError: it ended before it answered.
    """
    if find_spec("streamlit") is None:
        raise MissingExtraError(package="streamlit", extra="console")
    command = [sys.executable, "-m", "dashboards", "--host", host, "--port", str(port)]
    # The console watches its standard input: it is open as long as this process lives.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            **({"TELCOLLM_CONFIG": str(config)} if config else {}),
            **(environment or {}),
        },
    )
    try:
        yield Console(_address(process, host, port), process)
    finally:
        _end(process)


def _address(process: subprocess.Popen[str], host: str, port: int) -> str:
    """Return where it answers, as it says itself on its first line.

    Raises:
        SettingsError, TelcollmError: it says why it cannot, or nothing.
    """
    words = _first_line(process.stdout)
    if "address" in words:
        return str(words["address"])
    if "taken" in words:
        message = (
            f"console port={port} at host={host} cannot be listened on ({words['taken']}); an address of "
            "this machine and a free port are allowed; give --port another number, or 0 for any free one"
        )
        raise SettingsError(message)
    if "failed" in words:
        raise TelcollmError(str(words["failed"]))
    code = process.wait(_GOES_WITHIN_S)
    message = (
        f"the console ended with exit code {code} before it answered; 0 after a stop is allowed; "
        "see what it wrote above, and run it with --verbose"
    )
    raise TelcollmError(message)


def _first_line(output: IO[str] | None) -> dict[str, str]:
    line = output.readline(_LAST_WORDS) if output is not None else ""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_GOES_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
