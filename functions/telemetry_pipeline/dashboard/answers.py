"""How an answer leaves: with what keeps a browser from asking anybody else, and from asking for what it has."""

import zlib
from hashlib import sha256

import flask

_SMALLEST_COMPRESSED = 1024
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors {ancestors}"
)


def answer(
    request: flask.Request,
    content: bytes,
    media_type: str,
    *,
    status: int = 200,
    cache_control: str = "private, no-cache",
    ancestors: str = "'none'",
) -> flask.Response:
    """An answer; 304 where the client has it already.

    Args:
        request: What is answered.
        content: The body, before compression.
        media_type: Its type, without a character set.
        status: The status.
        cache_control: How long it may be kept; by default it is asked for again each time, and mostly not sent.
        ancestors: Who may show it in a frame, as in CSP's frame-ancestors.
    """
    response = flask.Response(status=status, mimetype=media_type)
    response.headers.update(
        {
            "Cache-Control": cache_control,
            "Content-Security-Policy": _POLICY.format(ancestors=ancestors),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
    )
    if status == 200:
        response.set_etag(sha256(content).hexdigest()[:32])
    _fill(request, response, content)
    response.make_conditional(request)
    return response


def _fill(request: flask.Request, response: flask.Response, content: bytes) -> None:
    if len(content) >= _SMALLEST_COMPRESSED and request.accept_encodings["gzip"]:
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        content = packer.compress(content) + packer.flush()
        response.headers["Content-Encoding"] = "gzip"
        # The same page under another encoding is another representation.
        tag, _ = response.get_etag()
        if tag:
            response.set_etag(f"{tag}-gzip")
    response.set_data(content)
