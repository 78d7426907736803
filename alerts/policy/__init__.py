"""Alerting decided purely: which alert a trigger belongs to, what becomes of it, how long it may wait, what is said."""
