"""TRL's trainer for packed questions: the loss is on answers alone, and time decides beside steps.

Batches are planned beforehand and taken in order, so that a training that goes on from a checkpoint sees what
an unbroken one sees. Does not know where the questions came from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
import trl
from torch.optim.lr_scheduler import LambdaLR
from transformers import TrainerCallback

from finetune.checkpoint import seal
from finetune.packing import Batch, Question, Tensors, tensors
from finetune.progress import Pace, Progress

WARM_UP_SHARE: Final = 0.05


@dataclass(slots=True)
class Course:
    """What a training is told beside TRL's own arguments, and what it notes for the caller."""

    questions: Sequence[Question]
    validation: Sequence[Question]
    validation_batches: Sequence[Batch]
    pace: Pace
    evaluate_every: int
    evaluate_s: float | None
    save_s: float
    patience: int
    epochs: float
    best: Path
    padding: int
    on_progress: Callable[[Progress], None]
    stopped_because: str = ""
    last_tokens: int = field(default=0)
    last_loss: float = field(default=0.0)


def model_inputs(model: Any, batch: Tensors, device: torch.device) -> dict[str, Any]:
    """Return what the model's forward takes: masks for the kinds of layers it has, logits only where read."""
    config = model.config.get_text_config()
    visible = batch.visible.to(device)[:, None]
    kinds = set(getattr(config, "layer_types", None) or ())
    window: Any = getattr(config, "sliding_window", None)
    kinds = kinds or {"sliding_attention" if window else "full_attention"}
    positions = batch.position_ids.to(device)
    masks: dict[str, torch.Tensor] = {"full_attention": visible}
    if "sliding_attention" in kinds:
        near = positions[:, :, None] - positions[:, None, :] < window
        masks["sliding_attention"] = visible & near[:, None]
    mask: Any = masks if len(kinds) > 1 else masks[next(iter(kinds))]
    return {
        "input_ids": batch.input_ids.to(device),
        "position_ids": positions,
        "attention_mask": mask,
        "use_cache": False,
        "logits_to_keep": batch.keep.to(device),
    }


