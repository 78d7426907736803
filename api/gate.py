"""The disclosure gate of an app: one for all requests, since it remembers what it has worked out."""

from fastapi import Request

from api.security import deps_of
from infra.db.published import PublishedFigures


def gate_of(request: Request) -> PublishedFigures:
    """Return the gate of the app that answers, made when it is first needed."""
    state, deps = request.app.state, deps_of(request)
    if not hasattr(state, "gate"):
        state.gate = PublishedFigures(deps.engine, deps.clock)
    gate: PublishedFigures = state.gate
    return gate
