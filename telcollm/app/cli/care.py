"""`telcollm care`: what to answer a customer, what is wrong with scripts, and what became of a suggestion.

It sends nothing to anybody.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telcollm.errors import TelcollmError

if TYPE_CHECKING:
    from telcollm.records import CareMessage, Reply
    from telcollm.settings import Settings
    from telcollm.store.opening import Stores

app = typer.Typer(help="Replies to customers: suggest, judge, and check scripts.", no_args_is_help=True)

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose customers they are.")]
Scripts = Annotated[
    list[Path] | None,
    typer.Option("--scripts", help="Script files or folders; care.scripts_paths by default."),
]
Rules = Annotated[
    list[Path] | None,
    typer.Option("--policy", help="Policy files or folders; care.policy_paths by default."),
]


@app.command()
def suggest(
    conversation: Annotated[
        str, typer.Option("--conversation", help="Answer the last message of this conversation.")
    ] = "",
    text: Annotated[str, typer.Option("--text", help="Answer this message instead; nothing is kept.")] = "",
    customer: Annotated[str, typer.Option("--customer", help="With --text: which customer wrote it.")] = "",
    tenant: Tenant = "default",
    scripts: Scripts = None,
    policy: Rules = None,
    rules_only: Annotated[
        bool, typer.Option("--rules-only", help="Ask no model, whatever the settings name.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Suggest a reply from the scripts, filled from live records, within the policy.

    A suggestion for a conversation is kept, so that feedback can be given on it. Examples:

        telcollm care suggest --conversation C-4711

        telcollm care suggest --text "my internet is down" --customer customer-000123 --json
    """
    if bool(conversation) == bool(text):
        message = "one of --conversation and --text is needed; give the id of a conversation, or a message"
        raise typer.BadParameter(message)
    if customer and not text:
        message = "--customer goes with --text; a conversation knows its customer; leave it out"
        raise typer.BadParameter(message)
    from telcollm.app.care import open_desk
    from telcollm.app.stopping import models_stopped
    from telcollm.ports import Scope

    scope = Scope((tenant,))
    now = datetime.now(UTC)
    with _stores(config) as (settings, stores):
        if text:
            messages = [_message(text, customer, tenant, now)]
        else:
            messages = stores.care.conversation(scope, conversation)
            if not messages:
                error = (
                    f"conversation={conversation[:80]!r} is not known to tenant {tenant!r}; the id of a "
                    "stored one is allowed; give another id or --tenant, or try a message with --text"
                )
                raise TelcollmError(error)
        desk = open_desk(
            settings,
            stores,
            scripts=scripts or (),
            policy=policy or (),
            scope=scope,
            rules_only=rules_only or models_stopped(stores.database),
        )
        replies = desk.suggest([messages], decided_time=now)
        if not replies:
            error = (
                f"conversation={conversation[:80]!r} waits for the customer: the desk spoke last; one in "
                "which the customer did is allowed; wait for a message"
            )
            raise TelcollmError(error)
        if conversation:
            stores.care.put_replies(replies)
    _show(replies[0], kept=bool(conversation), as_json=as_json)


@app.command()
def lint(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Script and policy files or folders.")
    ],
    policy: Rules = None,
    as_json: AsJson = False,
) -> None:
    """Check scripts and policy: each fault with file, line, and what to do; the exit code is 1 then.

    Found are unknown slots, missing languages, scripts that are never chosen or that overlap, and texts that
    promise what policy forbids. Examples:

        telcollm care lint scripts/ policy/

        telcollm care lint scripts/network.yaml --policy policy/ --json
    """
    from agents.care.lint import lint as lint_files

    findings = lint_files(paths, policy_paths=policy)
    if as_json:
        rows = [
            {"file": one.file, "line": one.line, "check": one.check, "what": one.what, "todo": one.todo}
            for one in findings
        ]
        typer.echo(json.dumps({"findings": rows}, indent=1))
    elif findings:
        for one in findings:
            typer.echo(_plain(str(one)))
        count = len(findings)
        typer.secho(f"{count} fault{'s' if count != 1 else ''}", fg=typer.colors.RED, err=True)
    else:
        typer.echo("no faults")
    if findings:
        raise typer.Exit(1)


