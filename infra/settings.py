"""Settings: BELLWETHER_* variables, a .env file, or options of a command, the last one first."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation decides. No secret has a default."""

    model_config = SettingsConfigDict(env_prefix="BELLWETHER_", env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field(
        default="sqlite:///bellwether.db",
        description="Where the ledger is: sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME",
    )
    secret_key: SecretStr | None = Field(
        default=None, description="Seals persons and free text, and signs sessions; not used by this version yet"
    )
    time_zone: str = Field(default="Europe/London", description="What a day is in a new partnership")
    store_timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="How long to wait for a locked ledger before giving up, in seconds"
    )
    log_level: str = Field(default="warning", pattern="^(debug|info|warning|error)$", description="Least level logged")
