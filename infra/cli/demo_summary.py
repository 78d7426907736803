"""What the demo prints: areas, counts, alerts with their reasons, deliveries, and the ledger."""

from collections import Counter
from datetime import date, timedelta

from rich.console import Console
from rich.table import Table

from alerts.policy.why import sentences
from infra.cli.alert_card import card
from infra.cli.store import Store
from infra.db.alert_views import list_alerts, show_alert
from infra.db.counts import CountQuery, Dimension, count
from infra.db.loss_ledger import loss_ledger
from schemas.alerts import AlertState
from schemas.vocabulary import AlertClass
from streams.core.days import from_us, instant_of

SHOWN_ALERTS = 3
LAST_DAYS = 91


def print_summary(store: Store) -> None:
    """Print the summary on stdout."""
    console = Console(width=110)
    console.print("[bold]SYNTHETIC[/bold]: Sorrelmere does not exist, and nothing here happened.")
    last = from_us(store.ledger.partnership_time_us(store.partnership)).date()
    _print_areas(console, store, last)
    _print_counts(console, store, last)
    _print_alerts(console, store)
    _print_ledger(console, store)


def _print_areas(console: Console, store: Store, last: date) -> None:
    first = last - timedelta(days=LAST_DAYS - 1)
    query = CountQuery("zone", first, last, (Dimension.AREA,), "incident", "occurred")
    found = count(store.engine, store.partnership, query)
    table = Table("zone", "name", "incidents", title=f"Zones, {first} to {last}")
    for code, name, n in found.rows:
        table.add_row(str(code), str(name), str(n))
    console.print(table)
    console.print(f"{found.unplaced} more lie in no zone.")


def _print_counts(console: Console, store: Store, last: date) -> None:
    first = date(last.year - 1, last.month, 1)
    query = CountQuery("city", first, last, (Dimension.MONTH,), "incident", "occurred")
    table = Table("month", "incidents", title="The city by month")
    for month, n in count(store.engine, store.partnership, query).rows:
        table.add_row(str(month), str(n))
    console.print(table)


def _print_alerts(console: Console, store: Store) -> None:
    alerts = list_alerts(store.engine, store.partnership, list(AlertState))
    views = [show_alert(store.engine, store.partnership, alert.id) for alert in alerts]
    told = Counter(delivery.state for view in views for delivery in view.deliveries)
    table = Table("opened", "class", "area", "severity", "state", "updates", title=f"Alerts: {len(alerts)}")
    for alert in alerts:
        opened = instant_of(alert.opened_at_us)[: len("2026-10-31T12:00")]
        table.add_row(opened, alert.key.alert_class, alert.area_name, alert.severity, alert.state, str(alert.updates))
    console.print(table)
    by_need = sorted(views, key=lambda view: view.alert.key.alert_class is not AlertClass.TENSION)
    for view in by_need[:SHOWN_ALERTS]:
        shown = card(view)
        console.print(f"[bold]Alert {shown['id']}[/bold], {shown['class']}, {shown['area_name']}: why")
        for line in sentences(shown["updates"][-1]):
            console.print(f"  {line}")
    said = ", ".join(f"{n} {state}" for state, n in sorted(told.items())) or "none"
    console.print(f"Deliveries, to the log channel: {said}")


def _print_ledger(console: Console, store: Store) -> None:
    rows = loss_ledger(store.engine, store.partnership)
    names = ("received", "counted", "duplicate", "quarantined", "pending")
    table = Table(*names, "adds up", title="The ledger, all sources and hours")
    sums = [str(sum(getattr(row, name) for row in rows)) for name in names]
    table.add_row(*sums, "yes" if all(row.adds_up for row in rows) else "NO")
    console.print(table)
