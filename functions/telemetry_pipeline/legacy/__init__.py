"""The former system's tables, and how their events are brought in."""
