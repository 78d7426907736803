"""What drives the runner: the embedded host over the log, later Faust over Kafka."""
