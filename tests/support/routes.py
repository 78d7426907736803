"""All routes of an app, however they were added, and who may call each as the interface has it."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from api.callers import WRITES, Scope

WRITES_SOURCE = f"{WRITES}SOURCE"
HANDS_IN = frozenset({WRITES_SOURCE, Scope.ADMIN})
COUNTS = frozenset({Scope.COUNTS_READ, Scope.COUNTS_EXACT, Scope.ADMIN})
ALERTS = frozenset({Scope.ALERTS_READ, Scope.ADMIN})
ACTS = frozenset({Scope.ALERTS_ACT, Scope.ADMIN})
ADMIN = frozenset({Scope.ADMIN})
PUBLIC: frozenset[str] = frozenset()


class Call(NamedTuple):
    """A method and the path that a route is written with."""

    method: str
    path: str


MAY_CALL: dict[Call, frozenset[str]] = {
    Call("POST", "/v1/events"): HANDS_IN,
    Call("GET", "/v1/events/{source}/{id}/receipt"): HANDS_IN,
    Call("GET", "/v1/layers"): COUNTS,
    Call("GET", "/v1/areas"): COUNTS,
    Call("GET", "/v1/counts"): COUNTS,
    Call("GET", "/v1/tension"): COUNTS,
    Call("GET", "/v1/alerts"): ALERTS,
    Call("GET", "/v1/alerts/{id}"): ALERTS,
    Call("POST", "/v1/alerts/{id}/acknowledge"): ACTS,
    Call("POST", "/v1/alerts/{id}/stand-down"): ACTS,
    Call("POST", "/v1/alerts/{id}/close"): ACTS,
    Call("GET", "/v1/ledger"): ADMIN,
    Call("GET", "/v1/rules"): ADMIN,
    Call("GET", "/v1/centres"): ADMIN,
    Call("GET", "/metrics"): ADMIN,
    Call("GET", "/healthz"): PUBLIC,
    Call("GET", "/readyz"): PUBLIC,
    Call("GET", "/openapi.json"): PUBLIC,
}
"""Section 3 of the interface, written out by hand: a scope opens its calls, and admin all but exact figures."""


def calls_of(app: FastAPI) -> dict[Call, frozenset[str]]:
    """Return every call that an app answers, and the scopes that its route says may do it, admin implied; none: public.

    HEAD stands for itself only where GET does not.
    """
    found = {}
    for context in iter_route_contexts(app.routes):
        methods, path = context.methods, context.path_format
        assert methods, path
        assert path is not None
        dependant: Dependant | None = getattr(context, "dependant", None)
        scopes = frozenset(_scopes(dependant)) if dependant is not None else PUBLIC
        for method in methods - ({"HEAD"} if "GET" in methods else set()):
            found[Call(method, path)] = scopes | {Scope.ADMIN} if scopes else PUBLIC
    return found


def _scopes(dependant: Dependant) -> Iterator[str]:
    yield from dependant.own_oauth_scopes or ()
    for each in dependant.dependencies:
        yield from _scopes(each)
