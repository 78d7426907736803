"""How a refusal is said: one shape for every input, whatever the door it came in by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of one input.

    `code` is stable and machine-readable, `path` leads to the field (`data.places[0].areas[0].code`; empty
    for the whole event), `detail` says what to do. Never the refused value: it may be about a person.
    """

    code: str
    path: str
    detail: str

    def __str__(self) -> str:
        where = f" at {self.path}" if self.path else ""
        return f"{self.code}{where}: {self.detail}"


class RefusedError(Exception):
    """An event that was not accepted, with every fault found. Mend the input and send it again."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems
