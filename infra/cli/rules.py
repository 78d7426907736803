"""bellwether rules: when somebody must be told."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

if TYPE_CHECKING:
    from schemas.rules import Rule

app = typer.Typer(help="Apply and list the rules by which somebody is told.", no_args_is_help=True)

COLUMNS = ("id", "version", "kind", "enabled", "layer", "areas", "strands", "parameters", "severity")
PARAMETERS = ("count", "days", "periods", "harm", "forms", "grade", "reach", "intensity", "alert_class")


@app.command("apply")
def apply(
    file: Annotated[Path, typer.Argument(help="A RULES.yaml.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Let the rules of a file hold from now on, instead of those that are there. Applying it twice changes nothing."""
    from infra.cli.faults import WrongUseError
    from infra.cli.rule_files import apply_rules
    from infra.cli.store import open_store
    from infra.cli.tables import note

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise WrongUseError(f"{file.name} cannot be read as UTF-8 text") from None
    store = open_store(database_url, partnership)
    applied = apply_rules(store.ledger, store.partnership, text, file.name)
    if applied is None:
        note("these rules hold already; nothing was changed")
    else:
        note(f"rules version {applied.version} hold from now on; new, different or gone: {', '.join(applied.changed)}")


@app.command("shipped")
def shipped() -> None:
    """Print the rules that ship with Bellwether, to change and apply: `bellwether rules shipped > RULES.yaml`."""
    from infra.cli.rule_files import shipped_rules

    typer.echo(shipped_rules(), nl=False)


@app.command("list")
def list_all(
    form: FormatOption = TableFormat.CSV, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """List the rules that hold."""
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.engine import transaction
    from infra.db.rules import rule_sets

    store = open_store(database_url, partnership)
    with transaction(store.engine, write=False) as connection:
        sets = rule_sets(connection, store.partnership)
    print_table(COLUMNS, [_row(rule) for rule in (sets[-1].rules if sets else ())], form)


def _row(rule: "Rule") -> tuple[str | int | None, ...]:
    said = rule.model_dump(mode="json", exclude_none=True)
    scope = said.get("scope", {})
    parameters = [f"{name.replace('alert_', '')}={_joined(said[name])}" for name in PARAMETERS if name in said]
    return (
        rule.id,
        rule.version,
        rule.kind,
        "yes" if rule.enabled else "no",
        scope.get("layer"),
        _joined(scope.get("areas", ())),
        _joined(scope.get("strands", ())),
        " ".join(parameters),
        said.get("severity"),
    )


def _joined(value: object) -> str:
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
