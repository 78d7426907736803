"""bellwether verify: rebuild every aggregate and compare."""

import sys

from infra.cli.faults import FOUND_A_FAULT
from infra.cli.options import DatabaseUrl, PartnershipSlug

SHOWN = 50


def verify(partnership: PartnershipSlug = None, database_url: DatabaseUrl = None) -> None:
    """Rebuild every count from the ledger beside the live ones and compare; exit 1 on any difference.

    It may run while reports come in. All partnerships of the ledger are verified, unless one is named.
    """
    from infra.cli.progress import progress_bar
    from infra.cli.store import open_engine
    from infra.cli.tables import note
    from infra.db.engine import transaction
    from infra.db.partnerships import find_partnership
    from infra.db.verify import verify as rebuild_and_compare

    engine = open_engine(database_url)
    only = None
    if partnership is not None:
        with transaction(engine, write=False) as connection:
            only = find_partnership(connection, partnership)
    with progress_bar("events rebuilt") as advance:
        differences = rebuild_and_compare(engine, advance, only)
    for difference in differences[:SHOWN]:
        note(f"{difference.table} {difference.key}: {difference.excess:+} beside what the events say")
    if differences:
        note(f"{len(differences)} differences; keep the store as it is and report this")
        sys.exit(FOUND_A_FAULT)
    note("verified: every count is what the events say")
