"""Markdown that is as readable in a plain text editor as on a page: wrapped, and the same every time."""

import re
import textwrap
from collections.abc import Iterable
from typing import Any

import orjson

WIDTH = 120
_CODE = re.compile(r"(`[^`]*`)")
_EXAMPLE = re.compile(r"For example: (.+)", re.DOTALL)


def page(title: str, about: str, parts: Iterable[str]) -> str:
    """Return a whole page: what it is about comes first, then its parts with an empty line between."""
    made = paragraph("`make docs` writes this page from the code: change it there.")
    return "\n\n".join((f"# {title}", paragraphs(about), made, *parts)) + "\n"


def heading(text: str, depth: int = 2) -> str:
    """Return a heading."""
    return f"{'#' * depth} {text}"


def paragraph(text: str) -> str:
    """Return a text on lines of at most WIDTH; a word that is longer stays whole."""
    return _wrapped(text, "", "")


def paragraphs(text: str) -> str:
    """Return a text whose paragraphs have an empty line between; a command as an example has a line of its own."""
    return "\n\n".join(_with_example(each) for each in re.split(r"\n\s*\n", text.strip()))


def bullets(items: Iterable[str]) -> str:
    """Return a list, an item each."""
    return "\n".join(_wrapped(item, "- ", "  ") for item in items)


def literal(text: str) -> str:
    """Return text as it is, indented so that it is not taken for anything else."""
    return textwrap.indent(text, "    ")


def json_example(value: Any) -> str:
    """Return a value as JSON, on as many lines as it has parts."""
    return f"```json\n{orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()}\n```"


def anchor(title: str) -> str:
    """Return where a link to a heading leads."""
    return "#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def link(title: str) -> str:
    """Return a link to a heading of the same page."""
    return f"[{title}]({anchor(title)})"


def sentence(text: str) -> str:
    """Return a text that ends as a sentence does."""
    return text if not text or text.endswith((".", "!", "?", ":")) else f"{text}."


def _with_example(text: str) -> str:
    if found := _EXAMPLE.fullmatch(text.strip()):
        return f"For example:\n\n{literal(' '.join(found[1].split()))}"
    return paragraph(text)


def _wrapped(text: str, first: str, rest: str) -> str:
    return textwrap.fill(
        _no_markup(" ".join(text.split())),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _no_markup(text: str) -> str:
    """Keep what is no code from being taken for a tag or for emphasis."""
    return "".join(
        part if part.startswith("`") else re.sub(r"[<*]", r"\\\g<0>", part) for part in _CODE.split(text) if part
    )
