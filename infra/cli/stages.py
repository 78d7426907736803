"""bellwether stage: how far the stages are, and letting a stopped one go on."""

from typing import Annotated

import typer

from infra.cli.options import DatabaseUrl, FormatOption, TableFormat

app = typer.Typer(help="See how far the stages of processing are, and resume one that stopped.", no_args_is_help=True)


@app.command("list")
def list_all(form: FormatOption = TableFormat.CSV, database_url: DatabaseUrl = None) -> None:
    """List the stages by partition: last position handled, how many records wait, and why one is stopped."""
    from infra.cli.store import open_ledger
    from infra.cli.tables import print_table
    from streams.topology import TOPOLOGY

    ledger = open_ledger(database_url)
    rows = []
    for step in TOPOLOGY:
        for partition, head in sorted(ledger.heads(step.input.name).items()):
            position, stopped_because = ledger.peek(step.stage.name, partition)
            rows.append((step.stage.name, partition, position, head - position, stopped_because))
    print_table(("stage", "partition", "position", "waiting", "stopped_because"), rows, form)


@app.command("resume")
def resume(
    stage: Annotated[str, typer.Argument(help="The stage, from the list.", show_default=False)],
    database_url: DatabaseUrl = None,
) -> None:
    """Let a stopped stage go on, once what stopped it is mended. It begins where it was."""
    from infra.cli.faults import WrongUseError
    from infra.cli.store import open_ledger
    from infra.cli.tables import note
    from streams.topology import TOPOLOGY

    names = [step.stage.name for step in TOPOLOGY]
    if stage not in names:
        raise WrongUseError(f"there is no stage {stage}; there are: {', '.join(names)}")
    open_ledger(database_url).stop_stage(stage, None)
    note(f"stage {stage} goes on")
