"""`telcollm api`: TM Forum's interfaces and the platform's own, over HTTP, until it is told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def api(
    host: Annotated[
        str | None,
        typer.Option(help="Where to listen; the loopback by default.", show_default=False),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="The port; api.port by default.", show_default=False)
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
    ] = None,
) -> None:
    """Serve the API. Every endpoint but /live and /ready asks for a key: telcollm key make gives one.

    The endpoints are described at /docs. Put a server that ends TLS before it where it listens beyond the
    loopback. Examples:

        telcollm api

        telcollm key make script --role noc_engineer --tenant default

        curl -H "Authorization: Bearer $KEY" localhost:8642/tmf-api/serviceProblemManagement/v5/serviceProblem
    """
    from telcollm.app.workplace import open_workplace
    from telcollm.errors import MissingExtraError
    from telcollm.settings import load_settings

    try:
        import uvicorn

        from telcollm.app.api.application import build_app
    except ModuleNotFoundError as error:
        raise MissingExtraError(package=str(error.name), extra="api") from error
    settings = load_settings(config)
    workplace = open_workplace(settings)
    listens, number = host or settings.api.host, settings.api.port if port is None else port
    try:
        typer.echo(f"telcollm api at http://{listens}:{number}, described at /docs; Ctrl-C ends it", err=True)
        uvicorn.run(
            build_app(workplace),
            host=listens,
            port=number,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=10,
            limit_concurrency=200,
        )
    finally:
        workplace.close()
