"""What a member of a decision may hold, checked before the record is made.

The ledger checks everything again and refuses the whole record. Here a wrong part is left out and named in the
record's `error` instead, so that one bad session id does not cost the decision its record.
"""

from __future__ import annotations

import enum
import math
import re
from typing import Any, Final

_ID: Final = re.compile(r"[A-Za-z0-9._:/@+-]{1,200}", re.ASCII)
_STRING_BYTES_MAX: Final = 1024
_TEXT_BYTES_MAX: Final = 32 * 1024
_INTEGER_MAX: Final = 2**53 - 1
_EXPONENT_FROM: Final = 1e21
ACTIONS: Final = frozenset({"allow", "reject", "fail_retry", "cache_hit", "escalate", "bypass"})


def identifier(value: Any) -> str:
    """An identifier: ASCII letters, digits and `. _ : / @ + -`, 1 to 200. Integers and UUIDs are written out."""
    if isinstance(value, enum.Enum):
        value = value.value
    text = value if isinstance(value, str) else written(value)
    if not _ID.fullmatch(text):
        raise ValueError("not an identifier (ASCII letters, digits and . _ : / @ + -, 1 to 200)")
    return str.__str__(text)


def written(value: Any) -> str:
    """A name in text: a string as it is, an integer or a UUID written out."""
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, (bool, bytes, bytearray, float)):
        raise TypeError(f"{type(value).__qualname__} is not an identifier")
    return str(value)


def action(value: Any) -> str:
    """One of the actions of a decision, or one of your own with a dot in it."""
    text = identifier(value)
    if text not in ACTIONS and "." not in text:
        raise ValueError("not an action: " + ", ".join(sorted(ACTIONS)) + ", or one of your own with a dot")
    return text


def line(value: Any) -> str:
    """One line of 1 to 1024 bytes."""
    if isinstance(value, enum.Enum):
        value = value.value
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__qualname__} is not a string")
    if "\n" in value or "\r" in value or not 1 <= len(value.encode()) <= _STRING_BYTES_MAX:
        raise ValueError(f"not one line of 1 to {_STRING_BYTES_MAX} bytes")
    return str.__str__(value)


def text(value: Any) -> str:
    """Words, at most 32 KiB of them."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__qualname__} is not a string")
    if not 1 <= len(value.encode()) <= _TEXT_BYTES_MAX:
        raise ValueError(f"not a text of 1 to {_TEXT_BYTES_MAX} bytes")
    return str.__str__(value)


def number(value: Any) -> float:
    """The double that stands in the record; a single-precision value is widened.

    Raises `ValueError` for NaN, infinities and integers that the log cannot hold, `TypeError` for what is no number.
    """
    kind = type(value)
    if isinstance(value, (str, bytes, bytearray)) or not (hasattr(kind, "__float__") or hasattr(kind, "__index__")):
        raise TypeError(f"{kind.__qualname__} is no number")
    try:
        double = float(value)
    except OverflowError:
        raise ValueError("beyond the range of a double") from None
    if not math.isfinite(double):
        raise ValueError("nan" if math.isnan(double) else "infinite")
    if _INTEGER_MAX < abs(double) < _EXPONENT_FROM:
        raise ValueError("an integer beyond 2^53 - 1")
    return double


def error_name(error: BaseException) -> str:
    """The type of an error. Never its message, which may hold personal data."""
    kind = type(error)
    name = kind.__qualname__
    return name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}"
