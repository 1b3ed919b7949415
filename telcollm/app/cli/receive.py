"""`telcollm receive`: syslog and SNMP traps into Kafka, and the mapping file that says what becomes of them.

It does not read or correlate what it wrote: `telcollm worker` does.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from telcollm.settings import load_settings

if TYPE_CHECKING:
    from streams.receivers.counts import Counts
    from telcollm.app.receiving import Prepared

_PLAIN_EVERY_S = 5.0
_SHOWN_UNMAPPED = 5


class _ListenOrCommand(TyperGroup):
    """A group whose options may be those of `listen`: what is no command goes there."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Return the arguments with `listen` before those that name no command."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["listen", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ListenOrCommand,
    no_args_is_help=True,
    help="Receive syslog and SNMP traps into Kafka: `telcollm receive --syslog-udp 127.0.0.1:5514`.",
)


@app.command("listen")
def listen(
    syslog_udp: Annotated[str, typer.Option(help="Take syslog by UDP at HOST:PORT.")] = "",
    syslog_tcp: Annotated[str, typer.Option(help="Take syslog by TCP at HOST:PORT (RFC 6587).")] = "",
    snmp: Annotated[str, typer.Option(help="Take SNMP v2c traps and informs at HOST:PORT.")] = "",
    mapping: Annotated[
        Path | None, typer.Option(help="What becomes of them (YAML); the shipped example by default.")
    ] = None,
    community_file: Annotated[
        Path | None, typer.Option(help="SNMP communities that are let in, one a line.")
    ] = None,
    community: Annotated[
        str,
        typer.Option(
            envvar="TELCOLLM_SNMP_COMMUNITY",
            show_envvar=True,
            help="Communities with commas between; better by the environment: others see what is typed.",
        ),
    ] = "",
    alarm_topic: Annotated[str, typer.Option(help="Source that gets alarms; the first by default.")] = "",
    log_topic: Annotated[str, typer.Option(help="Source that gets log lines; the first by default.")] = "",
    max_message_bytes: Annotated[
        int, typer.Option(min=480, max=65_535, help="Longer syslog messages become dead letters.")
    ] = 16_384,
    max_connections: Annotated[int, typer.Option(min=1, help="TCP connections at a time.")] = 512,
    idle_s: Annotated[
        float, typer.Option(min=1, help="Close a TCP connection that says nothing so long.")
    ] = 3_600.0,
    slow_s: Annotated[
        float, typer.Option(min=0.1, help="Close one that takes longer over a message.")
    ] = 30.0,
    max_waiting: Annotated[
        int, typer.Option(min=1, help="Messages of each listener held while Kafka is away.")
    ] = 50_000,
    drain_s: Annotated[float, typer.Option(min=0, help="How long to wait for Kafka at the end.")] = 15.0,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the final counts as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Write log lines and alarms to the topics of the settings, until Ctrl-C or SIGTERM.

    A port alone is on the loopback; every interface only if told: 0.0.0.0:5514. What cannot be read goes to
    the dead-letter topic with the reason. While Kafka is away, messages wait up to the bound: then TCP
    senders wait, and what comes by UDP is counted as dropped. Ends with 1 where messages were lost. Examples:

        telcollm receive --syslog-udp 127.0.0.1:5514 --syslog-tcp 127.0.0.1:5514 --mapping mapping.yaml

        TELCOLLM_SNMP_COMMUNITY=noc telcollm receive --snmp 0.0.0.0:1162 --mapping mapping.yaml

        logger --server 127.0.0.1 --port 5514 --udp --rfc5424 "link down"

        snmptrap -v 2c -c noc 127.0.0.1:1162 "" 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.1.7 i 7
    """
    from streams.receivers.received import Listener
    from streams.receivers.receiver import Limits
    from telcollm.app.receiving import Reception, address_of, communities_of, prepare, run_receivers

    settings = load_settings(config)
    options = (
        (Listener.SYSLOG_UDP, syslog_udp),
        (Listener.SYSLOG_TCP, syslog_tcp),
        (Listener.SNMP, snmp),
    )
    prepared = prepare(
        settings,
        Reception(
            {listener: address_of(text, f"--{listener.value}") for listener, text in options if text},
            mapping,
            alarm_topic,
            log_topic,
            communities_of(community_file, community),
            Limits(
                max_message_bytes=max_message_bytes,
                max_connections=max_connections,
                idle_s=idle_s,
                slow_s=slow_s,
                max_waiting=max_waiting,
                drain_s=drain_s,
            ),
        ),
    )
    shown = not (quiet or as_json)
    with _View(shown) as view:

        def ready(bound: Any) -> None:
            for line in _announcement(prepared, bound):
                typer.echo(line, err=True)

        counts = run_receivers(settings, prepared, ready=ready, show=view.show)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(counts).decode())
    else:
        for line in _summary(counts):
            typer.echo(line)
    if counts.lost:
        typer.secho(f"{counts.lost:,} messages were lost", fg=typer.colors.RED, err=True)
        raise typer.Exit(1)


@app.command("check")
def check(
    mapping: Annotated[Path, typer.Argument(help="The mapping file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
    ] = None,
) -> None:
    """Say what is wrong with a mapping file, by line and rule; ends with 1 where something is.

    For example:

        telcollm receive check mapping.yaml
    """
    import json

    from streams.receivers.mapping import MappingError, load_mapping

    try:
        found = load_mapping(mapping)
    except MappingError as error:
        if not as_json:
            raise
        typer.echo(json.dumps({"faults": error.faults, "warnings": [], "rules": 0}, indent=1))
        raise typer.Exit(1) from None
    if as_json:
        wire = {"faults": [], "warnings": found.warnings, "rules": len(found.rules)}
        typer.echo(json.dumps(wire, indent=1))
        return
    for warning in found.warnings:
        typer.secho(f"warning: {warning}", fg=typer.colors.YELLOW, err=True)
    kinds = [sum(rule.kind == kind for rule in found.rules) for kind in ("syslog", "trap")]
    typer.echo(
        f"{mapping}: {kinds[0]} rules for syslog, {kinds[1]} for traps, {len(found.senders)} sources, "
        f"{len(found.names)} names; no faults"
    )


def _announcement(prepared: Prepared, bound: Any) -> list[str]:
    places = ", ".join(f"{listener.value} {host}:{port}" for listener, (host, port) in bound.items())
    topics = [
        f"{what} to topic {source.topic}"
        for what, source in (("alarms", prepared.alarms), ("log lines", prepared.logs))
        if source is not None
    ]
    lines = [
        f"telcollm receive at {places}; {', '.join(topics)}; Ctrl-C ends it",
        f"mapping {prepared.mapping.path}: {len(prepared.mapping.rules)} rules",
    ]
    lines += [f"warning: {warning}" for warning in prepared.mapping.warnings]
    lines += [
        f"warning: {place} is not the loopback: whoever reaches it may send, under any name"
        for place in prepared.exposed
    ]
    return lines


def _summary(counts: Counts) -> list[str]:
    """Return what was done, for people; no text of a message is in it."""
    lines = [_line(counts, {})]
    for title, kinds in (
        ("unparsable, by the part at fault", counts.refused),
        ("dropped", counts.dropped),
        ("by rule", counts.ruled),
    ):
        if kinds:
            ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
            lines.append(f"{title}: " + ", ".join(f"{name} {number:,}" for name, number in ordered))
    if counts.unmapped:
        ordered = sorted(counts.unmapped.items(), key=lambda item: (-item[1], item[0]))
        shown = ", ".join(f"{oid} {number:,}" for oid, number in ordered[:_SHOWN_UNMAPPED])
        lines.append(f"traps that no rule names, the most frequent: {shown}")
    return lines


def _line(counts: Counts, rates: dict[str, float]) -> str:
    from streams.receivers.counts import COMMUNITY, total

    received = "  ".join(
        f"{name} {number:,}" + (f" ({rates[name]:,.0f}/s)" if name in rates else "")
        for name, number in counts.received.items()
    )
    written = "  ".join(f"{name} {number:,}" for name, number in counts.written.items())
    parts = [
        f"received {received or '0'}",
        f"written {written or '0'}",
        f"dropped {total(counts.dropped):,}",
        f"unparsable {total(counts.refused):,}",
        f"waiting {counts.waiting:,}",
    ]
    if counts.lost:
        parts.append(f"LOST {counts.lost:,}")
    if counts.dropped.get(COMMUNITY):
        parts.append(f"wrong community {counts.dropped[COMMUNITY]:,}")
    if counts.connections or counts.connections_refused:
        parts.append(f"connections {counts.connections:,}, {counts.connections_refused:,} refused")
    return " | ".join(parts)


class _View:
    """Shows the counts in place on a terminal, and every few seconds as a line elsewhere."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._live: Any = None
        self._console: Any = None
        self._last_s = self._told_s = time.monotonic()
        self._last: dict[str, int] = {}
        self._last_line = ""

    def __enter__(self) -> _View:
        if self._shown:
            from rich.console import Console
            from rich.live import Live

            self._console = Console(stderr=True)
            if self._console.is_terminal:
                self._live = Live(console=self._console, auto_refresh=False, transient=True)
                self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, counts: Counts) -> None:
        """Show the counts, with rates since they were shown last."""
        if not self._shown:
            return
        now_s = time.monotonic()
        if self._live is None and now_s - self._told_s < _PLAIN_EVERY_S:
            return
        passed_s = max(now_s - self._last_s, 1e-9)
        rates = {
            name: (number - self._last.get(name, 0)) / passed_s for name, number in counts.received.items()
        }
        self._last, self._last_s, self._told_s = dict(counts.received), now_s, now_s
        line = _line(counts, rates)
        if counts.failure:
            line = f"{line}\nKafka does not take anything, it is tried again: {counts.failure}"
        from rich.text import Text

        if self._live is not None:
            self._live.update(Text(line), refresh=True)
        elif line != self._last_line:
            self._console.print(Text(line), soft_wrap=True)
        self._last_line = line
