"""`telcollm finetune`: a decider of one's own from a table of decisions: check, train, compare, register.

It shows what `finetune` does and trains nothing itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from finetune.request import TuningRequest
    from telcollm.ports import Store
    from telcollm.settings import Settings

app = typer.Typer(help="Tune on your own tickets, alarms and dialogues.", no_args_is_help=True)

Data = Annotated[
    Path | None,
    typer.Option(help="Labelled rows: CSV, JSON lines or Parquet.", show_default=False),
]
Test = Annotated[
    Path | None,
    typer.Option(help="Rows to test on, in a file of their own; else a part of --data.", show_default=False),
]
Text = Annotated[
    list[str] | None,
    typer.Option(help="Text columns to decide from, by commas or repeated.", show_default=False),
]
Numeric = Annotated[
    list[str] | None,
    typer.Option(help="Numeric columns, by commas; patterns (alarm_*) and 'all' do.", show_default=False),
]
Unwritten = Annotated[
    bool,
    typer.Option(
        "--numeric-unwritten",
        help="Keep the numbers from the model, for the plain expert alone: where a text says the same.",
    ),
]
Label = Annotated[str, typer.Option(help="Column to decide.")]
Choices = Annotated[
    str, typer.Option(help="Column with each row's own choices, a JSON list; the label is one of them.")
]
Time = Annotated[str, typer.Option(help="Column of time: older rows train, the youngest test.")]
Group = Annotated[
    str, typer.Option(help="Column of what belongs together (conversation, site): kept on one side.")
]
Split = Annotated[str, typer.Option(help="Column that says train, validation or test.")]
Order = Annotated[str, typer.Option(help="Column that orders the rows of a group; else the file's order.")]
History = Annotated[int, typer.Option(min=0, help="Earlier rows of its group that a decision may see.")]
Name = Annotated[str, typer.Option(help="Name of the decider; else made of file and label.")]
Base = Annotated[str, typer.Option(help="Base model: a pulled one or a folder.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same split and training.")]
FromFeedback = Annotated[
    bool,
    typer.Option(
        "--feedback", help="Learn from feedback in the store; with --data, mend its labels (see --id)."
    ),
]
Id = Annotated[
    str, typer.Option("--id", help="Column of --data by which feedback and --disturbed name its rows.")
]
Disturbed = Annotated[
    list[str] | None,
    typer.Option(
        "--disturbed",
        help="NAME=FILE: the same rows told otherwise, joined by --id; asked again beside the baselines.",
        show_default=False,
    ),
]
DisturbedRows = Annotated[
    int, typer.Option("--disturbed-rows", min=1, help="Most test rows to ask again after each change.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="A settings file; telcollm.toml by default.")
]


@app.command(
    epilog="Examples: telcollm finetune run --data tickets.csv --text subject,description --label team "
    "--time opened | telcollm finetune run --data windows.parquet --numeric all --label fault | "
    "telcollm finetune run --data chats.jsonl --text said --label intent --group conversation --history 4"
)
def run(
    data: Data = None,
    test: Test = None,
    text: Text = None,
    numeric: Numeric = None,
    numeric_unwritten: Unwritten = False,
    label: Label = "label",
    choices: Choices = "",
    time: Time = "",
    group: Group = "",
    split: Split = "",
    order: Order = "",
    history: History = 0,
    base: Base = "smollm2-135m-instruct",
    name: Name = "",
    minutes: Annotated[
        float,
        typer.Option(min=0.05, help="Most time to train the model; the rest takes some minutes more."),
    ] = 20.0,
    epochs: Annotated[
        float | None,
        typer.Option(min=0.01, help="Most passes over the training rows.", show_default=False),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Of the model's training; its own by default.", show_default=False)
    ] = None,
    prompt_tokens: Annotated[
        int, typer.Option(min=32, help="About the most tokens a row is written in; longer texts are cut.")
    ] = 256,
    precision: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=1.0,
            help="Abstain where fewer are right than this; 0.9 by default.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", help="Columns to look at by value, such as vendor,language."),
    ] = None,
    disturbed: Disturbed = None,
    disturbed_rows: DisturbedRows = 600,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Plain expert only: quick, and never fit for promotion.")
    ] = False,
    feedback: FromFeedback = False,
    id_column: Id = "",
    simulated: Annotated[bool, typer.Option(help="The rows are simulated: say so everywhere.")] = False,
    licence: Annotated[str, typer.Option(help="Licence of the data, for the card.")] = "",
    resume: Annotated[
        bool, typer.Option(help="Go on with the interrupted run of the same data and settings.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Train a decider on a table, compare it with plain baselines, and register it as challenger.

    On two cores: up to 20 minutes of training (--minutes), then some minutes for the test. Stop it when you
    like and go on with --resume.
    """
    from finetune.request import TuningRequest, names
    from finetune.run import Watcher
    from finetune.run import run as tune
    from telcollm.app.tuning_result import as_object, print_outcome
    from telcollm.app.tuning_view import TuningView
    from telcollm.settings import load_settings

    settings = load_settings(config)
    request = TuningRequest(
        data=data,
        test=test,
        text=names(text),
        numeric=names(numeric),
        numeric_unwritten=numeric_unwritten,
        label=label,
        choices=choices,
        time=time,
        group=group,
        split=split,
        order=order,
        history=history,
        base=base,
        name=name,
        minutes=minutes,
        epochs=epochs,
        learning_rate=learning_rate,
        prompt_tokens=prompt_tokens,
        precision=precision,
        seed=seed,
        slices=names(slices),
        model=not no_model,
        feedback=feedback,
        id_column=id_column,
        simulated=simulated,
        licence=licence,
        disturbed=tuple(disturbed or ()),
        disturbed_rows=disturbed_rows,
    )
    store = _store(request, settings)
    try:
        with TuningView() as view:
            watcher = Watcher(view.say, view.progress)
            outcome = tune(request, settings, store=store, resume=resume, watcher=watcher)
    finally:
        if store is not None:
            store.close()
    if as_json:
        typer.echo(json.dumps(as_object(outcome, settings), ensure_ascii=False, indent=1))
    else:
        print_outcome(outcome, settings)


