"""Pure decisions: no framework, no clock, no database. Time is an argument."""
