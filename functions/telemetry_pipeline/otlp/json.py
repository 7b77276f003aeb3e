"""OTLP/JSON, turned into the same message as binary OTLP.

OTLP's JSON is proto3's with exceptions (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"): trace and span
ids are hexadecimal, enums are integers, unknown fields are ignored, keys are lowerCamelCase. 64-bit integers come as
strings or as numbers. Only the fields that wire.proto names are converted; the rest is never read.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.otlp.errors import Undecodable

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_DEPTH = 100
"""Deepest nesting of a value: protobuf's own limit, so that both encodings can say the same."""

T = TypeVar("T")


def spans(body: bytes) -> bytes:
    """Decode an ExportTraceServiceRequest; returns it in binary form.

    Raises:
        Undecodable: It is not JSON, or not of the message's shape; the message names the field.
    """
    return _request(body, "resourceSpans", "scopeSpans", lambda scope: [_span(one) for one in _each(scope, "spans")])


def log_records(body: bytes) -> bytes:
    """Decode an ExportLogsServiceRequest, as `spans` does."""
    return _request(
        body, "resourceLogs", "scopeLogs", lambda scope: [_log_record(one) for one in _each(scope, "logRecords")]
    )


def metrics(body: bytes) -> bytes:
    """Decode as much of an ExportMetricsServiceRequest as is needed to count its data points."""
    return _request(
        body, "resourceMetrics", "scopeMetrics", lambda scope: [_metric(m) for m in _each(scope, "metrics")]
    )


def _request(body: bytes, resources: str, scopes: str, items: Callable[[dict[str, Any]], list[bytes]]) -> bytes:
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
        return _serialise(
            wire.ExportRequest(
                resources=[
                    _serialise(
                        wire.ResourceItems(
                            resource=_serialise(wire.Resource(attributes=_attributes(_object(group, "resource")))),
                            scopes=[_serialise(wire.ScopeItems(items=items(one))) for one in _each(group, scopes)],
                        )
                    )
                    for group in _each(_checked(document, dict, "the body"), resources)
                ]
            )
        )
    except RecursionError:
        raise Undecodable("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Undecodable(f"the body is not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except UnicodeDecodeError:
        raise Undecodable("the body is not UTF-8") from None
    except (ValueError, OverflowError):
        # The libraries' own messages may quote the body.
        raise Undecodable("the body is not OTLP/JSON: a value is malformed or out of range") from None


def _refuse_constant(_: str) -> float:
    raise Undecodable("the body is not JSON: NaN and Infinity are written as strings")


def _span(source: dict[str, Any]) -> bytes:
    return _serialise(
        wire.Span(
            trace_id=_hexadecimal(source, "traceId"),
            span_id=_hexadecimal(source, "spanId"),
            name=_text(source, "name"),
            start_time_unix_nano=_whole(source, "startTimeUnixNano"),
            end_time_unix_nano=_whole(source, "endTimeUnixNano"),
            attributes=_attributes(source),
        )
    )


def _log_record(source: dict[str, Any]) -> bytes:
    return _serialise(
        wire.LogRecord(
            time_unix_nano=_whole(source, "timeUnixNano"),
            observed_time_unix_nano=_whole(source, "observedTimeUnixNano"),
            event_name=_text(source, "eventName"),
            attributes=_attributes(source),
            # Fields that are not converted still tell one record from another.
            body=sha256(json.dumps(source, sort_keys=True).encode()).digest(),
        )
    )


def _metric(source: dict[str, Any]) -> bytes:
    points = {}
    for json_name, name in _METRICS.items():
        data_points = list(_each(_object(source, json_name), "dataPoints"))
        if data_points:
            points[name] = _serialise(wire.DataPoints(data_points=[b""] * len(data_points)))
    return _serialise(wire.Metric(**points))


_METRICS = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "summary": "summary",
}


def _attributes(source: dict[str, Any]) -> list[bytes]:
    return [
        _serialise(KeyValue(key=_text(pair, "key"), value=_value(_object(pair, "value"), 1)))
        for pair in _each(source, "attributes")
    ]


def _value(source: dict[str, Any], depth: int) -> AnyValue:
    if depth > _DEPTH:
        raise RecursionError
    for name, value in source.items():
        if value is not None and name in _VALUES:
            return _VALUES[name](source, name, depth)
    return AnyValue()


def _array(source: dict[str, Any], name: str, depth: int) -> AnyValue:
    values = [_value(_checked(one, dict, "values[]"), depth + 1) for one in _each(_object(source, name), "values")]
    return AnyValue(array_value=ArrayValue(values=values))


def _list_of_pairs(source: dict[str, Any], name: str, depth: int) -> AnyValue:
    pairs = [
        KeyValue(key=_text(pair, "key"), value=_value(_object(pair, "value"), depth + 1))
        for pair in _each(_object(source, name), "values")
    ]
    return AnyValue(kvlist_value=KeyValueList(values=pairs))


def _double(source: dict[str, Any], name: str, _: int) -> AnyValue:
    value = source[name]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Undecodable(f"{name}: expected a number")
    return AnyValue(double_value=float(value))


def _boolean(source: dict[str, Any], name: str, _: int) -> AnyValue:
    return AnyValue(bool_value=_checked(source[name], bool, name))


_VALUES: dict[str, Callable[[dict[str, Any], str, int], AnyValue]] = {
    "stringValue": lambda source, name, _: AnyValue(string_value=_text(source, name)),
    "boolValue": _boolean,
    "intValue": lambda source, name, _: AnyValue(int_value=_whole(source, name)),
    "doubleValue": _double,
    "arrayValue": _array,
    "kvlistValue": _list_of_pairs,
    "bytesValue": lambda source, name, _: AnyValue(bytes_value=b64decode(_text(source, name))),
}


def _serialise(message: Message) -> bytes:
    return message.SerializeToString()


def _each(source: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = source.get(name)
    if value is None:
        return []
    return [_checked(one, dict, f"{name}[]") for one in _checked(value, list, name)]


def _object(source: dict[str, Any], name: str) -> dict[str, Any]:
    value = source.get(name)
    return {} if value is None else _checked(value, dict, name)


def _text(source: dict[str, Any], name: str) -> str:
    value = source.get(name)
    if value is None:
        return ""
    text = _checked(value, str, name)
    # A lone surrogate has no UTF-8. As NUL it rejects the attribute's event, not its neighbours.
    return text if text.isascii() else _LONE_SURROGATES.sub("\0", text)


def _hexadecimal(source: dict[str, Any], name: str) -> bytes:
    text = _text(source, name)
    if not _HEX.fullmatch(text):
        raise Undecodable(f"{name}: expected hexadecimal digits")
    return bytes.fromhex(text)


def _whole(source: dict[str, Any], name: str) -> int:
    value = source.get(name)
    if value is None:
        return 0
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Undecodable(f"{name}: expected a whole number")


def _checked(value: object, kind: type[T], name: str) -> T:
    if not isinstance(value, kind):
        raise Undecodable(f"{name}: expected {_KINDS[kind]}")
    return value


_KINDS: dict[type, str] = {bool: "true or false", dict: "an object", list: "a list", str: "a string"}
