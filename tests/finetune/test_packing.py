from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.packing import Question, build, encode, plan_batches, shorten, tensors
from finetune.trainer import model_inputs
from finetune.training import open_base
from telcollm.model.quiet import quiet_transformers
from tests.finetune.desk import examples, letter_examples
from tests.telcollm.model.conftest import make_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def get(kind: str) -> Path:
        if kind not in made:
            made[kind] = make_tiny(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return get


def _alone(model: torch.nn.Module, question: Question, choice: int) -> list[float]:
    ids = torch.tensor([[*question.stem, *question.tails[choice]]])
    likely = torch.log_softmax(model(input_ids=ids).logits[0], dim=-1)
    first = len(question.stem)
    return [float(likely[place - 1, ids[0, place]]) for place in range(first, ids.shape[1])]


@pytest.mark.parametrize("kind", ["llama", "gemma3", "mistral"])
@pytest.mark.parametrize("every_choice", [True, False])
def test_a_packed_example_has_the_logits_it_has_alone(
    tiny: Callable[[str], Path], kind: str, every_choice: bool
) -> None:
    with quiet_transformers(), torch.no_grad():
        model, encoder = open_base(tiny(kind), torch.float32)
        questions = encode([*examples(24, 1, turns=6), *examples(9, 2), *letter_examples(9, 3)], encoder)
        seen = 0
        for planned in plan_batches(questions, batch_tokens=512, every_choice=every_choice, seed="7"):
            batch = tensors(questions, planned, padding=0, every_choice=every_choice)
            logits = model(**model_inputs(model, batch, torch.device("cpu"))).logits
            likely = torch.log_softmax(logits, dim=-1)
            found: dict[tuple[int, int], list[float]] = {}
            for at, read in zip(batch.at.tolist(), batch.reads, strict=True):
                found.setdefault((read.place, read.choice), []).append(float(likely[at, read.token]))
            for (place, choice), values in found.items():
                assert values == pytest.approx(_alone(model, questions[place], choice), abs=1e-4)
                seen += 1
        asked = sum(len(question.tails) if every_choice else 1 for question in questions)
        assert seen == asked


def test_a_conversation_costs_its_lines_once(tiny: Callable[[str], Path]) -> None:
    with quiet_transformers():
        _, encoder = open_base(tiny("llama"), torch.float32)
    questions = encode(examples(8, 5, turns=8), encoder)
    tree = build(questions, range(8), every_choice=False)
    alone = sum(len(build(questions, [place], every_choice=False).tokens) for place in range(8))
    lines = len(questions[-1].stem)
    assert len(tree.tokens) < lines + 8 * 12 < alone


_questions = st.lists(
    st.builds(
        Question,
        stem=st.lists(st.integers(0, 3), min_size=1, max_size=30).map(tuple),
        tails=st.sampled_from([((1,), (2,)), ((1, 2), (1, 3), (4,)), ((5, 6, 7), (6,))]),
        answer=st.integers(0, 1),
        group=st.sampled_from(["", "a", "b", "c"]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(_questions, st.integers(16, 200), st.sampled_from([None, "1", "2"]))
def test_each_question_is_packed_once_and_no_token_sees_past_its_own_way(
    questions: list[Question], batch_tokens: int, seed: str | None
) -> None:
    batches = plan_batches(questions, batch_tokens=batch_tokens, row_tokens=48, seed=seed)
    places = sorted(chain.from_iterable(chain.from_iterable(batches)))
    assert places == list(range(len(questions)))
    for batch in batches:
        made = tensors(questions, batch, padding=0)
        assert len(batch) == 1 or made.input_ids.numel() <= batch_tokens
        kept = made.keep.nonzero().tolist()
        for at, read in zip(made.at.tolist(), made.reads, strict=True):
            row, node = kept[at]
            way = made.input_ids[row][made.visible[row, node]].tolist()
            question = questions[read.place]
            tail = question.tails[read.choice]
            step = len(way) - len(question.stem)
            assert tuple(way) == question.stem + tail[:step]
            assert read.token == tail[step]
            assert made.position_ids[row, node] == len(way) - 1


def test_the_order_of_batches_hangs_on_the_seed_alone(tiny: Callable[[str], Path]) -> None:
    with quiet_transformers():
        _, encoder = open_base(tiny("llama"), torch.float32)
    questions = encode(examples(60, 5, turns=3), encoder)
    one, again, other = (
        plan_batches(questions, batch_tokens=256, seed=seed) for seed in ("0:1", "0:1", "0:2")
    )
    assert one == again != other


def test_shortened_answers_still_tell_the_choices_apart(tiny: Callable[[str], Path]) -> None:
    with quiet_transformers():
        _, encoder = open_base(tiny("llama"), torch.float32)
    questions = encode(examples(400, 5), encoder)
    short = shorten(questions)
    cut = [question for question in short if question.taught is not None]
    assert 0.5 < len(cut) / len(short) < 0.75
    for question in cut:
        right = question.tails[question.answer][: question.taught]
        begins = [tail for tail in question.tails if tail[: len(right)] == right]
        assert begins == [question.tails[question.answer]]
