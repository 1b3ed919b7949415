"""Training an adapter: from examples to a LoRA folder that the engine reads, within steps and minutes.

The base stays as it is, in bfloat16 where the hardware multiplies it; adapters and optimizer are float32.
A training that was killed goes on from its last whole checkpoint and ends with the weights of an unbroken
one, but for what another process rounds otherwise, as long as steps and not minutes bound it. Under
`accelerate launch` the same call runs on several devices. Does not know how examples are made or what the
adapter is worth.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import math
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from finetune.checkpoint import begin
from finetune.example import Example
from finetune.packing import Batch, Question, encode, find_units, plan_batches, shorten
from finetune.progress import Pace, Progress
from telcollm.errors import MissingExtraError, TelcollmError
from telcollm.model.hardware import pick_device, pick_dtype
from telcollm.model.quiet import quiet_transformers

CPU_BATCH_TOKENS: Final = 512
CUDA_BATCH_TOKENS: Final = 16384
VALIDATION_MOST: Final = 600
VALIDATION_CHARACTERS: Final = 60_000
"""So many validation examples, or characters of them, are looked at again and again during a training."""

_EVALUATIONS_PER_EPOCH: Final = 2
_EVALUATIONS_PER_BUDGET: Final = 6


class TrainingError(TelcollmError):
    """What was asked for cannot be trained; the caller corrects the plan or the examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """What decides a training beside its examples.

    `max_minutes` bounds it over all restarts; the learning rate then falls by time where time is the tighter
    bound. `tokens_per_batch` of None is chosen by the device. `patience` counts evaluations without a better
    loss. Layers below `first_layer` get no adapter, which saves their share of the way back; of None they are
    two fifths of all on a CPU, and none elsewhere.
    """

    base_folder: Path
    rank: int = 8
    alpha: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    epochs: float = 4.0
    max_minutes: float | None = None
    tokens_per_batch: int | None = None
    first_layer: int | None = None
    seed: int = 0
    patience: int = 4
    save_minutes: float = 3.0
    dtype: str = "auto"
    device: str = "auto"
    resume: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """An adapter and how it came to be; validation figures are among the choices, of the weights kept.

    `tokens` were computed; `example_tokens` is what the same examples take one by one. `stopped_because` is
    "epochs", "time" or "validation".
    """

    adapter: Path
    steps: int
    epochs: float
    tokens: int
    example_tokens: int
    seconds: float
    best_step: int
    validation_loss: float | None
    validation_accuracy: float | None
    stopped_because: str
    resumed_from_step: int = 0


