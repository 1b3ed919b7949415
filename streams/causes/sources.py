"""Where histories come from: the three public records by name, or any table of alarms by path.

It deliberately does not know how to download: a record that is not in the data directory is named, with
its public source, in the error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from streams.causes.history import AlarmHistory, history_of_frame, with_links
from streams.causes.matrices import UNKNOWN, NamedMatrix, read_links, read_matrix
from telcollm.errors import DecodeError, SettingsError

if TYPE_CHECKING:
    import pandas as pd

DATA_DIR_VARIABLE = "TELCOLLM_DATA_DIR"


@dataclass(frozen=True)
class PublicRecord:
    """The files of one public record inside the data directory, and where the public finds them.

    `alarms_sha256` is `AlarmHistory.sha256`: it tells the record under whatever name or form it comes.
    """

    alarms: str
    truth: str
    topology: str | None
    prior: str | None
    source: str
    alarms_sha256: str


PUBLIC_RECORDS: Mapping[str, PublicRecord] = {
    "huawei-18v": PublicRecord(
        "huawei_alarms/18V_55N_Wireless/Alarm.csv",
        "huawei_alarms/18V_55N_Wireless/DAG.npy",
        None,
        None,
        "github gcastle-hub/dataset @ e6bfbde898, folder alarm/18V_55N_Wireless",
        "d1418b51de7e4506b8a4bd47b431224bfc4bd80ba52b653a8e69fad30c16f7cb",
    ),
    "huawei-24v": PublicRecord(
        "huawei_alarms/24V_439N_Microwave/Alarm.csv",
        "huawei_alarms/24V_439N_Microwave/DAG.npy",
        "huawei_alarms/24V_439N_Microwave/Topology.npy",
        None,
        "github gcastle-hub/dataset @ e6bfbde898, folder alarm/24V_439N_Microwave",
        "0f4724528be77d512ce55dd3470f39bcefe3c28092c7cf44d95207e76173e187",
    ),
    "csl": PublicRecord(
        "csl2023_sample/alarm.csv",
        "csl2023_sample/true_graph.npy",
        "csl2023_sample/topology.npy",
        "csl2023_sample/causal_prior.npy",
        "github huawei-noah/trustworthyAI @ 46c3d29be7, folder competition/NeurIPS2023/sample",
        "9694e10d188bc469c5ce225e8150be6bb05d97233930e73e1644faad98c9efb1",
    ),
}


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what; the defaults are those of the public records."""

    type: str = "alarm_id"
    object: str = "device_id"
    raised: str = "start_timestamp"
    cleared: str | None = "end_timestamp"


@dataclass(frozen=True)
class AlarmRecord:
    """A history with what else is known of its types: true edges and prior edges, None where unknown."""

    history: AlarmHistory
    truth: NamedMatrix | None = None
    prior: NamedMatrix | None = None


def data_dir(named: Path | None = None) -> Path | None:
    """Return the data directory: the one named, else that of the environment, else None."""
    if named is not None:
        return named
    value = os.environ.get(DATA_DIR_VARIABLE, "")
    return Path(value) if value else None


def has_record(name: str, folder: Path | None) -> bool:
    """Return whether the data directory holds the alarms and the true graph of a public record."""
    files = PUBLIC_RECORDS[name]
    return folder is not None and (folder / files.alarms).is_file() and (folder / files.truth).is_file()


def is_public(history: AlarmHistory) -> bool:
    """Return whether these are the alarms of a public record, whose truth no rule for them may have seen."""
    return history.sha256 in {record.alarms_sha256 for record in PUBLIC_RECORDS.values()}


def read_public_record(
    name: str,
    folder: Path | None,
    *,
    topology: Path | None = None,
    truth: Path | None = None,
    prior: Path | None = None,
) -> AlarmRecord:
    """Return a public record with its truth, topology and prior, or with the files given in their place.

    Raises:
        SettingsError: there is no such record, or no data directory that holds it.
        DecodeError: a file of it is damaged.
    """
    if name not in PUBLIC_RECORDS:
        msg = f"record {name!r} is not known; known are {', '.join(PUBLIC_RECORDS)}; name one of these"
        raise SettingsError(msg)
    files = PUBLIC_RECORDS[name]
    if folder is None or not (folder / files.alarms).is_file():
        where = f"{DATA_DIR_VARIABLE} is not set" if folder is None else f"{folder / files.alarms} is missing"
        msg = (
            f"record {name!r} cannot be found: {where}; set {DATA_DIR_VARIABLE} or pass --data-dir to a "
            f"folder that holds {files.alarms} (public source: {files.source})"
        )
        raise SettingsError(msg)

    def beside(file: str | None) -> Path | None:
        return folder / file if file is not None and (folder / file).is_file() else None

    return read_table(
        folder / files.alarms,
        name=name,
        topology=topology or beside(files.topology),
        truth=truth or beside(files.truth),
        prior=prior or beside(files.prior),
    )


def read_table(
    path: Path,
    *,
    columns: Columns | None = None,
    name: str | None = None,
    topology: Path | None = None,
    truth: Path | None = None,
    prior: Path | None = None,
) -> AlarmRecord:
    """Return the history in a .csv or .parquet table of alarms, one a row, with what files are given beside.

    Raises:
        SettingsError: a file is missing or of another kind.
        DecodeError: a column is missing, or a content is out of range.
    """
    used = columns or Columns()
    history = history_of_frame(
        _read_frame(path),
        name or path.stem,
        type_column=used.type,
        object_column=used.object,
        raised_column=used.raised,
        cleared_column=used.cleared,
    )
    if topology is not None:
        history = with_links(history, read_links(topology, history.object_names))
    names = history.type_names
    return AlarmRecord(
        history,
        None if truth is None else read_matrix(truth, names, "truth"),
        None if prior is None else read_matrix(prior, names, "prior", unlisted=UNKNOWN, allow_unknown=True),
    )


def _read_frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    if path.suffix not in (".csv", ".parquet") or not path.is_file():
        msg = (
            f"data {str(path)!r} must be an existing .csv or .parquet file, or one of the records "
            f"{', '.join(PUBLIC_RECORDS)}; name one of these"
        )
        raise SettingsError(msg)
    try:
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pandas and pyarrow raise subclasses of ValueError
        msg = f"data {str(path)!r} cannot be read as a table: {error}; give a .csv or .parquet file"
        raise DecodeError(msg) from error
