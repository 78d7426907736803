"""Alerting: the life cycle of an alert, and telling the people who must answer it."""
