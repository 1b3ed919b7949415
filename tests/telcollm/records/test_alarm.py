from __future__ import annotations

from datetime import UTC, datetime

from telcollm.records import Alarm, AlarmType, ProbableCause

AT = datetime(2026, 1, 5, tzinfo=UTC)


def alarm(**fields: object) -> Alarm:
    return Alarm(
        tenant="acme",
        alarm_id="alm-1",
        source_system_id="ems",
        managed_object="cell-7",
        alarm_raised_time=AT,
        **fields,  # type: ignore[arg-type]
    )


def test_a_probable_cause_is_called_by_its_standard_name_else_the_vendors_word_else_its_number() -> None:
    assert ProbableCause(name="lossOfSignal", code=29, vendor="LOS").label == "lossOfSignal"
    assert ProbableCause(code=501, vendor="LOS").label == "LOS"
    assert ProbableCause(code=501).label == "501"
    assert ProbableCause().label == ""


def test_a_problem_is_the_specific_one_else_the_cause_else_the_type() -> None:
    cause = ProbableCause(name="lossOfSignal")

    assert alarm(specific_problem="17", probable_cause=cause).problem == "17"
    assert alarm(probable_cause=cause).problem == "lossOfSignal"
    assert alarm(alarm_type=AlarmType.EQUIPMENT_ALARM).problem == "EQUIPMENT_ALARM"


def test_a_clear_has_the_key_of_its_raise_whatever_its_severity_and_times() -> None:
    raised = alarm(specific_problem="17")
    cleared = alarm(specific_problem="17", alarm_cleared_time=AT, perceived_severity="CRITICAL")

    assert raised.key == cleared.key
    assert raised.key != alarm(specific_problem="18").key
