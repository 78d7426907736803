"""Everything with an effect: settings, clock, database, observability, and the command line that composes it."""
