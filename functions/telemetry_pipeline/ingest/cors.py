"""Cross-origin requests: any site may report its own use.

Nothing secret is ever answered and no cookie is read, so an origin is allowed by its own name, with credentials:
`navigator.sendBeacon`, which web exporters use when a page is left, always sends in that mode and can't be answered
with a wildcard (Fetch standard, "CORS protocol and credentials").
"""

_PREFLIGHT_SECONDS = 86_400


def headers(origin: str | None) -> dict[str, str]:
    """Headers of every answer; `origin` is the request's Origin header."""
    if not origin:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }


def preflight(requested: str | None) -> dict[str, str]:
    """Further headers of the answer to a preflight request: POST is allowed, with whatever headers it asks for.

    `requested` is the request's Access-Control-Request-Headers header.
    """
    return {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": requested or "Content-Type",
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }
