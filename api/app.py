"""The HTTP interface as one app, made from its dependencies alone."""

from importlib.metadata import version

from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig

from api import faults
from api.asked import asked_once
from api.caching import CachedReads
from api.contract import describe
from api.deps import Deps
from api.doorway import Doorway
from api.limits import Limited
from api.observing import Observed
from api.routes import alerts, centres, counts, events, health, ledger, places, rules, tension

ROUTES = (events, places, counts, tension, alerts, ledger, rules, centres, health)

NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""The framework's own would follow variables of the environment, and tell bodies and the words of exceptions."""


def create_app(deps: Deps) -> FastAPI:
    """Return the app. Nothing is opened or started: that is whoever runs it."""
    app = FastAPI(
        title="Bellwether",
        summary="Counts of hate incidents by area, signs of tension, and alerts that somebody owns.",
        version=version("bellwether"),
        telemetry=NO_TELEMETRY,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect repeats the whole address, which may name somebody
    )
    app.state.deps = deps
    faults.add_handlers(app)
    for each in ROUTES:
        app.include_router(each.router, dependencies=[Depends(asked_once)])
    describe(app)
    app.add_middleware(CachedReads)  # each comes outside those before it
    app.add_middleware(Limited, limits=deps.limits)
    app.add_middleware(Doorway, deps=deps)
    app.add_middleware(Observed, metrics=deps.metrics)
    return app
