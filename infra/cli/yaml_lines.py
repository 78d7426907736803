"""YAML as text, and the line of every part, so that a fault in a file can be shown where it stands."""

from typing import Any

import yaml

Path = tuple[str | int, ...]


class YamlError(Exception):
    """A file that is no YAML, or says a thing twice, with the line."""


def read_yaml(text: str) -> tuple[Any, dict[Path, int]]:
    """Return what a file holds, every scalar as text, and the line of each part by its path. Raises YamlError."""
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise YamlError(f"line {line}: {error.problem or 'this is not YAML'}") from None
    except yaml.YAMLError:
        raise YamlError("line 1: this is not YAML") from None
    lines: dict[Path, int] = {(): 1}
    return (None if root is None else _plain(root, (), lines)), lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """Return the line of a part, or of the nearest part around it where it is missing."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, (*path, place), lines) for place, each in enumerate(node.value)]
    return node.value


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(f"line {line}: a key must be a word")
        if key.value in mapping:
            raise YamlError(f"line {line}: the key {key.value} stands twice in this mapping")
        lines[*path, key.value] = line
        mapping[key.value] = _plain(value, (*path, key.value), lines)
    return mapping
