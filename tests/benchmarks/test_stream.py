"""The stream benchmark on a small load: right answers count, wrong ones are refused, figures add up."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import load, reference, report, stream, trial
from benchmarks.job import Job, Result
from benchmarks.memory import OPEN_ALARMS
from telcollm.errors import TelcollmError

START = datetime(2026, 1, 5, tzinfo=UTC)
NEEDED = ("quixstreams", "bytewax", "psutil")


def test_the_load_is_the_same_for_the_same_arguments_and_of_about_1_kb() -> None:
    one, other = load.build(500, START), load.build(500, START)
    assert one.messages == other.messages
    assert load.build(500, START, seed=2).messages != one.messages
    assert 900 <= one.payload_bytes <= 1_300


def test_sessions_hold_every_record_once_and_end_where_a_gap_begins() -> None:
    built = load.build(2_000, START)
    assert reference.all_sessions(built).alarms == 2_000
    for found in reference.sessions(built).values():
        assert all(b.first_ms - a.last_ms > load.GAP_MS for a, b in pairwise(found))
    assert reference.closed_by_key(built).windows < reference.all_sessions(built).windows


def test_the_network_read_back_is_the_network_written(tmp_path: Path) -> None:
    built = load.build(200, START)
    built.save_network(tmp_path)
    topology, graph = load.read_network(tmp_path)
    assert list(topology.elements.values()) == built.topology
    assert graph == built.graph


def test_a_contender_with_a_wrong_answer_is_refused() -> None:
    job = Job("127.0.0.1:1", "t", 100, ".")
    right = {"quix": reference.Count(7, 90)}
    trial.check("quix", Result(1.0, 1.0, 100, windows=7, alarms=90), job, right)
    for wrong in (Result(1.0, 1.0, 100, 8, 90), Result(1.0, 1.0, 100, 7, 91), Result(1.0, 1.0, 99, 7, 90)):
        with pytest.raises(trial.WrongAnswer, match="does not count"):
            trial.check("quix", wrong, job, right)


def test_a_contender_that_fails_says_why() -> None:
    with pytest.raises(TelcollmError, match="nobody"):
        trial.run_once("nobody", Job("127.0.0.1:1", "t", 1, "."))


def test_ratios_are_taken_round_by_round() -> None:
    rounds = [
        {"bare msgspec": Result(1.0, 0.5, 100), "telcollm": Result(2.0, 1.0, 100)},
        {"bare msgspec": Result(3.0, 1.5, 100), "telcollm": Result(4.0, 2.0, 100)},
        {"bare msgspec": Result(2.0, 1.0, 100), "telcollm": Result(2.0, 1.0, 100)},
    ]
    found = report.figures(rounds, profile={}, memory_bytes=1, payload_bytes=1_000, python_checksums=False)
    assert found["ratio_to_bare"] == {"median": 0.75, "min": 0.5, "max": 1.0}
    assert found["cpu_ratio_to_bare"] == {"median": 0.75, "min": 0.5, "max": 1.0}
    assert found["records_per_s"]["telcollm"]["median"] == 50.0
    assert "ratio_to_quix" not in found


@pytest.mark.broker
def test_the_benchmark_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    peers = [name for name in NEEDED[:2] if importlib.util.find_spec(name) is None]
    if importlib.util.find_spec("psutil") is None:
        pytest.skip("needs the bench extra")
    left_out = ["poll only", "bare json", "telcollm, incidents"]
    left_out += [name for name, package in (("quix", NEEDED[0]), ("bytewax", NEEDED[1])) if package in peers]
    without = [word for name in left_out for word in ("--without", name)]
    assert stream.main(["--records", "1500", "--rounds", "1", "--json", "--profile", *without]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["records"] == 1500 and found["rounds"] == 1
    assert 0 < found["ratio_to_bare"]["median"]
    assert 0 < found["with_store"]["ratio_to_bare"]["median"]
    assert set(found["profile_us_per_record"]) == {"poll", "decode", "event", "step", "advance", "save"}
    assert 20 * OPEN_ALARMS < found["memory_bytes_per_100000_open_alarms"] < 20_000 * OPEN_ALARMS
    assert {"python", "kafka-python"} <= set(found["versions"])
