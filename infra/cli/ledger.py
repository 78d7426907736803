"""bellwether ledger: what was received, and what became of it."""

import sys

from infra.cli.faults import FOUND_A_FAULT
from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat


def ledger(
    form: FormatOption = TableFormat.CSV, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """Show by source and hour (UTC) what was received and what became of it; exit 1 if a row does not add up."""
    from infra.cli.store import open_store
    from infra.cli.tables import note, print_table
    from infra.db.loss_ledger import LossRow, loss_ledger

    store = open_store(database_url, partnership)
    rows = loss_ledger(store.engine, store.partnership)
    print_table(LossRow._fields, rows, form)
    wrong = [row for row in rows if not row.adds_up]
    for row in wrong:
        note(f"{row.source} {row.hour} does not add up: something was lost or counted twice; run `bellwether verify`")
    if wrong:
        sys.exit(FOUND_A_FAULT)
