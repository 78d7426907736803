"""What operators see: log lines as JSON and a closed set of metrics. Identifiers only, never content."""
