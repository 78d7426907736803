"""What tests share: ledgers on real databases, a clock that stands still, and events to hand in."""
