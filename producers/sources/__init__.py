"""Readers of files: each turns one format into CloudEvents, line by line. Nothing is read but the stream given."""
