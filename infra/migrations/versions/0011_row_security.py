"""Row security on PostgreSQL: whoever is not the owner sees the rows of one partnership only, the one that is set."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SET = "(SELECT nullif(current_setting('bellwether.partnership', true), '')::integer)"
_BY_PARTNERSHIP = (
    *("layer", "area", "area_lookup", "area_alias", "place", "source", "import_batch", "arrival", "log"),
    *("contribution", "series", "dead_letter", "stage_clock", "register_entry", "place_confirmation", "rebuild"),
    *("watch_clock", "watch_rules", "watch_item", "watch_incident", "watch_signal", "watch_centre", "watch_verdict"),
    *("alert", "alert_update", "task_force", "route", "delivery"),
    *("data_key", "sealed_case", "sealed_draft", "disclosure"),
    *("access_key", "access_user", "access_session", "access_audit"),
)
_BY_ONE_OF_FEW = (
    ("event", "source", "source"),
    ("incident_version", "incident_source", "source"),
    ("incident_link", "incident_source", "source"),
    ("count_day", "series", "series"),
    ("triangle", "series", "series"),
)
"""Table, its column, and the table with the few numbers of each partnership: read once, then sought in the index."""
_BY_ONE_OF_MANY = (
    ("alert_transition", "alert", "alert", "number"),
    ("delivery_attempt", "delivery", "delivery", "number"),
    ("task_force_member", "task_force", "task_force", "number"),
    ("sealed_event", "case_reference", "sealed_case", "case_reference"),
    ("sealed_letter", "case_reference", "sealed_case", "case_reference"),
    ("victim_pseudonym", "case_reference", "sealed_case", "case_reference"),
)
"""Table, its column, and the table and column that say whose it is: one is looked up, or all read, whatever is less."""

_ONE_OF_FEW = "{column} = ANY (ARRAY(SELECT {whose}.number FROM {whose}))"
_ONE_OF_MANY = "EXISTS (SELECT 1 FROM {whose} AS whose WHERE whose.{known_by} = {table}.{column})"


def upgrade() -> None:
    """Apply. SQLite has no such thing: there, whoever can read the file can read all of it."""
    if op.get_bind().dialect.name != "postgresql":
        return
    _protect("partnership", f"number = {_SET}")
    for table in _BY_PARTNERSHIP:
        _protect(table, f"partnership = {_SET}")
    for table, column, whose in _BY_ONE_OF_FEW:
        _protect(table, _ONE_OF_FEW.format(column=column, whose=whose))
    for table, column, whose, known_by in _BY_ONE_OF_MANY:
        _protect(table, _ONE_OF_MANY.format(table=table, column=column, whose=whose, known_by=known_by))


def _protect(table: str, own: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_partnership ON {table} FOR SELECT USING ({own})")
