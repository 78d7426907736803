"""What readers are told besides incidents: levels, signals, centres; and when a partnership's clock began."""

from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

from streams.core.days import Calendar

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NOTED = (
    *("bellwether.assessment.set.v1", "bellwether.centre.returned.v1", "bellwether.centre.heartbeat.v1"),
    *("bellwether.signal.observed.v1", "bellwether.signal.evidenced.v1", "bellwether.signal.forecast.v1"),
    *("bellwether.signal.amended.v1", "bellwether.signal.withdrawn.v1"),
)
_SET = "(SELECT nullif(current_setting('bellwether.partnership', true), '')::integer)"
_FORMS = ("observed", "evidenced", "forecast")


def upgrade() -> None:
    """Apply, and note of the events that are there what intake notes of new ones."""
    op.add_column(
        "partnership",
        sa.Column(
            "started_at_us",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="of its first report; 0 before",
        ),
    )
    op.execute(
        "UPDATE partnership SET started_at_us = coalesce((SELECT min(log.recorded_at_us) FROM log"
        " WHERE log.topic = 'events' AND log.partnership = partnership.number AND log.recorded_at_us > 0), 0)"
    )
    rules = sa.text("type = 'bellwether.rule.changed.v1'")
    op.create_index("ix_event_rules", "event", ["source"], unique=False, sqlite_where=rules, postgresql_where=rules)
    op.create_index(op.f("ix_alert_partnership_opened_at_us_id"), "alert", ["partnership", "opened_at_us", "id"])
    _Backfill(op.get_bind(), *_tables()).run()
    if op.get_bind().dialect.name == "postgresql":
        for table in ("assessment", "signal_version", "centre_heard"):
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_partnership ON {table} FOR SELECT USING (partnership = {_SET})")


