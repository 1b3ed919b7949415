"""Laws of the commands of access, and of all commands before the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from telcollm.access import ALLOWED, COMMANDS, AccessDenied, Role
from telcollm.app.cli.access import account_app, key_app, start_model, stop_model
from telcollm.app.cli.guarding import check, guarded
from telcollm.errors import TelcollmError
from telcollm.ports import EVERYTHING
from telcollm.store.accounts import AccountStore
from telcollm.store.database import open_database
from tests.telcollm.app.places import NOON, caller

PASSWORD = "correct horse battery"

app = typer.Typer()
app.add_typer(account_app, name="account")
app.add_typer(key_app, name="key")
app.command("stop-model")(stop_model)
app.command("start-model")(start_model)


@pytest.fixture
def run(tmp_path: Path, store_template: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`run(*words, roles=...)` in a home folder of its own; gives what a script reads."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "telcollm.db").write_bytes(store_template.read_bytes())
    config = tmp_path / "telcollm.toml"
    monkeypatch.setenv("TELCOLLM_HOME", str(home))
    monkeypatch.delenv("TELCOLLM_CONFIG", raising=False)

    def run(*words: str, typed: str = PASSWORD, roles: tuple[Role, ...] = tuple(Role)) -> Any:
        config.write_text(f"[access]\nlocal_roles = {json.dumps([role.value for role in roles])}\n")
        given = [*words, "--json", "--config", str(config)]
        result = CliRunner().invoke(app, given, input=f"{typed}\n")
        if isinstance(result.exception, TelcollmError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


def test_an_account_is_added_by_a_password_of_its_own_and_removed(run: Any, tmp_path: Path) -> None:
    assert run("account", "list") == {"accounts": []}
    made = run("account", "add", "eva", "--role", "auditor", "--tenant", "acme", "--region", "north")
    assert made == {"name": "eva", "roles": ["auditor"]}
    [row] = run("account", "list")["accounts"]
    assert (row["name"], row["tenants"], row["regions"]) == ("eva", ["acme"], ["north"])
    run("account", "password", "eva", typed="another good one")
    database = open_database(f"sqlite:///{tmp_path / 'home' / 'telcollm.db'}")
    assert AccountStore(database).log_in("eva", "another good one", at=NOON).name == "eva"
    database.close()
    assert run("account", "remove", "eva") == {"removed": "eva"}
    assert run("account", "list") == {"accounts": []}


def test_a_key_is_shown_once_and_never_listed(run: Any) -> None:
    made = run("key", "make", "robot", "--role", "auditor", "--every-tenant", "--days", "1")
    assert made["key"].startswith(f"tck_{made['key_id']}_")
    listed = run("key", "list")["keys"]
    assert [one["key_id"] for one in listed] == [made["key_id"]] and "key" not in listed[0]
    assert run("key", "revoke", made["key_id"])["revoked"] is not None


@pytest.mark.parametrize("scope", [(), ("--tenant", "acme", "--every-tenant")])
def test_whoever_sees_every_tenant_is_said_to(run: Any, scope: tuple[str, ...]) -> None:
    with pytest.raises(TelcollmError, match="exactly one of them is allowed"):
        run("key", "make", "robot", "--role", "auditor", *scope)


def test_models_are_stopped_and_started_by_those_who_may(run: Any) -> None:
    assert run("stop-model", roles=(Role.CARE_AGENT,)) == {"model_output": "stopped"}
    with pytest.raises(AccessDenied):
        run("start-model", roles=(Role.CARE_AGENT,))
    assert run("start-model", roles=(Role.MODEL_OWNER,)) == {"model_output": "running"}


def test_a_user_whom_the_settings_limit_makes_no_account(run: Any) -> None:
    with pytest.raises(AccessDenied, match=r"account\.write is denied"):
        run("account", "add", "eva", "--role", "auditor", "--every-tenant", roles=(Role.NOC_ENGINEER,))


@pytest.mark.parametrize("role", list(Role))
def test_every_command_asks_every_role_as_the_table_says(role: Role) -> None:
    for name, action in COMMANDS.items():
        if role in ALLOWED[action]:
            check(name, caller(role, scope=EVERYTHING))
        else:
            with pytest.raises(AccessDenied):
                check(name, caller(role, scope=EVERYTHING))


def test_a_command_that_no_table_names_is_nobodys() -> None:
    with pytest.raises(AccessDenied, match="is in no table of access"):
        check("format-disk", caller(*Role, scope=EVERYTHING))


def test_a_guarded_command_line_begins_nothing_that_is_denied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    own = typer.Typer()

    @own.command("worker")
    def worker() -> None:
        begun.append("worker")

    @own.command("ask")
    def ask() -> None:
        begun.append("ask")

    monkeypatch.setenv("TELCOLLM_ACCESS__LOCAL_ROLES", '["noc_engineer"]')
    monkeypatch.chdir(tmp_path)
    command = guarded(typer.main.get_command(own))
    with pytest.raises(AccessDenied):
        command(["worker"], standalone_mode=False)
    command(["ask"], standalone_mode=False)
    assert begun == ["ask"]
