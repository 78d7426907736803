"""Reads RULES.yaml, says of every fault the line and what is known, and applies what has none."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

from pydantic import ValidationError

from infra.cli.faults import WorkFaultError, WrongUseError
from infra.cli.yaml_lines import Path, YamlError, line_of, read_yaml
from infra.db.engine import transaction
from infra.db.ledger import SqlLedger
from infra.db.rules import rule_sets
from schemas.codec import encode
from schemas.decisions import RulesChange
from schemas.events import RulesChanged
from schemas.incident import NamedArea
from schemas.rules import ANY, EACH, Rule, RuleFile, Scope
from streams.core.areas import Geography, UnknownPlaceError
from streams.core.days import instant_of
from streams.hosts.desk import IntakeDesk
from streams.ports import Partnership
from streams.stages.intake import Outcome

SOURCE = "/rules"
KINDS = ("count", "severe-event", "signal", "silence")
MOST_FAULTS = 20
MOST_NAMED = 12
SHIPPED = "rules.yaml"

_SAID = {
    "missing": "this key is required",
    "extra_forbidden": "no such key here; check its spelling, or leave it out",
    "string_pattern_mismatch": "this has characters or a form that this key does not take",
    "union_tag_not_found": f"a rule needs its kind: {', '.join(KINDS)}",
    "union_tag_invalid": f"there is no such kind of rule; known: {', '.join(KINDS)}",
    "too_short": "this list is empty; name at least one",
    "int_parsing": "this must be a whole number",
    "greater_than_equal": "this number is too small",
    "less_than_equal": "this number is too large",
    "bool_parsing": "this is true or false",
}


class Applied(NamedTuple):
    """What applying a file did: the version of the set, and the rules that are new, different or gone, by id."""

    version: int
    changed: tuple[str, ...]


def apply_rules(ledger: SqlLedger, partnership: int, text: str, name: str) -> Applied | None:
    """Let the rules of a file hold from now on; None if they hold already, and then nothing is written.

    A rule that is as it was keeps its version; one that is different, or comes back, gets the next that it ever had.
    Raises WrongUseError with every fault, and then the old rules stay in force.
    """
    ledger.refresh()
    there = ledger.partnership(partnership)
    wanted = read_rules(text, name, there)
    with transaction(ledger.engine, write=False) as connection:
        sets = rule_sets(connection, partnership)
    before = {rule.id: rule for rule in sets[-1].rules} if sets else {}
    after = {rule.id: rule for rule in _numbered(wanted, sets)}
    changed = tuple(sorted(id_ for id_ in before.keys() | after.keys() if before.get(id_) != after.get(id_)))
    if sets and not changed:
        return None
    change = RulesChange(version=sets[-1].version + 1 if sets else 1, rules=tuple(after.values()))
    _hand_in(ledger, there, change)
    return Applied(change.version, changed)


def shipped_rules() -> str:
    """Return the file of rules that ships with Bellwether, for partnerships with the shipped layers."""
    return files("infra.db").joinpath("shipped", SHIPPED).read_text("utf-8")


def apply_shipped_rules(ledger: SqlLedger, partnership: int) -> None:
    """Give a partnership the rules that ship with Bellwether."""
    apply_rules(ledger, partnership, shipped_rules(), SHIPPED)


def read_rules(text: str, name: str, there: Partnership) -> tuple[Rule, ...]:
    """Return the rules of a file. Raises WrongUseError with every fault, a line each."""
    try:
        content, lines = read_yaml(text)
    except YamlError as error:
        raise WrongUseError(f"the rules stay as they were\n{name}, {error}") from None
    try:
        rules = RuleFile.model_validate(content).rules
    except ValidationError as error:
        _refuse(name, ((line_of(path, lines), said) for path, said in _faults_of_form(error, content)))
        raise
    _refuse(name, ((line_of(path, lines), said) for path, said in _faults_of_place(rules, there)))
    return rules


def _numbered(wanted: Sequence[Rule], sets: Sequence[RulesChange]) -> Iterator[Rule]:
    """Yield rules with their versions, by what was in force before."""
    before = {rule.id: rule for rule in sets[-1].rules} if sets else {}
    highest: dict[str, int] = {}
    for rule in (rule for each in sets for rule in each.rules):
        highest[rule.id] = max(highest.get(rule.id, 0), rule.version)
    for rule in wanted:
        held = before.get(rule.id)
        is_as_it_was = held is not None and rule.model_copy(update={"version": held.version}) == held
        version = held.version if held is not None and is_as_it_was else highest.get(rule.id, 0) + 1
        yield rule.model_copy(update={"version": version})


def _hand_in(ledger: SqlLedger, there: Partnership, change: RulesChange) -> None:
    """Hand the rules in as an event, so that they take force at its position."""
    event = RulesChanged(
        id=f"rules-{change.version}", source=SOURCE, time=instant_of(ledger.clock_us(there.number)), data=change
    )
    (answer,) = IntakeDesk(ledger, there.number).take([encode(event)], trusted=False)
    if answer.outcome is not Outcome.ACCEPTED:
        said = "; ".join(map(str, answer.problems)) or "somebody else has just applied others"
        raise WorkFaultError(f"the rules stay as they were: {said}; try again")


def _faults_of_form(error: ValidationError, content: Any) -> Iterator[tuple[Path, str]]:
    faults = error.errors(include_url=False, include_input=False)
    with_faults_inside = {found["loc"][:depth] for found in faults for depth in range(len(found["loc"]))}
    for found in faults:
        if found["type"] == "too_short" and found["loc"] in with_faults_inside:
            continue  # it counts good entries only
        path = tuple(step for step in found["loc"] if step not in KINDS or found["loc"][-1] == step)
        said = _SAID.get(found["type"], found["msg"])
        if "strands" in path:
            path, said = path[: path.index("strands") + 1], f"strands is {ANY}, {EACH}, or a list of 1 to 12 codes"
        if found["type"].startswith("union_tag"):
            path = (*path, "kind")
        if found["type"] == "rule-twice":
            ids = [rule["id"] for rule in content["rules"]]
            path = ("rules", max(place for place, id_ in enumerate(ids) if id_ == found["ctx"]["id"]), "id")
        yield path, said


def _faults_of_place(rules: Sequence[Rule], there: Partnership) -> Iterator[tuple[Path, str]]:
    """Yield what a partnership does not have: a layer, an area, a strand."""
    for place, rule in enumerate(rules):
        scope: Scope | None = getattr(rule, "scope", None)
        if scope is not None:
            for path, said in _faults_of_scope(scope, there):
                yield ("rules", place, "scope", *path), said


def _faults_of_scope(scope: Scope, there: Partnership) -> Iterator[tuple[Path, str]]:
    layers = there.geography.layer_by_name
    if scope.layer in layers:
        yield from _faults_of_areas(scope, there.geography)
    else:
        yield ("layer",), f"there is no layer {scope.layer} here; there are: {_some(layers)}"
    if scope.strands in (ANY, EACH):
        return
    for place, strand in enumerate(scope.strands):
        if strand not in there.strands.by_code:
            yield ("strands", place), f"the register has no such strand; it has: {_some(there.strands.by_code)}"


def _faults_of_areas(scope: Scope, geography: Geography) -> Iterator[tuple[Path, str]]:
    layer = geography.layer_by_name[scope.layer]
    for place, code in enumerate(scope.areas):
        try:
            geography.find(NamedArea(layer=scope.layer, code=code))
        except UnknownPlaceError:
            codes = (area.code for area in geography.areas if area.layer == layer.number)
            yield ("areas", place), f"layer {scope.layer} has no such area; it has: {_some(codes)}"


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - MOST_NAMED
    return ", ".join(ordered[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "") or "none"


def _refuse(name: str, found: Iterator[tuple[int, str]]) -> None:
    said = [f"{name}, line {line}: {detail}" for line, detail in sorted(set(found))]
    if len(said) > MOST_FAULTS:
        said = [*said[:MOST_FAULTS], f"and {len(said) - MOST_FAULTS} more"]
    if said:
        raise WrongUseError("\n".join(("the rules stay as they were", *said)))
