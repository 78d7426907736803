"""ROUTES.yaml: task forces, and which alerts are theirs. Channels stand there by name; their URLs stand elsewhere."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from schemas.fields import AreaCode, Contract, Label, LayerName, Slug
from schemas.vocabulary import AlertClass, Severity

ALL: Final = "all"


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class MemberEntry(Contract):
    """A person, by a code that is no name of theirs, the agency that they act for, and how they are told."""

    user: Slug
    agency: Slug
    channels: Annotated[tuple[Slug, ...], BeforeValidator(_one_or_many), Field(min_length=1, max_length=10)]


class TaskForceEntry(Contract):
    """A team with members of several agencies, who own alerts together."""

    code: Slug
    name: Label
    members: Annotated[tuple[MemberEntry, ...], Field(min_length=1, max_length=100)]


class RouteEntry(Contract):
    """Alerts of some classes, somewhere, of a severity and above, are some task forces'; overdue ones also others'.

    Without a class it is all classes; without a layer everywhere, the whole partnership included.
    """

    classes: Annotated[tuple[AlertClass, ...], BeforeValidator(_one_or_many), Field(min_length=1, alias="class")] = (
        *AlertClass,
    )
    layer: LayerName | None = None
    areas: Literal["all"] | Annotated[tuple[AreaCode, ...], Field(min_length=1, max_length=500)] = ALL
    severity: Severity = Severity.WATCH
    to: Annotated[tuple[Slug, ...], BeforeValidator(_one_or_many), Field(min_length=1, max_length=20)]
    escalate_to: Annotated[tuple[Slug, ...], BeforeValidator(_one_or_many), Field(max_length=20)] = ()


class RouteFile(Contract):
    """ROUTES.yaml."""

    task_forces: Annotated[tuple[TaskForceEntry, ...], Field(min_length=1, max_length=200)]
    routes: Annotated[tuple[RouteEntry, ...], Field(min_length=1, max_length=500)]
