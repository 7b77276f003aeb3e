"""How events leave: spans, a bounded buffer, a thread in the background, the exporter over a bounded network.

OpenTelemetry is imported here and nowhere else; an app in which telemetry is off never loads this.
"""

from rhesis_telemetry.sending.assembly import Sending, preview, readable

__all__ = ["Sending", "preview", "readable"]
