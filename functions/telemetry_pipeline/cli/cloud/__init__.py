"""`telemetry doctor --cloud`: is a deployment on Google Cloud as terraform/ makes it, and is it well?

It asks Google's REST interfaces from the operator's machine, with the operator's own identity, and changes nothing.
"""

from telemetry_pipeline.cli.cloud.examination import examine

__all__ = ["examine"]
