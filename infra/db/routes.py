"""Task forces and routes in the ledger: all of a partnership's are replaced together, or none."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from alerts.policy.routing import Recipient, Route
from infra.db import tables
from infra.db.tables.delivering import route, task_force, task_force_member
from schemas.routes import ALL, RouteFile


class TaskForceRow(NamedTuple):
    """A task force."""

    code: str
    name: str


class MemberRow(NamedTuple):
    """One channel of one member of a task force."""

    task_force: str
    member: str
    agency: str
    channel: str


class RouteRow(NamedTuple):
    """One class and one area that lead to one task force."""

    alert_class: str
    layer: str | None
    area_code: str | None
    severity: str
    escalates: bool
    task_force: str


@dataclass(frozen=True)
class Plan:
    """All task forces and routes of a partnership: equal to another if it leads every alert to the same people."""

    task_forces: frozenset[TaskForceRow]
    members: frozenset[MemberRow]
    routes: frozenset[RouteRow]


def plan_of(file: RouteFile) -> Plan:
    """Return what a file of routes says, row by row."""
    return Plan(
        frozenset(TaskForceRow(force.code, force.name) for force in file.task_forces),
        frozenset(
            MemberRow(force.code, member.user, member.agency, channel)
            for force in file.task_forces
            for member in force.members
            for channel in member.channels
        ),
        frozenset(
            RouteRow(alert_class, entry.layer, code, entry.severity, escalates, force)
            for entry in file.routes
            for alert_class in entry.classes
            for code in ((None,) if entry.areas == ALL else entry.areas)
            for escalates, forces in ((False, entry.to), (True, entry.escalate_to))
            for force in forces
        ),
    )


def read_plan(connection: Connection, partnership: int) -> Plan:
    """Return a partnership's task forces and routes."""
    own = task_force.c.partnership == partnership
    code = task_force.c.code.label("task_force")
    forces = select(task_force.c.code, task_force.c.name).where(own)
    members = (
        select(code, *(task_force_member.c[name] for name in MemberRow._fields[1:]))
        .join(task_force, task_force.c.number == task_force_member.c.task_force)
        .where(own)
    )
    routes = (
        select(code, *(route.c[name] for name in RouteRow._fields[:-1]))
        .join(task_force, task_force.c.number == route.c.task_force)
        .where(own)
    )
    return Plan(
        frozenset(TaskForceRow(**row) for row in connection.execute(forces).mappings()),
        frozenset(MemberRow(**row) for row in connection.execute(members).mappings()),
        frozenset(RouteRow(**row) for row in connection.execute(routes).mappings()),
    )


def apply_plan(connection: Connection, partnership: int, plan: Plan) -> bool:
    """Replace a partnership's task forces and routes; say whether anything changed."""
    connection.execute(
        select(tables.partnership.c.number).where(tables.partnership.c.number == partnership).with_for_update()
    )
    if read_plan(connection, partnership) == plan:
        return False
    _remove(connection, partnership)
    rows = [{"partnership": partnership, **each._asdict()} for each in sorted(plan.task_forces)]
    connection.execute(insert(task_force), rows)
    found = connection.execute(
        select(task_force.c.code, task_force.c.number).where(task_force.c.partnership == partnership)
    )
    numbers = {row.code: row.number for row in found}
    connection.execute(
        insert(task_force_member),
        [{**each._asdict(), "task_force": numbers[each.task_force]} for each in sorted(plan.members)],
    )
    connection.execute(
        insert(route),
        [
            {"partnership": partnership, **each._asdict(), "task_force": numbers[each.task_force]}
            for each in plan.routes
        ],
    )
    return True


def read_routes(connection: Connection, partnership: int) -> tuple[Route, ...]:
    """Return a partnership's routes with the members to whom they lead, as of one moment."""
    names = ("alert_class", "layer", "area_code", "severity", "escalates")
    found = connection.execute(
        select(
            route.c.number,
            *(route.c[name] for name in names),
            *(task_force_member.c[name] for name in ("member", "agency", "channel")),
        )
        .join(task_force_member, task_force_member.c.task_force == route.c.task_force)
        .where(route.c.partnership == partnership)
        .order_by(route.c.number, task_force_member.c.number)
    )
    routes: dict[int, Route] = {}
    for row in found:
        member = Recipient(row.member, row.agency, row.channel)
        before = routes.get(row.number)
        members = (member,) if before is None else (*before.members, member)
        routes[row.number] = Route(**{name: row._mapping[name] for name in names}, members=members)
    return tuple(routes.values())


def areas_by_layer(connection: Connection, partnership: int) -> dict[str, list[str]]:
    """Return the codes of a partnership's areas by the names of its layers."""
    layers = connection.execute(
        select(tables.layer.c.name).where(tables.layer.c.partnership == partnership).order_by(tables.layer.c.rank)
    )
    codes: dict[str, list[str]] = {name: [] for name in layers.scalars()}
    found = connection.execute(
        select(tables.layer.c.name, tables.area.c.code)
        .join(tables.layer, tables.layer.c.number == tables.area.c.layer)
        .where(tables.area.c.partnership == partnership)
        .order_by(tables.area.c.code)
    )
    for layer, code in found:
        codes[layer].append(code)
    return codes


def _remove(connection: Connection, partnership: int) -> None:
    own = select(task_force.c.number).where(task_force.c.partnership == partnership)
    connection.execute(delete(route).where(route.c.partnership == partnership))
    connection.execute(delete(task_force_member).where(task_force_member.c.task_force.in_(own)))
    connection.execute(delete(task_force).where(task_force.c.partnership == partnership))
