"""Settings: BELLWETHER_* variables, a .env file, or options of a command, the last one first."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.vault.keys import weakness


class Settings(BaseSettings):
    """What an installation decides. No secret has a default."""

    model_config = SettingsConfigDict(env_prefix="BELLWETHER_", env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field(
        default="sqlite:///bellwether.db",
        description="Where the ledger is: sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME",
    )
    secret_key: SecretStr | None = Field(
        default=None, description="Seals persons and free text: any text of at least 16 letters; keep a copy elsewhere"
    )
    old_secret_key: SecretStr | None = Field(
        default=None, description="The secret key until now, for `bellwether vault rotate` alone"
    )
    forgotten_file: Path | None = Field(
        default=None,
        description="The list of forgotten cases, to be kept apart from backups; beside the ledger if that is a file",
    )
    time_zone: str = Field(default="Europe/London", description="What a day is in a new partnership")
    store_timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="How long to wait for a locked ledger before giving up, in seconds"
    )
    log_level: str = Field(default="warning", pattern="^(debug|info|warning|error)$", description="Least level logged")
    channels_file: Path | None = Field(
        default=None, description="Where the file with the URLs of channels is: without it, alerts go to the log only"
    )
    channel_timeout_s: float = Field(
        default=15.0, gt=0, le=300, description="How long to wait for each answer of a channel, in seconds"
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000", pattern=r"^https?://[^\s?#]+$", description="Where links in messages lead"
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        max_length=253,
        description="Which address HTTP listens on; 127.0.0.1 is heard on this machine alone",
    )
    port: int = Field(default=8000, ge=0, le=65_535, description="Which port HTTP listens on; 0 takes any that is free")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65_535, description="A port for metrics without a key, to be kept from outsiders"
    )
    trusted_proxies: str = Field(
        default="",
        max_length=1_000,
        description="Addresses of proxies, with commas between, whose word on where a request came from is believed",
    )
    requests_a_minute: int = Field(
        default=60_000, ge=1, le=1_000_000, description="How many requests a key may make within a minute"
    )
    refused_requests_a_minute: int = Field(
        default=120, ge=1, le=1_000_000, description="How many calls without a valid key an address may make a minute"
    )

    @field_validator("secret_key", "old_secret_key")
    @classmethod
    def _strong(cls, secret: SecretStr | None) -> SecretStr | None:
        """Take an empty one for none, as some ways of setting variables cannot leave one out; refuse a weak one."""
        if secret is None or not secret.get_secret_value():
            return None
        if why := weakness(secret.get_secret_value()):
            raise PydanticCustomError("weak-key", "{why}", {"why": why})
        return secret
