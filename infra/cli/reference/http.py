"""api.md: every call of the HTTP interface, from the OpenAPI description that is served."""

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from fastapi import FastAPI

from api.app import create_app
from api.callers import IMPLIED_BY_ADMIN, Scope
from api.deps import Deps, Limits
from api.problems import MEDIA_TYPE, TITLES
from infra.cli.reference import markdown
from infra.cli.reference.schemas_in_words import named_within, without_null, words

Json = dict[str, Any]
ABOUT = f"""
Every call of the HTTP interface. The same is served to programs as OpenAPI at `/openapi.json`. How to begin is told
in [How to call the API](../how-to/call-the-api.md).

Send `Authorization: Bearer KEY` with a key that `bellwether keys create` has printed. Without a valid key every
call that is not public answers 401, before anything else is looked at, and 403 with a key that has none of the
scopes that the call needs. A key belongs to one partnership, and all that it gives or takes is of that partnership.
`{Scope.ADMIN}` implies all scopes but `{Scope.COUNTS_EXACT}`, and may hand in events of any source.

Whatever cannot be done is answered with a problem of the type `{MEDIA_TYPE}`, as RFC 9457 has it: `status`,
`title`, a `code` for programs, a `detail` that says what to do and, where something in the input is wrong,
`errors`, each with the `path` to it, a `code` and a `detail`. No answer repeats a value that was sent. All codes
are on the page of [problems](problems.md).
"""


def page() -> str:
    """Return the page."""
    return markdown.page("HTTP interface", ABOUT, _sections(described_app().openapi()))


def described_app() -> FastAPI:
    """Return the app without a store or anything else behind it: it can describe itself, and answer nothing."""
    needed = (each.name for each in fields(Deps) if each.default is MISSING and each.default_factory is MISSING)
    nothing: dict[str, Any] = dict.fromkeys(needed)
    return create_app(Deps(**nothing))


def _sections(contract: Json) -> Iterator[str]:
    yield from _general()
    for path, calls in contract["paths"].items():
        for method, call in calls.items():
            yield markdown.heading(f"{method.upper()} {path}")
            yield from _call(call)
    yield markdown.heading("Parts of bodies")
    for name, schema in sorted(_parts(contract).items()):
        yield markdown.heading(name, 3)
        yield from _part(schema)


def _general() -> Iterator[str]:
    limits = Limits()
    yield markdown.heading("Limits")
    yield markdown.bullets(
        (
            f"A body has at most {limits.body_bytes:,} bytes and must arrive within {limits.body_seconds:.0f} seconds.",
            f"One event has at most {limits.event_bytes:,} bytes; a batch at most {limits.batch_events:,} events.",
            f"A page of a list has at most {limits.page_rows:,} rows.",
            f"A key may make {limits.requests_a_minute:,} requests a minute; an address without a valid key "
            f"{limits.refused_a_minute:,}. After that calls answer 429, with `Retry-After`.",
            f"An answer that takes more than {limits.answer_seconds:.0f} seconds is given up with 503.",
        )
    )
    yield markdown.heading("Problems by status")
    yield markdown.bullets(f"{status}: {title}." for status, title in sorted(TITLES.items()))


def _call(call: Json) -> Iterator[str]:
    yield markdown.paragraphs(call.get("description") or call["summary"])
    yield markdown.paragraph(_who_may(call))
    if parameters := call.get("parameters"):
        yield "Parameters:"
        yield markdown.bullets(_parameter(each) for each in parameters)
    if body := call.get("requestBody"):
        yield "Body:"
        yield markdown.bullets(_content(body["content"]))
        yield from _examples(body["content"])
    yield "Answers:"
    answers = {status: each for status, each in call["responses"].items() if not _is_problem(each)}
    problems = ", ".join(status for status in call["responses"] if status not in answers)
    told = [_answer(status, answer) for status, answer in answers.items()]
    yield markdown.bullets([*told, f"Problems: {problems}."] if problems else told)
    for answer in answers.values():
        yield from _examples(answer.get("content", {}))


def _who_may(call: Json) -> str:
    if not call.get("security"):
        return "Public: it needs no key."
    scopes = [scope for requirement in call["security"] for scopes in requirement.values() for scope in scopes]
    if not scopes:
        return "It needs a key, whatever its scopes."
    if IMPLIED_BY_ADMIN.intersection(scopes) and Scope.ADMIN not in scopes:
        scopes.append(Scope.ADMIN)
    return f"It needs a key with the scope {' or '.join(f'`{scope}`' for scope in scopes)}."


def _parameter(parameter: Json) -> str:
    need = ", required" if parameter.get("required") else ""
    place = {"path": "the address", "query": "the query", "header": "a header"}[parameter["in"]]
    schema = parameter["schema"]
    default = f"; `{schema['default']}` unless said" if schema.get("default") else ""
    said = parameter.get("description", "")
    kind = f"{words(without_null(schema))}{_such_as({**schema, **parameter})}"
    return f"`{parameter['name']}` in {place}{need}: {kind}{default}. {markdown.sentence(said)}"


def _answer(status: str, answer: Json) -> str:
    described = answer["description"]
    headers = ", ".join(f"`{name}`" for name in answer.get("headers", {}))
    bodies = " ".join(_content(answer.get("content", {})))
    if described == "Successful Response":
        described = "" if bodies else "What was asked for."
    said = f" {markdown.sentence(described)}" if described else ""
    return f"{status}.{said} {bodies}{f' Headers: {headers}.' if headers else ''}"


def _content(content: Json) -> Iterator[str]:
    for media_type, body in content.items():
        kind = words(body["schema"]) if body.get("schema") else "as its name says"
        yield f"`{media_type}`: {kind}{'; see [events](events.md)' if 'cloudevents' in media_type else ''}."


def _examples(content: Json) -> Iterator[str]:
    for media_type, body in content.items():
        for name, example in _examples_of(body):
            yield f"For example, {name}:" if name else f"For example, in `{media_type}`:"
            yield markdown.literal(example) if isinstance(example, str) else markdown.json_example(example)


def _examples_of(body: Json) -> Iterator[tuple[str, Any]]:
    if "example" in body:
        yield "", body["example"]
    for each in body.get("examples", {}).values():
        yield each.get("summary", ""), each["value"]


def _is_problem(answer: Json) -> bool:
    return MEDIA_TYPE in answer.get("content", {})


def _parts(contract: Json) -> dict[str, Json]:
    """Return the parts that answers and bodies name, and those that these name."""
    there = contract.get("components", {}).get("schemas", {})
    waiting, found = [*named_within(contract["paths"])], {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = there[name]
            waiting.extend(named_within(there[name]))
    return found


def _part(schema: Json) -> Iterator[str]:
    if "description" in schema:
        yield markdown.paragraphs(schema["description"])
    if schema.get("properties"):
        required = schema.get("required", ())
        yield markdown.bullets(_member(name, each, name in required) for name, each in schema["properties"].items())
    elif "properties" not in schema:
        yield markdown.paragraph(markdown.sentence(_capital(words(schema))))
    for example in schema.get("examples", ()):
        yield "For example:"
        yield markdown.json_example(example)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _member(name: str, schema: Json, required: bool) -> str:
    need = "" if required else " (may be left out)"
    said = schema.get("description", "")
    return f"`{name}`{need}: {words(schema)}{_such_as(schema)}. {markdown.sentence(said)}"


def _such_as(schema: Json) -> str:
    """Return the first example of a single value; what has parts is shown whole elsewhere."""
    plain = [each for each in schema.get("examples", ()) if isinstance(each, str | int)]
    return f", such as `{plain[0]}`" if plain else ""
