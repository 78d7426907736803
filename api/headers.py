"""Headers that every answer carries, unless its route has set its own: nothing is framed, guessed or kept."""

from starlette.datastructures import MutableHeaders

DEFAULTS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def protect(headers: MutableHeaders) -> None:
    """Add what an answer's headers lack."""
    for name, value in DEFAULTS.items():
        headers.setdefault(name, value)
