"""No route can forget the disclosure gate: figures are read in one module, and every route with figures goes by it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
API = ROOT / "api"
READ_FIGURES = {
    "infra.db.counts": {"count", "count_within"},
    "infra.db.tension": {"newest_incidents", "newest_signals"},
    "infra.db.published": {"PublishedFigures"},
    "infra.db.published_reading": {"read_standing"},
    "alerts.policy.why": {"why", "sentences"},
    "alerts.policy.guarded": {"guarded_why", "guarded_completeness"},
}
"""What reads a figure or says one, by module."""
MAY = {"figures.py", "gate.py"}
TABLES = ("infra.db.tables", "sqlalchemy")


def imported(module: Path) -> set[tuple[str, str]]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {
        (node.module or "", name.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def modules() -> list[Path]:
    return sorted(API.rglob("*.py"))


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.relative_to(ROOT)))
def test_figures_are_read_in_one_module_only(module: Path) -> None:
    found = {(where, name) for where, name in imported(module) if name in READ_FIGURES.get(where, set())}
    assert not found or module.name in MAY


@pytest.mark.parametrize("module", sorted((API / "routes").glob("*.py")), ids=lambda module: module.stem)
def test_no_route_reads_a_table_itself(module: Path) -> None:
    assert not [where for where, _ in imported(module) if where.startswith(TABLES)]


def test_what_is_listed_here_is_there() -> None:
    everywhere = set().union(*(imported(module) for module in modules() if module.name in MAY))
    used = {(where, name) for where, names in READ_FIGURES.items() for name in names}
    assert used - everywhere <= {
        ("infra.db.counts", "count"),
        ("alerts.policy.why", "why"),
        ("alerts.policy.why", "sentences"),
    }