@app.command(
    epilog="Examples: telcollm finetune evaluate window-fault-kind --data windows.parquet --split split "
    "--id window_id --disturbed vendors=windows-vendors.parquet | telcollm finetune evaluate team@challenger "
    "--data tickets.csv --time opened --calibrate later.csv"
)
def evaluate(
    decider: Annotated[str, typer.Argument(help="A decider: NAME, NAME@challenger, NAME@3, or its folder.")],
    data: Annotated[Path, typer.Option(help="The rows that it was trained and tested on.")],
    split: Split = "",
    time: Time = "",
    group: Group = "",
    id_column: Id = "",
    disturbed: Disturbed = None,
    disturbed_rows: DisturbedRows = 600,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            help="Labelled rows it was not trained on, to fit mix and temperature to; tests are left out.",
            show_default=False,
        ),
    ] = None,
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", help="Columns to look at by value, such as vendor,language."),
    ] = None,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Its plain expert only: quick, and not registered.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure a decider again beside the baselines, calibrated anew if asked, and register it as challenger.

    Name the split as its own run did. What the model said is kept: stop it when you like and start it again.
    """
    from finetune.remeasurement import Remeasure, remeasure
    from finetune.request import names
    from finetune.run import Watcher
    from telcollm.app.tuning_result import as_object, print_outcome
    from telcollm.app.tuning_view import TuningView
    from telcollm.settings import load_settings

    settings = load_settings(config)
    asked = Remeasure(
        decider=decider,
        data=data,
        split=split,
        time=time,
        group=group,
        id_column=id_column,
        disturbed=tuple(disturbed or ()),
        disturbed_rows=disturbed_rows,
        calibrate=calibrate,
        slices=names(slices),
        model=not no_model,
    )
    with TuningView() as view:
        outcome = remeasure(asked, settings, watcher=Watcher(view.say, view.progress))
    if as_json:
        typer.echo(json.dumps(as_object(outcome, settings), ensure_ascii=False, indent=1))
    else:
        print_outcome(outcome, settings)


@app.command(epilog="Example: telcollm finetune check --data tickets.csv --text description --label team")
def check(
    data: Data = None,
    test: Test = None,
    text: Text = None,
    numeric: Numeric = None,
    label: Label = "label",
    choices: Choices = "",
    time: Time = "",
    group: Group = "",
    split: Split = "",
    order: Order = "",
    history: History = 0,
    seed: Seed = 0,
    feedback: FromFeedback = False,
    id_column: Id = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say what is wrong with a table and how it would be split; exit 1 where it cannot be trained on."""
    from finetune.preparation import CheckError, prepare
    from finetune.request import TuningRequest, names
    from telcollm.app.tuning_result import print_check
    from telcollm.settings import load_settings

    settings = load_settings(config)
    request = TuningRequest(
        data=data,
        test=test,
        text=names(text),
        numeric=names(numeric),
        label=label,
        choices=choices,
        time=time,
        group=group,
        split=split,
        order=order,
        history=history,
        seed=seed,
        model=False,
        feedback=feedback,
        id_column=id_column,
    )
    store = _store(request, settings)
    try:
        prepared = prepare(request, store)
    except CheckError as error:
        print_check(error.findings, None, as_json=as_json)
        raise typer.Exit(1) from None
    finally:
        if store is not None:
            store.close()
    print_check(prepared.findings, prepared, as_json=as_json)
    if prepared.leaks:
        raise typer.Exit(1)


@app.command(
    name="data", epilog="Example: telcollm finetune data multidogo --out tables; then finetune run --data ..."
)
def data_(
    source: Annotated[str, typer.Argument(help="Which public data: multidogo, tau2 or oran.")],
    out: Annotated[Path, typer.Option(help="Folder for the tables (Parquet).")],
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of the public data; else TELCOLLM_DATA_DIR.", show_default=False),
    ] = None,
    config: Config = None,
) -> None:
    """Write public data as tables that `finetune run` reads."""
    from finetune.public import SOURCES, write_tables
    from telcollm.errors import SettingsError
    from telcollm.settings import load_settings

    folder = data_dir or load_settings(config).data_dir
    if source not in SOURCES:
        message = f"source {source!r} is not known; {', '.join(SOURCES)} are allowed; give one of them"
        raise SettingsError(message)
    if folder is None:
        message = (
            "data_dir is not set; the folder that holds the public data is needed; give --data-dir, or set "
            "TELCOLLM_DATA_DIR"
        )
        raise SettingsError(message)
    for path, command in write_tables(source, folder, out):
        typer.echo(f"{path}: {command}")


def _store(request: TuningRequest, settings: Settings) -> Store | None:
    if not request.feedback:
        return None
    from telcollm.store import open_store

    return open_store(settings.store_location)
