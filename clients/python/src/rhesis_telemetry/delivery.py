"""What became of a request that a person made."""

from enum import Enum


class Delivery(Enum):
    """Whether a request for erasure has arrived."""

    DELIVERED = "delivered"
    """The server has it."""

    WAITING = "waiting"
    """The server can't be reached now; it is tried again for as long as this process lives."""

    IMPOSSIBLE = "impossible"
    """Telemetry is off here, too many requests wait, or the server refused it; nothing will be sent."""
