"""commands.md: every command and its options, as the command itself knows them."""

from collections.abc import Iterator
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from infra.cli.app import app
from infra.cli.reference import markdown
from infra.cli.reference.limits import between

ABOUT = """
Everything that `bellwether` does. `--help` after any command prints what stands here, and `bellwether --version`
prints the version. Tables and all else that programs read go to standard output, what is said to you to standard
error.

The exit code is 0 if the work is done, 1 if the work itself found a fault, and 2 if the command was asked for
something that is not there or makes no sense. What belongs to the installation, such as where the ledger is, is set
once: see [settings](settings.md).
"""
_KINDS = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "datetime": "DAY", "Path": "FILE"}
Command = TyperCommand | TyperGroup
Parameter = TyperArgument | TyperOption


def page() -> str:
    """Return the page."""
    root = get_command(app)
    if not isinstance(root, TyperGroup):
        raise TypeError("the command has no commands of its own")
    return markdown.page("Commands", ABOUT, _of_group(root, "bellwether", 2))


def _of_group(group: TyperGroup, name: str, depth: int) -> Iterator[str]:
    for word, command in group.commands.items():
        if not isinstance(command, Command):
            raise TypeError(f"{name} {word} is no command of typer's")
        if not command.hidden:
            yield from _of_command(command, f"{name} {word}", depth)


def _of_command(command: Command, name: str, depth: int) -> Iterator[str]:
    yield markdown.heading(name, depth)
    if isinstance(command, TyperGroup):
        yield markdown.paragraphs(command.help or "")
        yield from _of_group(command, name, depth + 1)
        return
    parameters = [each for each in command.params if isinstance(each, Parameter) and not each.hidden]
    yield markdown.literal(" ".join((name, *_usage(parameters))))
    yield markdown.paragraphs(command.help or "")
    if parameters:
        yield markdown.bullets(map(_described, parameters))


def _usage(parameters: list[Parameter]) -> Iterator[str]:
    yield from (_name(each) for each in parameters if each.required)
    if not all(each.required for each in parameters):
        yield "[OPTIONS]"


def _name(parameter: Parameter) -> str:
    """Return a parameter as it is written: `ID`, `FILE...`, `--layer LAYER`, `--once`."""
    kind = parameter.metavar or _kind(parameter)
    if isinstance(parameter, TyperArgument):
        return f"{kind}..." if parameter.nargs < 0 else kind
    names = "/".join((*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} {kind}"


def _kind(parameter: Parameter) -> str:
    """Return what sort of value a parameter takes. Raises KeyError for one that has no word yet."""
    annotation = _item(parameter.type_descriptor.annotation)
    if issubclass(annotation, Enum):
        return "|".join(str(each.value) for each in annotation)
    if isinstance(parameter, TyperArgument):
        return (parameter.name or "").upper()
    return "" if parameter.is_flag else _KINDS[annotation.__name__]


def _item(annotation: Any) -> type:
    """Return the type of one value, where several may be given or none."""
    if get_origin(annotation) in {list, tuple, Annotated, Union, UnionType}:
        return next(_item(each) for each in get_args(annotation) if each is not type(None))
    kind: type = annotation
    return kind


def _described(parameter: Parameter) -> str:
    notes = [", required" if parameter.required else _default(parameter)]
    if parameter.min is not None or parameter.max is not None:
        notes.append(f", {between(parameter.min, parameter.max)}")
    said = parameter.help or ""
    if isinstance(parameter, TyperOption) and parameter.multiple and "repeated" not in said:
        notes.append(", may be repeated")
    return f"`{_name(parameter)}`{''.join(notes)}. {markdown.sentence(said)}"


def _default(parameter: Parameter) -> str:
    default = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    if default is None or default == "" or isinstance(default, bool):
        return ""
    return f", default `{default}`"
