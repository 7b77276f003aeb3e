"""Fixtures that every test may use."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["postgres", "edge", "stack", "warehouse", "installed", "browsers"]

settings.register_profile(
    "thorough",
    max_examples=1000,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
