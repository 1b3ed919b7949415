"""Settings: one frozen tree, read once from TOML, overridden by environment, passed explicitly.

Defaults are local and safe. Secrets come from the environment or a secret file. Knows no entry point.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pydantic
import pydantic_settings
from pydantic import Field

from telcollm.access_settings import AccessSettings, ApiSettings
from telcollm.errors import SettingsError
from telcollm.kafka_settings import KafkaSettings

DEFAULT_FILE = "telcollm.toml"


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class SourceSettings(_Frozen):
    """One operator's topic: what it holds, how it is written and what its records lack.

    `time_zone` (an IANA name) is what a naive time in this source means; without one a naive time is
    dead-lettered. `mapping` renames foreign fields to telcollm's, `{"managedObject": "ne.name"}`.
    `format` is of alarms alone: all other kinds come in telcollm's own JSON, one record or a list of them.
    """

    topic: str = "alarms"
    kind: Literal["alarms", "kpis", "logs", "tickets", "care", "feedback"] = "alarms"
    format: Literal["auto", "tmf642", "3gpp", "telcollm"] = "auto"
    tenant: str = "default"
    region: str = ""
    source_system_id: str = ""
    time_zone: str = ""
    vendor: str = ""
    mode: Literal["live", "replay", "backfill"] = "live"
    mapping: dict[str, str] = {}

    @pydantic.field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError) as error:
                message = f"{value!r} is no IANA time zone; a name such as Europe/Berlin or UTC is allowed"
                raise ValueError(message) from error
        return value


class StreamSettings(_Frozen):
    """Windows and correlation, in event time."""

    gap_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    lateness_s: Annotated[float, Field(ge=0, le=86_400)] = 120.0
    idle_s: Annotated[float, Field(gt=0)] = 30.0
    future_s: Annotated[float, Field(ge=0)] = 300.0
    partitions: Annotated[int, Field(ge=1, le=1024)] = 4
    neighbourhood_size: Annotated[int, Field(ge=1)] = 256
    batch_max_records: Annotated[int, Field(ge=1)] = 1000
    poll_timeout_ms: Annotated[int, Field(ge=1)] = 200
    coalesce_lag: Annotated[int, Field(ge=1)] = 20_000
    short_prompt_lag: Annotated[int, Field(ge=1)] = 50_000
    rules_only_lag: Annotated[int, Field(ge=1)] = 100_000


class ModelSettings(_Frozen):
    """The language model: its name in the cache, the engine behind it, and how batches are formed.

    `root_cause` and `fault_kind` name deciders that windows are shown to: shipped or registered ones (NAME,
    NAME@challenger, NAME@3) or folders. Without either, the base itself is asked for the root cause. `team`
    and `priority` decide about tickets and `intent` about customers' messages; without them rules do.
    """

    name: str = "smollm2-135m-instruct"
    engine: Literal["torch", "openai", "scripted", "none"] = "torch"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["auto", "bf16", "fp32"] = "auto"
    base_url: str = ""
    api_key: pydantic.SecretStr = pydantic.SecretStr("")
    adapters: dict[str, Path] = {}
    root_cause: str = ""
    fault_kind: str = ""
    team: str = ""
    priority: str = ""
    intent: str = ""
    prompt_tokens: Annotated[int, Field(ge=64)] = 512
    batch_size: Annotated[int, Field(ge=1)] = 16


class DiagnosisSettings(_Frozen):
    """When a diagnosis is given, and when not: below `abstain_below`, or as a calibration file says.

    `led_by` "champion" lets the promoted decider `model.root_cause` lead diagnoses of complete incidents,
    with its own confidence, which no calibration file touches; until it has answered, and where it does not,
    the cause graph's stands. It abstains below its own threshold too, and where "none of these" is likelier.
    """

    led_by: Literal["graph", "champion"] = "graph"
    abstain_below: Annotated[float, Field(ge=0, le=1)] = 0.4
    max_hypotheses: Annotated[int, Field(ge=1, le=9)] = 3
    max_candidates: Annotated[int, Field(ge=2, le=25)] = 8
    calibration_path: Path | None = None


class RoutingSettings(_Frozen):
    """The operator's routing policy (YAML): teams, costs, rules; the built-in example without one."""

    policy_path: Path | None = None


class CareSettings(_Frozen):
    """The operator's scripts and care policy, files or folders (YAML); the example operator's without any."""

    scripts_paths: tuple[Path, ...] = ()
    policy_paths: tuple[Path, ...] = ()


