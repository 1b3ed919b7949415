from __future__ import annotations

from telcollm.records import PROBABLE_CAUSE_CODES, PROBABLE_CAUSES, SEVERITY_RANK, PerceivedSeverity


def test_x733_numbers_57_probable_causes_and_keeps_its_misspelling() -> None:
    assert list(PROBABLE_CAUSES) == list(range(1, 58))
    assert PROBABLE_CAUSES[1] == "adapterError"
    assert PROBABLE_CAUSES[29] == "lossOfSignal"
    assert PROBABLE_CAUSES[33] == "ouputDeviceError"
    assert PROBABLE_CAUSES[57] == "versionMismatch"
    assert len(PROBABLE_CAUSE_CODES) == 57


def test_severities_rank_as_rfc_8632_numbers_them() -> None:
    ranked = sorted(PerceivedSeverity, key=SEVERITY_RANK.__getitem__)

    assert ranked == ["CLEARED", "INDETERMINATE", "WARNING", "MINOR", "MAJOR", "CRITICAL"]
    assert SEVERITY_RANK["CRITICAL"] == 6
