"""problems.md: every code of a problem, and what is said with it."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from infra.cli.reference import markdown
from infra.cli.reference.codes import Found, codes_of
from infra.cli.reference.sayings import GAP

WHERE = {
    "api": "HTTP",
    "alerts": "alerts",
    "schemas": "events",
    "streams": "events",
    "producers": "files that are imported",
    "infra": "the ledger, settings and commands",
}
"""What the problems of each package are about."""
ABOUT = f"""
Every code of a problem, in the order of the alphabet: what programs may rely on, and what is said to people with
it. A code never changes its meaning. Over HTTP it is the `code` of the problem itself, or of one of its `errors`; a
command says it before the detail, and a dead letter keeps it. `{GAP}` stands for what is filled in, such as the
codes that are known; what somebody sent is never repeated.
"""


def page() -> str:
    """Return the page."""
    with_sources = Path(str(files("schemas"))).parent
    return markdown.page("Problems", ABOUT, _sections(codes_of(with_sources, tuple(WHERE))))


def _sections(found: dict[str, Found]) -> Iterator[str]:
    for code, known in found.items():
        yield markdown.heading(code)
        yield markdown.paragraph(_about(known))
        if said := sorted(
            _plain(each) for each in known.said if " " in each
        ):  # a single word is only filled in somewhere
            yield markdown.bullets(said)


def _about(known: Found) -> str:
    places = dict.fromkeys(WHERE[package] for package in WHERE if package in known.packages)
    statuses = f", with the status {' or '.join(map(str, sorted(known.statuses)))}" if known.statuses else ""
    return f"About {', '.join(places)}{statuses}."


def _plain(text: str) -> str:
    """Return what is said with gaps only for what is filled in, whichever way the source writes them."""
    return markdown.sentence(text.replace("{why}", GAP).replace("{id}", GAP))
