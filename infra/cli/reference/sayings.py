"""What a piece of source may come to, as far as it is written there: texts, with a gap where a value is filled in."""

import ast
from collections.abc import Mapping

GAP = "…"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Names = Mapping[str, list[ast.expr]]
"""What names stand for: all that is assigned to each."""


def names_in(scope: ast.Module | ast.ClassDef | Function) -> dict[str, list[ast.expr]]:
    """Return what is assigned in a module or class itself, or anywhere in a function, by name."""
    found: dict[str, list[ast.expr]] = {}
    for each in ast.walk(scope) if isinstance(scope, Function) else scope.body:
        targets = each.targets if isinstance(each, ast.Assign) else [getattr(each, "target", None)]
        value = getattr(each, "value", None)
        if isinstance(targets[0], ast.Name) and isinstance(value, ast.expr):
            found.setdefault(targets[0].id, []).append(value)
    return found


def imported_into(module: ast.Module, names_of: Mapping[str, Names]) -> dict[str, list[ast.expr]]:
    """Return what names stand for that a module has from others, as far as those are known."""
    taken = [each for each in ast.walk(module) if isinstance(each, ast.ImportFrom) and each.module in names_of]
    return {
        alias.asname or alias.name: names_of[each.module or ""][alias.name]
        for each in taken
        for alias in each.names
        if alias.name in names_of[each.module or ""]
    }


def texts_of(value: ast.expr, names: Names) -> list[str]:
    """Return every text that a value may be; none for what is not written in the source."""
    match value:
        case ast.Constant(value=str(text)):
            found = [text]
        case ast.JoinedStr(values=parts):
            found = ["".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in parts)]
        case ast.IfExp(body=one, orelse=other):
            found = [*texts_of(one, names), *texts_of(other, names)]
        case ast.BoolOp(values=several):
            found = [text for each in several for text in texts_of(each, names)]
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            found = [a + b for a in texts_of(left, names) or [GAP] for b in texts_of(right, names) or [GAP]]
        case ast.Name(id=name):
            others = {known: values for known, values in names.items() if known != name}
            found = [text for each in names.get(name, ()) for text in texts_of(each, others)]
        case _:
            found = []
    return found
