"""The ledger: one transactional SQL store, SQLite when embedded, PostgreSQL in production."""
