"""Laws of names in questions: spelling does not matter, doubt is told, nothing is guessed."""

from __future__ import annotations

import pytest

import agents.questions.objects
from agents.questions.objects import Mention, Named, Names

NAMES = Names(
    [
        Named("cell-1042", "cell", ("cell-1042",)),
        Named("cell-1043", "cell", ("cell-1043",)),
        Named("NX0017-LTE-2001", "cell", ("NX0017-LTE-2001",)),
        Named("NX0017-LTE-2002", "cell", ("NX0017-LTE-2002",)),
        Named("NX0018-LTE-2002", "cell", ("NX0018-LTE-2002",)),
        Named("BS 003/01 SEKTOR 2", "cell", ("BS 003/01 SEKTOR 2",)),
        Named("la03-s07-nci-2", "cell", ("la03-s07-nci-2",)),
        Named("377", "device", ("377",)),
        Named("8", "device", ("8",)),
        Named("svc-9", "service", ("router-1",)),
        Named("north core", "core_router", ("router-9",)),
        Named("router-main-zh", "router", ("router-main-zh",)),
        Named("MUC", "site", ("router-2",)),
        Named("东区机房OLT", "olt", ("olt-7",)),
    ]
)


def found(text: str) -> list[Mention]:
    strong = NAMES.strong(text)
    rest = agents.questions.objects.blank(text, [(one.start, one.end) for one in strong])
    return [*strong, *NAMES.weak(rest)]


def objects(text: str) -> list[tuple[str, ...]]:
    return [one.objects for one in found(text)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("why did cell 1042 drop", "cell-1042"),
        ("why did cell-1042 drop", "cell-1042"),
        ("why did cell1042 drop", "cell-1042"),
        ("小区1042为什么掉线", "cell-1042"),
        ("小区 1042 怎么了", "cell-1042"),
        ("is cell 2001 healthy", "NX0017-LTE-2001"),
        ("what is wrong at bs 003/01 sektor 2", "BS 003/01 SEKTOR 2"),
        ("la03-s07-nci-2 is down", "la03-s07-nci-2"),
        ("what is wrong at 377", "377"),
        ("what is wrong at device 8", "8"),
        ("who is affected by svc-9", "router-1"),
        ("what changed on north core", "router-9"),
        ("过去两小时 router-main-zh 发生了什么?", "router-main-zh"),
        ("过去两小时router-main-zh发生了什么?", "router-main-zh"),
        ("router-main-zh怎么了", "router-main-zh"),
        ("过去两小时muc发生了什么?", "router-2"),
        ("昨天东区机房olt怎么了", "olt-7"),
    ],
)
def test_an_object_is_found_however_it_is_spelt(text: str, named: str) -> None:
    assert objects(text) == [(named,)]


def test_a_site_stands_for_all_that_bears_its_name() -> None:
    assert objects("what is wrong at site nx0017") == [("NX0017-LTE-2001", "NX0017-LTE-2002")]


def test_a_name_that_several_things_share_is_asked_back() -> None:
    (one,) = found("why did cell 2002 drop")
    assert one.objects == ()
    assert one.suggestions == ("NX0017-LTE-2002", "NX0018-LTE-2002")


def test_a_name_that_is_not_known_is_answered_with_the_nearest_and_never_taken_for_one() -> None:
    (one,) = found("why did cell 1044 drop")
    assert (one.said, one.objects) == ("cell 1044", ())
    assert set(one.suggestions[:2]) == {"cell-1042", "cell-1043"}


@pytest.mark.parametrize(
    "text", ["why is 4g slow", "377 alarms came in 8 minutes", "which incidents are open", ""]
)
def test_a_number_that_nothing_calls_a_name_is_none(text: str) -> None:
    assert found(text) == []