def answer_loss(logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
    """Return the mean over questions of the negative log-likelihood of the whole right answer."""
    at, token = batch.at.to(logits.device), batch.token.to(logits.device)
    losses = torch.nn.functional.cross_entropy(logits.float()[at], token, reduction="sum")
    return losses / max(1, len({read.place for read in batch.reads}))


def judge(logits: torch.Tensor, batch: Tensors) -> dict[int, tuple[float, bool]]:
    """Return for each question the answer's negative log-likelihood among the choices, token by token, and
    whether each of its tokens was the likeliest that goes on to some choice.
    """  # noqa: D205
    logits = logits.float().cpu()
    found: dict[int, tuple[float, bool]] = {}
    for at, read in zip(batch.at.tolist(), batch.reads, strict=True):
        rivals = logits[at, list(read.rivals)]
        likely = torch.log_softmax(rivals, dim=-1)
        own = read.rivals.index(read.token)
        loss, right = found.get(read.place, (0.0, True))
        found[read.place] = (loss - float(likely[own]), right and int(rivals.argmax()) == own)
    return found


class AnswerTrainer(trl.SFTTrainer):  # type: ignore[misc]  # TRL has no types
    """TRL's trainer over planned batches of packed questions, with LoRA from PEFT."""

    def __init__(self, *, course: Course, **options: Any) -> None:
        self.course = course
        super().__init__(**options)

    def _get_train_sampler(self, *args: Any, **options: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def create_model_card(self, *args: Any, **options: Any) -> None:
        """Write nothing: the decider has a card of its own."""

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Return a schedule that rises for the first steps and falls to nothing by steps or by time."""
        pace = self.course.pace

        def rate(step: int) -> float:
            done = pace.fraction(step)
            return min(1.0, (done + 1 / max(1, pace.steps)) / WARM_UP_SHARE) * max(0.01, 1.0 - done)

        self.lr_scheduler = LambdaLR(optimizer or self.optimizer, rate)
        return self.lr_scheduler

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the loss on the answers of one batch."""
        batch: Tensors = inputs["batch"]
        outputs = model(**model_inputs(self.model, batch, self.args.device))
        loss = answer_loss(outputs.logits, batch)
        self.course.last_tokens = batch.tokens * self.args.world_size
        self.course.last_loss = float(loss.detach())
        return (loss, outputs) if return_outputs else loss

    def evaluate(self, *args: Any, **options: Any) -> dict[str, float]:
        """Return loss and accuracy among the choices in validation; the best weights are kept."""
        course = self.course
        found: dict[int, tuple[float, bool]] = {}
        self.model.eval()
        with torch.no_grad():
            for planned in course.validation_batches:
                batch = tensors(course.validation, planned, padding=course.padding)
                outputs = self.model(**model_inputs(self.model, batch, self.args.device))
                found |= judge(outputs.logits, batch)
        self.model.train()
        loss = sum(one for one, _ in found.values()) / len(found)
        accuracy = sum(right for _, right in found.values()) / len(found)
        loss, accuracy = agreed([loss, accuracy])
        if loss < min((entry["eval_loss"] for entry in evaluations(self.state)), default=float("inf")):
            if self.is_world_process_zero():
                self.model.save_pretrained(course.best)
        metrics = {"eval_loss": loss, "eval_accuracy": accuracy}
        self.log(metrics)
        own: Any = self
        own.control = own.callback_handler.on_evaluate(own.args, own.state, own.control, metrics)
        return metrics

    def log(self, logs: dict[str, float], *args: Any, **options: Any) -> None:
        """Keep evaluations in the trainer's state, which the checkpoints carry."""
        if "eval_loss" in logs:
            self.state.log_history.append({**logs, "step": self.state.global_step})


def agreed(values: list[float]) -> list[float]:
    """Return the first process's values in all processes that train together."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return values
    box: list[Any] = [values]
    torch.distributed.broadcast_object_list(box, src=0)
    found: list[float] = box[0]
    return found


def evaluations(state: Any) -> list[dict[str, float]]:
    """Return the evaluations so far, in order."""
    return [entry for entry in state.log_history if "eval_loss" in entry]


class Conductor(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Says after each step whether to evaluate, save or stop, and tells the caller how far it is."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._saved_s = course.pace.marked_s
        self._evaluated_s = course.pace.marked_s

    def on_step_end(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Count the step."""
        course, pace = self.course, self.course.pace
        step = int(state.global_step)
        pace.count(step, course.last_tokens, course.last_loss)
        pace.mark(agreed([pace.elapsed_s])[0])
        last = step >= pace.steps
        if not last and pace.over:
            course.stopped_because = "time"
            control.should_training_stop = last = True
        late = course.evaluate_s is not None and pace.marked_s - self._evaluated_s > course.evaluate_s
        if course.validation and (last or step % course.evaluate_every == 0 or late):
            control.should_evaluate = True
        if not last and (control.should_evaluate or pace.marked_s - self._saved_s > course.save_s):
            control.should_save = True
        self._tell(state)

    def on_evaluate(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Stop where validation has not become better for too long."""
        self._evaluated_s = self.course.pace.marked_s
        losses = [entry["eval_loss"] for entry in evaluations(state)]
        since = len(losses) - 1 - losses.index(min(losses))
        if since >= self.course.patience and not self.course.stopped_because:
            self.course.stopped_because = "validation"
            control.should_training_stop = True
        self._tell(state)

    def on_save(self, args: Any, state: Any, control: Any, **options: Any) -> None:
        """Mark the checkpoint as whole."""
        self._saved_s = self.course.pace.marked_s
        if state.is_world_process_zero:
            step = int(state.global_step)
            seal(
                Path(args.output_dir) / f"checkpoint-{step}",
                step,
                self.course.pace.elapsed_s,
                self.course.pace.tokens,
            )

    def _tell(self, state: Any) -> None:
        if not state.is_world_process_zero:
            return
        judged = evaluations(state)
        last = (judged[-1]["eval_loss"], judged[-1]["eval_accuracy"]) if judged else None
        step = int(state.global_step)
        epoch = self.course.epochs * step / max(1, self.course.pace.steps)
        self.course.on_progress(self.course.pace.progress(step, epoch, last))


def collate(course: Course, batches: Sequence[Batch]) -> Callable[[list[dict[str, int]]], dict[str, Any]]:
    """Return the function that turns the number of a planned batch into its tensors."""

    def collated(items: list[dict[str, int]]) -> dict[str, Any]:
        return {"batch": tensors(course.questions, batches[items[0]["batch"]], padding=course.padding)}

    return collated
