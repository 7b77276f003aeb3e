"""A Pub/Sub that acknowledges at once and keeps nothing: `python -m bench.sink PORT`.

In the cloud Pub/Sub's work is done elsewhere; here it would take the cores that are to be measured.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.pubsub_v1.types import PublishResponse


def serve(port: int) -> None:
    """Answer Publish calls until the process is ended."""
    publish = grpc.unary_unary_rpc_method_handler(
        lambda _, __: PublishResponse.pb()(message_ids=["1"]),
        request_deserializer=bytes,
        response_serializer=PublishResponse.pb().SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", {"Publish": publish})]
    )
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