@app.command()
def feedback(
    reply: Annotated[str, typer.Argument(metavar="REPLY", help="The id of a suggested reply.")],
    sent: Annotated[bool, typer.Option("--sent", help="It went out as suggested.")] = False,
    edited: Annotated[
        str | None, typer.Option("--edited", metavar="TEXT", help="This went out in its place.")
    ] = None,
    rejected: Annotated[
        str | None, typer.Option("--rejected", metavar="WHY", help="It was not used, and why.")
    ] = None,
    actor: Annotated[str, typer.Option("--actor", help="Who says so; the user of this shell.")] = "",
    tenant: Tenant = "default",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Keep what became of a suggested reply: sent, edited or rejected. It is learned from later.

    Examples:
        telcollm care feedback rpl-06746c245d3c46fd --sent

        telcollm care feedback rpl-06746c245d3c46fd --edited "We are on it, Ms Lee."

        telcollm care feedback rpl-06746c245d3c46fd --rejected "wrong service"
    """
    from agents.care.feedback import reply_feedback
    from telcollm import codec
    from telcollm.ports import Scope

    with _stores(config) as (_, stores):
        found = stores.care.reply(Scope((tenant,)), reply)
        if found is None:
            error = (
                f"reply={reply[:80]!r} is not known to tenant {tenant!r}; the id of a kept suggestion is "
                "allowed; telcollm care suggest --conversation ID makes one"
            )
            raise TelcollmError(error)
        given = reply_feedback(
            found,
            given_time=datetime.now(UTC),
            actor=actor or getpass.getuser(),
            sent=sent,
            edited=edited,
            rejected=rejected,
        )
        stores.store.put_feedback(given)
    if as_json:
        typer.echo(json.dumps(codec.to_wire(given), indent=1))
    else:
        typer.echo(f"{given.feedback_id}: {given.kind.value} on {found.reply_id} is kept")


def _message(text: str, customer_id: str, tenant: str, now: datetime) -> CareMessage:
    from telcollm.records import CareMessage

    return CareMessage(
        tenant=tenant,
        message_id="as-typed",
        conversation_id="as-typed",
        sent_time=now,
        text=text,
        customer_id=customer_id,
    )


def _show(reply: Reply, *, kept: bool, as_json: bool) -> None:
    from telcollm import codec

    if as_json:
        typer.echo(json.dumps(codec.to_wire(reply), indent=1))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console()
    console.print(Text(_plain(reply.text) or "nothing can be answered from the scripts and records at hand"))
    facts = [
        ("script", reply.script_id),
        ("refused by", reply.refused_by),
        ("intent", f"{reply.intent} ({reply.confidence:.2f}{', abstains' if reply.abstained else ''})"),
        ("language", reply.language),
        ("incident", reply.incident_id),
        ("slots", ", ".join(f"{name}={value}" for name, value in reply.slots.items())),
        ("evidence", ", ".join(reply.evidence)),
        ("stands on", "; ".join(reply.citations)),
        ("needs approval of", ", ".join(reply.approvals)),
        ("not after", reply.valid_until.isoformat() if reply.valid_until else ""),
        ("reply", reply.reply_id if kept else ""),
    ]
    for name, value in facts:
        if value:
            console.print(Text(f"{name}: ", "dim") + Text(_plain(value)))


def _plain(text: str) -> str:
    """Return a text without signs that a terminal would act on."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in text)


@contextmanager
def _stores(config: Path | None) -> Iterator[tuple[Settings, Stores]]:
    """The settings and the stores they name, closed at the end of the block."""
    from telcollm.settings import load_settings
    from telcollm.store.opening import open_stores

    settings = load_settings(config)
    settings.home.mkdir(parents=True, exist_ok=True)
    stores = open_stores(settings.store_location)
    try:
        yield settings, stores
    finally:
        stores.close()
