"""metrics.md: the closed set of metrics."""

from collections.abc import Iterator
from enum import Enum
from inspect import getdoc

from infra.cli.reference import markdown
from infra.observability.metrics import CounterName, Definition, GaugeName, HistogramName

ABOUT = """
What Bellwether says of itself at `/metrics`, in the form that Prometheus reads. The set is closed: what is not on
this page is not there, so a dashboard or a rule can be tested against it. Labels hold codes only, such as the name
of a stage; none ever holds anything that was reported, or who sent it.
"""
KINDS: tuple[tuple[type[Enum], str, str], ...] = (
    (CounterName, "counter", "_total"),
    (GaugeName, "gauge", ""),
    (HistogramName, "histogram", ""),
)
"""The metrics of each kind, and what is added to their names where they are read."""


def page() -> str:
    """Return the page."""
    return markdown.page("Metrics", ABOUT, _sections())


def _sections() -> Iterator[str]:
    for names, kind, ending in KINDS:
        yield markdown.heading(f"{kind.capitalize()}s")
        yield markdown.paragraph(getdoc(names) or "")
        yield markdown.bullets(_line(each.value, ending) for each in names)


def _line(metric: Definition, ending: str) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    by = f"labels: {labels}" if labels else "no labels"
    return f"`{metric.name}{ending}`: {markdown.sentence(metric.meaning)} It has {by}."
