"""Where events come from: importers of tables and files, and the reporting centres' kit."""
