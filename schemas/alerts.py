"""What alerting says: what became of an alert. No free text and no evidence, so any reader of the log may have it."""

from enum import StrEnum

import msgspec


class AlertState(StrEnum):
    """Where an alert is in its life. Only a person takes it beyond open, and only new evidence takes it back."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    STOOD_DOWN = "stood-down"
    CLOSED = "closed"


class AlertEvent(StrEnum):
    """What happened to an alert."""

    OPENED = "alert.opened"
    UPDATED = "alert.updated"
    OVERDUE = "alert.overdue"
    ACKNOWLEDGED = "alert.acknowledged"
    STOOD_DOWN = "alert.stood_down"
    CLOSED = "alert.closed"


class AlertTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened to one alert, and how the alert stands after it.

    `update` is the number of the alert's last update; `at_us` is when it happened, in microseconds since 1970 in UTC.
    `actor` and `agency` are codes, empty where nobody acted; `outcome` is given when an alert is closed.
    """

    event: AlertEvent
    alert: str
    partnership: int
    at_us: int
    alert_class: str
    severity: str
    layer: str
    area_code: str
    strand_group: str
    state: AlertState
    update: int
    actor: str = ""
    agency: str = ""
    outcome: str = ""
    marking: str = "actual"


_decoder = msgspec.json.Decoder(AlertTold)
_encoder = msgspec.json.Encoder()


def encode_told(told: AlertTold) -> bytes:
    """Return the body of one `alerts` row."""
    return _encoder.encode(told)


def decode_told(body: bytes) -> AlertTold:
    """Read the body of an `alerts` row. Raises msgspec.DecodeError."""
    return _decoder.decode(body)
