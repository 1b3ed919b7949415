"""Laws of settings: environment over file over defaults, frozen, each error whole, secrets nowhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pydantic
import pytest

from telcollm.errors import SettingsError
from telcollm.settings import Settings, load_settings

SECRET = "hunter2-never-shown"


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the machine's own: an empty folder and no TELCOLLM_ variables."""
    for name in [name for name in os.environ if name.startswith("TELCOLLM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(text: str, name: str = "telcollm.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    return str(caught.value)


def test_without_a_file_the_defaults_are_local() -> None:
    settings = load_settings()
    assert settings.kafka.bootstrap_servers == ("127.0.0.1:9092",)
    assert settings.store_location == f"sqlite:///{Path('.telcollm').absolute() / 'telcollm.db'}"
    assert settings.tracking_uri == f"sqlite:///{Path('.telcollm').absolute() / 'mlflow.db'}"
    assert [source.topic for source in settings.sources] == ["alarms"]
    assert (settings.health_host, settings.health_port) == ("127.0.0.1", 0)


def test_the_file_in_the_current_folder_is_read() -> None:
    write(
        """
        home = "state"
        [streams]
        gap_s = 30
        [kafka]
        bootstrap_servers = "one:9092, two:9093"
        [[sources]]
        topic = "north"
        time_zone = "Europe/Berlin"
        mapping = { managedObject = "ne.name" }
        """
    )
    settings = load_settings()
    assert (settings.streams.gap_s, settings.home) == (30.0, Path("state"))
    assert settings.kafka.bootstrap_servers == ("one:9092", "two:9093")
    assert settings.sources[0].mapping == {"managedObject": "ne.name"}


def test_a_named_file_comes_before_the_environments_and_that_before_the_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write("[streams]\ngap_s = 1")
    assert load_settings().streams.gap_s == 1
    monkeypatch.setenv("TELCOLLM_CONFIG", str(write("[streams]\ngap_s = 2", "two.toml")))
    assert load_settings().streams.gap_s == 2
    assert load_settings(write("[streams]\ngap_s = 3", "three.toml")).streams.gap_s == 3


def test_the_environment_overrides_single_values_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[streams]\ngap_s = 30\nlateness_s = 40\n[kafka.consumer]\nfetch_min_bytes = 7")
    monkeypatch.setenv("TELCOLLM_STREAMS__GAP_S", "5")
    monkeypatch.setenv("TELCOLLM_KAFKA__TOPIC_PREFIX", "north.")
    monkeypatch.setenv("TELCOLLM_SOURCES", json.dumps([{"topic": "one"}, {"topic": "two"}]))
    settings = load_settings()
    assert (settings.streams.gap_s, settings.streams.lateness_s) == (5.0, 40.0)
    assert (settings.kafka.topic_prefix, settings.kafka.consumer) == ("north.", {"fetch_min_bytes": 7})
    assert [source.topic for source in settings.sources] == ["one", "two"]


def test_settings_cannot_be_changed() -> None:
    settings = load_settings()
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        settings.home = Path("elsewhere")
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        settings.streams.gap_s = 1.0


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("[streams]\ngap_s = 0", "streams.gap_s", "0"),
        ("[streams]\ngap_s = 'soon'", "streams.gap_s", "'soon'"),
        ("[streams]\npartitions = 2000", "streams.partitions", "2000"),
        ("[[sources]]\ntime_zone = 'Mars/Base'", "sources.0.time_zone", "'Mars/Base'"),
        ("[[sources]]\nformat = 'csv'", "sources.0.format", "'csv'"),
        ("[model]\nengine = 'magic'", "model.engine", "'magic'"),
        ("[diagnosis]\nabstain_below = 1.5", "diagnosis.abstain_below", "1.5"),
        ("[kafka]\nbootstrap_servers = 'broker'", "kafka.bootstrap_servers", "'broker'"),
        ("health_port = -1", "health_port", "-1"),
        ("health_host = ''", "health_host", "''"),
        ("[kafka.topics.incidents]\npartitions = 0", "kafka.topics.incidents.partitions", "0"),
        ("[kafka.topics.events]\nretention_s = -1", "kafka.topics.events.retention_s", "-1"),
    ],
)
def test_an_error_names_the_setting_its_value_and_its_file(text: str, name: str, value: str) -> None:
    told = refused(write(text, "mine.toml"))
    assert told.startswith(f"{name}={value}: ")
    assert told.endswith(f"; set {name} in mine.toml")


