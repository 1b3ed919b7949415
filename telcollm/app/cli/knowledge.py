"""`telcollm knowledge`: documents into the library, out of it, and what stands in them.

It does not read or search documents itself.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from telcollm.errors import TelcollmError

if TYPE_CHECKING:
    from telcollm.knowledge.library import Library
    from telcollm.store.documents import DocumentStore

app = typer.Typer(no_args_is_help=True)

_SHORT = 128
_CONFIG = typer.Option(None, "--config", help="Settings file; telcollm.toml here by default.")
_TENANT = typer.Option("default", "--tenant", help="Whose library it is.")
_JSON = typer.Option(False, "--json", help="Print JSON.")


@app.command("add")
def add(
    paths: list[Path] = typer.Argument(..., help="Files, or folders whose readable files are added."),
    roles: list[str] = typer.Option([], "--role", help="Who may read them; every role when not given."),
    tenant: str = _TENANT,
    as_json: bool = _JSON,
    config: Path | None = _CONFIG,
) -> None:
    """Add Markdown, text, HTML, PDF or CSV files; one that was added before gets a new version if it changed.

    A CSV of past tickets is kept row by row: name its column of ids ticket, incident or number, and each row
    is found and cited by it. Hidden files and folders within a folder are left out.

    A file that cannot be read is named and the rest goes on; the exit code is 1 then.

    Example: `telcollm knowledge add runbooks/ manuals/router.pdf --role noc_engineer`
    """
    from telcollm.knowledge.reading import readable

    files, failed = [], []
    for path in paths:
        found = [path] if not path.is_dir() else [file for file in _files(path) if readable(file)]
        if not found:
            failed.append({"source": str(path), "error": "holds no file of a kind that can be read"})
            typer.secho(
                f"telcollm: {path} holds no file that can be read; Markdown, text, HTML, PDF and CSV are "
                "allowed; name another folder",
                fg=typer.colors.RED,
                err=True,
            )
        files.extend(found)
    rows: list[dict[str, object]] = []
    with _library(config) as (library, _):
        for path in dict.fromkeys(files):
            try:
                document = library.add(path, tenant=tenant, roles=roles, told=_tell(path))
            except TelcollmError as error:
                failed.append({"source": str(path), "error": str(error)})
                typer.secho(f"telcollm: {error}", fg=typer.colors.RED, err=True)
                continue
            except KeyboardInterrupt:
                hint = f"interrupted after {len(rows)} of {len(files)} files: the same command goes on there"
                typer.secho(hint, fg=typer.colors.YELLOW, err=True)
                raise typer.Exit(130) from None
            rows.append({"id": document.document_id, "source": document.source, "version": document.version})
            if not as_json:
                typer.echo(f"{document.document_id}  version {document.version}  {document.source}")
    if as_json:
        typer.echo(json.dumps({"added": rows, "failed": len(failed), "failures": failed}, indent=1))
    elif len(files) > 1:
        typer.secho(f"{len(rows)} of {len(files)} files are in the library", err=True)
    if failed:
        raise typer.Exit(1)


@app.command("list")
def list_documents(tenant: str = _TENANT, as_json: bool = _JSON, config: Path | None = _CONFIG) -> None:
    """List the documents of the library."""
    from telcollm.ports import Scope

    with _library(config, embed=False) as (_, rows):
        found = rows.documents(Scope(tenants=(tenant,)))
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "id": item.document_id,
                        "source": item.source,
                        "title": item.title,
                        "version": item.version,
                        "kind": item.kind,
                        "roles": list(item.roles),
                        "added_time": item.added_time.isoformat(),
                    }
                    for item in found
                ],
                indent=1,
            )
        )
        return
    if not found:
        typer.echo("the library is empty: add documents with 'telcollm knowledge add PATH...'")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "title", "version", "kind", "may read it", "source")
    for item in found:
        who = ", ".join(item.roles) or "all"
        table.add_row(item.document_id, item.title, str(item.version), item.kind, who, item.source)
    Console().print(table)


@app.command("search")
def search(
    question: str = typer.Argument(..., help="What is looked for, in words."),
    roles: list[str] = typer.Option([], "--role", help="As whom; without, only what every role may read."),
    limit: int = typer.Option(5, "--limit", min=1, max=50, help="How many passages."),
    tenant: str = _TENANT,
    as_json: bool = _JSON,
    config: Path | None = _CONFIG,
) -> None:
    """Find passages by words and by meaning, with where they stand.

    Example: `telcollm knowledge search "rectifier alarm after mains failure" --limit 3`
    """
    from rich.markup import escape

    from telcollm.knowledge.library import wire
    from telcollm.ports import Scope

    with _library(config) as (library, _):
        hits = library.search(question, scope=Scope(tenants=(tenant,)), roles=roles, limit=limit)
    if as_json:
        typer.echo(json.dumps([wire(hit) for hit in hits], indent=1, ensure_ascii=False))
        return
    if not hits:
        typer.echo("nothing found: no passage shares words or meaning with the question")
        return
    from rich.console import Console

    console = Console()
    for number, hit in enumerate(hits, start=1):
        console.print(f"[bold]{number}. {escape(hit.citation)}[/]")
        console.print(escape(hit.chunk.text) + "\n", highlight=False)


@app.command("remove")
def remove(
    sources: list[str] = typer.Argument(..., help="Sources or ids, as `telcollm knowledge list` shows them."),
    tenant: str = _TENANT,
    config: Path | None = _CONFIG,
) -> None:
    """Delete documents with all their versions, passages and vectors, for good."""
    from telcollm.ports import Scope

    failures = 0
    with _library(config, embed=False) as (library, rows):
        for source in sources:
            try:
                gone = library.remove(Scope(tenants=(tenant,)), source)
            except TelcollmError as error:
                failures += 1
                typer.secho(f"telcollm: {error}", fg=typer.colors.RED, err=True)
                continue
            typer.echo(f"{source}: {gone} version{'s' if gone != 1 else ''} deleted")
        if not rows.wipe():
            hint = (
                "deleted, but another process reads the store's journal, which holds a copy until that "
                "process closes the store: stop the worker or the console once"
            )
            typer.secho(hint, fg=typer.colors.YELLOW, err=True)
    if failures:
        raise typer.Exit(1)


@contextmanager
def _library(config: Path | None, *, embed: bool = True) -> Iterator[tuple[Library, DocumentStore]]:
    from telcollm.knowledge.library import Library
    from telcollm.knowledge.meaning import EMBEDDING_MODEL, open_embedder
    from telcollm.settings import load_settings
    from telcollm.store.documents import DocumentStore

    rows = DocumentStore(load_settings(config).store_location)
    embedder = open_embedder() if embed else None
    if embed and embedder is None:
        hint = f"searching by words alone: 'telcollm model pull {EMBEDDING_MODEL}' adds meaning"
        typer.secho(hint, fg=typer.colors.YELLOW, err=True)
    try:
        yield Library(rows, embedder), rows
    finally:
        rows.close()


def _files(folder: Path) -> list[Path]:
    """The files of a folder and those beneath it, without hidden ones."""
    return sorted(
        found
        for found in folder.rglob("*")
        if found.is_file() and not any(part.startswith(".") for part in found.relative_to(folder).parts)
    )


def _tell(path: Path) -> Callable[[int, int], None]:
    """Show how far a long document is, where somebody looks on."""

    def told(done: int, total: int) -> None:
        if total > _SHORT and sys.stderr.isatty():
            typer.echo(f"\r{path.name}: {done} of {total} passages embedded", nl=done == total, err=True)

    return told
