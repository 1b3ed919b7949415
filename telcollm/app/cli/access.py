"""`telcollm account`, `key`, `stop-model`, `start-model`: who may come in, and the switch.

It checks nothing itself: the services do.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telcollm.access import Role
from telcollm.errors import TelcollmError
from telcollm.ports import Scope

if TYPE_CHECKING:
    from telcollm.access import Caller
    from telcollm.app.workplace import Workplace
    from telcollm.store.accounts import ApiKey

account_app = typer.Typer(help="People's accounts: add, list, remove, password.", no_args_is_help=True)
key_app = typer.Typer(help="Programs' keys to the API: make, list, revoke.", no_args_is_help=True)

PASSWORD_VARIABLE = "TELCOLLM_NEW_PASSWORD"

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Roles = Annotated[
    list[Role], typer.Option("--role", help="What they are; may be given again.", show_default=False)
]
Tenants = Annotated[
    list[str] | None, typer.Option("--tenant", help="They see this tenant; may be given again.")
]
Regions = Annotated[
    list[str] | None,
    typer.Option("--region", help="They see only this region of it; may be given again; all when not given."),
]
EveryTenant = Annotated[bool, typer.Option("--every-tenant", help="They see all tenants.")]


@contextmanager
def opened(config: Path | None) -> Iterator[tuple[Workplace, Caller]]:
    """The workplace that the settings name and the user of this machine, closed at the end of the block."""
    from telcollm.app.services.accounts import local_caller
    from telcollm.app.workplace import open_workplace
    from telcollm.settings import load_settings

    settings = load_settings(config)
    workplace = open_workplace(settings)
    try:
        yield workplace, local_caller(settings, user_name())
    finally:
        workplace.close()


def user_name() -> str:
    """Return the name of the user of this machine, as the audit trail keeps it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _scope(tenants: list[str] | None, regions: list[str] | None, every: bool) -> Scope:
    """Return the scope asked for; all tenants only where that was said."""
    if bool(tenants) == every:
        message = (
            f"--tenant {tenants or 'not given'} and --every-tenant {'given' if every else 'not given'}; "
            "exactly one of them is allowed; say which tenants they see"
        )
        raise TelcollmError(message)
    return Scope(tuple(tenants or ()), tuple(regions or ()))


def _new_password() -> str:
    """Return the password from the environment, from a pipe, or asked for at the terminal."""
    if given := os.environ.get(PASSWORD_VARIABLE):
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


