"""The file of channels: a name and an Apprise URL a line. Its URLs may hold passwords, so none is ever repeated."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from alerts.channels import Channel, ChannelError
from alerts.channels.log_channel import LogChannel
from alerts.policy.routing import LOG_CHANNEL
from schemas.fields import Slug

_NAME = TypeAdapter(Slug)


def read_channels(file: Path | None) -> dict[str, str]:
    """Return the URL of each channel by its name; the log has none. Raises ChannelError."""
    if file is None:
        return {}
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError):
        raise ChannelError(f"{file.name} cannot be read as UTF-8 text; see BELLWETHER_CHANNELS_FILE") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ChannelError(f"{file.name}, line {mark.line + 1 if mark else 1}: this is not YAML") from None
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ChannelError(f"{file.name}, line 1: write a name and a URL a line, as in mail-anna: mailtos://...")
    urls: dict[str, str] = {}
    for name, url in root.value:
        if fault := _fault(name, url, urls):
            raise ChannelError(f"{file.name}, line {name.start_mark.line + 1}: {fault}")
        urls[name.value] = url.value
    return urls


def open_channels(urls: Mapping[str, str], timeout_s: float) -> dict[str, Channel]:
    """Return the channels by name, the log among them. Raises ChannelError for a URL that Apprise cannot use."""
    opened: dict[str, Channel] = {LOG_CHANNEL: LogChannel()}
    if urls:
        from alerts.channels.apprise_channel import AppriseChannel  # noqa: PLC0415 - slow to load, and seldom needed

        opened |= {name: AppriseChannel(name, url, timeout_s) for name, url in urls.items()}
    return opened


def _fault(name: yaml.Node, url: yaml.Node, others: Mapping[str, str]) -> str | None:
    if not isinstance(name, yaml.ScalarNode) or not _is_name(name.value):
        return "a channel's name has lower-case letters, digits and hyphens, at most 60"
    if name.value == LOG_CHANNEL:
        return f"the channel {LOG_CHANNEL} is always there; give this one another name"
    if name.value in others:
        return f"there are two channels called {name.value}"
    if not isinstance(url, yaml.ScalarNode) or "://" not in url.value:
        return f"channel {name.value} needs a URL, such as mailtos://... or jsons://..."
    return None


def _is_name(text: str) -> bool:
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True
