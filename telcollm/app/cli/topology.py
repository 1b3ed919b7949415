"""`telcollm topology`: the network's elements and links, brought into the store."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from telcollm.app.cli.incidents import Config, opened_store
from telcollm.errors import DecodeError, SettingsError
from telcollm.records import TopologyElement

app = typer.Typer(help="Bring the network's elements and links into the store.", no_args_is_help=True)


@app.command()
def load(
    source: Annotated[
        str,
        typer.Argument(help="A .csv of pairs (two columns), .jsonl of TopologyElement, or a public record."),
    ],
    tenant: Annotated[str, typer.Option(help="Whose network it is.")] = "default",
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the public records; else TELCOLLM_DATA_DIR.")
    ] = None,
    config: Config = None,
) -> None:
    """Load a topology; elements that are there already are updated. A worker reads it when it starts.

    A .csv may begin with a line of the heads source,target (or from,to or a,b). Examples:

        telcollm topology load links.csv

        telcollm topology load huawei-24v
    """
    elements = list(_elements(source, tenant, data_dir))
    if not elements:
        message = f"{source} holds no element; at least one pair or element is allowed; check the file"
        raise SettingsError(message)
    with opened_store(config) as store:
        store.put_topology(elements)
    typer.echo(f"{len(elements):,} elements, {sum(len(item.links) for item in elements):,} links")


def _elements(source: str, tenant: str, data_dir: Path | None) -> Iterator[TopologyElement]:
    path = Path(source)
    if path.suffix == ".jsonl":
        yield from _from_lines(path)
        return
    if path.suffix == ".csv":
        from streams.replay.dataset import elements_of

        pairs = _pairs(path)
        yield from elements_of({name for pair in pairs for name in pair}, pairs, tenant)
        return
    from streams.replay.dataset import dataset_topology
    from telcollm.settings import load_settings

    yield from dataset_topology(source, data_dir or load_settings().data_dir, tenant)


def _from_lines(path: Path) -> Iterator[TopologyElement]:
    from telcollm.codec import decode

    for number, line in enumerate(_read(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield decode(line.encode(), TopologyElement)
        except DecodeError as error:
            message = f"{path}, line {number}: {error}"
            raise DecodeError(message, error.field) from error


def _pairs(path: Path) -> list[tuple[str, str]]:
    rows = [row for row in csv.reader(_read(path).splitlines()) if row]
    for number, row in enumerate(rows, start=1):
        if len(row) != 2 or not row[0].strip() or not row[1].strip():
            message = (
                f"{path}, line {number}: {','.join(row)!r} is no pair; two object names a line are allowed, "
                "with a comma between them; mend the file"
            )
            raise SettingsError(message)
    pairs = [(row[0].strip(), row[1].strip()) for row in rows]
    heads = {"source", "from", "a", "object", "device"}
    return pairs[1:] if pairs and pairs[0][0].lower() in heads else pairs


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read ({error}); a UTF-8 text file is allowed; check the path"
        raise SettingsError(message) from error
