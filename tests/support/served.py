"""`serve` and `api` as processes of their own, and a listener within this one, each with a client on a real socket."""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from fastapi import FastAPI

from infra.cli.listening import Listener
from tests.support.cli import TIMEOUT_S, Cli, Ended, ended

SERVING = re.compile(r"serving on (http://\S+?)[,;]")


class Served:
    """A command that serves, from when it listens."""

    def __init__(self, cli: Cli, *arguments: object) -> None:
        self._clients: list[httpx.Client] = []
        self.process: subprocess.Popen[str] = cli.started(*arguments)
        assert self.process.stderr is not None
        said = ""
        for line in self.process.stderr:
            said += line
            if (found := SERVING.search(line)) is not None:
                self.url = found[1]
                return
        raise AssertionError(said)

    def client(self, key: str = "") -> httpx.Client:
        """Return a client with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        made = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT_S)
        self._clients.append(made)
        return made

    def stopped(self) -> Ended:
        """Ask it to stop, and return how it ended."""
        for client in self._clients:
            client.close()
        self.process.terminate()
        return ended(self.process)


@contextmanager
def serving(cli: Cli, *arguments: object) -> Iterator[Served]:
    """Run a command that serves; it has ended when the block has, whatever happened."""
    served = Served(cli, *arguments)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.stopped()


@contextmanager
def listening(app: FastAPI, stop: threading.Event) -> Iterator[str]:
    """Serve an app on a socket of its own until told to stop, or the block ends."""
    listener = Listener(app, "127.0.0.1", 0)
    thread = threading.Thread(target=listener.run, args=(stop,))
    thread.start()
    try:
        yield listener.url
    finally:
        stop.set()
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()
