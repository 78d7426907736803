"""python -m infra.cli.reference EXAMPLES FOLDER: write every page anew."""

import sys
from pathlib import Path

from infra.cli.reference.pages import pages


def main(examples: Path, folder: Path) -> None:
    """Write the pages into a folder, and take away what was one before and is none now."""
    folder.mkdir(parents=True, exist_ok=True)
    written = pages(examples)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    for page in folder.glob("*.md"):
        if page.name not in written:
            page.unlink()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
