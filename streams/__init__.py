"""Stream processing: pure decisions in core, thin stages, one runner, and the hosts that drive it."""
