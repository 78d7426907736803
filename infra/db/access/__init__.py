"""Who may do what: keys, users, sessions, the look-up of a caller, and the audit."""


class AccessError(Exception):
    """A key or user that is not there, is there already, or cannot be changed so; says what can be done."""
