"""The vault: persons and free text, each case under a key of its own, and the only code that ever opens them."""
