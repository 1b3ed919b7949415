"""Laws of which runbook is followed: what the problems speak for together, one that stands out, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from agents.diagnosis import GraphDiagnoser
from agents.diagnosis.finder import Found, Kinds, StepFinder
from agents.diagnosis.leading import Leading
from agents.diagnosis.wording import in_full
from telcollm.knowledge.library import Library
from telcollm.records import Shadow
from telcollm.settings import DiagnosisSettings
from telcollm.state import Candidate, DiagnosisRequest, MemberGroup
from telcollm.store.opening import Stores, open_stores
from telcollm.topology import Topology
from tests.telcollm.store.examples import NOON_MS, alarm, at, incident

MAINS = """# Site without mains

Signs: mains failure, battery low, generator running.

1. Check the meter.
2. Call the energy supplier.
"""
WORN = """# Worn batteries

Signs: battery low, cells swollen.

1. Measure the cells.
2. Replace the string.
"""
BREAK = """# Fibre broken

## Signs

- loss of signal
- protection switched

## What to do

1. Locate the break.
2. Splice the fibre.
"""
TRANSCEIVER = """# Optical transceiver dead

## Signs

- loss of signal
- protection switched

## What to do

1. Replace the module.
"""


@dataclass
class Desk:
    """A knowledge base, and who looks steps up in it."""

    stores: Stores
    library: Library
    folder: Path

    def add(self, *texts: str, roles: Sequence[str] = (), region: str = "", suffix: str = ".md") -> None:
        for text in texts:
            name = text.splitlines()[0].strip("# ").replace(" ", "-")[:40]
            path = self.folder / f"{name}{suffix}"
            path.write_text(text, encoding="utf-8")
            self.library.add(path, tenant="acme", source=path.name, roles=roles, region=region)

    def steps(
        self, *problems: str, kinds: Kinds = (), heed_kinds: bool = False, roles: Sequence[str] = ()
    ) -> Found:
        finder = StepFinder(self.library, roles, heed_kinds=heed_kinds)
        return finder.steps("acme", problems, at(0), kinds)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    stores = open_stores(f"sqlite:///{tmp_path / 'telcollm.db'}")
    yield Desk(stores, Library(stores.documents, None), tmp_path)
    stores.close()


def told(found: Found) -> list[str]:
    return [step.text for step in found.steps]


def test_a_code_is_read_in_full_words() -> None:
    assert in_full("RxPwrLow") == in_full("RX_PWR_LOW") == "receive power low"
    assert in_full("LOS") == "loss of signal"


def test_what_the_other_alarms_say_decides_between_runbooks(desk: Desk) -> None:
    desk.add(MAINS, WORN)
    assert told(desk.steps("BATT_LOW", "AC_FEED_FAIL")) == ["Check the meter.", "Call the energy supplier."]
    assert told(desk.steps("BATT_LOW", "cells swollen")) == ["Measure the cells.", "Replace the string."]


def test_where_two_runbooks_fit_equally_well_neither_is_followed_and_both_are_named(desk: Desk) -> None:
    desk.add(BREAK, TRANSCEIVER)
    found = desk.steps("LOS", "PROTECTION SWITCHED")
    assert not found.steps
    assert "'Fibre broken'" in found.why and "'Optical transceiver dead'" in found.why


def test_what_no_runbook_speaks_of_gets_no_steps_and_the_reason(desk: Desk) -> None:
    desk.add(MAINS, WORN)
    assert desk.steps("Licence expired") == Found(why="no runbook at hand speaks of these problems")
    assert desk.steps("4711") == Found(why="no runbook at hand speaks of these problems")


def test_a_runbook_that_hardly_speaks_of_the_problems_is_named_and_not_followed(desk: Desk) -> None:
    desk.add(MAINS, BREAK)
    found = desk.steps("vehicle charging site locked out")
    assert found == Found(why="the runbook 'Site without mains' hardly speaks of these problems")


def test_without_runbooks_nothing_is_said_of_steps(desk: Desk) -> None:
    assert desk.steps("LOS") == Found()
    desk.add("# Poles\n\nPoles are made of wood.\n")
    assert desk.steps("Poles") == Found()


def test_a_list_of_signs_is_never_taken_for_steps(desk: Desk) -> None:
    desk.add(BREAK, MAINS)
    assert told(desk.steps("LOS", "fibre broken")) == ["Locate the break.", "Splice the fibre."]


def test_a_heading_that_names_an_alarm_may_head_what_to_do_about_it(desk: Desk) -> None:
    desk.add("# Alarms\n\n## Alarm: fan stalled\n\n1. Check the fan.\n\n## Possible causes\n\n- Dust.\n")
    assert told(desk.steps("FAN STALLED")) == ["Check the fan."]


def test_every_step_cites_a_passage_of_the_runbook_that_says_it(desk: Desk) -> None:
    desk.add(BREAK, MAINS)
    passages = {item.chunk.chunk_id: item for item in desk.library.readable()}
    found = desk.steps("LOS", "fibre broken")
    assert [step.needs_approval for step in found.steps] == [False, True]
    for step in found.steps:
        (cited,) = step.citations
        assert step.text in passages[cited].chunk.text
        assert step.source.startswith("Fibre broken > What to do (")


def test_of_a_long_manual_the_one_section_is_followed(desk: Desk) -> None:
    filler = "".join(f"## Chapter {number}\n\n1. Read page {number}.\n\n" for number in range(20))
    desk.add(f"# Manual\n\n{filler}## Mains failure\n\n### Steps\n\n1. Start the genset.\n\n")
    assert told(desk.steps("MainsFailure")) == ["Start the genset."]


def test_what_was_once_done_for_a_ticket_is_no_step(desk: Desk) -> None:
    desk.add("id,text,resolution\nTT-1,loss of signal,Replace the module.\n", suffix=".csv")
    assert desk.steps("loss of signal") == Found()


def test_what_the_roles_may_not_read_is_neither_followed_nor_named(desk: Desk) -> None:
    desk.add(BREAK)
    desk.add(TRANSCEIVER, roles=("noc",))
    assert told(desk.steps("LOS", "PROTECTION SWITCHED")) == ["Locate the break.", "Splice the fibre."]
    assert not desk.steps("LOS", "PROTECTION SWITCHED", roles=("noc",)).steps


def test_a_kind_of_fault_decides_between_runbooks_only_where_it_is_heeded_and_likely(desk: Desk) -> None:
    desk.add(BREAK, TRANSCEIVER)
    problems = ("LOS", "PROTECTION SWITCHED")
    sure, unsure = [("fibre_break", 0.9)], [("fibre_break", 0.45), ("transceiver", 0.4)]
    assert not desk.steps(*problems, kinds=sure).steps
    assert not desk.steps(*problems, kinds=unsure, heed_kinds=True).steps
    kind = [("optical_transceiver", 0.9)]
    assert told(desk.steps(*problems, kinds=kind, heed_kinds=True)) == ["Replace the module."]


def test_a_kind_of_fault_alone_brings_no_runbook_that_the_alarms_do_not_speak_of(desk: Desk) -> None:
    desk.add(BREAK, MAINS)
    found = desk.steps("Licence expired", kinds=[("fibre_broken", 0.99)], heed_kinds=True)
    assert not found.steps and found.why


def test_another_tenants_runbooks_are_not_followed(desk: Desk) -> None:
    desk.add(MAINS)
    assert StepFinder(desk.library).steps("other", ["MAINS FAILURE"], at(0)) == Found()


def test_a_diagnosis_gives_no_steps_of_another_region(desk: Desk) -> None:
    desk.add(BREAK, region="north")
    diagnoser = GraphDiagnoser(
        desk.stores.store, Topology(), DiagnosisSettings(), has_graph=True, steps=StepFinder(desk.library)
    )
    request = asked(desk.stores)
    places = [msgspec.structs.replace(request.incident, region=name) for name in ("north", "south")]
    requests = [msgspec.structs.replace(request, incident=incident) for incident in places]
    north, south = diagnoser.diagnose(requests, decided_time=at(1))
    assert [step.text for step in north.next_steps] == ["Locate the break.", "Splice the fibre."]
    assert not south.next_steps


def asked(stores: Stores) -> DiagnosisRequest:
    problems = {"n1": "LOS", "n2": "PROTECTION SWITCHED"}
    with stores.store.transaction() as transaction:
        transaction.put_alarms(
            alarm(name, managed_object=name, problem=problem) for name, problem in problems.items()
        )
    return DiagnosisRequest(
        request_id="r1",
        lane="alarms/0",
        incident=incident(),
        groups=tuple(
            MemberGroup(name, name, problem, 5, NOON_MS, NOON_MS, 1) for name, problem in problems.items()
        ),
        candidates=tuple(Candidate(name, name, problem, 0.5, 1) for name, problem in problems.items()),
        append_ms=NOON_MS,
    )


def test_a_diagnosis_says_why_it_gives_no_steps_and_gives_them_once_a_kind_decides(desk: Desk) -> None:
    desk.add(BREAK, TRANSCEIVER)
    diagnoser = GraphDiagnoser(
        desk.stores.store,
        Topology(),
        DiagnosisSettings(abstain_below=0.0),
        has_graph=True,
        steps=StepFinder(desk.library, heed_kinds=True),
    )
    request = asked(desk.stores)
    (before,) = diagnoser.diagnose([request], decided_time=at(1))
    assert not before.next_steps
    assert " No steps are given: the runbooks '" in before.summary
    assert "'Fibre broken'" in before.summary and "'Optical transceiver dead'" in before.summary
    shadow = Shadow(model="plain", probabilities=(0.9, 0.1), fault_kinds=(("fibre_broken", 0.9),))
    (after,) = Leading(diagnoser)([(request, before, shadow)], decided_time=at(2))
    assert [step.text for step in after.next_steps] == ["Locate the break.", "Splice the fibre."]
    assert "No steps" not in after.summary
    abstaining = diagnoser.abstaining(request, before, ["more to go by"])
    assert "does not single out a cause" in abstaining.summary
    assert abstaining.summary.count("No steps are given: the runbooks") == 1


def test_one_common_word_is_not_enough_for_the_only_runbook_there_is(desk: Desk) -> None:
    desk.add("# Radio fault\n\nSigns: radio unit fault.\n\n1. Reset the radio.\n")
    assert desk.steps("FAN FAULTY").why.startswith("the runbook 'Radio fault' hardly speaks of")
    assert told(desk.steps("RadioUnitFault")) == ["Reset the radio."]
