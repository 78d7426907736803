"""Every route says who may call it: by depending on one of these, which come before anything else is looked at."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from api.callers import WRITES, Caller, Scope
from api.deps import Deps
from api.problems import ProblemError

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="bellwether"'}
_scheme = HTTPBearer(auto_error=False, description="A key from `bellwether keys create`.")


def deps_of(request: Request) -> Deps:
    """Return what the app was made with."""
    deps: Deps = request.app.state.deps
    return deps


async def _deps(request: Request) -> Deps:  # async, as all dependencies here: others cost a thread each
    return deps_of(request)


DepsOf = Annotated[Deps, Depends(_deps)]


def key_of(request: Request) -> str:
    """Return the key that a request came with; empty if none."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


async def identify(request: Request) -> Caller:
    """Return who calls, looked up once a request. Raises ProblemError 401."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    key = key_of(request)
    caller = await run_in_threadpool(deps_of(request).access.caller, key) if key else None
    if caller is None:
        raise ProblemError(401, "no-valid-key", "send Authorization: Bearer KEY with a key in force", headers=CHALLENGE)
    request.state.caller = caller
    return caller


async def authenticated(request: Request, _documented: Annotated[object, Depends(_scheme)]) -> Caller:
    """Return who calls. Raises ProblemError 401."""
    return await identify(request)


AnyCaller = Annotated[Caller, Depends(authenticated)]


def needs(*scopes: Scope) -> Callable[[Caller], Awaitable[Caller]]:
    """Return a dependency that lets in whoever has one of some scopes. It raises ProblemError 403."""

    async def allowed(caller: Annotated[Caller, Security(authenticated, scopes=scopes)]) -> Caller:
        if not caller.may_any(scopes):
            wanted = " or ".join(scopes)
            raise ProblemError(403, "wrong-scope", f"this needs a key with the scope {wanted}")
        return caller

    return allowed


async def hands_in(
    caller: Annotated[Caller, Security(authenticated, scopes=(f"{WRITES}SOURCE", Scope.ADMIN))],
) -> Caller:
    """Return who calls if they may hand in events of any source. Raises ProblemError 403."""
    if not caller.sources and not caller.may(Scope.ADMIN):
        raise ProblemError(403, "wrong-scope", f"this needs a key with a scope {WRITES}SOURCE, or admin")
    return caller


EventsSender = Annotated[Caller, Depends(hands_in)]
CountsReader = Annotated[Caller, Depends(needs(Scope.COUNTS_READ, Scope.COUNTS_EXACT))]
AlertsReader = Annotated[Caller, Depends(needs(Scope.ALERTS_READ))]
AlertsActor = Annotated[Caller, Depends(needs(Scope.ALERTS_ACT))]
Administrator = Annotated[Caller, Depends(needs(Scope.ADMIN))]
