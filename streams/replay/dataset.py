"""The public records by name, byte for byte those that were pinned, and the topology they come with.

It deliberately does not download: a record that is not there is named with its public source.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from streams.causes.matrices import read_links
from streams.causes.sources import DATA_DIR_VARIABLE, PUBLIC_RECORDS, PublicRecord
from streams.replay.row import AlarmRow, AlarmTable, alarm_table
from telcollm.errors import SettingsError
from telcollm.records import Link, TopologyElement

GENERATED: Final = "generated"
"""The name of the small generated network, for where no data is to be had."""

NAMES: Final = (*PUBLIC_RECORDS, GENERATED)

PINNED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "huawei_alarms/18V_55N_Wireless/Alarm.csv": (
            "e0d00da11f2ebea500fc14c6abdcea5c444d0e6e1d222101881d6b455894e2ab"
        ),
        "huawei_alarms/18V_55N_Wireless/DAG.npy": (
            "1acce7e860038f82e0a723d809dcdc9949828b251c705b5b7ed70daf3afb7f18"
        ),
        "huawei_alarms/24V_439N_Microwave/Alarm.csv": (
            "d91028f43d7c324a0883d07920a3023c4a1631ce25031badbc31223402305827"
        ),
        "huawei_alarms/24V_439N_Microwave/DAG.npy": (
            "0ad422aeeafa3922aa4e8a35904d4406fd0387fe2cde0a2d7eb10c019ed9afa3"
        ),
        "huawei_alarms/24V_439N_Microwave/Topology.npy": (
            "577c49ecf388533f61d25513ccce93fdf527de2ba915204ce93c295521599a93"
        ),
        "csl2023_sample/alarm.csv": "7d9acb9fbad677037b656dc06d3cc8be9ab80ae08db6514ad57eaa4e4040613b",
        "csl2023_sample/topology.npy": "c6f18bbb272509d1b374d2cfd87d6a5f7f05d037ffa3a1c29bf39cf5767bd6dc",
        "csl2023_sample/causal_prior.npy": (
            "ab6c883b17f3a84952a2dcb3c32da484e69de8a5db6fe5eebf077cf0936ab56f"
        ),
        "csl2023_sample/rca_prior.csv": "50b548d8ba21043d8a76fecad5df84ed1dee9d6781d6a7ed23d77fb00ea88248",
        "csl2023_sample/true_graph.npy": ("a2f0ae36a2ff95775a6ac3a6cb37598ffb3c3a973cb5253b292193694fc49a3d"),
    }
)
"""The sha256 of each file of the public records, by its path in the data directory."""


def has_dataset(name: str, folder: Path | None) -> bool:
    """Return whether `name` can be replayed with this data directory; contents are not checked."""
    if name == GENERATED:
        return True
    return name in PUBLIC_RECORDS and folder is not None and (folder / PUBLIC_RECORDS[name].alarms).is_file()


def pinned_file(relative: str, folder: Path | None, source: str) -> Path:
    """Return the path of a file of a public record once its sha256 is the pinned one.

    Raises:
        SettingsError: there is no such file, or its content is another.
    """
    if folder is None or not (folder / relative).is_file():
        where = (
            f"{DATA_DIR_VARIABLE} is not set"
            if folder is None
            else f"{(folder / relative).absolute()} is missing"
        )
        message = (
            f"{relative} cannot be found: {where}; a folder that holds it is allowed (public source: "
            f"{source}); set {DATA_DIR_VARIABLE} or data_dir in telcollm.toml, or replay {GENERATED!r}"
        )
        raise SettingsError(message)
    path = folder / relative
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != PINNED[relative]:
        message = (
            f"{path} has the sha256 {digest}; only {PINNED[relative]} is allowed; fetch it again from "
            f"{source}, or replay it as a file of your own, by its path"
        )
        raise SettingsError(message)
    return path


def load_dataset(name: str, folder: Path | None) -> AlarmTable:
    """Return the alarms of a public record, or of the generated network with its default size.

    The problem is the alarm type's number, the object the device's number, both as text.

    Raises:
        SettingsError: there is no such record, its file is missing, or its sha256 is not the pinned one.
    """
    if name == GENERATED:
        from streams.simulator import generate

        return generate().table
    files = _public(name)
    path = pinned_file(files.alarms, folder, files.source)
    with path.open(newline="", encoding="utf-8") as lines:
        rows = [
            AlarmRow(
                number=number,
                managed_object=line["device_id"],
                specific_problem=line["alarm_id"],
                raised_ms=int(line["start_timestamp"]) * 1000,
                cleared_ms=int(line["end_timestamp"]) * 1000,
            )
            for number, line in enumerate(csv.DictReader(lines))
        ]
    return alarm_table(name, rows)


def dataset_topology(name: str, folder: Path | None, tenant: str = "default") -> list[TopologyElement]:
    """Return the topology of a data set, each link once; empty for a record without one.

    Raises:
        SettingsError: there is no such record, its file is missing, or its sha256 is not the pinned one.
    """
    if name == GENERATED:
        from streams.simulator import generate

        return generate(tenant=tenant).topology
    files = _public(name)
    if files.topology is None:
        return []
    path = pinned_file(files.topology, folder, files.source)
    names = [str(number) for number in range(_size(path))]
    return elements_of(names, read_links(path, names), tenant)


def elements_of(names: Iterable[str], links: Iterable[tuple[str, str]], tenant: str) -> list[TopologyElement]:
    """Return elements in the order of `names`; each link stands once, with the end that comes first."""
    place = {name: number for number, name in enumerate(names)}
    targets: dict[str, set[str]] = {name: set() for name in place}
    for one, other in links:
        first, second = sorted((one, other), key=place.__getitem__)
        targets[first].add(second)
    return [
        TopologyElement(
            tenant=tenant,
            element_id=name,
            element_type="device",
            links=tuple(Link(target=other) for other in sorted(near, key=place.__getitem__)),
        )
        for name, near in targets.items()
    ]


def _size(path: Path) -> int:
    import numpy as np

    return int(np.load(path, mmap_mode="r").shape[0])


def _public(name: str) -> PublicRecord:
    if name not in PUBLIC_RECORDS:
        message = (
            f"data set {name!r} is not known; {', '.join(NAMES)} or the path of a .csv or .parquet file is "
            "allowed; name one of these"
        )
        raise SettingsError(message)
    return PUBLIC_RECORDS[name]
