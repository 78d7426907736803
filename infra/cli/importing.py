"""What every import does: read, take in, have counted, and say what became of each line."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import insert

from infra.cli.counting import Counting, counting
from infra.cli.faults import FOUND_A_FAULT, WorkFaultError, WrongUseError
from infra.cli.progress import progress_bar
from infra.cli.store import Store
from infra.cli.tables import note
from infra.db import tables
from infra.db.engine import transaction
from producers.sources.lines import SourceLine, UnusableFileError
from producers.sources.mapping import IncidentMapping, MappingError, load_mapping
from schemas.codec import decode
from schemas.problems import Problem, RefusedError
from streams.hosts.desk import IntakeDesk
from streams.stages.intake import Outcome

Reader = Callable[[BinaryIO], Iterator[SourceLine]]
BULK_LOAD_EVENTS = 10_000
Tally = Counter[Outcome | None]
"""How many lines had each outcome; None: refused."""


def import_files(store: Store, command: str, files: Sequence[Path], read: Reader) -> None:
    """Import files one after another and print what became of their lines; exit 1 if any was not accepted."""
    tally: Tally = Counter()
    for file in files:
        with opened(file) as stream, counting(store, file.stat().st_size) as counted:
            tally += _import(store, command, file, read(stream), counted)
    if tally[Outcome.ACCEPTED] >= BULK_LOAD_EVENTS:
        store.ledger.after_bulk_load()
    note(
        f"{tally.total()} read: {tally[Outcome.ACCEPTED]} accepted, {tally[Outcome.DUPLICATE]} there already,"
        f" {tally[Outcome.QUARANTINED]} quarantined, {tally[None]} rejected"
    )
    if tally[Outcome.QUARANTINED]:
        note("see what was quarantined with `bellwether dead-letters list`")
    if tally[Outcome.QUARANTINED] or tally[None]:
        sys.exit(FOUND_A_FAULT)


def convert_file(file: Path, read: Reader, out: Path) -> None:
    """Write the events of a file to another, one a line; exit 1 if a line could not be converted."""
    converted = rejected = 0
    if out.exists() and file.exists() and out.samefile(file):
        raise WrongUseError(f"{out.name} is the file to be converted; name another one to write to")
    try:
        with opened(file) as stream, out.open("wb") as target:
            for line in read(stream):
                problems = line.problems or _problems_of(line.raw)
                if problems:
                    list_rejected(line.number, problems)
                    rejected += 1
                else:
                    target.write(line.raw + b"\n")
                    converted += 1
    except OSError as error:
        raise WorkFaultError(f"{out.name} cannot be written: {error.strerror}") from None
    note(f"{converted} converted, {rejected} rejected")
    if rejected:
        sys.exit(FOUND_A_FAULT)


def read_mapping(file: Path) -> IncidentMapping:
    """Read a mapping. Raises WrongUseError with every fault found."""
    try:
        return load_mapping(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise WrongUseError(f"{file.name} cannot be read as UTF-8 text") from None
    except MappingError as error:
        raise WrongUseError(f"{file.name}: {error}") from None


def _import(store: Store, command: str, file: Path, lines: Iterator[SourceLine], counted: Counting) -> Tally:
    tally: Tally = Counter()
    batch_number: int | None = None
    desk = IntakeDesk(store.ledger, store.partnership)
    with progress_bar(f"lines of {file.name}") as advance:
        while batch := list(islice(lines, store.ledger.pace.size())):
            batch_number = batch_number or _note_batch(store, command, file)
            tally.update(_take(desk, batch, batch_number))
            counted.keep_up()
            advance(len(batch))
    return tally


def _take(desk: IntakeDesk, batch: Sequence[SourceLine], batch_number: int) -> Iterator[Outcome | None]:
    """Hand in what could be read, list what was refused, and return each line's outcome."""
    answers = iter(
        desk.take([line.raw for line in batch if not line.problems], trusted=True, import_batch=batch_number)
    )
    for line in batch:
        if line.problems:
            list_rejected(line.number, line.problems)
            yield None
            continue
        answer = next(answers)
        if answer.outcome is None or answer.outcome is Outcome.QUARANTINED:
            list_rejected(line.number, answer.problems)
        yield answer.outcome


def list_rejected(line: int, problems: Iterable[Problem]) -> None:
    """Say why a line was not accepted."""
    for problem in problems:
        note(f"line {line}: {problem}")


def _problems_of(raw: bytes) -> tuple[Problem, ...]:
    try:
        decode(raw)
    except RefusedError as error:
        return error.problems
    return ()


def _note_batch(store: Store, command: str, file: Path) -> int:
    values = {
        "partnership": store.partnership,
        "command": command,
        "file_name": file.name.encode(errors="replace").decode(),  # a name is bytes, and they may be no text
        "started_at_us": store.ledger.now_us(),
    }
    table = tables.import_batch
    with transaction(store.engine, write=True) as connection:
        return int(connection.execute(insert(table).returning(table.c.number), values).scalar_one())


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file for reading; say what is wrong with it by name."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise WrongUseError(f"{file.name} cannot be read: {error.strerror}") from None
    with stream:
        try:
            yield stream
        except UnusableFileError as error:
            fault = WrongUseError if error.problem.code == "missing-column" else WorkFaultError
            raise fault(f"{file.name}: {error.problem}") from None
