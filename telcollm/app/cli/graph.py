"""`telcollm graph`: learning which alarm types cause which, and scoring that where the truth is known.

It does not learn or score anything itself: `streams.causes` does.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telcollm.errors import SettingsError
from telcollm.graph import CauseGraph, OperatingPoint, save

if TYPE_CHECKING:
    from streams.causes.assessment import Assessment
    from streams.causes.evaluation import Scores
    from streams.causes.sources import AlarmRecord, Columns

app = typer.Typer(help="Learn and evaluate the cause graph over alarm types.", no_args_is_help=True)

_RECORDS = ("huawei-18v", "huawei-24v", "csl")

DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of the public records; else TELCOLLM_DATA_DIR.", show_default=False),
]
TypeColumn = Annotated[str, typer.Option(help="Column of the alarm's type.")]
ObjectColumn = Annotated[str, typer.Option(help="Column of the object (device) that raised it.")]
RaisedColumn = Annotated[str, typer.Option(help="Column of the raised time: seconds or ISO 8601.")]
ClearedColumn = Annotated[str, typer.Option(help="Column of the cleared time; need not exist.")]
Topology = Annotated[
    Path | None,
    typer.Option(help="Neighbouring objects: .npy matrix or .csv of pairs.", show_default=False),
]
Prior = Annotated[
    Path | None,
    typer.Option(
        help="Known edges: .npy matrix (1 edge, 0 none, -1 unknown) or .csv of cause,effect[,value].",
        show_default=False,
    ),
]


@app.command(
    epilog="Examples: telcollm graph learn --data huawei-24v --out graph.json --fraction 0.7 | "
    "telcollm graph learn --data alarms.parquet --topology links.csv --type-column specific_problem "
    "--object-column managed_object --raised-column raised --out graph.json"
)
def learn(
    data: Annotated[str, typer.Option(help=f"A table (.csv, .parquet), or one of {', '.join(_RECORDS)}.")],
    out: Annotated[Path, typer.Option(help="Where to write the graph (JSON).")],
    fraction: Annotated[float, typer.Option(help="Learn from this first part of the alarms only.")] = 1.0,
    prior: Prior = None,
    operating_point: Annotated[
        str, typer.Option(help="balanced: best F1; precise: fewer edges, rarely wrong.")
    ] = "balanced",
    type_column: TypeColumn = "alarm_id",
    object_column: ObjectColumn = "device_id",
    raised_column: RaisedColumn = "start_timestamp",
    cleared_column: ClearedColumn = "end_timestamp",
    topology: Topology = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
) -> None:
    """Learn a cause graph from past alarms and write it to a file.

    Only the alarms, the topology and the prior edges are used, never a true graph. A public record's own
    prior is used only when --prior names its file.
    """
    from streams.causes import learning
    from streams.causes.sources import Columns

    point = _point(operating_point)
    columns = Columns(type_column, object_column, raised_column, cleared_column)
    record = _read(data, data_dir, columns, topology=topology, prior=prior)
    history = record.history.split(fraction)[0]
    graph = learning.learn(
        history,
        prior=record.prior if prior is not None else None,
        operating_point=point,
        fraction=fraction,
        progress=_tell,
    )
    save(graph, out)
    if as_json:
        typer.echo(json.dumps(_summary(graph, out)))
    else:
        typer.echo(
            f"{out}: {len(graph.edges)} edges between {len(graph.alarm_types)} types, {point}, learned from "
            f"{len(history)} alarms of {history.name}"
        )


@app.command(
    epilog="Examples: telcollm graph evaluate --json | telcollm graph evaluate --data huawei-24v | "
    "telcollm graph evaluate --data alarms.csv --truth DAG.npy --topology Topology.npy --json"
)
def evaluate(
    data: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A table with --truth, or a record's name, repeatable; else {', '.join(_RECORDS)}.",
            show_default=False,
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="True edges of the table: .npy matrix or .csv of pairs.", show_default=False),
    ] = None,
    prior: Prior = None,
    type_column: TypeColumn = "alarm_id",
    object_column: ObjectColumn = "device_id",
    raised_column: RaisedColumn = "start_timestamp",
    cleared_column: ClearedColumn = "end_timestamp",
    topology: Topology = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score learned edges against a true graph, at both operating points.

    A public record is scored under a rule whose parameters were fixed on the other public records; any other
    table under the shipped rule. Where there is a prior, scores with it are shown apart.
    """
    from streams.causes import sources
    from streams.causes.assessment import assess

    columns = sources.Columns(type_column, object_column, raised_column, cleared_column)
    names = data or list(_RECORDS)
    if len(names) > 1 and any(option is not None for option in (truth, topology, prior)):
        msg = f"--truth, --topology and --prior belong to one --data, got {len(names)}; score one by one"
        raise SettingsError(msg)
    records = [_read(name, data_dir, columns, topology=topology, prior=prior, truth=truth) for name in names]
    folder = sources.data_dir(data_dir)
    public = []
    if any(sources.is_public(record.history) for record in records):
        public = [
            sources.read_public_record(name, folder)
            for name in sources.PUBLIC_RECORDS
            if sources.has_record(name, folder)
        ]
    results, rule = assess(records, public, progress=_tell)
    if as_json:
        body = {
            "records": {result.record: _as_json(result) for result in results},
            "rule": {**asdict(rule), "fixed_on": [record.history.name for record in public] or ["shipped"]},
        }
        typer.echo(json.dumps(body, indent=1))
        return
    _print_table(results)


