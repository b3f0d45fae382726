"""The plain forms of values that JSON lacks and whose JSON form is not in doubt.

Called from the extension module for a value that is not exactly one of JSON's types. Numpy is looked up among the
loaded modules and never imported.
"""

from __future__ import annotations

import datetime
import enum
import os
import sys
import uuid
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """The value as one of JSON's types; a mapping is given back as it is.

    Raises `TypeError` for everything else.
    """
    if isinstance(value, enum.Enum):
        return value.value
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        item = value.item()
        if type(item) in (bool, int, float, str):
            return item
        raise TypeError(type(value).__qualname__)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, datetime.datetime):
        return time_text(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        if isinstance(path, str):
            return path
        raise TypeError(type(value).__qualname__)
    if isinstance(value, list):
        return list(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return value
    raise TypeError(type(value).__qualname__)


def time_text(moment: datetime.datetime) -> str:
    """An aware datetime as RFC 3339 in UTC with a Z; a naive one raises `TypeError`."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise TypeError("a datetime without a time zone")
    return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat("T", "microseconds") + "Z"
