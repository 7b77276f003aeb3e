"""Where apps are: middlewares that track endpoints by their route's template, storage of consent, a router.

Each module imports its framework itself; nothing else does.
"""

import logging
import sys

_logger = logging.getLogger("rhesis_telemetry")


def attach(app: object) -> None:
    """Track the endpoints of a FastAPI, Starlette or Flask app; another kind of app is left alone, with a warning."""
    # Whose app it is tells which framework is there to be imported.
    if "flask" in sys.modules and isinstance(app, sys.modules["flask"].Flask):
        from rhesis_telemetry.frameworks.flask import track_endpoints

        track_endpoints(app)
    elif hasattr(app, "add_middleware"):
        from rhesis_telemetry.frameworks.starlette import TelemetryMiddleware

        try:
            app.add_middleware(TelemetryMiddleware)
        except RuntimeError:
            _logger.warning("endpoints are not tracked: call initialize_telemetry(app) before the app is started")
    else:
        _logger.warning("endpoints are not tracked: %s is no FastAPI, Starlette or Flask app", type(app).__name__)
