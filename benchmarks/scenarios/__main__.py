"""Run suites of scenarios and read the runs; `python -m benchmarks.scenarios --help` shows the commands.

Shows what `running` and `comparing` find; the clock is read here.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from benchmarks.scenarios.case import Part, chosen
from benchmarks.scenarios.catalogue import SUITES, open_suite
from benchmarks.scenarios.comparing import Comparison, compare
from benchmarks.scenarios.making import made_folder
from benchmarks.scenarios.page import chance, interval, number, write_page
from benchmarks.scenarios.results import Results, lines_path, load_results, save_results
from benchmarks.scenarios.running import ask, results_of, scored
from benchmarks.scenarios.suite import NotAvailable, Options, Tell
from telcollm.errors import SettingsError, TelcollmError
from telcollm.settings import load_settings

_EXAMPLES = """examples:
  python -m benchmarks.scenarios list
  python -m benchmarks.scenarios run incidents --variant rules-graph --limit 50
  python -m benchmarks.scenarios run incidents --variant tuned --decider fault_kind=FOLDER --json b.json
  python -m benchmarks.scenarios compare a.json b.json --html comparison.html --track
  python -m benchmarks.scenarios costs incidents.json tickets.json conversations.json
  python -m benchmarks.scenarios calibrate validation.json --precision 0.6 --to rule.json --on test.json
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when done, 2 for what cannot be done as asked, 3 for a variant that is not available here."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.do(arguments))
    except NotAvailable as error:
        print(f"not available: {error}", file=sys.stderr)
        return 3
    except TelcollmError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scenarios",
        description="Scenario suites with hidden answers: what is right, and what each part brings.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="show the suites, their variants and measures")
    listing.set_defaults(do=_list)
    run = commands.add_parser("run", help="ask one variant every case of a suite, then score it")
    run.add_argument("suite", metavar="SUITE", help=", ".join(SUITES))
    run.add_argument("--variant", required=True, help="what is asked; `list` shows them")
    run.add_argument(
        "--part", choices=get_args(Part), default="test", help="validation to develop on, test to report once"
    )
    run.add_argument("--limit", type=_count, help="ask only so many cases, the same for every variant")
    run.add_argument(
        "--decider",
        action="append",
        default=[],
        metavar="WHAT=NAME",
        help="a decider by name or folder for what the suite decides, such as fault_kind=window-fault-kind",
    )
    run.add_argument("--model", default="", help="the base model; that of the settings by default")
    run.add_argument("--seed", type=int, default=1, help="seed of what a variant draws at random")
    run.add_argument("--data", type=Path, help="where cases are made and kept; TELCOLLM_HOME/scenarios")
    run.add_argument("--json", type=Path, help="where the results go; beside the cases by default")
    run.set_defaults(do=_run)
    comparison = commands.add_parser("compare", help="compare two runs over the same cases")
    comparison.add_argument("before", type=Path, metavar="A.json")
    comparison.add_argument("after", type=Path, metavar="B.json")
    comparison.add_argument("--html", type=Path, help="write the comparison as a page")
    comparison.set_defaults(do=_compare)
    costs = commands.add_parser("costs", help="show time and tokens a job of runs, p50 and p95")
    costs.add_argument("runs", type=Path, nargs="+", metavar="RUN.json")
    costs.set_defaults(do=_costs)
    calibration = commands.add_parser(
        "calibrate", help="learn when diagnoses should abstain, for diagnosis.calibration_path"
    )
    calibration.add_argument("run", type=Path, metavar="RUN.json", help="incidents with known causes")
    calibration.add_argument(
        "--precision", type=float, required=True, help="how often an answer must be right, such as 0.6"
    )
    calibration.add_argument("--to", type=Path, required=True, metavar="FILE", help="where it is kept")
    calibration.add_argument("--on", type=Path, metavar="RUN.json", help="another run to tell its effect on")
    calibration.set_defaults(do=_calibrate)
    for command in (run, comparison):
        command.add_argument("--track", action="store_true", help="keep it in MLflow as well")
        command.add_argument("--config", "-c", type=Path, help="a settings file")
        command.add_argument("--quiet", "-q", action="store_true", help="show no progress")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        message = f"{text} must be at least 1"
        raise argparse.ArgumentTypeError(message)
    return value