def train(
    examples: Sequence[Example],
    validation: Sequence[Example],
    plan: TrainingPlan,
    folder: Path,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Trained:
    """Return the adapter trained on `examples`, in `folder`/adapter in bfloat16, best by `validation`.

    Without validation examples the last weights are kept. `folder` holds the checkpoints as well.

    Raises:
        TrainingError: there is nothing to learn, or the plan is out of range.
        CheckpointError: the folder holds another training's checkpoints.
    """
    _check(examples, validation, plan)
    try:
        import torch

        from finetune import trainer as own
    except ImportError as error:
        raise MissingExtraError(package=str(error.name), extra="finetune") from error

    device = pick_device(plan.device)
    dtype = pick_dtype(device, plan.dtype)
    with quiet_transformers():
        model, encoder = open_base(plan.base_folder, dtype)
        torch.manual_seed(plan.seed)
        model = _with_lora(model, plan, cpu=device.type == "cpu")
        questions = shorten(encode(examples, encoder))
        judged = encode(_some(validation, plan.seed), encoder)
        batch_tokens = plan.tokens_per_batch or (
            CUDA_BATCH_TOKENS if device.type == "cuda" else CPU_BATCH_TOKENS
        )
        batches, per_epoch = _course_batches(questions, plan, batch_tokens)
        arguments = _arguments(folder / "checkpoints", plan, device.type == "cpu")
        fingerprint = _fingerprint(questions, judged, plan, batch_tokens)
        with arguments.main_process_first():
            found = begin(folder / "checkpoints", fingerprint, resume=plan.resume)
        steps = math.ceil(len(batches) / arguments.world_size)
        pace = Pace(steps, None if plan.max_minutes is None else plan.max_minutes * 60)
        course = own.Course(
            questions=questions,
            validation=judged,
            validation_batches=plan_batches(judged, batch_tokens=2 * batch_tokens),
            pace=pace,
            evaluate_every=max(1, per_epoch // arguments.world_size // _EVALUATIONS_PER_EPOCH),
            evaluate_s=None if pace.budget_s is None else pace.budget_s / _EVALUATIONS_PER_BUDGET,
            save_s=plan.save_minutes * 60,
            patience=plan.patience,
            epochs=plan.epochs,
            best=folder / "checkpoints" / "best",
            padding=int(encoder.tokenizer.pad_token_id or 0),
            on_progress=on_progress,
        )
        trainer = _trainer(own, model, encoder.tokenizer, arguments, course, batches)
        if found is not None:
            pace.go_on(found[1].elapsed_s, found[1].tokens)
        trainer.train(resume_from_checkpoint=str(found[0]) if found else None)
        entries = own.evaluations(trainer.state)
        if not entries and arguments.process_index == 0:
            trainer.model.save_pretrained(course.best)
        adapter = folder / "adapter"
        if arguments.process_index == 0:
            write_narrow(course.best, adapter)
        arguments.distributed_state.wait_for_everyone()
    best = min(entries, key=lambda entry: entry["eval_loss"], default=None)
    return Trained(
        adapter=adapter,
        steps=int(trainer.state.global_step),
        epochs=plan.epochs * int(trainer.state.global_step) / max(1, steps),
        tokens=pace.tokens,
        example_tokens=sum(
            len(question.stem) + len(question.tails[question.answer]) - 1 for question in questions
        ),
        seconds=pace.elapsed_s,
        best_step=int(best["step"] if best else trainer.state.global_step),
        validation_loss=best["eval_loss"] if best else None,
        validation_accuracy=best["eval_accuracy"] if best else None,
        stopped_because=course.stopped_because or "epochs",
        resumed_from_step=found[1].step if found else 0,
    )


def open_base(folder: Path, dtype: Any) -> tuple[Any, Any]:
    """Return the base model in this precision, on the CPU, and its `Encoder`, which cuts overlong prompts.

    Raises:
        TrainingError: transformers cannot read the folder.
    """
    import transformers

    from telcollm.model.encoding import Encoder

    try:
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, use_safetensors=True, attn_implementation="sdpa"
        )
    except Exception as error:  # whatever a damaged or foreign folder provokes inside transformers
        message = (
            f"base {folder} cannot be loaded ({type(error).__name__}: {error}); a pulled model's folder is "
            "allowed; run 'telcollm model pull' and name that model"
        )
        raise TrainingError(message) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    context = int(getattr(model.config.get_text_config(), "max_position_embeddings", 0) or 4096)
    return model.requires_grad_(False), Encoder(tokenizer, context, "cut_middle")


def write_narrow(source: Path, target: Path) -> None:
    """Write the adapter of `source` to `target` with weights in bfloat16, whole or not at all."""
    import torch
    from safetensors.torch import load_file, save_file

    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    weights = load_file(source / "adapter_model.safetensors")
    narrow = {name: weight.to(torch.bfloat16).contiguous() for name, weight in weights.items()}
    save_file(narrow, part / "adapter_model.safetensors", metadata={"format": "pt"})
    config = json.loads((source / "adapter_config.json").read_text())
    # The path of the base is this machine's; which base it is stands in the decider's spec.
    config["base_model_name_or_path"] = Path(str(config.get("base_model_name_or_path") or "")).name
    (part / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def _check(examples: Sequence[Example], validation: Sequence[Example], plan: TrainingPlan) -> None:
    wrong = next((example for example in [*examples, *validation] if example.answer < 0), None)
    problems = [
        (not examples, "0 examples came to train on", "give at least one"),
        (
            wrong is not None,
            f"example {wrong.example_id if wrong else ''!r} has no right choice",
            "leave such rows to the test",
        ),
        (plan.rank < 1, f"rank={plan.rank} must be at least 1", "8 is a good value"),
        (plan.epochs <= 0, f"epochs={plan.epochs} must be above 0", "4 is a good value"),
        (
            plan.max_minutes is not None and plan.max_minutes <= 0,
            f"max_minutes={plan.max_minutes} must be above 0",
            "give minutes or None for no bound",
        ),
        (
            plan.learning_rate <= 0,
            f"learning_rate={plan.learning_rate} must be above 0",
            "1e-3 is a good value",
        ),
        (plan.patience < 1, f"patience={plan.patience} must be at least 1", "4 is a good value"),
    ]
    for found, what, remedy in problems:
        if found:
            message = f"training: {what}; {remedy}"
            raise TrainingError(message)


def _some(validation: Sequence[Example], seed: int) -> list[Example]:
    """Return as many of the examples as the bounds allow, conversation by conversation, in their order."""
    groups: dict[str, list[int]] = {}
    for place, example in enumerate(validation):
        groups.setdefault(example.conversation or f"\0{place}", []).append(place)
    order = list(groups.values())
    random.Random(seed).shuffle(order)
    taken: list[int] = []
    characters = 0
    for place in itertools.chain.from_iterable(order):
        characters += len(validation[place].prompt.whole)
        if taken and (len(taken) == VALIDATION_MOST or characters > VALIDATION_CHARACTERS):
            break
        taken.append(place)
    return [validation[place] for place in sorted(taken)]


def _course_batches(
    questions: Sequence[Question], plan: TrainingPlan, batch_tokens: int
) -> tuple[list[Batch], int]:
    """Return the batches of all epochs, each in an order of its own, and how many the first epoch has."""
    batches: list[Batch] = []
    per_epoch = 0
    units = find_units(questions, batch_tokens=batch_tokens)
    for epoch in range(math.ceil(plan.epochs)):
        own = plan_batches(questions, batch_tokens=batch_tokens, seed=f"{plan.seed}:{epoch}", units=units)
        per_epoch = per_epoch or len(own)
        batches += own[: max(1, round(len(own) * min(1.0, plan.epochs - epoch)))]
    return batches, per_epoch


def _fingerprint(
    questions: Sequence[Question], validation: Sequence[Question], plan: TrainingPlan, batch_tokens: int
) -> str:
    settings = {
        name: str(value)
        for name, value in asdict(plan).items()
        if name not in ("max_minutes", "resume", "save_minutes", "base_folder", "device")
    }
    digest = hashlib.sha256(json.dumps([settings, plan.base_folder.name, batch_tokens]).encode())
    for question in [*questions, *validation]:
        digest.update(repr((question.stem, question.tails[question.answer], question.group)).encode())
    return digest.hexdigest()


def _with_lora(model: Any, plan: TrainingPlan, *, cpu: bool) -> Any:
    import peft
    import torch

    head = model.get_output_embeddings()
    names = {
        name.rpartition(".")[2]
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer is not head
    }
    layers = int(model.config.get_text_config().num_hidden_layers)
    first = (2 * layers // 5 if cpu else 0) if plan.first_layer is None else plan.first_layer
    if not 0 <= first < layers:
        message = (
            f"first_layer={first} is out of range; 0 to {layers - 1} are allowed for this base; "
            "correct the plan"
        )
        raise TrainingError(message)
    config = peft.LoraConfig(
        r=plan.rank,
        lora_alpha=plan.alpha,
        target_modules=sorted(names),
        layers_to_transform=list(range(first, layers)) if first else None,
        task_type="CAUSAL_LM",
    )
    from finetune.lowrank import speed_up

    wrapped = peft.get_peft_model(model, config)
    speed_up(wrapped)
    return wrapped


def _arguments(folder: Path, plan: TrainingPlan, cpu: bool) -> Any:
    import trl

    return trl.SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=1,  # one planned batch of packed rows
        num_train_epochs=1,  # of a list that holds the batches of all epochs
        learning_rate=plan.learning_rate,
        weight_decay=plan.weight_decay,
        max_grad_norm=1.0,
        seed=plan.seed,
        use_cpu=cpu,
        bf16=False,  # the base is in bfloat16 itself; autocast would cost casts on every layer
        gradient_checkpointing=False,
        save_strategy="no",
        eval_strategy="no",
        logging_strategy="no",
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        ddp_find_unused_parameters=False,
    )


def _trainer(
    own: Any, model: Any, tokenizer: Any, arguments: Any, course: Any, batches: Sequence[Batch]
) -> Any:
    import datasets
    from transformers import PrinterCallback

    trainer = own.AnswerTrainer(
        course=course,
        model=model,
        args=arguments,
        train_dataset=datasets.Dataset.from_dict({"batch": list(range(len(batches)))}),
        data_collator=own.collate(course, batches),
        processing_class=tokenizer,
        callbacks=[own.Conductor(course)],
    )
    with contextlib.suppress(ValueError):
        trainer.remove_callback(PrinterCallback)
    return trainer


__all__ = ["Trained", "TrainingError", "TrainingPlan", "open_base", "train", "write_narrow"]