def _tables() -> tuple[sa.Table, sa.Table, sa.Table]:
    assessment = op.create_table(
        "assessment",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("community", sa.Text(), nullable=False, comment="a code; empty for all who live there"),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("expires_day", sa.Integer(), nullable=False, comment="the last day on which it holds"),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_assessment_partnership")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_assessment")),
        comment="levels of tension as people set them; of one area and community the newest that has begun holds",
    )
    op.create_index(
        op.f("ix_assessment_partnership_area_community"), "assessment", ["partnership", "area", "community"]
    )
    op.create_index(op.f("ix_assessment_event"), "assessment", ["event"])
    signal_version = op.create_table(
        "signal_version",
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("partnership", sa.Integer(), nullable=False),
        sa.Column("signal_source", sa.Text(), nullable=False),
        sa.Column("signal_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.Text(), nullable=False, comment="the event's time: of one revision the latest holds"),
        sa.Column(
            "form",
            sa.Text(),
            nullable=False,
            comment="observed, evidenced or forecast; empty where it is withdrawn",
        ),
        sa.Column("day", sa.Integer(), nullable=False, comment="the newest day that it is evidence of"),
        sa.Column("known_day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["partnership"], ["partnership.number"], name=op.f("fk_signal_version_partnership")),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_signal_version")),
        comment="tellings, amendments and withdrawals of signals; the highest revision holds",
    )
    op.create_index(op.f("ix_signal_version_partnership_day"), "signal_version", ["partnership", "day"])
    op.create_index(
        op.f("ix_signal_version_partnership_signal_source_signal_id"),
        "signal_version",
        ["partnership", "signal_source", "signal_id"],
    )
    centre_heard = op.create_table(
        "centre_heard",
        sa.Column("partnership", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("centre", sa.Text(), nullable=False),
        sa.Column("last_return_day", sa.Integer(), nullable=True, comment="the last day that a return covers"),
        sa.Column("last_heartbeat_day", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("partnership", "centre", name=op.f("pk_centre_heard")),
        comment="how far a centre's returns reach, and when it was last alive",
    )
    return assessment, signal_version, centre_heard


class _Backfill:
    """Notes what the events that are there tell, in the order in which they took force."""

    def __init__(
        self, connection: sa.Connection, assessment: sa.Table, signal_version: sa.Table, centre_heard: sa.Table
    ) -> None:
        self._connection = connection
        self._assessment = assessment
        self._signal_version = signal_version
        self._centre_heard = centre_heard
        self._calendars = {
            row.number: Calendar(row.time_zone)
            for row in connection.execute(sa.text("SELECT number, time_zone FROM partnership"))
        }
        self._heard: dict[tuple[int, str], dict[str, Any]] = {}

    def run(self) -> None:
        levels: list[dict[str, Any]] = []
        signals: list[dict[str, Any]] = []
        for row in list(self._events()):
            said = orjson.loads(bytes(row.body))
            calendar, data = self._calendars[row.partnership], said["data"]
            if row.type == "bellwether.assessment.set.v1":
                levels += self._level(row, data, calendar)
            elif row.type.startswith("bellwether.centre."):
                self._centre(row, said, calendar)
            else:
                signals.append(_signal(row, said, calendar))
        for table, rows in (
            (self._assessment, levels),
            (self._signal_version, signals),
            (self._centre_heard, list(self._heard.values())),
        ):
            if rows:
                self._connection.execute(sa.insert(table), rows)

    def _events(self) -> Iterator[Any]:
        wanted = sa.text(
            "SELECT event.number, event.type, event.body, min(log.position) AS position,"
            " min(log.known_at_us) AS known_at_us, log.partnership"
            " FROM event JOIN log ON log.event = event.number AND log.topic = 'events'"
            " WHERE event.type IN :types GROUP BY event.number, event.type, event.body, log.partnership"
            " ORDER BY log.partnership, position"
        ).bindparams(sa.bindparam("types", expanding=True))
        yield from self._connection.execute(wanted, {"types": list(_NOTED)})

    def _level(self, row: Any, data: dict[str, Any], calendar: Calendar) -> Iterator[dict[str, Any]]:
        if (area := self._area(row.partnership, data["area"])) is not None:
            yield {
                "partnership": row.partnership,
                "event": row.number,
                "area": area,
                "community": data.get("community", ""),
                "first_day": calendar.day_of(data["period"]["from"]),
                "expires_day": calendar.day_of(data["expires"]),
            }

    def _area(self, partnership: int, named: dict[str, str]) -> int | None:
        """Return an area by its code, a retired code or its name; a name spelt otherwise is left out."""
        found = self._connection.execute(
            sa.text(
                "SELECT area.number FROM area JOIN layer ON layer.number = area.layer"
                " LEFT JOIN area_alias AS alias ON alias.area = area.number AND alias.text = :named"
                " WHERE area.partnership = :partnership AND layer.name = :layer"
                " AND (area.code = :named OR area.name = :named OR alias.number IS NOT NULL)"
                " ORDER BY CASE WHEN area.code = :named THEN 0 ELSE 1 END, area.number"
            ),
            {
                "partnership": partnership,
                "layer": named["layer"],
                "named": named.get("code") or named.get("name"),
            },
        ).first()
        return None if found is None else int(found.number)

    def _centre(self, row: Any, said: dict[str, Any], calendar: Calendar) -> None:
        data = said["data"]
        key = (row.partnership, data["centre"])
        held = self._heard.setdefault(
            key,
            {"partnership": key[0], "centre": key[1], "last_return_day": None, "last_heartbeat_day": None},
        )
        returned = row.type == "bellwether.centre.returned.v1"
        column = "last_return_day" if returned else "last_heartbeat_day"
        day = calendar.day_of(data["period"]["to"] if returned else said["time"])
        held[column] = day if held[column] is None else max(day, held[column])


def _signal(row: Any, said: dict[str, Any], calendar: Calendar) -> dict[str, Any]:
    data, known_day = said["data"], calendar.day_of_us(row.known_at_us)
    name = data.get("signal") or {"source": said["source"], "id": said["id"]}
    form, stated = _stated(row.type, data)
    day = None
    if form == "observed":
        day = calendar.day_of(stated["period"]["to"])
    elif form == "evidenced":
        day = calendar.day_of(stated["occurred"].get("from") or said["time"])
    return {
        "event": row.number,
        "partnership": row.partnership,
        "signal_source": name["source"],
        "signal_id": name["id"],
        "revision": data.get("revision", 1),
        "told_at": said["time"],
        "form": form,
        "day": known_day if day is None else day,
        "known_day": known_day,
    }


def _stated(type_: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    verb = type_.split(".")[2]
    if verb in _FORMS:
        return verb, data
    return next(((form, data[form]) for form in _FORMS if form in data), ("", {}))
