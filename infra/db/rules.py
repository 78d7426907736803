"""The rules of a partnership as the ledger has them: every set that was ever applied, watched yet or not."""

from sqlalchemy import Connection, select, text

from infra.db import tables
from infra.db.tables.ledger import SETS_RULES
from schemas.codec import decode
from schemas.decisions import RulesChange
from schemas.events import RulesChanged


def rule_sets(connection: Connection, partnership: int) -> list[RulesChange]:
    """Return the sets of rules of a partnership, the one in force last; each replaced the one before."""
    event, source = tables.event, tables.source
    theirs = select(source.c.number).where(source.c.partnership == partnership)
    rows = connection.execute(
        select(event.c.body).where(event.c.source.in_(theirs), text(SETS_RULES)).order_by(event.c.number)
    )
    read = (decode(bytes(row.body)) for row in rows)
    return [each.data for each in read if isinstance(each, RulesChanged)]
