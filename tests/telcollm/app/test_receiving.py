"""Laws of what is checked before anything is received."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.receivers.received import Listener
from telcollm.app.receiving import Prepared, Reception, address_of, communities_of, open_sink, prepare
from telcollm.errors import MissingExtraError, SettingsError, TransientError
from telcollm.kafka_settings import KafkaSettings
from telcollm.settings import Settings, SourceSettings

ALARMS = SourceSettings(topic="alarms")
LOGS = SourceSettings(topic="logs", kind="logs")
UDP = {Listener.SYSLOG_UDP: ("127.0.0.1", 0)}
SNMP = {Listener.SNMP: ("127.0.0.1", 0)}


def prepared(*sources: SourceSettings, mapping: Path | None = None, **reception: Any) -> Prepared:
    return prepare(
        Settings(sources=sources or (ALARMS, LOGS)),
        Reception(**({"addresses": UDP, "mapping": mapping} | reception)),
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("5514", ("127.0.0.1", 5514)),
        ("0.0.0.0:514", ("0.0.0.0", 514)),
        ("[::1]:162", ("::1", 162)),
        ("noc.example.net:0", ("noc.example.net", 0)),
    ],
)
def test_an_address_is_a_host_and_a_port_and_a_port_alone_is_on_the_loopback(
    text: str, address: tuple[str, int]
) -> None:
    assert address_of(text, "--snmp") == address


@pytest.mark.parametrize("text", ["", ":5514", "host", "host:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:٣"])
def test_what_is_no_address_is_refused_and_an_empty_host_is_not_every_interface(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"--snmp .* is no address; .*0\.0\.0\.0:5514 for every interface"
    ):
        address_of(text, "--snmp")


def test_communities_come_from_a_file_and_the_environment_and_blank_lines_are_none(tmp_path: Path) -> None:
    file = tmp_path / "communities"
    file.write_text("noc\n\n backup \r\nnoc\n")
    assert communities_of(file, "third,,noc") == (b"third", b"noc", b"backup")
    assert communities_of(None, "") == ()
    with pytest.raises(SettingsError, match=r"community file .* cannot be read"):
        communities_of(tmp_path / "none", "")


def test_nothing_is_started_without_a_place_to_listen_at_or_a_community() -> None:
    with pytest.raises(SettingsError, match="nothing to listen at"):
        prepared(addresses={})
    with pytest.raises(
        SettingsError, match="no community; at least one is needed, and none is known by default"
    ):
        prepared(addresses=SNMP)


def test_a_topic_is_needed_for_each_kind_that_the_rules_make_and_for_no_other(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no source of logs .*add to telcollm.toml"):
        prepared(ALARMS)
    with pytest.raises(SettingsError, match=r"no source of alarms .*there is: none"):
        prepared(LOGS)
    plain = tmp_path / "plain.yaml"
    plain.write_text("version: 1")
    only_logs = prepared(LOGS, mapping=plain)
    assert only_logs.logs == LOGS and only_logs.alarms is None
    only_alarms = prepared(ALARMS, mapping=plain, addresses=SNMP, communities=(b"noc",))
    assert only_alarms.alarms == ALARMS and only_alarms.logs is None


def test_the_first_source_that_takes_telcollms_own_json_is_written_to_unless_one_is_named() -> None:
    mapped = SourceSettings(topic="mapped", mapping={"managed_object": "ne"})
    foreign = SourceSettings(topic="tmf", format="tmf642")
    second = SourceSettings(topic="second", format="telcollm")
    sources = (mapped, foreign, ALARMS, second, LOGS)
    assert prepared(*sources).alarms == ALARMS
    assert prepared(*sources, alarm_topic="second").alarms == second
    for name in ("mapped", "tmf", "logs", "nowhere"):
        with pytest.raises(SettingsError, match=rf"topic '{name}' is no source of alarms .*alarms, second"):
            prepared(*sources, alarm_topic=name)


def test_a_region_of_the_mapping_that_the_topic_would_overrule_is_refused(tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text("sources: [{address: 192.0.2.1, region: north}]")
    assert prepared(mapping=mapping).mapping.senders
    south = SourceSettings(topic="logs", kind="logs", region="south")
    with pytest.raises(SettingsError, match="region 'north' and topic 'logs' has region 'south'"):
        prepared(ALARMS, south, mapping=mapping)


def test_what_listens_beyond_the_loopback_is_named() -> None:
    addresses = {
        Listener.SYSLOG_UDP: ("0.0.0.0", 5514),
        Listener.SYSLOG_TCP: ("localhost", 5514),
        Listener.SNMP: ("::1", 1162),
    }
    found = prepared(addresses=addresses, communities=(b"noc",))
    assert found.exposed == ("syslog-udp 0.0.0.0:5514",)
    assert b"noc" not in repr(found.translator).encode()


def test_a_missing_pysnmp_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingExtraError(package="pysnmp", extra="receivers")

    monkeypatch.setattr("telcollm.app.receiving.check_library", missing)
    with pytest.raises(
        MissingExtraError, match="pysnmp is not installed; it comes with the extra 'receivers'"
    ):
        prepared(addresses=SNMP, communities=(b"noc",))


def test_a_broker_that_is_not_there_is_a_passing_fault(tmp_path: Path) -> None:
    kafka = KafkaSettings(bootstrap_servers=("127.0.0.1:1",), client={"bootstrap_timeout_ms": 200})
    with pytest.raises(TransientError, match="connecting an admin client"):
        open_sink(Settings(kafka=kafka, home=tmp_path), prepared())
