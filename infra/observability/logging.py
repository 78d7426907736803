"""Log lines: JSON on stderr, one event a line, with identifiers and never what a report says."""

import logging
import sys

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logging(level: str) -> None:
    """Send log lines of a level and above to stderr."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=_to_stderr,
    )


def _to_stderr(*_names: object) -> structlog.PrintLogger:
    """Write to what standard error is when a line is written; what it was at the start may be closed by then."""
    return structlog.PrintLogger(sys.stderr)
