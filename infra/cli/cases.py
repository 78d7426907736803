"""bellwether cases: what an agency may see of a case, and the one override; every showing and refusal is logged."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.faults import FOUND_A_FAULT
from infra.cli.options import DatabaseUrl, PartnershipSlug

if TYPE_CHECKING:
    from infra.vault.disclosing import Asker

app = typer.Typer(help="Show a case to an agency, as far as its consents allow.", no_args_is_help=True)
Case = Annotated[str, typer.Argument(metavar="CASE", help="The case, as in an event's `case`.", show_default=False)]
Agency = Annotated[str, typer.Option(help="Which agency it is for, by its code, such as police.", show_default=False)]
Actor = Annotated[str, typer.Option(help="Who asks: a user's code.", show_default=False)]


@app.command("show")
def show(
    case: Case,
    agency: Agency,
    actor: Actor,
    purpose: Annotated[
        str | None, typer.Option(help="What for; it is kept. Name no person.", show_default=False)
    ] = None,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print a case as JSON: the record, or its codes alone, as its consents allow the agency; exit 1 if nothing."""
    import orjson

    from infra.cli.store import open_store, open_vault
    from infra.cli.tables import note
    from infra.db.engine import transaction
    from infra.vault.disclosing import show_case

    asker = _asker(actor, agency, purpose)
    store = open_store(database_url, partnership)
    vault, now_us = open_vault(database_url), store.ledger.now_us()
    with transaction(store.engine, write=True) as connection:
        shown = show_case(connection, vault.master, store.partnership, case, asker, now_us)
    decided = {"case": case, "agency": agency, "allowed": shown.decision.allowed, "reason": shown.decision.reason}
    if not shown.record:
        note(f"nothing of this case may be shown to {agency}: {shown.decision.reason}")
        sys.exit(FOUND_A_FAULT)
    typer.echo(orjson.dumps(decided | shown.record, option=orjson.OPT_INDENT_2).decode())


@app.command("find")
def find(
    source: Annotated[str, typer.Argument(help="The incident's source, such as /centres/library.", show_default=False)],
    id_: Annotated[str, typer.Argument(metavar="ID", help="The incident's id there.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print which case an incident's persons are sealed in."""
    from infra.cli.store import open_store
    from infra.db.engine import transaction
    from infra.vault.cases import case_of_incident
    from infra.vault.disclosing import CaseError

    store = open_store(database_url, partnership)
    with transaction(store.engine, write=False) as connection:
        case = case_of_incident(connection, store.partnership, source, id_)
    if case is None:
        raise CaseError("nothing is sealed of such an incident")
    typer.echo(case)


@app.command("override")
def override(
    case: Case,
    agency: Agency,
    actor: Actor,
    authorised_by: Annotated[str, typer.Option(help="Who authorised it: another user's code.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Which serious harm; it is kept. Name no person.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Let an agency see a case whatever its consents, because of serious harm: the one exception there is."""
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.engine import transaction
    from infra.vault.disclosing import override as authorise

    asker = _asker(actor, agency, reason)
    authoriser = _code(authorised_by, "--authorised-by")
    store = open_store(database_url, partnership)
    now_us = store.ledger.now_us()
    with transaction(store.engine, write=True) as connection:
        authorise(connection, store.partnership, case, asker, authoriser, now_us)
    note(f"{agency} may see this case, for serious harm, as authorised by {authoriser}")


def _asker(actor: str, agency: str, purpose: str | None) -> "Asker":
    from infra.vault.disclosing import Asker

    return Asker(_code(actor, "--actor"), _code(agency, "--agency"), purpose)


def _code(text: str, option: str) -> str:
    from pydantic import TypeAdapter, ValidationError

    from infra.cli.faults import WrongUseError
    from schemas.fields import Slug

    try:
        TypeAdapter(Slug).validate_python(text)
    except ValidationError:
        raise WrongUseError(f"{option} is a code of lower-case letters, digits and hyphens, at most 60") from None
    return text
