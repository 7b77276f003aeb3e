"""Fixtures that every test may use."""

pytest_plugins = ["postgres", "edge", "stack", "warehouse", "installed", "browsers"]
