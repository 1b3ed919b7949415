"""Laws of the mapping file: all that is wrong is told with its line and rule, before anything is received."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.receivers.mapping import EXAMPLE, MOST_BYTES, MappingError, load_mapping, mapping_of
from telcollm.errors import SettingsError

ALARM = "alarm: {specific_problem: x}"


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(MappingError) as caught:
        mapping_of(text.encode(), "m.yaml")
    assert "mend these" in str(caught.value)
    return caught.value.faults


def test_the_shipped_example_has_no_faults_and_raises_no_doubts() -> None:
    found = load_mapping()
    assert found.path == str(EXAMPLE) and found.warnings == ()
    assert {rule.name for rule in found.rules} >= {"linkDown", "linkUp", "coldStart", "Cisco link down"}
    assert [rule.name for rule in found.rules if rule.clears] == [
        "linkUp",
        "alarmClearState",
        "bgpEstablished",
        "Cisco link up",
        "Junos link up",
    ]


def test_an_empty_file_is_a_mapping_without_rules() -> None:
    assert mapping_of(b"", "m.yaml").rules == ()
    assert mapping_of(b"# nothing yet", "m.yaml").senders == ()


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("trap: '1.3', drop: true", "m.yaml:2: rule 1: Object missing required field `name`"),
        ("name: '', trap: '1.3', drop: true", "m.yaml:2: rule 1: name: an empty name; give the rule one"),
        ("name: a, drop: true", "rule a: either syslog or trap is needed"),
        ("name: a, syslog: {}, trap: '1.3', drop: true", "rule a: either syslog or trap is needed"),
        ("name: a, syslog: {}", "rule a: alarm, log: true, or both of them, or drop: true alone"),
        ("name: a, syslog: {}, log: true, drop: true", "rule a: alarm, log: true, or both"),
        (f"name: a, syslog: {{}}, drop: true, {ALARM}", "rule a: alarm, log: true, or both"),
        ("name: a, syslog: {}, log: true, color: red", "rule a: Object contains unknown field `color`"),
        ("name: a, syslog: {apname: x}, log: true", "syslog: Object contains unknown field `apname`"),
        (
            "name: a, syslog: {facility: local9}, log: true",
            "syslog.facility: 'local9' is not known; one of kern",
        ),
        (
            "name: a, syslog: {severity: bad}, log: true",
            "syslog.severity: 'bad' is not known; one of emergency",
        ),
        ("name: a, syslog: {severity_at_least: x}, log: true", "syslog.severity_at_least: 'x' is not known"),
        ("name: a, syslog: {severity: err, severity_at_least: err}, log: true", "not both"),
        ("name: a, syslog: {match: '('}, log: true", "syslog.match: '(' is no regular expression"),
        ("name: a, syslog: {match: '(?P<text>x)'}, log: true", "the group 'text' has the name of a field"),
        ("name: a, syslog: {}, where: {ifIndex: x}, log: true", "'ifIndex' is not known; address, app_name"),
        ("name: a, syslog: {}, where: {text: '['}, log: true", "where.text: '[' is no regular expression"),
        ("name: a, trap: linkDown, log: true", "trap: 'linkDown' is no OID"),
        ("name: a, trap: '', log: true", "trap: an empty OID"),
        ("name: a, trap: [], log: true", "trap: no OID"),
        ("name: a, trap: 1.3*, log: true", "trap: '1.3*' is no OID"),
        (
            "name: a, trap: '1.3', where: {ifSpeed: x}, log: true",
            "where.ifSpeed: 'ifSpeed' is not known; address",
        ),
        ("name: a, trap: '1.3', alarm: {}", "alarm: Object missing required field `specific_problem`"),
        ("name: a, trap: '1.3', alarm: {specific_problem: ''}", "alarm.specific_problem: an empty text"),
        ("name: a, trap: '1.3', alarm: {specific_problem: '{ifName}'}", "'ifName' is not known"),
        ("name: a, trap: '1.3', alarm: {specific_problem: '{'}", "alarm.specific_problem: '{' has '{'"),
        (
            "name: a, trap: '1.3', alarm: {specific_problem: x, additional_text: '{no}'}",
            "alarm.additional_text",
        ),
        (
            "name: a, trap: '1.3', alarm: {specific_problem: x, managed_object: ''}",
            "alarm.managed_object: an empty",
        ),
        (
            "name: a, trap: '1.3', alarm: {specific_problem: x, alarm_type: bad}",
            "'bad' is no alarm type of 3GPP",
        ),
        (
            "name: a, trap: '1.3', alarm: {specific_problem: x, perceived_severity: bad}",
            "alarm.perceived_severity: 'bad' is no severity; one of indeterminate, critical",
        ),
        (
            "name: a, trap: '1.3', alarm: {specific_problem: x, severity_words: {p1: bad}}",
            "alarm.severity_words.p1: 'bad' is no severity",
        ),
    ],
)
def test_a_fault_of_a_rule_is_told_with_its_line_the_rule_and_what_is_allowed(rule: str, fault: str) -> None:
    (told,) = faults_of(f"rules:\n- {{{rule}}}")
    assert told.startswith("m.yaml:2: rule ")
    assert fault in told


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("sources:\n- {region: north}", "m.yaml:2: source 1: address or hostname is needed"),
        ("sources:\n- {address: 192.0.2.1}", "m.yaml:2: source 1: nothing is told"),
        ("sources:\n- {address: 192.0.2.300, region: x}", "m.yaml:2: source 1: address: '192.0.2.300' is no"),
        (
            "sources:\n- address: 192.0.2.1\n  time_zone: CEST+1",
            "m.yaml:3: source 1: time_zone: 'CEST+1' is no",
        ),
        (
            "sources:\n- address: 192.0.2.1\n  time: later",
            "m.yaml:3: source 1: time: Invalid enum value 'later'",
        ),
        ("sources:\n- {hostname: a, region: " + "x" * 1025 + "}", "source 1: region: 1025 characters"),
        ("names:\n  ifIndex: 1.3", "m.yaml:2: names: 'ifIndex' is no OID"),
        ("names:\n  1.3.6.1: 'if index'", "m.yaml:2: names: 1.3.6.1='if index' is no name"),
        ("version: 2", "m.yaml:1: version: Invalid enum value 2"),
        ("rule: []", "m.yaml:1: Object contains unknown field `rule`"),
        ("rules: 7", "m.yaml:1: rules: Expected `array`, got `int`"),
        ("- 7", "m.yaml:1: Expected `object`, got `array`"),
        ("rules: [", "m.yaml: no YAML: while parsing"),
        ("rules: *nowhere", "m.yaml: no YAML: found undefined alias"),
        ("a: !!python/object/apply:os.system [id]", "m.yaml: no YAML: could not determine a constructor"),
        ("rules: []\nrules: []", "m.yaml:2: 'rules' is there twice; once is allowed"),
    ],
)
def test_a_fault_beside_the_rules_is_told_with_its_line(text: str, fault: str) -> None:
    assert fault in "\n".join(faults_of(text))


def test_every_fault_of_a_file_is_told_and_not_the_first_alone() -> None:
    rules = "\n".join(f"- {{name: r{number}, syslog: {{facility: bad}}, log: true}}" for number in range(60))
    faults = faults_of(f"names: {{x: y}}\nrules:\n{rules}")
    assert len(faults) == 61
    assert faults[60].startswith("m.yaml:62: rule r59: syslog.facility: 'bad' is not known")


def test_rules_of_one_name_are_refused() -> None:
    rule = "- {name: twice, trap: '1.3.6', drop: true}"
    (fault,) = faults_of(f"rules:\n{rule}\n{rule}")
    assert fault == "m.yaml:3: rule twice: name: another rule has this name; names tell rules apart"


def test_a_file_that_is_too_large_or_unfolds_without_end_is_refused() -> None:
    assert "at most 1000000 are allowed" in faults_of("#" * (MOST_BYTES + 1))[0]
    layers = "\n".join(f"x{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
    assert "more than 200000 parts" in faults_of(f"x0: &a0 [1, 2]\n{layers}")[0]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none.yaml cannot be read .*check the path"):
        load_mapping(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MappingError, match="no YAML"):
        load_mapping(tmp_path / "bytes.yaml")


def test_what_is_allowed_and_looks_wrong_is_warned_of() -> None:
    found = mapping_of(
        b"""rules:
- name: up
  trap: 1.3.6.1.6.3.1.1.5.4
  alarm: {specific_problem: linkDown, perceived_severity: cleared}
- name: all
  syslog: {}
  log: true
- name: never
  syslog: {app_name: x}
  drop: true
""",
        "m.yaml",
    )
    assert [warning.partition(": ")[0] for warning in found.warnings] == ["m.yaml:2", "m.yaml:5"]
    assert "rule up: clears what no rule raises" in found.warnings[0]
    assert "rule all: matches every syslog" in found.warnings[1]


@settings(max_examples=60)
@given(
    st.one_of(
        st.text(max_size=60),
        st.recursive(
            st.sampled_from(["rules", "name", "1.3", 7, None, True]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["rules", "sources", "names", "name", "trap", "alarm", "syslog"]),
                    inner,
                    max_size=3,
                )
            ),
            max_leaves=8,
        ).map(str),
    )
)
def test_whatever_is_written_is_a_mapping_or_faults(text: str) -> None:
    try:
        mapping_of(text.encode("utf-8", "surrogatepass"), "m.yaml")
    except MappingError as error:
        assert error.faults
