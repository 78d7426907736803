"""The stages: (batch, unit of work) -> emits. Thin: they call core, and know of no host and no database."""
