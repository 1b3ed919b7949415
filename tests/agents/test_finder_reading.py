"""Laws of when runbooks are read again: soon after they changed, those that changed alone, or later."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from agents.diagnosis.finder import Found, StepFinder
from telcollm.errors import TransientError
from telcollm.knowledge.library import Library
from telcollm.knowledge.words import words_of
from telcollm.ports import Scope
from telcollm.store.documents import StoredChunk
from tests.agents.test_finder import BREAK, MAINS, WORN, Desk, desk, told
from tests.telcollm.store.examples import at

__all__ = ["desk"]

OUTAGE = ("AC_FEED_FAIL", "GENERATOR RUNNING")


def elsewhere(desk: Desk) -> Desk:
    """The same knowledge base as another process sees it."""
    return Desk(desk.stores, Library(desk.stores.documents, None), desk.folder)


def test_a_removed_runbook_is_followed_for_some_seconds_at_most(desk: Desk) -> None:
    desk.add(MAINS)
    finder = StepFinder(desk.library)
    assert finder.steps("acme", OUTAGE, at(0)).steps
    elsewhere(desk).library.remove(Scope(), "Site-without-mains.md")
    assert finder.steps("acme", OUTAGE, at(0.1)) == Found()
    desk.add(MAINS.replace("Check the meter.", "Check the fuse."))
    assert told(finder.steps("acme", OUTAGE, at(0.2)))[0] == "Check the fuse."


def test_what_was_removed_and_written_anew_under_its_name_is_followed_as_it_is_now(desk: Desk) -> None:
    desk.add(MAINS)
    finder = StepFinder(desk.library)
    assert told(finder.steps("acme", OUTAGE, at(0)))[0] == "Check the meter."
    other = elsewhere(desk)
    other.library.remove(Scope(), "Site-without-mains.md")
    other.add(MAINS.replace("Check the meter.", "Check the fuse."))
    assert told(finder.steps("acme", OUTAGE, at(0.1)))[0] == "Check the fuse."


def test_a_runbook_that_was_removed_and_added_for_others_alone_is_not_followed(desk: Desk) -> None:
    desk.add(MAINS)
    finder = StepFinder(desk.library)
    assert finder.steps("acme", OUTAGE, at(0)).steps
    other = elsewhere(desk)
    other.library.remove(Scope(), "Site-without-mains.md")
    other.add(MAINS, roles=("noc",))
    assert finder.steps("acme", OUTAGE, at(0.1)) == Found()


class Counting:
    """A shelf that counts how often it is asked."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.asked = 0

    def readable(self, *, scope: Scope, roles: Sequence[str]) -> list[StoredChunk]:
        self.asked += 1
        return self.library.readable(scope=scope, roles=roles)


def test_whether_runbooks_changed_is_asked_every_few_seconds_not_for_every_incident(desk: Desk) -> None:
    desk.add(MAINS)
    shelf = Counting(desk.library)
    finder = StepFinder(shelf)
    for second in range(10):
        for _ in range(3):
            assert finder.steps("acme", OUTAGE, at(second / 60)).steps
    assert shelf.asked == 4


def test_a_runbook_of_a_region_is_followed_there_alone_and_one_of_none_everywhere(desk: Desk) -> None:
    desk.add(MAINS, region="north")
    finder = StepFinder(desk.library)
    assert finder.steps("acme", OUTAGE, at(0), region="north").steps
    assert finder.steps("acme", OUTAGE, at(0), region="south") == Found()
    assert finder.steps("acme", OUTAGE, at(0)).steps
    desk.add(WORN)
    assert finder.steps("acme", ["BATT_LOW", "cells swollen"], at(1), region="south").steps


