"""A serialised attribute → the field of the row it becomes, checked against the contract once more.

`ingest` has checked, scrubbed and pseudonymised everything. That is looked at again here because it is cheap, and since
what is stored can't be taken back.
"""

import json
import math
import re
from enum import IntEnum
from typing import NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry_pipeline import contract
from telemetry_pipeline.rows.columns import METADATA
from telemetry_pipeline.rows.form import Form

_ATTRIBUTES = {attribute.name: attribute for attribute in contract.ATTRIBUTES}
_DIGITS = re.compile(r"[0-9a-f]{32}")
_METADATA_KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}|_OTHER")  # the latter stands for keys beyond the cap
_KINDS = {"string": "string_value", "int": "int_value", "double": "double_value", "boolean": "bool_value"}


class Part(IntEnum):
    """What an attribute is of a row."""

    COLUMN = 0
    METADATA = 1
    NOTHING = 2
    FAULT = 3


class Cell(NamedTuple):
    """An attribute, ready for a row.

    Of a column: `name` is the column and `content` its field in the form. Of metadata: the key, and the member as JSON
    text, in UTF-8. Of a fault: the contract's name of the attribute, and the reason.
    """

    part: Part
    name: str
    content: bytes


class _FaultError(Exception):
    """The attribute breaks the contract; the text is the reason."""


class Cells(dict[bytes, Cell]):
    """Serialised attribute → its cell; a message repeats most of its attributes, and each is decoded once."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def __missing__(self, raw: bytes) -> Cell:
        cell = self[raw] = _cell(raw, self._form)
        return cell


def _cell(raw: bytes, form: Form) -> Cell:
    try:
        pair = KeyValue.FromString(raw)
    except DecodeError:
        return Cell(Part.FAULT, "", b"malformed")
    attribute = _ATTRIBUTES.get(pair.key)
    try:
        if attribute:
            return _named(attribute, pair.value, form)
        if pair.key.startswith(contract.METADATA_PREFIX):
            return _metadata(pair.key.removeprefix(contract.METADATA_PREFIX), pair.value)
    except _FaultError as fault:
        return Cell(Part.FAULT, attribute.name if attribute else METADATA, str(fault).encode())
    return Cell(Part.FAULT, "", b"not_in_contract")


def _named(attribute: contract.Attribute, value: AnyValue, form: Form) -> Cell:
    kind = _KINDS[attribute.type]
    if value.WhichOneof("value") != kind:
        raise _FaultError("wrong_type")
    scalar = getattr(value, kind)
    if isinstance(scalar, str):
        _check_text(attribute, scalar)
    elif attribute.treatment == "number" and not attribute.range[0] <= scalar <= attribute.range[1]:
        raise _FaultError("out_of_range")
    if not attribute.column:
        return Cell(Part.NOTHING, attribute.name, b"")
    return Cell(Part.COLUMN, attribute.column, _field(attribute.column, scalar, form))


def _field(column: str, scalar: str | float, form: Form) -> bytes:
    match scalar:
        case str():
            return form.text(column, scalar)
        case int():
            return form.integer(column, scalar)
    return form.double(column, scalar)


def _check_text(attribute: contract.Attribute, value: str) -> None:
    if not value:
        raise _FaultError("empty")
    if attribute.limit and len(value) > attribute.limit:
        raise _FaultError("text_too_long")
    if "\0" in value:
        raise _FaultError("nul_character")
    if attribute.treatment == "closed" and value not in attribute.members.values():
        raise _FaultError("unknown_value")
    if attribute.treatment in {"pseudonym", "digest"} and not _DIGITS.fullmatch(value):
        raise _FaultError(f"not_a_{attribute.treatment}")


def _metadata(key: str, value: AnyValue) -> Cell:
    if not _METADATA_KEY.fullmatch(key):
        raise _FaultError("unsafe_key")
    kind = str(value.WhichOneof("value"))
    if kind not in _KINDS.values():
        raise _FaultError("wrong_type")
    scalar = getattr(value, kind)
    if isinstance(scalar, str):
        if len(scalar) > contract.METADATA_CHARACTERS:
            raise _FaultError("text_too_long")
        if "\0" in scalar:
            raise _FaultError("nul_character")
    elif isinstance(scalar, float) and not math.isfinite(scalar):
        raise _FaultError("not_a_number")
    member = f"{json.dumps(key)}:{json.dumps(scalar, ensure_ascii=False)}"
    return Cell(Part.METADATA, key, member.encode())
