"""The routes under /v1 and beside it, a file for each kind of thing."""
