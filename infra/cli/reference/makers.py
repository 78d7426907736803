"""What is called with the code of a problem: found by its parameters, so that no new kind of problem is overlooked."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from infra.cli.reference.sayings import Function

CODE, DETAIL, STATUS = "code", "detail", "status"
PYDANTIC = "PydanticCustomError"
PAIR_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
"""A code that is known for one wherever it stands; those of one word are known by their place only."""


class Maker(NamedTuple):
    """A class or function that takes a code and a detail: the names of its parameters in their order.

    `own_code` is the code of one that takes the detail alone.
    """

    parameters: tuple[str, ...]
    own_code: str | None = None

    def argument(self, call: ast.Call, name: str) -> ast.expr | None:
        """Return what a call gives for a parameter; None if nothing, or if it cannot be told."""
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        place = self.parameters.index(name) if name in self.parameters else len(call.args)
        given = call.args[: place + 1]
        return given[place] if len(given) > place and not any(isinstance(each, ast.Starred) for each in given) else None


Makers = dict[str, Maker]
"""Makers by the names that they have in one module."""


def makers_in(modules: Mapping[str, ast.Module]) -> dict[str, Makers]:
    """Return for each module what it knows that takes a code and a detail: its own, and what it imports."""
    makers = {name: {PYDANTIC: Maker((CODE, DETAIL)), **dict(_defined(module))} for name, module in modules.items()}
    methods = {name: dict(_methods(module)) for name, module in modules.items()}
    grown = True
    while grown:
        grown = False
        for name, module in modules.items():
            known = {**dict(_imported(module, makers, methods)), **dict(_derived(module, makers[name])), **makers[name]}
            grown = grown or known != makers[name]
            makers[name] = known
    return makers


def parameters_of(function: Function) -> tuple[str, ...]:
    """Return the names of a function's parameters, without `self`."""
    every = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return tuple(each.arg for each in every if each.arg != "self")


def takes_both(names: tuple[str, ...]) -> bool:
    """Whether parameters are those of a maker."""
    return CODE in names and DETAIL in names


def _defined(module: ast.Module) -> Iterator[tuple[str, Maker]]:
    for each in ast.walk(module):
        if isinstance(each, ast.ClassDef):
            names = _made_with(each)
        elif isinstance(each, Function) and not each.name.startswith("__"):
            names = parameters_of(each)
        else:
            continue
        if takes_both(names):
            yield each.name, Maker(names)
        elif DETAIL in names and (code := _code_beside_detail(each)) is not None:
            yield each.name, Maker(names, code)


def _code_beside_detail(part: ast.AST) -> str | None:
    """Return the code that a class or function gives, as text, together with the detail that it was given."""
    for call in (each for each in ast.walk(part) if isinstance(each, ast.Call)):
        if any(isinstance(each, ast.Name) and each.id == DETAIL for each in call.args):
            for each in call.args:
                if isinstance(each, ast.Constant) and isinstance(each.value, str) and PAIR_CODE.fullmatch(each.value):
                    return each.value
    return None


def _made_with(cls: ast.ClassDef) -> tuple[str, ...]:
    """Return what a class is made with: the parameters of its __init__, or else its fields."""
    for each in cls.body:
        if isinstance(each, Function) and each.name == "__init__":
            return parameters_of(each)
    fields = (each.target for each in cls.body if isinstance(each, ast.AnnAssign))
    return tuple(target.id for target in fields if isinstance(target, ast.Name))


def _methods(module: ast.Module) -> Iterator[tuple[str, Makers]]:
    """Yield each class with those of its methods that are makers."""
    for each in ast.walk(module):
        if isinstance(each, ast.ClassDef):
            yield each.name, dict(_defined(ast.Module(body=each.body, type_ignores=[])))


def _imported(
    module: ast.Module, makers: Mapping[str, Makers], methods: Mapping[str, Mapping[str, Makers]]
) -> Iterator[tuple[str, Maker]]:
    """Yield the makers that a module imports, and the methods of the classes that it imports."""
    for each in ast.walk(module):
        if isinstance(each, ast.ImportFrom) and (source := each.module or "") in makers:
            for alias in each.names:
                if (maker := makers[source].get(alias.name)) is not None:
                    yield alias.asname or alias.name, maker
                yield from methods[source].get(alias.name, {}).items()


def _derived(module: ast.Module, own: Makers) -> Iterator[tuple[str, Maker]]:
    """Yield the classes that are made from a maker, and as it is."""
    for each in ast.walk(module):
        if isinstance(each, ast.ClassDef):
            for base in each.bases:
                if isinstance(base, ast.Name) and base.id in own:
                    yield each.name, own[base.id]