def _list(_: argparse.Namespace) -> int:
    for name in SUITES:
        try:
            suite = open_suite(name)
        except NotAvailable as error:
            print(f"{name}: not available: {error}")
            continue
        print(f"{name}: a case is right by {suite.headline}")
        for kind, entries in (("variants", suite.variants), ("measures", suite.measures)):
            print(f"  {kind}:")
            for key, value in entries.items():
                print(f"    {key:24} {value if isinstance(value, str) else value.says}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments.config)
    suite = open_suite(arguments.suite)
    if arguments.variant not in suite.variants:
        message = (
            f"--variant {arguments.variant!r} is none of {suite.name}; {', '.join(suite.variants)} are "
            "allowed; choose one of them"
        )
        raise SettingsError(message)
    options = Options(_deciders(arguments.decider), arguments.model, arguments.seed)
    data = arguments.data or settings.home / "scenarios"
    began = datetime.now(UTC)
    with _progress(not arguments.quiet) as tell:
        folder = made_folder(suite, arguments.part, data, tell)
        cases = folder.cases()
        asked = chosen(cases, arguments.limit)
        tell(f"opening {arguments.variant}")
        system = suite.system(arguments.variant, folder.inputs, options, settings, tell)
        try:
            load_before = _load()
            told = ask(system, asked, time.monotonic, _cases_told(tell))
            identity = dict(system.identity)
        finally:
            system.close()
        conditions = {
            **_machine(),
            "started_time": began.isoformat(timespec="seconds"),
            "load_before": load_before,
            "load_after": _load(),
        }
        tell("scoring")
        results = results_of(
            suite,
            variant=arguments.variant,
            part=arguments.part,
            cases=scored(suite, told, folder.answers()),
            available=len(cases),
            data_hash=folder.data_hash,
            identity=identity,
            options=options,
            conditions=conditions,
        )
        path = arguments.json or (
            data / "runs" / f"{suite.name}-{arguments.variant}-{began.strftime('%Y%m%dT%H%M%SZ')}.json"
        )
        save_results(results, path)
    for line in _told(results):
        print(line)
    print(f"results: {path}")
    if len(told) < len(asked):
        print(f"stopped after {len(told)} of {len(asked)} cases; what was said is kept", file=sys.stderr)
    if arguments.track:
        from benchmarks.scenarios.keeping import track_run

        print(f"MLflow run: {track_run(results, [path, lines_path(path)], settings)}")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments.config)
    comparison = compare(load_results(arguments.before), load_results(arguments.after))
    for line in _compared(comparison):
        print(line)
    files = []
    if arguments.html or arguments.track:
        page = arguments.html or settings.home / "scenarios" / "comparison.html"
        write_page(comparison, page)
        files.append(page)
        print(f"page: {page}")
    if arguments.track:
        from benchmarks.scenarios.keeping import track_comparison

        files += [arguments.before, arguments.after]
        print(f"MLflow run: {track_comparison(comparison, files, settings)}")
    return 0


def _costs(arguments: argparse.Namespace) -> int:
    print(f"{'job':28} {'cases':>6} {'ms p50':>9} {'ms p95':>9} {'tokens p50':>11} {'tokens p95':>11}  load")
    for path in arguments.runs:
        results = load_results(path)
        spent, tokens = results.costs.get("ms"), results.costs.get("tokens")
        if spent is None or tokens is None:
            print(f"{results.suite}, {results.variant}: no case was asked")
            continue
        loads = [results.conditions.get(name) for name in ("load_before", "load_after")]
        print(
            f"{f'{results.suite}, {results.variant}':28} {len(results.cases):6} {spent.p50:9.1f} "
            f"{spent.p95:9.1f} {tokens.p50:11.0f} {tokens.p95:11.0f}  {loads[0]} - {loads[1]}"
        )
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from benchmarks.scenarios.calibrating import given_after, given_before, learn_file

    if not 0.0 < arguments.precision < 1.0:
        message = (
            f"--precision {arguments.precision} is no share; more than 0 and less than 1 is allowed; name "
            "how often an answer must be right"
        )
        raise SettingsError(message)
    results = load_results(arguments.run)
    found = learn_file(results, arguments.precision, arguments.to)
    print(
        f"threshold {found.threshold:.4f} from {found.cases} cases: {found.answered} above, "
        f"{found.right} right"
    )
    if not found.answered:
        print("no threshold reaches that precision: every diagnosis would abstain; ask for less")
    for path in (arguments.run, arguments.on):
        if path is not None:
            told = load_results(path)
            for line in given_before(told).lines(f"{told.part}, as it was"):
                print(line)
            for line in given_after(told, found).lines(f"{told.part}, calibrated"):
                print(line)
    print(f"kept in {arguments.to}; use it with diagnosis.calibration_path, for the network it is of alone")
    return 0


def _deciders(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for entry in given:
        what, _, name = entry.partition("=")
        if not what or not name:
            message = f"--decider {entry!r} names no decider; WHAT=NAME is allowed; give what it decides"
            raise SettingsError(message)
        found[what] = name
    return found


def _told(results: Results) -> Iterator[str]:
    yield (
        f"{results.suite}, {results.variant}, {results.part}: {len(results.cases)} of {results.available} "
        f"cases, data {results.data_hash[:12]}, code {results.code_version}"
    )
    for name, figure in results.figures.items():
        yield f"  {name:28} {interval(figure):28} of {figure.count:5}  {results.measures[name].says}"
    for name, cost in results.costs.items():
        yield f"  {name:28} p50 {cost.p50:,.1f}, p95 {cost.p95:,.1f}"
    for part, figures in results.slices.items():
        if results.headline in figures:
            figure = figures[results.headline]
            yield f"  {results.headline} where {part}: {interval(figure)} of {figure.count}"


def _compared(comparison: Comparison) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield (
        f"{before.suite}: {after.variant} less {before.variant}, {comparison.paired} cases; "
        f"{len(comparison.better)} got better, {len(comparison.worse)} worse"
    )
    for one in comparison.differences:
        yield (
            f"  {one.name:28} {number(one.before)} to {number(one.after)}: {interval(one.change)}, "
            f"{one.better} better, {one.worse} worse, p {chance(one.p)}"
        )


def _machine() -> dict[str, Any]:
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }


def _load() -> float:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else -1.0


def _cases_told(tell: Tell) -> Callable[[int, int], None]:
    began_s = time.monotonic()

    def told(done: int, whole: int) -> None:
        left_s = (time.monotonic() - began_s) / done * (whole - done)
        tell(f"{done} of {whole} cases, {left_s:.0f} s left")

    return told


@contextmanager
def _progress(show: bool) -> Iterator[Tell]:
    """Yield what shows a line of progress on a terminal; elsewhere a line a minute at most."""
    if not show:
        yield lambda text: None
        return
    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("scenarios") as status:
            yield status.update
        return
    told_s = -1e9

    def tell(text: str) -> None:
        nonlocal told_s
        if not text.endswith("left") or time.monotonic() - told_s >= 60:
            told_s = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    yield tell


if __name__ == "__main__":
    sys.exit(main())
