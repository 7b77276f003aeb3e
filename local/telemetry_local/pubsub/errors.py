"""What the broker refuses, and why it may not start.

Exception
├── Refused           a request, answered by its gRPC status; nothing has changed
│   ├── NotFound
│   ├── AlreadyExists
│   ├── Invalid       the request breaks a rule of the API
│   └── Unsupported   Pub/Sub would take it, this broker would only pretend to
└── CannotStart       its message is for the person who started it
"""

import grpc


class Refused(Exception):
    """A request that changes nothing; the text tells the caller what to do instead."""

    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN


class NotFound(Refused):
    """The topic or subscription doesn't exist."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(Refused):
    """The name is taken."""

    code = grpc.StatusCode.ALREADY_EXISTS


class Invalid(Refused):
    """The request breaks a rule of the API, and would in the cloud."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class Unsupported(Refused):
    """A setting that changes what is delivered and that this broker doesn't implement."""

    code = grpc.StatusCode.UNIMPLEMENTED


class CannotStart(Exception):
    """The port or the database can't be had."""