@account_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Its name.")],
    role: Roles,
    tenant: Tenants = None,
    region: Regions = None,
    every_tenant: EveryTenant = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Add an account. Its password is asked for, or read from standard input or TELCOLLM_NEW_PASSWORD.

    There is no default account and no default password. Examples:

        telcollm account add eva --role noc_engineer --tenant acme --region north

        telcollm account add root --role administrator --every-tenant
    """
    from telcollm.app.services.accounts import add_account

    scope = _scope(tenant, region, every_tenant)
    with opened(config) as (workplace, caller):
        account = add_account(workplace, caller, name, _new_password(), roles=role, scope=scope)
    _tell(as_json, {"name": account.name, "roles": list(account.roles)}, f"account {account.name} added")


@account_app.command("list")
def list_accounts(as_json: AsJson = False, config: Config = None) -> None:
    """Show the accounts: what they are and what they see."""
    from telcollm.access import listed, scope_text
    from telcollm.app.services.accounts import list_accounts as find

    with opened(config) as (workplace, caller):
        found = find(workplace, caller)
    rows = [
        {
            "name": one.name,
            "roles": list(one.roles),
            "tenants": list(one.scope.tenants),
            "regions": list(one.scope.regions),
            "created": one.created_time.isoformat(),
        }
        for one in found
    ]
    lines = [f"{one.name}  {listed(one.roles)}  {scope_text(one.scope)}" for one in found]
    _tell(as_json, {"accounts": rows}, "\n".join(lines) or "no account yet; telcollm account add makes one")


@account_app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Its name.")], as_json: AsJson = False, config: Config = None
) -> None:
    """Delete an account, revoke its keys, end their subscriptions. Example: telcollm account remove eva."""
    from telcollm.app.services.accounts import remove_account

    with opened(config) as (workplace, caller):
        remove_account(workplace, caller, name)
    _tell(as_json, {"removed": name}, f"account {name} removed, its keys revoked, their subscriptions ended")


@account_app.command("password")
def password(
    name: Annotated[str, typer.Argument(help="Its name.")], as_json: AsJson = False, config: Config = None
) -> None:
    """Give an account another password, asked for as by `add`. Example: telcollm account password eva."""
    from telcollm.app.services.accounts import set_password

    with opened(config) as (workplace, caller):
        set_password(workplace, caller, name, _new_password())
    _tell(as_json, {"name": name}, f"account {name} has another password")


@key_app.command("make")
def make(
    owner: Annotated[str, typer.Argument(help="Whose: an account, or a program's name.")],
    role: Roles,
    tenant: Tenants = None,
    region: Regions = None,
    every_tenant: EveryTenant = False,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it lasts.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a key to the API and print it, this once: it is kept nowhere.

    Example:
        telcollm key make grafana --role noc_engineer --tenant acme --days 30
    """
    from telcollm.app.services.accounts import make_key

    scope = _scope(tenant, region, every_tenant)
    with opened(config) as (workplace, caller):
        key, text = make_key(workplace, caller, owner, roles=role, scope=scope, days=days)
    if not as_json:
        typer.echo(
            f"key {key.key_id} of {owner}, until {key.expires:%Y-%m-%d %H:%M}Z; it is shown this once:",
            err=True,
        )
    _tell(as_json, {**_key(key), "key": text}, text)


@key_app.command("list")
def list_keys(as_json: AsJson = False, config: Config = None) -> None:
    """Show the keys, the newest first: whose, what for and until when."""
    from telcollm.access import listed, scope_text
    from telcollm.app.services.accounts import list_keys as find

    with opened(config) as (workplace, caller):
        found = find(workplace, caller)
    lines = [
        f"{key.key_id}  {key.owner}  {listed(key.roles)}  {scope_text(key.scope)}  "
        f"{'revoked' if key.revoked else f'until {key.expires:%Y-%m-%d %H:%M}Z'}"
        for key in found
    ]
    _tell(as_json, {"keys": [_key(key) for key in found]}, "\n".join(lines) or "no key yet")


@key_app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id, which list shows.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Let a key open nothing from now on, and end what it subscribed to.

    Webhooks that wait for its subscriptions are not sent any more. Example:

        telcollm key revoke 0a1b2c3d4e5f
    """
    from telcollm.app.services.accounts import revoke_key

    with opened(config) as (workplace, caller):
        key = revoke_key(workplace, caller, key_id)
    _tell(as_json, _key(key), f"key {key.key_id} of {key.owner} revoked, its subscriptions ended")


def stop_model(as_json: AsJson = False, config: Config = None) -> None:
    """Stop all model output, in every process within a second; alarms and rules go on."""
    from telcollm.app.services.accounts import stop_model as stop

    with opened(config) as (workplace, caller):
        stop(workplace, caller)
    _tell(as_json, {"model_output": "stopped"}, "model output is stopped; telcollm start-model lets it go on")


def start_model(as_json: AsJson = False, config: Config = None) -> None:
    """Let models speak again."""
    from telcollm.app.services.accounts import start_model as start

    with opened(config) as (workplace, caller):
        start(workplace, caller)
    _tell(as_json, {"model_output": "running"}, "models may speak again")


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "owner": key.owner,
        "roles": list(key.roles),
        "tenants": list(key.scope.tenants),
        "regions": list(key.scope.regions),
        "created": key.created_time.isoformat(),
        "expires": key.expires.isoformat(),
        "revoked": key.revoked.isoformat() if key.revoked else None,
    }


def _tell(as_json: bool, value: dict[str, Any], text: str) -> None:
    typer.echo(json.dumps(value, indent=1) if as_json else text)
