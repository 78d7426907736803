"""bellwether api: the HTTP interface alone, beside workers that count, watch and tell in processes of their own."""

from infra.cli.options import DatabaseUrl, Host, MetricsPort, Port


def api(
    port: Port = None, host: Host = None, metrics_port: MetricsPort = None, database_url: DatabaseUrl = None
) -> None:
    """Answer over HTTP until stopped; what comes in is kept, and counted by whoever runs the stages.

    Any number may run beside one another on one PostgreSQL ledger.
    """
    import threading

    from infra.cli.conditions import Conditions
    from infra.cli.faults import WorkFaultError
    from infra.cli.http import Api, address_of, new_measured
    from infra.cli.store import open_ledger, read_settings
    from infra.cli.tables import note
    from infra.cli.works import Work, stop_on_signals

    settings, ledger, stop = read_settings(database_url), open_ledger(database_url), threading.Event()
    stop_on_signals(stop)
    address, conditions = address_of(settings, host, port, metrics_port), Conditions(ledger.engine, (), stop)
    made = Api(ledger, settings, address, new_measured(), conditions)
    work = Work("api", lambda: made.run(stop), stop)
    work.start()
    note(f"serving on {made.url}; stop with Ctrl-C")
    stop.wait()
    work.join()
    if work.failed:
        raise WorkFaultError("a fault of Bellwether ended the api; report it, and start again")
    note("stopped")
