"""Which pages there are."""

from pathlib import Path

from infra.cli.reference import commands, events, http, metrics, problems, settings


def pages(examples: Path) -> dict[str, str]:
    """Return the text of each page by the name of its file; `examples` is the folder of golden files."""
    return {
        "commands.md": commands.page(),
        "settings.md": settings.page(),
        "events.md": events.page(examples),
        "metrics.md": metrics.page(),
        "api.md": http.page(),
        "problems.md": problems.page(),
    }
