"""Rules: when somebody must be told. The form of RULES.yaml and of rule.changed (interface.md section 5)."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.fields import AreaCode, Contract, LayerName, Slug
from schemas.grading import Grade
from schemas.vocabulary import AlertClass, HarmGrade, Intensity, Reach, Severity, SignalForm

ANY, EACH = "any", "each"


def _whole_grade(value: Any) -> Any:
    """Let a rule leave handling out, since it says nothing of how good a signal is: `2C` means 2CP."""
    return f"{value}P" if isinstance(value, str) and len(value) == len("2C") else value


class Scope(Contract):
    """Where a rule looks: the areas of a layer, all or some, and strands: any together, each by itself, or a list."""

    layer: LayerName = "city"
    areas: Annotated[tuple[AreaCode, ...], Field(max_length=500)] = ()
    strands: Literal["any", "each"] | Annotated[tuple[Slug, ...], Field(min_length=1, max_length=12)] = "any"


class RuleBase(Contract):
    """What every rule says. `version` counts the contents that a rule of this id has had, and is given when applied."""

    id: Slug
    version: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    enabled: bool = True
    severity: Severity | None = None


class SevereEventRule(RuleBase):
    """One incident with harm at or above a grade."""

    kind: Literal["severe-event"]
    scope: Scope = Scope()
    harm: HarmGrade
    alert_class: AlertClass = Field(default=AlertClass.TENSION, alias="class")

    @model_validator(mode="after")
    def _a_grade(self) -> "SevereEventRule":
        if self.harm not in (HarmGrade.MINOR, HarmGrade.SERIOUS, HarmGrade.CRITICAL):
            raise PydanticCustomError("rule-harm", "harm is minor, serious or critical")
        return self


class CountRule(RuleBase):
    """So many incidents in so many days."""

    kind: Literal["count"]
    scope: Scope = Scope()
    count: Annotated[int, Field(ge=1, le=100_000)]
    days: Annotated[int, Field(ge=1, le=366)]


class SilenceRule(RuleBase):
    """A centre's return or heartbeat overdue by so many of its own periods. Absent reports alone say nothing."""

    kind: Literal["silence"]
    periods: Annotated[int, Field(ge=1, le=52)]


class SignalRule(RuleBase):
    """One signal of some form, at least so well graded, reaching at least so far, felt at least so strongly."""

    kind: Literal["signal"]
    scope: Scope = Scope()
    forms: Annotated[tuple[SignalForm, ...], Field(min_length=1, max_length=3)] = (
        SignalForm.FORECAST,
        SignalForm.OBSERVED,
    )
    grade: Annotated[Grade, BeforeValidator(_whole_grade)] | None = None
    reach: Reach | None = None
    intensity: Intensity | None = None


Rule = Annotated[SevereEventRule | CountRule | SilenceRule | SignalRule, Field(discriminator="kind")]


class RuleFile(Contract):
    """RULES.yaml."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _each_once(self) -> "RuleFile":
        ids = [rule.id for rule in self.rules]
        if repeated := next((each for each in ids if ids.count(each) > 1), None):
            raise PydanticCustomError("rule-twice", "two rules are called {id}", {"id": repeated})
        return self
