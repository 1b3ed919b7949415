from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from streams.replay.dataset import (
    NAMES,
    PINNED,
    PUBLIC_RECORDS,
    dataset_topology,
    elements_of,
    has_dataset,
    load_dataset,
    pinned_file,
)
from telcollm.errors import SettingsError
from telcollm.records import Link

FOLDER = Path(os.environ.get("TELCOLLM_DATA_DIR") or "none")
needs_data = pytest.mark.skipif(
    not (FOLDER / "csl2023_sample").is_dir(),
    reason="the public records are not there: set TELCOLLM_DATA_DIR to the folder that holds them",
)


@needs_data
@pytest.mark.parametrize(
    ("name", "alarms", "types", "devices", "momentary", "inverted"),
    [
        ("huawei-18v", 34_838, 18, 55, 977, 0),
        ("huawei-24v", 64_598, 24, 439, 64_416, 0),
        ("csl", 30_691, 59, 45, 263, 5),
    ],
)
def test_a_public_record_is_read_whole_with_its_traps_counted(
    name: str, alarms: int, types: int, devices: int, momentary: int, inverted: int
) -> None:
    table = load_dataset(name, FOLDER)

    assert len(table.rows) == alarms
    assert len({row.specific_problem for row in table.rows}) == types
    assert len({row.managed_object for row in table.rows}) == devices
    assert sum(row.cleared_ms == row.raised_ms for row in table.rows) == momentary
    assert table.cleared_before_raised == inverted
    assert (table.unsorted > 0) is (name == "csl")
    raised = [row.raised_ms for row in table.rows]
    assert raised == sorted(raised)


@needs_data
@pytest.mark.parametrize(
    ("name", "elements", "links"), [("huawei-18v", 0, 0), ("huawei-24v", 439, 395), ("csl", 45, 166)]
)
def test_a_public_record_has_each_link_of_its_topology_once(name: str, elements: int, links: int) -> None:
    found = dataset_topology(name, FOLDER, tenant="acme")

    assert len(found) == elements
    assert sum(len(element.links) for element in found) == links
    assert all(element.tenant == "acme" for element in found)


@needs_data
@pytest.mark.parametrize("relative", sorted(PINNED))
def test_each_pinned_file_is_the_public_one(relative: str) -> None:
    assert pinned_file(relative, FOLDER, "the public source") == FOLDER / relative


@needs_data
def test_a_changed_file_is_refused_with_both_sums_and_the_source(tmp_path: Path) -> None:
    relative = PUBLIC_RECORDS["csl"].alarms
    target = tmp_path / relative
    target.parent.mkdir(parents=True)
    shutil.copyfile(FOLDER / relative, target)
    with target.open("a", encoding="utf-8") as lines:
        lines.write("0,0,1,2\n")

    with pytest.raises(SettingsError) as raised:
        load_dataset("csl", tmp_path)

    for word in ("sha256", PINNED[relative], "trustworthyAI @ 46c3d29be7"):
        assert word in str(raised.value)


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_a_missing_file_is_named_with_its_public_source_and_revision(folder: Path | None) -> None:
    with pytest.raises(SettingsError) as raised:
        load_dataset("huawei-24v", folder)

    for word in ("24V_439N_Microwave/Alarm.csv", "gcastle-hub/dataset @ e6bfbde898", "TELCOLLM_DATA_DIR"):
        assert word in str(raised.value)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    for read in (load_dataset, dataset_topology):
        with pytest.raises(SettingsError) as raised:
            read("huawei-99v", None)
        for name in NAMES:
            assert name in str(raised.value)


def test_the_generated_network_needs_no_data() -> None:
    assert has_dataset("generated", None)
    assert not has_dataset("csl", None)
    assert len(load_dataset("generated", None).rows) > 1000
    assert {element.element_id for element in dataset_topology("generated", None)} >= {
        row.managed_object for row in load_dataset("generated", None).rows
    }


def test_links_in_both_directions_become_one() -> None:
    elements = elements_of(["b", "a"], [("a", "b"), ("b", "a")], "acme")

    assert [(element.element_id, element.links) for element in elements] == [
        ("b", (Link(target="a"),)),
        ("a", ()),
    ]
