"""bellwether alerts: what needs an answer, why, and saying who gives it."""

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat
from schemas.alerts import AlertState
from schemas.vocabulary import AlertOutcome

if TYPE_CHECKING:
    from alerts.policy.lifecycle import Act

app = typer.Typer(help="See alerts and why they are there; acknowledge, stand down or close one.", no_args_is_help=True)
COLUMNS = ("id", "class", "rule", "area", "strand_group", "state", "opened_at", "updated_at", "updates")
LONGEST_REASON = 500

AlertId = Annotated[str, typer.Argument(metavar="ID", help="The alert's id, from the list.", show_default=False)]
Actor = Annotated[str, typer.Option(help="Who acts: a user's code, such as a-lee.", show_default=False)]
Agency = Annotated[str, typer.Option(help="The agency that they act for, such as council.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the alert. Name no person.", show_default=False)]


class ShowFormat(StrEnum):
    """How one alert is printed."""

    TEXT = "text"
    JSON = "json"


@app.command("list")
def list_all(
    state: Annotated[
        list[AlertState] | None, typer.Option(help="Only alerts in this state; may be repeated.", show_default=False)
    ] = None,
    form: FormatOption = TableFormat.CSV,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List alerts, the oldest first, closed ones included; `updates` counts the opening as the first."""
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.alert_views import list_alerts
    from streams.core.days import instant_of

    store = open_store(database_url, partnership)
    rows = [
        (
            *(each.id, each.key.alert_class, each.rule, each.key.area_code, each.key.strand_group, each.state),
            *(instant_of(each.opened_at_us), instant_of(each.updated_at_us), each.updates),
        )
        for each in list_alerts(store.engine, store.partnership, state or list(AlertState))
    ]
    print_table(COLUMNS, rows, form)


@app.command("show")
def show(
    alert: AlertId,
    agency: Annotated[
        str | None,
        typer.Option(help="As this agency may see it: evidence without consent to it is left out.", show_default=False),
    ] = None,
    form: Annotated[ShowFormat, typer.Option("--format", help="text for people, json for programs.")] = ShowFormat.TEXT,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show one alert: why it is there, what became of it, and who was told."""
    import orjson

    from infra.cli.alert_card import card, lines
    from infra.cli.faults import WrongUseError
    from infra.cli.store import open_store
    from infra.db.alert_views import AlertError, show_alert
    from infra.db.evidence import narrowed

    store = open_store(database_url, partnership)
    try:
        view = show_alert(store.engine, store.partnership, alert)
    except AlertError as error:
        raise WrongUseError(str(error)) from None
    if agency is None:
        shown = card(view)
    else:
        kept = narrowed(store.engine, store.partnership, agency, view.updates)
        shown = card(replace(view, updates=kept.triggers), kept.left_out)
    if form is ShowFormat.JSON:
        typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    else:
        typer.echo("\n".join(lines(shown)))


@app.command("acknowledge")
def acknowledge(
    alert: AlertId,
    actor: Actor,
    agency: Agency,
    reason: Reason = "",
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Say that you have an alert, and will answer it. Its clock stops."""
    from alerts.policy.lifecycle import Act

    _act(Act.ACKNOWLEDGE, alert, actor, agency, reason, None, partnership, database_url)


@app.command("stand-down")
def stand_down(
    alert: AlertId,
    actor: Actor,
    agency: Agency,
    reason: Reason,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Say that an acknowledged alert needs no more action. New evidence opens it again."""
    from alerts.policy.lifecycle import Act

    _act(Act.STAND_DOWN, alert, actor, agency, reason, None, partnership, database_url)


@app.command("close")
def close(
    alert: AlertId,
    actor: Actor,
    agency: Agency,
    reason: Reason,
    outcome: Annotated[AlertOutcome, typer.Option(help="What it turned out to be.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Close an alert for good, with what it turned out to be. New evidence opens another."""
    from alerts.policy.lifecycle import Act

    _act(Act.CLOSE, alert, actor, agency, reason, outcome, partnership, database_url)


def _act(
    act: "Act",
    alert: str,
    actor: str,
    agency: str,
    reason: str,
    outcome: AlertOutcome | None,
    partnership: str | None,
    database_url: str | None,
) -> None:
    from alerts.policy.acts import PersonsAct, Refusal, Unchanged
    from alerts.policy.lifecycle import Person
    from infra.cli.faults import WorkFaultError, WrongUseError
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.alert_acts import AlertActs
    from infra.db.alert_views import AlertError

    _check(actor, agency, reason, reason_needed=act != "acknowledge")
    store = open_store(database_url, partnership)
    wanted = PersonsAct(act, Person(actor, agency), reason, outcome)
    try:
        done = AlertActs(store.engine).act(store.partnership, alert, wanted)
    except AlertError as error:
        raise WrongUseError(str(error)) from None
    if isinstance(done, Refusal):
        possible = ", ".join(done.possible) or "nothing"
        raise WorkFaultError(f"{done.code}: alert {alert} was left as it is: {done.detail}; possible: {possible}")
    if isinstance(done, Unchanged):
        note(f"alert {alert}: {done.detail}; nothing changed")
    else:
        note(f"alert {alert}: {done.alert.state}")


def _check(actor: str, agency: str, reason: str, *, reason_needed: bool) -> None:
    from pydantic import TypeAdapter, ValidationError

    from infra.cli.faults import WrongUseError
    from schemas.fields import Slug

    for option, value in (("--actor", actor), ("--agency", agency)):
        try:
            TypeAdapter(Slug).validate_python(value)
        except ValidationError:
            raise WrongUseError(
                f"{option} takes a code in lower-case letters, digits and hyphens, at most 60"
            ) from None
    if (reason_needed and not reason.strip()) or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise WrongUseError(f"--reason takes one line of 1 to {LONGEST_REASON} letters")