def test_only_runbooks_that_changed_are_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(text: str) -> list[str]:
        read.append(text)
        return words_of(text)

    monkeypatch.setattr("agents.diagnosis.guides.words_of", counted)
    desk.add(MAINS, WORN, BREAK)
    finder = StepFinder(desk.library)
    assert told(finder.steps("acme", OUTAGE, at(0), region="north"))[0] == "Check the meter."
    assert len(read) == 6
    assert finder.steps("acme", OUTAGE, at(0), region="south").steps
    assert len(read) == 6
    desk.add(MAINS.replace("Check the meter.", "Check the fuse."))
    assert told(finder.steps("acme", OUTAGE, at(1), region="north"))[0] == "Check the fuse."
    assert told(finder.steps("acme", OUTAGE, at(1), region="south"))[0] == "Check the fuse."
    assert len(read) == 8


def test_runbooks_of_so_many_tenants_are_kept_and_the_longest_waiting_are_asked_for_again(desk: Desk) -> None:
    shelf = Counting(desk.library)
    finder = StepFinder(shelf)
    for number in range(17):
        finder.steps(f"tenant {number}", OUTAGE, at(0))
    finder.steps("tenant 16", OUTAGE, at(0))
    assert shelf.asked == 17
    finder.steps("tenant 0", OUTAGE, at(0))
    assert shelf.asked == 18


class Slow(Counting):
    """A shelf that, from the second time on, answers when it is let go."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.entered, self.let_go = threading.Event(), threading.Event()

    def readable(self, *, scope: Scope, roles: Sequence[str]) -> list[StoredChunk]:
        found = super().readable(scope=scope, roles=roles)
        if self.asked > 1:
            self.entered.set()
            self.let_go.wait(10)
        return found


def test_while_one_thread_reads_runbooks_another_goes_by_the_old_ones(desk: Desk) -> None:
    desk.add(MAINS)
    shelf = Slow(desk.library)
    finder = StepFinder(shelf)
    finder.steps("acme", OUTAGE, at(0))
    desk.add(MAINS.replace("Check the meter.", "Check the fuse."))
    reader = threading.Thread(target=finder.steps, args=("acme", OUTAGE, at(1)))
    reader.start()
    try:
        assert shelf.entered.wait(60)
        assert told(finder.steps("acme", OUTAGE, at(1)))[0] == "Check the meter."
        assert shelf.asked == 2
    finally:
        shelf.let_go.set()
        reader.join()
    assert told(finder.steps("acme", OUTAGE, at(1)))[0] == "Check the fuse."


class Locked(Counting):
    """A shelf whose database answers only while it is not locked."""

    locked = True

    def readable(self, *, scope: Scope, roles: Sequence[str]) -> list[StoredChunk]:
        found = super().readable(scope=scope, roles=roles)
        if self.locked:
            message = "the database did not answer; try again"
            raise TransientError(message)
        return found


def test_runbooks_that_cannot_be_read_hold_no_diagnosis_up_and_it_says_so(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.add(MAINS)
    shelf = Locked(desk.library)
    finder = StepFinder(shelf)
    assert finder.steps("acme", OUTAGE, at(0)) == Found(why="the runbooks could not be read")
    assert "without runbooks" in caplog.text
    shelf.locked = False
    assert finder.steps("acme", OUTAGE, at(9 / 60)) == Found(why="the runbooks could not be read")
    assert finder.steps("other", OUTAGE, at(9 / 60)) == Found(why="the runbooks could not be read")
    assert shelf.asked == 1
    assert finder.steps("acme", OUTAGE, at(10 / 60)).steps


def test_runbooks_that_were_read_are_followed_while_the_database_is_locked(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.add(MAINS)
    shelf = Locked(desk.library)
    shelf.locked = False
    finder = StepFinder(shelf)
    assert finder.steps("acme", OUTAGE, at(0)).steps
    shelf.locked = True
    assert finder.steps("acme", OUTAGE, at(1)).steps
    assert "by the runbooks as last read" in caplog.text
    assert finder.steps("acme", OUTAGE, at(60)).steps
    desk.library.remove(Scope(), "Site-without-mains.md")
    shelf.locked = False
    assert finder.steps("acme", OUTAGE, at(61)) == Found()
