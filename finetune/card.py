"""The card of a decider: what it decides, how well on what, and where it must not be trusted.

Everything comes from what was measured; a card claims nothing of its own. Does not measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finetune.report import CALLED, part_order


def card_text(measured: Mapping[str, Any]) -> str:
    """Return the card as Markdown."""
    m = measured
    parts = m["parts"]
    lines = [
        f"# {m['name']}",
        "",
        f"Decides **{m['task']['label']}** from {m['task']['inputs']}"
        + (f", one of {m['task']['labels']} labels." if m["task"]["labels"] else ", one of a row's choices."),
        "",
    ]
    if m["simulated"]:
        lines += [
            "**Simulated**: trained and measured on simulated data. The figures say nothing yet of a real "
            "network.",
            "",
        ]
    lines += [
        "## Measured",
        "",
        f"On {m['rows']['test']:,} test rows ({m['rows']['train']:,} train, {m['rows']['validation']:,} "
        f"validation); split: {m['split']['reason']}. 95 % intervals by bootstrap "
        f"over {'groups' if m['bootstrap_by'] == 'group' else 'rows'}.",
        "",
        "| part | rows | accuracy | macro-F1 | top 3 | ECE | decider's gain in accuracy |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in part_order(parts):
        part = parts[name]
        gain = m["gains"].get(name)
        told = "" if gain is None else "{:+.3f} [{:+.3f}, {:+.3f}]".format(*gain["accuracy"])
        lines.append(
            f"| {CALLED.get(name, name)} | {part['rows']:,} "
            f"| {part['accuracy']:.3f} ({part['accuracy_low']:.3f} to {part['accuracy_high']:.3f}) "
            f"| {part['macro_f1']:.3f} ({part['macro_f1_low']:.3f} to {part['macro_f1_high']:.3f}) "
            f"| {_or_dash(part['top3'])} | {part['ece']:.3f} | {told} |"
        )
    lines += ["", *_changes(m)]
    lines += [
        "## Limits",
        "",
        *[f"- Not ready for promotion: {line}" for line in m["gate"]],
        *[f"- {line}" for line in m["limits"]],
        "- Confidence is calibrated on rows like those it was trained on; on others it may be too sure.",
        f"- It abstains below a confidence of {m['threshold']['confidence']:.3f}; on the test rows it then "
        f"answers {m['threshold']['test_coverage']:.1%}"
        + (
            f" and is right in {m['threshold']['test_precision']:.1%} of them."
            if m["threshold"]["test_precision"] is not None
            else "."
        ),
        "",
        "## Made",
        "",
        f"- with `{m['command']}`",
        *[f"- then `{line}`" for line in m.get("commands", ())],
        *[f"- {name}: {value}" for name, value in m["origin"].items() if value not in ("", None)],
        f"- {_took(m)}",
        f"- mix: {', '.join(f'{part} {weight:.3f}' for part, weight in m['mix'].items())}; "
        f"temperature {m['temperature']:.3f}",
        "",
    ]
    return "\n".join(lines)


def hardware_text(m: Mapping[str, Any]) -> str:
    """Return what the figures of cost were taken on: those of an earlier run on the hardware of that run.

    >>> hardware_text({"cost": {"hardware": "2 CPU cores", "ms_per_row_on": "H100", "training_on": ""}})
    '2 CPU cores; a decision on H100'
    """
    cost = m["cost"]
    elsewhere = [
        f"{what} on {cost[name]}"
        for name, what in (("ms_per_row_on", "a decision"), ("training_on", "the training"))
        if cost.get(name) not in (None, "", cost["hardware"])
    ]
    return "; ".join([str(cost["hardware"]), *elsewhere])


def _changes(m: Mapping[str, Any]) -> list[str]:
    if not m["perturbations"]:
        return []
    lines = [
        "## When names and orders change",
        "",
        "| change | rows changed | before | after | best baseline after | gain over it |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one['name']} | {one['changed']:,} | {one['before']:.3f} | {one['after']:.3f} "
        f"| {_or_dash(one['baseline_after'])} | {_gain(one)} |"
        for one in m["perturbations"]
    ]
    return [*lines, ""]


def _gain(one: Mapping[str, Any]) -> str:
    """Return the gain after a change with its interval; runs of earlier versions did not note it."""
    return "{:+.3f} [{:+.3f}, {:+.3f}]".format(*one["gain"]) if one.get("gain") else "-"


def _took(m: Mapping[str, Any]) -> str:
    """Return how long it took, and on what: the training over all its restarts, and the run that measured."""
    here = m["cost"]["hardware"]
    run = f"{(m['cost']['run_s'] or 0) / 60:.0f} minutes for the run that measured it, on {here}"
    training = m.get("training") or {}
    if not training:
        return run
    where = m["cost"].get("training_on") or here
    return (
        f"{training['seconds'] / 60:.0f} minutes of training ({training['steps']:,} steps, "
        f"{training['tokens']:,} tokens, ended by {training['stopped_because']})"
        f"{f', on {where}' if where != here else ''}, {run}"
    )


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
