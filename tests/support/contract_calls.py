"""schemathesis over the API in this process: what it found, and what was answered, as plain values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import schemathesis
from fastapi import FastAPI
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

MOST_SECONDS = 20.0
SEED = 1
ANSWERED = ["2xx", "3xx", "401", "403", "404", "409"]
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "415", "422", "429"]


class Refusal(NamedTuple):
    """A fault that was told of data which the contract allows: of which operation, where, and its code."""

    operation: str
    path: str
    code: str


@dataclass
class Run:
    """What came of one run. `phases` are those that were done; `refused` what was valid by the contract alone."""

    failures: list[str] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    refused: set[Refusal] = field(default_factory=set)


class Plan(NamedTuple):
    """With which headers to call, and how many examples of each operation to make up.

    `known` are good values of parameters, used half of the time; `briefly` are operations that are not tried with every
    keyword of their schemas, since all that they answer is a refusal.
    """

    headers: Mapping[str, str]
    examples: int
    known: Mapping[str, Sequence[str]]
    briefly: Sequence[str] = ()


def run(app: FastAPI, plan: Plan) -> Run:
    """Try all that the contract says, with every check."""
    config = schemathesis.Config.from_dict(_config(plan))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    found = Run()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _read(event.recorder, found)
        elif isinstance(event, events.PhaseFinished) and event.phase.is_enabled:
            found.phases.append(event.phase.name.value)
        elif isinstance(event, events.NonFatalError):
            found.failures.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.EngineFinished):
            found.failures += [f"{failure.title}: {failure.message}" for failure in event.failures]
    return found


def _config(plan: Plan) -> dict[str, Any]:
    """Return settings with every check on.

    413 is how a batch of too many events is refused. 422 may answer valid data only for what no schema can say:
    whoever calls `run` judges that by the codes in `refused`.
    """
    return {
        "seed": SEED,
        "headers": dict(plan.headers),
        "generation": {"max-examples": plan.examples, "deterministic": True, "database": "none", "no-shrink": True},
        "checks": {
            "max_response_time": MOST_SECONDS,
            "positive_data_acceptance": {"expected-statuses": [*ANSWERED, "422"]},
            "negative_data_rejection": {"expected-statuses": [*REFUSED, "413"]},
        },
        "dictionaries": {name.replace(".", "-"): {"values": list(values)} for name, values in plan.known.items()},
        "parameters": {name: {"dictionary": name.replace(".", "-"), "probability": 0.5} for name in plan.known},
        "operations": [{"include-name": each, "phases": {"coverage": {"enabled": False}}} for each in plan.briefly],
    }


def _read(recorder: ScenarioRecorder, found: Run) -> None:
    for case, interaction in recorder.interactions.items():
        if interaction.response is not None:
            operation = recorder.cases[case].value.operation.label
            found.statuses[operation, interaction.response.status_code] += 1
            meta = recorder.cases[case].value.meta
            if meta is not None and not meta.generation.mode.is_negative:
                found.refused |= set(_refusals(operation, interaction.response))
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                found.failures.append(f"{check.name} of {failure.operation}: {failure.title}: {failure.message}")


def _refusals(operation: str, response: Response) -> list[Refusal]:
    if response.status_code != 422:
        return []
    body = response.json()
    return [Refusal(operation, each["path"], each["code"]) for each in body.get("errors", [{**body, "path": ""}])]