def _read(
    name: str,
    data_dir: Path | None,
    columns: Columns,
    *,
    topology: Path | None,
    prior: Path | None,
    truth: Path | None = None,
) -> AlarmRecord:
    from streams.causes import sources

    if name not in sources.PUBLIC_RECORDS:
        return sources.read_table(Path(name), columns=columns, topology=topology, truth=truth, prior=prior)
    return sources.read_public_record(
        name, sources.data_dir(data_dir), topology=topology, truth=truth, prior=prior
    )


def _point(text: str) -> OperatingPoint:
    if text == "balanced":
        return "balanced"
    if text == "precise":
        return "precise"
    msg = f"operating point {text!r} must be balanced or precise; pass --operating-point balanced"
    raise SettingsError(msg)


def _tell(line: str) -> None:
    typer.echo(line, err=True)


def _summary(graph: CauseGraph, out: Path) -> dict[str, Any]:
    return {
        "out": str(out),
        "types": len(graph.alarm_types),
        "edges": len(graph.edges),
        "operating_point": graph.operating_point,
        "learned_from": {
            "name": graph.learned_from.name,
            "sha256": graph.learned_from.sha256,
            "alarms": graph.learned_from.alarms,
            "fraction": graph.learned_from.fraction,
        },
        "sha256": graph.sha256,
    }


def _as_json(result: Assessment) -> dict[str, Any]:
    body: dict[str, Any] = {point: asdict(scores) for point, scores in result.learned.items()}
    for key in ("with_prior", "with_prior_unknown_pairs"):
        scored: dict[OperatingPoint, Scores] | None = getattr(result, key)
        if scored is not None:
            body[key] = {point: asdict(scores) for point, scores in scored.items()}
    return {
        **body,
        "rule": {**asdict(result.rule), "fixed_on": list(result.rule_fixed_on)},
        "seconds": result.seconds,
    }


def _print_table(results: list[Assessment]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Learned cause edges against the true graph", box=box.SIMPLE_HEAD)
    table.add_column("record")
    table.add_column("point", no_wrap=True)
    for title in ("edges", "prec.", "recall", "F1", "g", "AP/dens."):
        table.add_column(title, justify="right", no_wrap=True)
    for result in results:
        for label, scored in (
            ("", result.learned),
            (", with prior", result.with_prior),
            (", prior's unknown pairs", result.with_prior_unknown_pairs),
        ):
            for point, scores in (scored or {}).items():
                ratios = (scores.precision, scores.recall, scores.f1, scores.g_score)
                table.add_row(
                    result.record + label,
                    point,
                    f"{scores.edges} / {scores.true_edges}",
                    *(f"{ratio:.3f}" for ratio in ratios),
                    f"{scores.ap_over_density:.2f}",
                )
    console = Console()
    console.print(table)
    for result in results:
        console.print(
            f"{result.record}: rule fixed on {', '.join(result.rule_fixed_on) or 'no truth (theory)'}; "
            f"choosing all pairs has F1 {result.learned['balanced'].trivial_f1:.3f}; {result.seconds:.0f} s",
            highlight=False,
            soft_wrap=True,
        )