class TrackingSettings(_Frozen):
    """Where runs are tracked; an empty uri means MLflow on SQLite in the home folder."""

    enabled: bool = True
    uri: str = ""
    experiment: str = "telcollm"
    trace_every: Annotated[int, Field(ge=0)] = 20


class Settings(pydantic_settings.BaseSettings):
    """Everything a process is told. Environment names are TELCOLLM_ and the path, `TELCOLLM_KAFKA__...`."""

    model_config = pydantic_settings.SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="TELCOLLM_", env_nested_delimiter="__"
    )

    home: Path = Path(".telcollm")
    data_dir: Path | None = None
    store_url: pydantic.SecretStr = pydantic.SecretStr("")
    health_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    health_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    graph_path: Path | None = None
    kafka: KafkaSettings = KafkaSettings()
    sources: tuple[SourceSettings, ...] = (SourceSettings(),)
    streams: StreamSettings = StreamSettings()
    model: ModelSettings = ModelSettings()
    diagnosis: DiagnosisSettings = DiagnosisSettings()
    routing: RoutingSettings = RoutingSettings()
    care: CareSettings = CareSettings()
    tracking: TrackingSettings = TrackingSettings()
    access: AccessSettings = AccessSettings()
    api: ApiSettings = ApiSettings()

    @property
    def store_location(self) -> str:
        """The store's SQLAlchemy URL, SQLite in the home folder by default; it may hold a password."""
        url = self.store_url.get_secret_value()
        return url or f"sqlite:///{self.home.absolute() / 'telcollm.db'}"

    @property
    def tracking_uri(self) -> str:
        """The tracking server's URI, SQLite in the home folder by default."""
        return self.tracking.uri or f"sqlite:///{self.home.absolute() / 'mlflow.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[pydantic_settings.BaseSettings],
        init_settings: pydantic_settings.PydanticBaseSettingsSource,
        env_settings: pydantic_settings.PydanticBaseSettingsSource,
        dotenv_settings: pydantic_settings.PydanticBaseSettingsSource,
        file_secret_settings: pydantic_settings.PydanticBaseSettingsSource,
    ) -> tuple[pydantic_settings.PydanticBaseSettingsSource, ...]:
        """Environment first, then what the file said (passed at construction), then defaults."""
        return env_settings, init_settings, file_secret_settings


def load_settings(path: Path | None = None) -> Settings:
    """Return the settings of the TOML file at `path`, overridden by the environment.

    Without a path, TELCOLLM_CONFIG is read, else telcollm.toml in the current folder where there is one.

    Raises:
        SettingsError: the file is missing or no TOML, or a value is not allowed; names each one.
    """
    import tomllib

    named = path or (Path(os.environ["TELCOLLM_CONFIG"]) if "TELCOLLM_CONFIG" in os.environ else None)
    file = named or Path(DEFAULT_FILE)
    values: dict[str, Any] = {}
    if named or file.exists():
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            message = (
                f"settings file {file} cannot be read ({error}); a TOML file is allowed; mend or name it"
            )
            raise SettingsError(message) from error
    try:
        return Settings(**values)
    except (pydantic.ValidationError, pydantic_settings.SettingsError) as error:
        raise SettingsError(_explain(error, file if values else None)) from error


def _explain(error: Exception, file: Path | None) -> str:
    """Return one line a fault: name, value (never a secret), what is allowed, and where to set it."""
    if not isinstance(error, pydantic.ValidationError):
        return f"settings cannot be read: {error}; set them in the environment (TELCOLLM_...)"
    lines = []
    for fault in error.errors(include_url=False, include_context=False):
        path = [str(step) for step in fault["loc"]]
        variable = f"TELCOLLM_{'__'.join(path).upper()}"
        place = file if file and not _is_set(variable) else f"the environment ({variable})"
        name = ".".join(path)
        lines.append(f"{name}{_shown(name, fault)}: {fault['msg']}; set {name} in {place}")
    return "\n".join(lines)


def _is_set(variable: str) -> bool:
    """Tell whether the variable, or one for a tree that it is part of, is set."""
    names = {name.upper() for name in os.environ}
    parts = variable.split("__")
    return any("__".join(parts[:count]) in names for count in range(1, len(parts) + 1))


def _shown(name: str, fault: Any) -> str:
    """Return the value received, unless it is or may hold a secret."""
    secret = any(word in name.lower() for word in ("password", "secret", "key", "token", "store_url"))
    nested = isinstance(fault["input"], dict | list | tuple)
    if secret or nested or fault["type"] == "extra_forbidden":
        return ""
    return f"={fault['input']!r}"
