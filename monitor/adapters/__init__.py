"""The outside world: one outside library, one module."""
