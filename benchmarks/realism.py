"""How like real networks the simulated operator is, and what a rendering of windows is worth in tokens.

`python -m benchmarks.realism alarms` compares hours of the simulation with hours of the public records and
draws arrival times, burst sizes and alarms per device. `python -m benchmarks.realism windows` tells, for each
rendering, its tokens and how well plain baselines decide by it. Everything decided here is of simulated data.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from streams.simulator.plan import SimulationPlan
from streams.simulator.realism import (
    ARRIVALS,
    BURSTS,
    DEVICES,
    FEATURES,
    AlarmStream,
    halves,
    stream_of_rows,
    tell_apart,
)
from streams.simulator.simulation import simulate
from streams.simulator.tables import PLANS

COUNTS = (*ARRIVALS, *BURSTS, *DEVICES)
"""What the comparison is held to: arrival times, burst sizes, alarms per device."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("alarms", "windows"))
    parser.add_argument("--data-dir", type=Path, default=None, help="folder of the public records")
    parser.add_argument("--days", type=float, default=8.0)
    parser.add_argument("--elements", type=int, default=440, help="24V has 439 devices")
    parser.add_argument("--faults-per-day", type=float, default=PLANS["default"].faults_per_day)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plots", type=Path, default=None, help="write the plots to this PNG")
    parser.add_argument("--base", default="", help="folder of a tokenizer, to count its tokens")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    plan = SimulationPlan(
        seed=options.seed,
        days=options.days,
        elements=options.elements,
        faults_per_day=options.faults_per_day,
    )
    found = _alarms(options, plan) if options.what == "alarms" else _windows(options, plan)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 0


def _alarms(options: argparse.Namespace, plan: SimulationPlan) -> dict[str, Any]:
    from streams.replay.dataset import load_dataset
    from telcollm.settings import load_settings

    folder = options.data_dir or load_settings().data_dir
    real = {
        name: stream_of_rows(name, load_dataset(name, folder).rows) for name in ("huawei-24v", "huawei-18v")
    }
    table = simulate(plan).alarm_table()
    simulated = stream_of_rows("simulated", table.rows)
    found: dict[str, Any] = {"simulated_hours": simulated.hours, "simulated_alarms": len(table.rows)}
    pairs = {
        "24v against itself": halves(real["huawei-24v"]),
        "24v, first half against second": _in_two(real["huawei-24v"]),
        "24v against 18v": (real["huawei-24v"], real["huawei-18v"].first(2000)),
        "24v against simulated": (real["huawei-24v"], simulated),
    }
    for name, (one, other) in pairs.items():
        for group, features in (("counts", COUNTS), ("counts and problems", FEATURES)):
            told = tell_apart(one, other, features=features, block_hours=6)
            found[f"{name}, {group}"] = {
                "auc": round(told.auc, 3),
                "deviation": round(told.deviation, 3),
                "hours": told.hours,
                "telling": [(feature, round(lost, 3)) for feature, lost in told.telling[:5]],
            }
    if options.plots:
        _draw([*real.values(), simulated], options.plots)
    return found


def _in_two(stream: AlarmStream) -> tuple[AlarmStream, AlarmStream]:
    middle = stream.raised_s[0] + stream.hours // 2 * 3600.0
    place = int(np.searchsorted(stream.raised_s, middle))
    first = AlarmStream("first", stream.raised_s[:place], stream.device[:place], stream.problem[:place])
    return first, AlarmStream(
        "second", stream.raised_s[place:], stream.device[place:], stream.problem[place:]
    )


def _draw(streams: Sequence[AlarmStream], path: Path) -> None:
    """Write the three comparisons as one picture: shares at least as large, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 4.5))
    for stream in streams:
        gaps = np.diff(stream.raised_s)
        bursts = np.diff(np.flatnonzero(np.r_[True, gaps > 30.0, True]))
        hours = ((stream.raised_s - stream.raised_s[0]) // 3600).astype(np.int64)
        per_device = np.unique(hours * 1_000_003 + stream.device, return_counts=True)[1]
        for axis, values in zip(axes, (gaps + 1.0, bursts, per_device), strict=True):
            ordered = np.sort(values)
            axis.loglog(ordered, 1.0 - np.arange(len(ordered)) / len(ordered), label=stream.name)
    titles = ("seconds between alarms, and 1", "alarms in a burst (gaps to 30 s)", "alarms a device and hour")
    for axis, title in zip(axes, titles, strict=True):
        axis.set_xlabel(title)
        axis.set_ylabel("share at least so large")
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _windows(options: argparse.Namespace, plan: SimulationPlan) -> dict[str, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import accuracy_score, f1_score

    from streams.simulator.tables import TablePlan, Tables
    from streams.simulator.windows_rows import distinct_columns
    from telcollm.prompts import RENDERINGS

    count = _counter(options.base)
    found: dict[str, Any] = {}
    tables = Tables(TablePlan(plan))
    for version in RENDERINGS:
        made = Tables(TablePlan(plan, rendering=version))
        # One simulation serves all renderings.
        made.__dict__.update(simulation=tables.simulation, windows=tables.windows)
        rows = list(made.rows("windows"))
        test = np.array([row["split"] == "test" for row in rows])
        teach = np.array([row["split"] == "train" for row in rows])
        unseen = np.array([bool(row["dialect_unseen"]) for row in rows])
        texts = [str(row["text"]) for row in rows]
        tokens = [count(text) for text in texts[::7]]
        cell: dict[str, Any] = {
            "tokens_median": float(np.median(tokens)),
            "tokens_mean": float(np.mean(tokens)),
        }
        for label in ("fault_kind", "team"):
            truth = np.array([row[label] for row in rows])
            model = _linear().fit(
                [text for text, mine in zip(texts, teach, strict=True) if mine], truth[teach]
            )
            said = model.predict(texts)
            for part, mine in (("seen dialects", test & ~unseen), ("unseen dialect", unseen)):
                cell[f"{label}, {part}"] = (
                    round(float(accuracy_score(truth[mine], said[mine])), 3),
                    round(float(f1_score(truth[mine], said[mine], average="macro")), 3),
                )
        found[version] = cell
    names = distinct_columns(rows)
    values = np.array([[float(str(row[name])) for name in names] for row in rows])
    for label in ("fault_kind", "team"):
        truth = np.array([row[label] for row in rows])
        boosting: Any = HistGradientBoostingClassifier(
            max_iter=100, max_leaf_nodes=12, l2_regularization=1.0, random_state=0, early_stopping=False
        )
        said = boosting.fit(values[teach], truth[teach]).predict(values)
        for part, mine in (("seen dialects", test & ~unseen), ("unseen dialect", unseen)):
            found[f"boosting, {label}, {part}"] = (
                round(float(accuracy_score(truth[mine], said[mine])), 3),
                round(float(f1_score(truth[mine], said[mine], average="macro")), 3),
            )
    found["rows"] = {"train": int(teach.sum()), "test": int(test.sum()), "unseen dialect": int(unseen.sum())}
    return found


def _linear() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"[^\s]+")
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, max_features=60_000
    )
    return make_pipeline(make_union(words, letters), LogisticRegression(C=20, max_iter=300))


def _counter(base: str) -> Any:
    if not base:
        return lambda text: len(text) / 3
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    return lambda text: len(tokenizer.encode(text))


if __name__ == "__main__":
    sys.exit(main())
