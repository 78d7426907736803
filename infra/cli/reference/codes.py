"""Which codes of problems there are: read from the sources, since a code is made where its fault is found.

A code is an argument of a maker (see makers), or the attribute `code` of an error. Where the argument is no text, it
comes from a table of pairs (code, what is said) or from a function that returns one: then all such pairs of the module
count. Anything else is UnknownCodeError, so that no code is overlooked.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from infra.cli.reference.makers import (
    CODE,
    DETAIL,
    PAIR_CODE,
    PYDANTIC,
    STATUS,
    Maker,
    Makers,
    makers_in,
    parameters_of,
    takes_both,
)
from infra.cli.reference.sayings import Function, Names, imported_into, names_in, texts_of

PAIR = 2
WITHOUT_HYPHEN = "wrong-type"
"""What a code of pydantic's own comes out as: schemas.codec tells ours from those by the hyphen."""


class UnknownCodeError(Exception):
    """A code that cannot be read. Write it as text where the problem is made, or in a pair (code, what is said)."""


@dataclass
class Found:
    """Which packages make a code, with which HTTP statuses, and what is said with it."""

    packages: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)
    said: set[str] = field(default_factory=set)


def codes_of(folder: Path, packages: tuple[str, ...]) -> dict[str, Found]:
    """Return every code in some packages of a folder. Raises UnknownCodeError."""
    paths = [path for package in packages for path in sorted((folder / package).rglob("*.py"))]
    modules = {_module_name(path.relative_to(folder)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    names = {name: names_in(module) for name, module in modules.items()}
    makers = makers_in(modules)
    found: dict[str, Found] = {}
    for name, module in modules.items():
        _Reader(name, makers[name], found).read(module, {**imported_into(module, names), **names[name]})
    return dict(sorted(found.items()))


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


class _Reader:
    """Reads the codes of one module."""

    def __init__(self, module: str, makers: Makers, found: dict[str, Found]) -> None:
        self._module = module
        self._makers = makers
        self._found = found
        self._from_pairs: list[ast.Call] = []

    def read(self, module: ast.Module, names: Names) -> None:
        """Note every code, with all that is known of it."""
        for part, known in _parts(module, names):
            if isinstance(part, ast.ClassDef):
                self._take_attribute(part)
            elif (maker := self._makers.get(_name_of(part))) is not None:
                self._take(part, maker, known)
        if self._from_pairs and not self._take_pairs(module, names):
            raise self._unknown(self._from_pairs[0])

    def _take(self, call: ast.Call, maker: Maker, names: Names) -> None:
        if any(keyword.arg is None for keyword in call.keywords):
            return  # made from another problem as a whole
        given = maker.argument(call, CODE)
        codes = [maker.own_code] if maker.own_code else [] if given is None else texts_of(given, names)
        if not codes and (given is None or isinstance(given, ast.Name)):
            self._from_pairs.append(call)
        elif not codes and not (isinstance(given, ast.Attribute) and given.attr == CODE):  # of a problem made elsewhere
            raise self._unknown(call)
        detail, status = maker.argument(call, DETAIL), maker.argument(call, STATUS)
        for code in codes:
            known = self._note(WITHOUT_HYPHEN if _name_of(call) == PYDANTIC and "-" not in code else code)
            known.said.update([] if detail is None else texts_of(detail, names))
            if isinstance(status, ast.Constant) and isinstance(status.value, int):
                known.statuses.add(status.value)

    def _take_attribute(self, cls: ast.ClassDef) -> None:
        if cls.name.endswith("Error"):
            for code in (code for value in names_in(cls).get(CODE, ()) for code in texts_of(value, {})):
                self._note(code)

    def _take_pairs(self, module: ast.Module, names: Names) -> bool:
        found = False
        for first, second in (
            each.elts for each in ast.walk(module) if isinstance(each, ast.Tuple) and len(each.elts) == PAIR
        ):
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and PAIR_CODE.fullmatch(first.value):
                found = True
                self._note(first.value).said.update(texts_of(second, names))
        return found

    def _note(self, code: str) -> Found:
        known = self._found.setdefault(code, Found())
        known.packages.add(self._module.partition(".")[0])
        return known

    def _unknown(self, call: ast.Call) -> UnknownCodeError:
        return UnknownCodeError(f"{self._module}, line {call.lineno}: the code of {_name_of(call)} cannot be read")


def _name_of(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _parts(part: ast.AST, names: Names) -> Iterator[tuple[ast.Call | ast.ClassDef, Names]]:
    """Yield the calls and classes in a module with the names that are known there; not what only hands a code on."""
    for inner in ast.iter_child_nodes(part):
        if isinstance(inner, Function):
            if not takes_both(parameters_of(inner)):
                yield from _parts(inner, {**names, **names_in(inner)})
            continue
        if isinstance(inner, ast.Call | ast.ClassDef):
            yield inner, names
        yield from _parts(inner, names)
