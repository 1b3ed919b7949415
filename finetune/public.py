"""Public data as tables on disk, each with the command that learns from it.

Does not download, and knows of each source only how its table is made and read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from finetune.multidogo import DOMAINS, multidogo_table
from finetune.oran import oran_table
from finetune.table import Table
from finetune.tau2 import tau2_table


def write_table(table: Table, path: Path) -> Path:
    """Return the path of the table as Parquet; cells of mixed types become text."""
    import pandas

    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pandas.DataFrame([dict(row) for row in table.rows], columns=list(table.columns))
    frame.to_parquet(path, index=False)
    return path


def write_tables(source: str, data_dir: Path, out: Path) -> Iterator[tuple[Path, str]]:
    """Yield each table's path when it is written, and the command that learns from it.

    Raises:
        TableError: the source's files are not in the data directory.
    """
    yield from SOURCES[source](data_dir, out)


def _multidogo(data_dir: Path, out: Path) -> Iterator[tuple[Path, str]]:
    for domain in DOMAINS:
        path = write_table(multidogo_table(data_dir, domain), out / f"multidogo-{domain}.parquet")
        yield (
            path,
            f"telcollm finetune run --data {path} --text text --label label --split split "
            "--group conversation --order turn --history 6",
        )


def _oran(data_dir: Path, out: Path) -> Iterator[tuple[Path, str]]:
    path = write_table(oran_table(data_dir), out / "oran-bench.parquet")
    yield (
        path,
        f"telcollm finetune run --data {path} --text question --choices options --label answer --slice level",
    )


def _tau2(data_dir: Path, out: Path) -> Iterator[tuple[Path, str]]:
    path = write_table(tau2_table(data_dir), out / "tau2-telecom.parquet")
    yield path, f"telcollm finetune run --data {path} --text text --label label"


SOURCES: Final[dict[str, Callable[[Path, Path], Iterator[tuple[Path, str]]]]] = {
    "multidogo": _multidogo,
    "tau2": _tau2,
    "oran": _oran,
}
"""Tables by the name of their source."""
