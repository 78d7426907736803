"""Opens the ledger that a command works on."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from sqlalchemy import Engine

from infra.cli.faults import WrongUseError
from infra.clock import Clock
from infra.db.engine import make_engine, transaction
from infra.db.ledger import SqlLedger
from infra.db.partnerships import find_partnership
from infra.migrations import require_newest
from infra.observability.logging import configure_logging
from infra.observability.metrics import Metrics
from infra.observability.observer import OperatorsObserver
from infra.settings import Settings
from infra.vault.vault import Vault
from streams.hosts.embedded import EmbeddedHost
from streams.ports import Step
from streams.runner import Runner
from streams.stages.aggregate import STAGE as AGGREGATE
from streams.topology import TOPOLOGY


@dataclass(frozen=True)
class Store:
    """An open ledger with a current schema, and the partnership meant."""

    engine: Engine
    ledger: SqlLedger
    partnership: int


def read_settings(database_url: str | None) -> Settings:
    """Return the settings, an option of the command before all else, and set logging up. Raises WrongUseError."""
    try:
        settings = Settings() if database_url is None else Settings(database_url=database_url)
    except ValidationError as error:
        wrong = [(str(each["loc"][0]).upper(), each["msg"]) for each in error.errors(include_input=False)]
        raise WrongUseError("; ".join(f"BELLWETHER_{name}: {message}" for name, message in wrong)) from None
    configure_logging(settings.log_level)
    return settings


def open_engine(database_url: str | None) -> Engine:
    """Return an engine for a ledger with a current schema. Raises StoreUnavailableError."""
    settings = read_settings(database_url)
    engine = make_engine(settings.database_url, settings.store_timeout_s, must_exist=True)
    require_newest(engine)
    return engine


def open_store(database_url: str | None, slug: str | None, clock: Clock | None = None) -> Store:
    """Return the ledger and the partnership meant; a clock stands in for the ledger's own.

    Raises StoreUnavailableError, PartnershipError.
    """
    engine = open_engine(database_url)
    with transaction(engine, write=False) as connection:
        partnership = find_partnership(connection, slug)
    ledger = SqlLedger(engine, clock, open_vault(database_url))
    ledger.refresh()
    return Store(engine, ledger, partnership)


def open_ledger(database_url: str | None) -> SqlLedger:
    """Return a ledger with a current schema. Raises StoreUnavailableError."""
    return SqlLedger(open_engine(database_url), vault=open_vault(database_url))


def open_vault(database_url: str | None) -> Vault:
    """Return the vault with the secret key of the settings, if there is one. Raises WrongUseError where it is weak."""
    secret = read_settings(database_url).secret_key
    return Vault(None if secret is None else secret.get_secret_value())


def embedded_host(ledger: SqlLedger, metrics: Metrics | None = None) -> EmbeddedHost:
    """Return a host that runs every stage on a ledger; what it measures goes to `metrics`, if anybody reads them."""
    return _host(ledger, TOPOLOGY, metrics)


def counting_host(ledger: SqlLedger) -> EmbeddedHost:
    """Return a host that counts, and leaves rules and alerts to whoever runs every stage."""
    return _host(ledger, [step for step in TOPOLOGY if step.stage.name == AGGREGATE])


def _host(ledger: SqlLedger, steps: Sequence[Step], metrics: Metrics | None = None) -> EmbeddedHost:
    observer = OperatorsObserver(metrics or Metrics(CollectorRegistry()))
    runners = [Runner(step, ledger, ledger, observer) for step in steps]
    return EmbeddedHost(ledger, runners, ledger.pace.size)
