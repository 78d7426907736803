"""Wire contracts: what an event may say, how it is written, which topics carry it. No input or output, no clock."""
