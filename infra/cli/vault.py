"""bellwether forget, restore-check and vault rotate: what is sealed, and how it is never opened again."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.faults import FOUND_A_FAULT
from infra.cli.options import DatabaseUrl, PartnershipSlug

if TYPE_CHECKING:
    from pydantic import SecretStr

    from infra.vault.forgetting import ForgottenList
    from infra.vault.keys import MasterKey

app = typer.Typer(help="Look after the keys under which persons and free text are sealed.", no_args_is_help=True)
LIST_NAME = "forgotten-cases.txt"


@app.callback()
def group() -> None:
    """Look after the keys under which persons and free text are sealed."""


@app.command("rotate")
def rotate(database_url: DatabaseUrl = None) -> None:
    """Wrap all keys anew, from BELLWETHER_OLD_SECRET_KEY to BELLWETHER_SECRET_KEY. Killed, it goes on when run again.

    Meanwhile nothing can be sealed or opened. Nothing sealed is changed, and nothing forgotten comes back.
    """
    from infra.cli.progress import progress_bar
    from infra.cli.store import open_engine, read_settings
    from infra.cli.tables import note
    from infra.vault.rotation import OLD_SETTING
    from infra.vault.rotation import rotate as wrap_anew

    settings = read_settings(database_url)
    old = _master(settings.old_secret_key, OLD_SETTING)
    new = _master(settings.secret_key, "BELLWETHER_SECRET_KEY")
    engine = open_engine(database_url)
    with progress_bar("keys wrapped anew") as advance:
        rotated = wrap_anew(engine, old, new, advance)
    note(f"{rotated} keys wrapped anew; the ledger is sealed with the key {new.fingerprint}")


def forget(
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case, as in an event's `case`.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why; it is kept. Name no person.", show_default=False)],
    actor: Annotated[str, typer.Option(help="Who decided it: a user's code.")] = "console",
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Destroy a case's key: nobody can open it again. What it counts stays, as codes.

    The case is listed in BELLWETHER_FORGOTTEN_FILE first, so that `restore-check` can destroy it again after a restore.
    """
    from infra.cli.faults import WrongUseError
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.vault.forgetting import Forgetter
    from infra.vault.forgetting import forget as destroy

    if not reason.strip():
        raise WrongUseError("say why with --reason; name no person")
    listed = _list(database_url)
    store = open_store(database_url, partnership)
    who = Forgetter(actor, reason)
    destroyed = destroy(store.engine, store.partnership, case, who, listed, store.ledger.now_us())
    letters = f", and {destroyed - 1} dead letters about it" if destroyed > 1 else ""
    note(f"forgotten: case {case}{letters}")


def restore_check(database_url: DatabaseUrl = None) -> None:
    """Destroy again what a restored backup brought back of the forgotten cases; exit 1 if there was any."""
    from infra.cli.store import open_ledger
    from infra.cli.tables import note
    from infra.vault.forgetting import destroy_listed, forgotten_unlisted

    listed = _list(database_url)
    ledger = open_ledger(database_url)
    again = destroy_listed(ledger.engine, listed, ledger.now_us())
    if unlisted := forgotten_unlisted(ledger.engine, listed):
        note(f"{unlisted} cases of this ledger were forgotten and are not in the list; is it the right one?")
    if again:
        note(f"{again} forgotten cases had come back, and were destroyed again")
        sys.exit(FOUND_A_FAULT)
    note("nothing forgotten has come back")


def _list(database_url: str | None) -> "ForgottenList":
    """Return the list outside the database; raises WrongUseError where nobody has said where it is."""
    from pathlib import Path

    from sqlalchemy.engine import make_url

    from infra.cli.faults import WrongUseError
    from infra.cli.store import read_settings
    from infra.vault.forgetting import ForgottenList

    settings = read_settings(database_url)
    if settings.forgotten_file is not None:
        return ForgottenList(settings.forgotten_file)
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise WrongUseError(
            "BELLWETHER_FORGOTTEN_FILE is not set; name the list of forgotten cases, and keep it apart from backups"
        )
    return ForgottenList(Path(url.database).with_name(LIST_NAME))


def _master(secret: "SecretStr | None", setting: str) -> "MasterKey":
    from infra.cli.faults import WrongUseError
    from infra.vault.keys import MasterKey

    if secret is None:
        raise WrongUseError(f"{setting} is not set; a rotation needs the old key and the new one")
    return MasterKey.of(secret.get_secret_value())
