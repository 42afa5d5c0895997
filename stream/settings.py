"""The one place that reads the environment (and `.env`): every setting, its default and what it is for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from stream import setting_problems
from stream.errors import SettingsError
from stream.setting_values import (
    Brokers,
    Emails,
    Host,
    InstanceName,
    NumberId,
    TimeZone,
    TopicPrefix,
    WebAddress,
    has_no_control_characters,
)

# Where container engines put secrets: one file a setting, by its name in lower case.
_SECRETS = Path("/run/secrets")


class Settings(BaseSettings):
    """All settings. Names in the environment are these in upper case; secrets print as stars and may be files in /run/secrets."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        secrets_dir=_SECRETS if _SECRETS.is_dir() else None,
        extra="ignore",
        env_ignore_empty=True,
        str_strip_whitespace=True,
    )

    kafka_bootstrap_servers: Brokers = Field(
        "", description="Brokers as host:port, comma separated. Empty: `groupdesk up` runs its own"
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as the brokers have it"
    )
    kafka_security_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="With SASL: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_security_username: str = Field("", description="With SASL: the user's name")
    kafka_security_password: SecretStr = Field(SecretStr(""), description="With SASL: the user's password")
    kafka_security_cafile: Path | None = Field(None, description="CA file for SSL")
    topic_prefix: TopicPrefix = Field(
        "groupdesk.", description="Begins the name of every topic and group: one cluster can serve several teams"
    )
    topic_partitions: int = Field(6, ge=1, le=1000, description="The same for all topics; cannot be changed later")
    topic_replication: int = Field(1, ge=1, le=9, description="3 in production")

    webhook_secret: SecretStr = Field(
        SecretStr(""), description="Header X-Webhook-Secret. Empty: one is made and kept in DATA_DIR"
    )
    webhook_secret_previous: SecretStr = Field(SecretStr(""), description="The old secret, still accepted while you change it")
    operator_secret: SecretStr = Field(SecretStr(""), description="Opens /qr-cs. Empty: one is made and kept in DATA_DIR")
    bridge_host: Host = Field("127.0.0.1", description="Where the bridge listens; 0.0.0.0 for other machines to reach it")
    bridge_port: int = Field(3000, ge=0, le=65535, description="Port of the webhook; 0 takes any that is free")
    spool_limit_mb: int = Field(
        1024,
        ge=0,
        description="How much the bridge keeps in DATA_DIR while Kafka is away; 0: nothing, and senders are asked to come again",
    )
    dashboard_host: Host = Field("127.0.0.1", description="Where the dashboard listens; beyond this machine it needs a password")
    dashboard_port: int = Field(8501, ge=0, le=65535, description="Port of the dashboard; 0 takes any that is free")
    dashboard_password: SecretStr = Field(SecretStr(""), description="One password for all; needed to listen beyond this machine")
    dashboard_operator_password: SecretStr = Field(SecretStr(""), description="A password that opens the dashboard as operator")
    dashboard_viewer_password: SecretStr = Field(SecretStr(""), description="A password that only lets look, numbers masked")
    dashboard_admins: Emails = Field("", description="E-mail addresses of admins, comma separated; for sign-in by OIDC")
    dashboard_operators: Emails = Field(
        "", description="E-mail addresses of operators; everybody else who signs in by OIDC looks only"
    )

    evolution_api_url: WebAddress = Field("", description="Evolution API, such as http://evolution:8080. Empty: the simulator")
    evolution_api_key: SecretStr = Field(SecretStr(""), description="Evolution's own key (its AUTHENTICATION_API_KEY)")
    cs_instance: InstanceName = Field("cs-ticket-monitor", description="Name of the WhatsApp connection in Evolution")
    webhook_url: WebAddress = Field("", description="The bridge as Evolution reaches it. Empty: its address on this machine")
    simulator_port: int = Field(3100, ge=0, le=65535, description="Where the stand-in for Evolution listens, when it is started")
    sending_enabled: bool = Field(True, description="false: nothing is sent to WhatsApp, whatever the rules say")
    send_gap_s: float = Field(
        4.0, ge=0, le=600, allow_inf_nan=False, description="Seconds between two messages of one number, give or take a half"
    )
    sends_per_minute: int = Field(6, ge=1, le=60, description="The most that one number sends in a minute")
    cloud_api_token: SecretStr = Field(SecretStr(""), description="Meta's Cloud API, for single chats. Empty: not used")
    cloud_api_phone_number_id: NumberId = Field("", description="The number's id at Meta, which is not the number")
    cloud_api_app_secret: SecretStr = Field(SecretStr(""), description="Signs the webhooks of the Cloud API")
    cloud_api_verify_token: SecretStr = Field(SecretStr(""), description="What Meta repeats when its webhook is set up")
    cloud_api_url: WebAddress = Field("https://graph.facebook.com/v23.0", description="Another server that speaks the Cloud API")

    openai_api_key: SecretStr = Field(
        SecretStr(""), description="Empty: rules and the local classifier decide, people do the rest"
    )
    openai_base_url: WebAddress = Field("", description="Another server that speaks OpenAI's protocol")
    openai_model: str = Field("gpt-5-mini", description="The model that is asked")
    local_head: Path | None = Field(None, description="What `groupdesk learn` made. Empty: local-head.json in DATA_DIR")

    cs_sheet_id: str = Field("", description="The id of the Google Sheet, or its whole address")
    google_service_account_key: SecretStr = Field(SecretStr(""), description="A file, the JSON itself, or base64 of it")
    sheets_api_url: WebAddress = Field("", description="Another server that speaks the Sheets API")
    xlsx_path: Path | None = Field(None, description="The local sheet. Empty: tickets.xlsx in DATA_DIR")
    sheet_timezone: TimeZone = Field("UTC", description="The zone of the times in the Sheet, such as America/Sao_Paulo")
    sheet_closed_limit: int = Field(1000, ge=0, description="Closed tickets beyond this many move to the second tab")
    sheet_reads_per_minute: int = Field(45, ge=1, le=300, description="Google allows 60 a minute and service account")
    sheet_writes_per_minute: int = Field(45, ge=1, le=300, description="Google allows 60 a minute and service account")

    rules_dir: Path = Field(Path("rules"), description="Rules, groups and team, as YAML that people edit")
    data_dir: Path = Field(Path("data"), description="Everything kept on this machine: broker, logs, sheet, secrets")
    process_name: str = Field("", description="Name of this process among several of its role. Empty: host and process id")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR; texts of messages appear at DEBUG only"
    )
    log_json: bool = Field(False, description="true: one JSON object a line, for machines")
    # For the proof alone, and so not among what .env.example offers: see stream/crash_points.py.
    crash_at: str = Field("", exclude=True, description="Where a process kills itself")
    crashes_allowed: bool = Field(False, exclude=True, description="Allows CRASH_AT")

    @field_validator("*", mode="before")
    @classmethod
    def _is_printable(cls, value: Any) -> Any:
        return has_no_control_characters(value)

    @property
    def webhook_address(self) -> str:
        """Where Evolution is told to post events."""
        return self.webhook_url or f"http://{self.bridge_host}:{self.bridge_port}/webhook/cs-tickets"

    @property
    def simulator_host(self) -> str:
        """The stand-in for Evolution is for this machine only."""
        return "127.0.0.1"

    @property
    def sheet_path(self) -> Path:
        return self.xlsx_path or self.data_dir / "tickets.xlsx"


@lru_cache
def load_settings() -> Settings:
    """Read the settings once a process; raises `SettingsError` with one sentence for every setting that cannot be used."""
    settings, problems = read_settings()
    if problems:
        raise SettingsError("\n".join(problems.values()))
    return settings


def read_settings() -> tuple[Settings, dict[str, str]]:
    """Return the settings, and by name one sentence for each that cannot be used and stands at its default instead.

    Raises `SettingsError` where the file .env as a whole cannot be read.
    """
    try:
        return Settings(), {}
    except ValidationError as error:
        problems = setting_problems.describe(error, Settings.model_fields)
        return Settings(**{name: Settings.model_fields[name].get_default() for name in problems}), problems
    except UnicodeDecodeError as error:
        raise SettingsError("The file .env is not UTF-8; save it anew as UTF-8.") from error
    except OSError as error:
        named = error.filename or ".env"
        raise SettingsError(f"The file {named} cannot be read ({error.strerror}); see who may read it.") from error


def as_environment(settings: Settings) -> dict[str, str]:
    """Return what was set, as environment variables for another process of ours; secrets are in the clear there."""
    set_here = ((name, getattr(settings, name)) for name in sorted(settings.model_fields_set))
    return {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in set_here
        if value is not None
    }
