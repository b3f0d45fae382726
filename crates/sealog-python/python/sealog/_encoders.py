"""What values that JSON lacks are made of (`docs/formats/values.md`).

The extension module calls `describe` for every value whose type is not exactly one of JSON's or `bytes`, and writes
what it says. Numpy, torch, pandas, attrs and pydantic are looked up among the loaded modules and never imported.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import os
import sys
import uuid
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

Description = tuple[Any, ...]
_UNENCODABLE: Final[Description] = ("unencodable",)

_registered: dict[type, Callable[[Any], Any]] = {}

#: Element types of arrays: what numpy or torch call them is what the format does.
_ELEMENTS: Final = frozenset(
    ["bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))]
    + ["float16", "bfloat16", "float32", "float64", "complex32", "complex64", "complex128"]
    + ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz"]
)
_TIME_UNITS: Final = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")


def register_encoder(kind: type[T], function: Callable[[T], Any]) -> None:
    """Sets how values of a type, and of its subclasses, are encoded for commitments.

    The function gets the value and returns one that has an encoding: a dictionary, a tuple, bytes. It goes before
    every built-in rule. It must give the same for equal values and must not change the value.
    """
    if not isinstance(kind, type):
        raise TypeError("register_encoder takes a type and a function")
    if not callable(function):
        raise TypeError("the encoder of a type is a function")
    if kind in _EXACT:
        raise ValueError(f"{kind.__qualname__} has its encoding already")
    _registered[kind] = function


def describe(value: Any) -> Description:
    """A tag of the format and what stands under it. Never raises but for what ends the process."""
    try:
        return _describe(value)
    except Exception:
        # The user's encoder, or a field of an object, failed. The name of its type is all that is sure.
        return _UNENCODABLE


def _describe(value: Any) -> Description:
    kind = type(value)
    if _registered:
        for base in kind.__mro__:
            function = _registered.get(base)
            if function is not None:
                return ("custom", kind.__qualname__, function(value))
    rule = _RULES.get(kind)
    if rule is not None:
        return rule(value)
    if isinstance(value, enum.Enum):
        return ("enum", kind.__qualname__, value.value)
    described = _library(value, kind)
    if described is not None:
        return described
    fields = _fields(value, kind)
    if fields is not None:
        return ("object", kind.__qualname__, fields)
    for base in kind.__mro__[1:]:
        rule = _RULES.get(base)
        if rule is not None:
            return rule(value)
    if isinstance(value, os.PathLike):
        return _path(value)
    return _UNENCODABLE


# Python's own types.


def _datetime(value: datetime.datetime) -> Description:
    return ("datetime", value.isoformat())


def _duration(value: datetime.timedelta) -> Description:
    return ("duration", value.days * 86_400 + value.seconds, value.microseconds * 1000)


def _memory(value: memoryview) -> Description:
    return ("plain", value.tobytes()) if value.c_contiguous else _UNENCODABLE


def _path(value: Any) -> Description:
    path = os.fspath(value)
    return ("path", path if isinstance(path, str) else os.fsdecode(path))


_RULES: Final[dict[type, Callable[[Any], Description]]] = {
    tuple: lambda value: ("tuple", list(value)),
    set: lambda value: ("set", list(value)),
    frozenset: lambda value: ("set", list(value)),
    bytearray: lambda value: ("plain", bytes(value)),
    memoryview: _memory,
    complex: lambda value: ("complex", value.real, value.imag),
    datetime.datetime: _datetime,
    datetime.date: lambda value: ("date", value.isoformat()),
    datetime.time: lambda value: ("time", value.isoformat()),
    datetime.timedelta: _duration,
    decimal.Decimal: lambda value: ("decimal", str(value)),
    uuid.UUID: lambda value: ("uuid", str(value)),
    # Subclasses of JSON's types without a rule of their own are what they are built on.
    str: lambda value: ("str", str.__str__(value)),
    int: lambda value: ("plain", int.__int__(value)),
    float: lambda value: ("plain", float.__float__(value)),
    bytes: lambda value: ("plain", bytes(value)),
    list: lambda value: ("plain", list.copy(value)),
    dict: lambda value: ("plain", dict(value)),
}

_EXACT: Final = frozenset((str, int, float, bool, bytes, list, dict, type(None)))


def _fields(value: Any, kind: type) -> dict[str, Any] | None:
    """The named fields of a dataclass, an attrs class, a pydantic model or a named tuple."""
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
    attributes = getattr(kind, "__attrs_attrs__", None)
    if attributes is not None:
        return {attribute.name: getattr(value, attribute.name) for attribute in attributes}
    models = getattr(kind, "__pydantic_fields__", None)
    if isinstance(models, dict):
        fields = {name: getattr(value, name) for name in models}
        extra = getattr(value, "__pydantic_extra__", None)
        if isinstance(extra, dict):
            fields.update(extra)
        return fields
    names = getattr(kind, "_fields", None)
    if isinstance(value, tuple) and isinstance(names, tuple) and len(names) == len(value):
        return dict(zip(names, value))
    return None


# Libraries, if they are loaded.


def _library(value: Any, kind: type) -> Description | None:
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        described = _pandas(pandas, value)
        if described is not None:
            return described
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if isinstance(value, numpy.ndarray):
            return _array(numpy, value)
        if isinstance(value, numpy.generic):
            return _scalar(numpy, value)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, getattr(torch, "Tensor", ())):
        return _tensor(torch, value)
    return None


def _scalar(numpy: Any, value: Any) -> Description:
    if isinstance(value, (numpy.datetime64, numpy.timedelta64)):
        return _array(numpy, numpy.asarray(value))
    if isinstance(value, numpy.longdouble):  # On some machines wider than a double: not to be narrowed.
        return _UNENCODABLE
    item = value.item()
    if type(item) is complex:
        return ("complex", item.real, item.imag)
    return ("plain", item) if type(item) in _EXACT else _UNENCODABLE


def _array(numpy: Any, array: Any) -> Description:
    masked = sys.modules.get("numpy.ma")
    if masked is not None and isinstance(array, masked.MaskedArray):
        return _UNENCODABLE
    dtype, shape = array.dtype, list(array.shape)
    if dtype.kind in "OUST" and dtype.names is None:
        name = {"O": "object", "S": "bytes"}.get(dtype.kind, "str")
        return ("items", name, shape, array.ravel(order="C").tolist())
    name = dtype.newbyteorder("=").name if dtype.kind in "biufcmM" else dtype.name
    if not _is_element(name):
        return _UNENCODABLE
    little = array.astype(dtype.newbyteorder("<"), copy=False) if dtype.kind in "iufcmM" else array
    return ("array", name, shape, little.tobytes(order="C"))


def _is_element(name: str) -> bool:
    for prefix in ("datetime64[", "timedelta64["):
        if name.startswith(prefix):
            return name[len(prefix) : -1] in _TIME_UNITS
    return name in _ELEMENTS


def _tensor(torch: Any, tensor: Any) -> Description:
    name = str(tensor.dtype).rpartition(".")[2]
    if name not in _ELEMENTS or getattr(tensor, "is_sparse", False) or sys.byteorder != "little":
        return _UNENCODABLE
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    data = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    return ("array", name, [int(extent) for extent in tensor.shape], data)


def _pandas(pandas: Any, value: Any) -> Description | None:
    if isinstance(value, pandas.DataFrame):
        table = [_plain_column(pandas, value.index)]
        for position, name in enumerate(value.columns.tolist()):
            table += [name, _plain_column(pandas, value.iloc[:, position])]
        return ("table", table)
    if isinstance(value, pandas.Series):
        return ("series", [value.name, _plain_column(pandas, value.index), _plain_column(pandas, value)])
    if isinstance(value, pandas.Index):
        return _column(pandas, value)
    if value is pandas.NaT or value is pandas.NA:
        return ("plain", None)
    if isinstance(value, pandas.Timestamp):
        return _datetime(value)
    if isinstance(value, pandas.Timedelta):
        nanoseconds = value.as_unit("ns").value
        return ("duration", nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000)
    return None


class _Column:
    """A column under way to its description, so that the walk meets it as a value of its own."""

    __slots__ = ("description",)

    def __init__(self, description: Description) -> None:
        self.description = description


_RULES[_Column] = lambda value: value.description


def _plain_column(pandas: Any, column: Any) -> _Column:
    return _Column(_column(pandas, column))


def _column(pandas: Any, column: Any) -> Description:
    """Index or values of a frame: an array where the type is numpy's, else items with null for what is missing."""
    numpy = sys.modules["numpy"]
    if isinstance(column.dtype, numpy.dtype) and column.dtype.kind in "biufcmM":
        return _array(numpy, column.to_numpy())
    if isinstance(column, pandas.MultiIndex):
        items: list[Any] = [tuple(_present(pandas, part) for part in label) for label in column.tolist()]
    else:
        items = [_present(pandas, item) for item in column.tolist()]
    return ("items", str(column.dtype), [len(items)], items)


def _present(pandas: Any, item: Any) -> Any:
    """The item, or None where it stands for a missing value."""
    if item is None or item is pandas.NaT or item is pandas.NA:
        return None
    return None if isinstance(item, float) and item != item else item
