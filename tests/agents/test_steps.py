"""Laws of steps and calibration: what is not known to be safe waits for a person; doubt abstains."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.diagnosis import GraphDiagnoser
from agents.diagnosis.calibration import (
    Calibration,
    Known,
    calibrate,
    learn,
    load_calibration,
    save_calibration,
)
from agents.diagnosis.shape import shape_of
from agents.diagnosis.steps import needs_approval, steps_from, steps_in
from telcollm.errors import SettingsError
from telcollm.settings import DiagnosisSettings
from telcollm.store import open_store
from telcollm.topology import Topology
from tests.telcollm.store.examples import alarm, at, request


@pytest.mark.parametrize(
    "step",
    [
        "Check the battery voltage.",
        "Then compare the received power with the value of last week.",
        "Read the log of the rectifier.",
        "Verify that the door is closed.",
        "检查电池电压",
        "先查看日志",
        "Check the receive level on both ends and compare it with the commissioning sheet.",
        "Look at the alarm list of the site; note the first alarm.",
        "Check whether planned work is open for the site.",
        "查看两端接收电平，并与开通记录比对。",
        "检查整流器输入电压；记录首条告警。",
        "检查交换机端口状态",
        "Verify that the rectifier's input is present: 3 phases, 230 V.",
        "Verify by reading the meter.",
        "Check that the level is above -20 dBm at the Zürich end.",
        "Read the log under /var/log/messages.",
        "Check which alarm came first, and whether the neighbours raised it too.",
        "Ask the energy supplier whether mains are out.",
    ],
)
def test_looking_is_safe(step: str) -> None:
    assert not needs_approval(step)


@pytest.mark.parametrize(
    "step",
    [
        "Reset the baseband.",
        "Restart the DU from the element manager.",
        "Block the cell.",
        "Check the alarm and lock the cell.",
        "If it persists, replace the transceiver.",
        "Change the azimuth.",
        "Set the port to auto.",
        "Power cycle the ONT.",
        "Frobnicate the flux.",
        "Verify, then roll back the configuration.",
        "重启基站",
        "检查后更换光模块",
        "",
        "Check free space: rm -rf /var/log",
        "Check the console, then type format flash:",
        "Look at port 3 and pull the fuse",
        "Verify by drop table alarms",
        "Check with `init 0`",
        "Check the fan and frobnicate it.",
        "Check the lamp; frobnicate",
        "Check the lamp. Frobnicate now.",
        "Check the lamp\nFrobnicate",
        "Check the lamp -> frobnicate",
        "Verify the unit by frobnicating.",
        "Ask the crew to splicify.",
        "Check the lamp or else frobnicate the unit.",
        "Check the lamp, r e s e t",
        "The crew looks. Check.",
        "Check what the crew must do.",
        "Make sure that the breaker is open.",
        "Check whether it is open the valve",
        "Check the tool /opt/tool/frobnicate",
        "Check, RST BRD: CN=0",
        "Check and see http://example.org/go",
        "查看日志；拔出单板",
        "查看日志，换板",
        "查看日志；松开单板",
    ],
)
def test_whatever_changes_something_or_is_not_known_needs_approval(step: str) -> None:
    assert needs_approval(step)


@pytest.mark.parametrize(
    "hidden", ["re\u200bset", "re\u00adset", "re\x00set", "\uff52eset", "r\u0435set", "r\u00e9set", "RESET"]
)
def test_a_word_of_doing_is_not_hidden_by_other_or_invisible_letters(hidden: str) -> None:
    assert needs_approval(f"Check the lamp, {hidden} board 3.")


DOING = (
    "pull drop format rm wipe init type press open close cut eject reseat re-seat plug unplug swap disable "
    "enable block unblock lock unlock force push apply run execute enter set change reset restart "
    "replace delete clear shutdown commit write reload copy kill splice pulling wiping resetting cutting "
    "拔 插 断开 更换 重启 复位 执行 输入 删除 格式化 关闭 打开 切换 升级 锁定 解锁 下电 上电 修改 配置"
).split()
LOOKING = ("Check the lamp", "Look at port 3 and compare", "Verify", "Read", "查看日志", "检查端口并记录")
JOINTS = (
    " ",
    ", ",
    "; ",
    ": ",
    " and ",
    ", then ",
    " by ",
    " or ",
    " -> ",
    "\n",
    ". ",
    ",",
    "、",
    " before ",
)


@given(
    st.sampled_from(LOOKING),
    st.sampled_from(JOINTS),
    st.sampled_from(DOING),
    st.sampled_from(("", " ", ".", "-")),
    st.text(max_size=30),
    st.booleans(),
)
def test_no_text_that_holds_a_word_of_doing_is_safe(
    looks: str, joint: str, word: str, end: str, rest: str, loud: bool
) -> None:
    assert needs_approval(f"{looks}{joint}{word.upper() if loud else word}{end} {rest}")


@given(st.text(max_size=60))
def test_what_does_not_begin_by_looking_is_never_safe(text: str) -> None:
    assert needs_approval(f"Frobnicate {text}")


def test_a_step_cut_for_its_length_is_not_known_to_be_safe() -> None:
    (cut,) = steps_in("1. Check " + "the lamp of the rack " * 20)
    assert needs_approval(cut)
    assert not needs_approval("Check the lamp of the rack.")


def test_steps_of_several_passages_come_once_each_with_their_source() -> None:
    passages = [("c1", "A", "1. Check it.\n2. Reset it."), ("c2", "B", "- Check it.\n- Call the site owner.")]
    assert [(one.text, one.citations, one.source, one.needs_approval) for one in steps_from(passages)] == [
        ("Check it.", ("c1",), "A", False),
        ("Reset it.", ("c1",), "A", True),
        ("Call the site owner.", ("c2",), "B", False),
    ]


def test_a_passage_that_says_nothing_to_do_has_no_steps() -> None:
    assert steps_in("Batteries last four hours. Rectifiers are in rack 3.") == []


def test_no_threshold_that_only_chance_supports_is_taken() -> None:
    cases = [(0.9, True)] * 5 + [(0.5, False)] * 40
    assert calibrate(cases).threshold == 1.0
    assert calibrate([(0.3, True)] * 100 + [(0.1, False)] * 50).threshold == 0.3


def test_too_few_cases_are_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"cases=3 are too few to calibrate on; .* set diagnosis\.abstain_below"
    ):
        calibrate([(0.5, True)] * 3)


def test_a_calibration_is_kept_and_read_back(tmp_path: Path) -> None:
    made = calibrate([(0.8, True)] * 60 + [(0.2, False)] * 40)
    save_calibration(made, tmp_path / "calibration.json")
    assert load_calibration(tmp_path / "calibration.json") == made
    (tmp_path / "bad.json").write_text('{"threshold": 2}')
    for name in ("bad.json", "none.json"):
        with pytest.raises(SettingsError, match="cannot be read"):
            load_calibration(tmp_path / name)


def test_a_calibrated_threshold_takes_the_place_of_the_setting(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'telcollm.db'}")
    with store.transaction() as transaction:
        transaction.put_alarms([alarm()])
    answers = []
    for threshold in (0.49, 0.51):
        calibration = Calibration(threshold, 0.9, 100, 50, 48)
        diagnoser = GraphDiagnoser(
            store,
            Topology(),
            DiagnosisSettings(abstain_below=0.0),
            has_graph=True,
            calibration=calibration,
        )
        (found,) = diagnoser.diagnose([request()], decided_time=at(1))
        answers.append(found.abstained)
    store.close()
    assert answers == [False, True]


def _shaped(share: float, others: int) -> dict[str, float]:
    pairs = [(f"o{number}", "p") for number in range(others + 1)]
    return shape_of(share, pairs, claims=2, verdict="open", named=1)


def test_what_is_learned_trusts_the_shape_that_was_right_not_the_share() -> None:
    few = [Known(_shaped(0.4, 1), True, f"few{number}") for number in range(60)]
    many = [Known(_shaped(0.6, 15), False, f"many{number}") for number in range(60)]
    found = learn(few + many, 0.9)
    assert found.confidence(_shaped(0.4, 1)) > found.threshold > found.confidence(_shaped(0.6, 15))
    assert (found.answered, found.right) == (60, 60)


def test_without_weights_the_leads_share_is_the_confidence() -> None:
    assert Calibration(0.5, 0.9, 100, 50, 48).confidence(_shaped(0.37, 4)) == 0.37


def test_weights_are_kept_and_read_back(tmp_path: Path) -> None:
    cases = [Known(_shaped(0.1 + 0.02 * n, n % 5), n % 3 > 0, str(n)) for n in range(40)]
    made = learn(cases, 0.5)
    save_calibration(made, tmp_path / "calibration.json")
    assert load_calibration(tmp_path / "calibration.json") == made
