"""The command line: the one place where settings, store, stages and host are put together."""

from infra.cli.app import main

__all__ = ["main"]
