"""How a command ends when something is wrong: one sentence on stderr that says what to do, and the right exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

FOUND_A_FAULT = 1
WRONG_USE = 2
MEND_THE_SETTINGS = {"store-url", "store-schema", "secret-key-missing", "secret-key-wrong"}


class WrongUseError(Exception):
    """The command was asked for something that is not there or makes no sense. Exit 2."""


class WorkFaultError(Exception):
    """The work itself found a fault. Exit 1."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors that are ours into a sentence and an exit code; all others stay as they are, for us to mend."""
    from infra.db.counts import CountsError
    from infra.db.dead_letters import DeadLetterError
    from infra.db.geography import GeographyError
    from infra.db.partnerships import PartnershipError
    from infra.db.replaying import ReplayError
    from infra.db.setup import PartitionsError
    from infra.vault.disclosing import CaseError
    from infra.vault.forgetting import ForgettingError
    from infra.vault.keys import SealBrokenError
    from streams.ports import StoreUnavailableError
    from streams.runner import StoppedError

    wrong_use = (
        *(WrongUseError, CountsError, PartnershipError, PartitionsError, DeadLetterError, ReplayError),
        *(CaseError, ForgettingError),
    )
    try:
        yield
    except StoreUnavailableError as error:
        _say(str(error))
        sys.exit(WRONG_USE if error.problem.code in MEND_THE_SETTINGS else FOUND_A_FAULT)
    except wrong_use as error:
        _say(str(error))
        sys.exit(WRONG_USE)
    except (WorkFaultError, GeographyError, StoppedError, SealBrokenError) as error:
        _say(str(error))
        sys.exit(FOUND_A_FAULT)


def _say(text: str) -> None:
    typer.echo(f"bellwether: {text}", err=True)
