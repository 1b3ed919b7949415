"""What a tuning run or a check gave, as one JSON object or as tables on a terminal.

Does not judge or measure: it shows what `finetune` found.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finetune.audit import Finding
    from finetune.preparation import Prepared
    from finetune.publication import Outcome
    from telcollm.settings import Settings

_SHORT = {
    "decider": "decider (mix)",
    "model": "model alone",
    "plain": "plain expert alone",
    "champion": "present champion",
    "base": "untuned base",
    "tfidf": "TF-IDF + regression",
    "boosting": "gradient boosting",
    "majority": "commonest label",
}


def as_object(outcome: Outcome, settings: Settings) -> dict[str, Any]:
    """Return what `--json` prints: figures per part, counts, paths, and what stands against promotion."""
    tree = outcome.measured
    own = tree["parts"]["decider"]
    return {
        "name": outcome.name,
        "version": outcome.version,
        "accuracy": own["accuracy"],
        "macro_f1": own["macro_f1"],
        "top3": own["top3"],
        "ece": own["ece"],
        "rows": tree["rows"],
        "labels": {one["label"]: one["count"] for one in tree["per_label"]},
        **tree["parts"],
        "gains": tree["gains"],
        "perturbations": tree["perturbations"],
        "per_label": tree["per_label"],
        "slices": tree["slices"],
        "threshold": tree["threshold"],
        "mix": tree["mix"],
        "split": tree["split"],
        "findings": tree["audit"],
        "cost": tree["cost"],
        "training": tree["training"],
        "simulated": tree["simulated"],
        "not_ready_because": list(outcome.failed),
        "problem": outcome.problem,
        "paths": {
            "decider": str(outcome.decider),
            "report": str(outcome.report),
            "predictions": str(outcome.folder / "predictions.parquet"),
            "metrics": str(outcome.decider / "metrics.json"),
            "card": str(outcome.decider / "CARD.md"),
        },
        "mlflow": {"uri": _shown_uri(settings), "run_id": outcome.run_id},
    }


def _shown_uri(settings: Settings) -> str:
    from telcollm.tracking import redacted

    return redacted(settings.tracking_uri)


def print_outcome(outcome: Outcome, settings: Settings) -> None:
    """Print figures beside the baselines, what stands against promotion, and where everything lies."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from finetune.report import part_order

    tree = outcome.measured
    console = Console()
    title = f"{outcome.name}: {tree['rows']['test']:,} test rows"
    title += " (simulated)" if tree["simulated"] else ""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("part", no_wrap=True)
    for head in ("accuracy", "macro-F1", "top 3", "ECE", "decider's gain, 95 %"):
        table.add_column(head, justify="right", no_wrap=True)
    for part in part_order(tree["parts"]):
        one, gain = tree["parts"][part], tree["gains"].get(part)
        table.add_row(
            _SHORT.get(part, part),
            f"{one['accuracy']:.3f}",
            f"{one['macro_f1']:.3f}",
            "-" if one["top3"] is None else f"{one['top3']:.3f}",
            f"{one['ece']:.3f}",
            "" if gain is None else "{:+.3f} [{:+.3f}, {:+.3f}]".format(*gain["accuracy"]),
            style="bold" if part == "decider" else "",
        )
    console.print(table)
    for line in outcome.failed:
        console.print(f"[yellow]not ready for promotion[/]: {escape(line)}", highlight=False, soft_wrap=True)
    if outcome.problem:
        console.print(f"[red]{escape(outcome.problem)}[/]", highlight=False, soft_wrap=True)
    console.print(f"decider  {outcome.decider}", highlight=False, soft_wrap=True, markup=False)
    console.print(f"report   {outcome.report}", highlight=False, soft_wrap=True, markup=False)
    if not outcome.version:
        return
    told = f"version {outcome.version}, challenger, run {outcome.run_id} in {_shown_uri(settings)}"
    console.print(f"MLflow   {told}", highlight=False, soft_wrap=True, markup=False)
    following = (
        f"telcollm model predict {outcome.name} --data FILE --out FILE"
        if outcome.failed
        else f"telcollm model promote {outcome.name}"
    )
    console.print(f"next     {following}", highlight=False, soft_wrap=True, markup=False)


def print_check(findings: Sequence[Finding], prepared: Prepared | None, *, as_json: bool) -> None:
    """Print findings, sides and labels; `prepared` is None where nothing can be trained."""
    if as_json:
        body: dict[str, Any] = {
            "usable": prepared is not None,
            "findings": [
                {"weight": one.weight, "code": one.code, "message": one.message} for one in findings
            ],
        }
        if prepared is not None:
            body |= {
                "leaks": list(prepared.leaks),
                "rows": prepared.split.sizes,
                "labels": dict(prepared.labels),
                "split": {"method": prepared.split.method, "reason": prepared.split.reason},
                "text": list(prepared.columns.text),
                "numeric": list(prepared.columns.numeric),
                "data_sha256": prepared.spec.data_sha256,
            }
        typer.echo(json.dumps(body, ensure_ascii=False, indent=1))
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    colours = {"stop": "red", "leak": "red", "warning": "yellow", "note": "dim"}
    for one in findings:
        console.print(
            f"[{colours[one.weight]}]{one.weight:8}[/]{escape(one.message)}", highlight=False, soft_wrap=True
        )
    if prepared is None:
        console.print("[red]nothing can be trained on this[/]")
        return
    shown = list(prepared.labels.items())
    counts = ", ".join(f"{label} {count}" for label, count in shown[:20])
    more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
    console.print(f"labels  {counts}{more}", highlight=False, soft_wrap=True, markup=False)