def test_a_setting_nobody_knows_is_refused() -> None:
    assert "streams.gap_ms" in refused(write("[streams]\ngap_ms = 10"))
    assert "streems" in refused(write("[streems]\ngap_s = 10"))


def test_every_fault_is_told_at_once() -> None:
    told = refused(write("[streams]\ngap_s = 0\nlateness_s = -1"))
    assert len(told.splitlines()) == 2 and "gap_s" in told and "lateness_s" in told


def test_a_fault_of_the_environment_names_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELCOLLM_STREAMS__GAP_S", "0")
    assert refused().endswith("set streams.gap_s in the environment (TELCOLLM_STREAMS__GAP_S)")
    monkeypatch.delenv("TELCOLLM_STREAMS__GAP_S")
    monkeypatch.setenv("TELCOLLM_SOURCES", "{nonsense")
    assert "sources" in refused() and "environment" in refused()


@pytest.mark.parametrize(("name", "value"), [("STREAMS__GAP_S", "0"), ("SOURCES", "{nonsense")])
def test_a_fault_of_the_environment_is_not_blamed_on_a_good_file(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("[model]\nname = 'x'")
    monkeypatch.setenv(f"TELCOLLM_{name}", value)
    assert "telcollm.toml" not in refused(path)


@pytest.mark.parametrize("content", [b"gap_s = ", b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None) -> None:
    path = Path("broken.toml")
    if content is not None:
        path.write_bytes(content)
    told = refused(path)
    assert told.startswith("settings file broken.toml cannot be read (")
    assert told.endswith("; a TOML file is allowed; mend or name it")


def with_secrets() -> Settings:
    return load_settings(
        write(
            f"""
            store_url = "postgresql://me:{SECRET}@db/telcollm"
            [model]
            api_key = "{SECRET}"
            [kafka]
            security_protocol = "SASL_SSL"
            sasl_mechanism = "PLAIN"
            sasl_username = "me"
            sasl_password = "{SECRET}"
            ssl_password = "{SECRET}"
            [kafka.client]
            sasl_oauth_token = "{SECRET}"
            """
        )
    )


def test_no_secret_shows_in_a_repr_or_a_dump() -> None:
    settings = with_secrets()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in shown
    assert SECRET in settings.store_location
    assert settings.model.api_key.get_secret_value() == SECRET


@pytest.mark.parametrize(
    "text",
    [
        f"store_url = ['{SECRET}']",
        f"[model]\napi_key = ['{SECRET}']",
        f"[kafka]\nsasl_password = ['{SECRET}']",
        f"[kafka]\nbootstrap_servers = 'x'\nsasl_password = '{SECRET}'",
    ],
)
def test_no_error_shows_the_value_of_a_secret(text: str) -> None:
    assert SECRET not in refused(write(text))


@pytest.mark.parametrize(
    "text",
    [
        f"[kafka]\nsasl_mechanism = 'PLAIN'\nsasl_password = '{SECRET}'",
        f"[kafka]\nsecurity_protocol = 'SASL_SSL'\nsasl_mechanism = 'PLAIN'\nsasl_password = '{SECRET}'",
        f"[model]\napikey = '{SECRET}'",
        f"[kafka]\nsasl_passwd = '{SECRET}'",
        f"storeurl = 'postgresql://me:{SECRET}@db/telcollm'",
    ],
)
def test_no_error_about_a_table_or_a_mistyped_name_shows_a_secret(text: str) -> None:
    assert SECRET not in refused(write(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("security_protocol = 'SSL'\nsasl_mechanism = 'PLAIN'", "set security_protocol to SASL_SSL"),
        ("security_protocol = 'SASL_SSL'\nsasl_mechanism = 'PLAIN'", "needs sasl_username and sasl_password"),
        ("bootstrap_servers = ''", "give at least one host:port"),
    ],
)
def test_settings_of_kafka_that_contradict_each_other_are_refused(text: str, words: str) -> None:
    assert words in refused(write(f"[kafka]\n{text}"))
