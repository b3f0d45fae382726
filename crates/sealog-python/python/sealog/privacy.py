"""Personal data: policies over text, and values that are sealed for one person.

    import sealog
    from sealog.privacy import Policy

    policy = Policy({"format": "sealog/privacy-policy/v1", "types": {"EMAIL": "seal"}})
    ledger = sealog.open("audit.sealog", privacy=policy)
    ledger.record("org.example.message", {"text": "ask john@example.com"}, subject="customer 4711")
    ledger.erase("customer 4711", by="officer-1")

`docs/privacy.md` says what is found, what is not, and what erasing achieves.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from . import _sealog
from ._sealog import Policy, Redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._sealog import LedgerCore

__all__ = [
    "FieldFunction",
    "Function",
    "KeyWrapper",
    "Policy",
    "Recogniser",
    "Redacted",
    "function",
    "reveal",
    "seal",
]


class Recogniser(Protocol):
    """Something of your own that finds personal data: names of your customers, numbers of your files.

    Name and version enter the policy's digest. If `find` raises, the whole text counts as found, so that nothing of it
    is kept.
    """

    name: str
    """The id of what it finds: 1 to 64 of `A-Z`, `0-9` and `_`."""

    version: str
    """Changes with what it finds."""

    def find(self, text: str, /) -> Iterable[tuple[int, int]]:
        """Start and end, in characters, of each find in a text.

        The text is what a reader sees: without invisible characters, with digits and letters of other scripts that look
        like ASCII folded to it. A find may be of any length.
        """


class FieldFunction(Protocol):
    """Something of your own that decides what is stored in the place of a field: `Policy(..., functions=[...])`.

    A policy names it at a path: `{"path": "/note", "call": "shorten"}`. Name and version enter the policy's digest. If
    `apply` raises, the append fails with `field_function`, or a gap is recorded, and nothing of the record is stored.
    `function` makes one of a plain function.
    """

    @property
    def name(self) -> str:
        """What a policy calls it: 1 to 64 of `A-Z`, `a-z`, `0-9`, `_`, `-` and `.`."""

    @property
    def version(self) -> str:
        """Changes with what it does: 1 to 200 printable characters of ASCII."""

    def apply(self, value: Any, /) -> Any:
        """What is stored in the place of a value of JSON types: as it is returned, without a search. None drops the field.

        It runs on the thread that appends the record (of `enqueue`, the worker's), and for texts of the log's own records
        while the log waits. It may run more than once for a value and has to return the same each time, and must not use
        a ledger.
        """


class Function:
    """A plain function with the name and the version under which a policy calls it."""

    def __init__(self, function: Callable[[Any], Any], *, name: str, version: str) -> None:
        if inspect.iscoroutinefunction(function):
            raise TypeError("a function of a policy must not be a coroutine function")
        self._function = function
        self._name = name
        self._version = version
        functools.update_wrapper(self, function, updated=())

    @property
    def name(self) -> str:
        """What a policy calls it."""
        return self._name

    @property
    def version(self) -> str:
        """Changes with what it does."""
        return self._version

    def apply(self, value: Any, /) -> Any:
        """What is stored in the place of a value."""
        return self._function(value)

    def __call__(self, value: Any, /) -> Any:
        """The same, called as the plain function was."""
        return self._function(value)


def function(*, version: str, name: str | None = None) -> Callable[[Callable[[Any], Any]], Function]:
    """Makes a function of a policy of a plain one, under its own name unless another is given.

    @function(version="1")
    def shorten(note):
        return note[:20]

    policy = Policy({"format": ..., "fields": [{"path": "/note", "call": "shorten"}]}, functions=[shorten])
    """

    def named(plain: Callable[[Any], Any]) -> Function:
        return Function(plain, name=plain.__name__ if name is None else name, version=version)

    return named


class KeyWrapper(Protocol):
    """A key-encryption key that lies elsewhere, in a key service for one: `sealog.open(path, key_wrapper=...)`.

    The key store holds data keys as this wrapped them. If it raises, what needed the key fails with the code
    `key_wrapper` and the name of the exception's type, never what it says. It may be called by any thread, while others
    wait for the key store, and must not use a ledger. It must keep nothing of the keys: what it keeps, an erasure does
    not destroy.
    """

    @property
    def id(self) -> str:
        """Which key this is, the same for ever: 1 to 200 printable characters of ASCII. It stands in the key store."""

    def wrap(self, key: bytes, context: bytes, /) -> bytes:
        """Wraps a key of 32 bytes, to 16 bytes up to 16 KiB. `context` says what it is for; bind it to it, as additional
        data for one.

        What comes back is unwrapped once before it is stored.
        """

    def unwrap(self, wrapped: bytes, context: bytes, /) -> bytes:
        """Unwraps it again; raises under another context."""


def seal(ledger: LedgerCore, value: bytes | str, *, subject: str | None = None, tenant: str | None = None) -> str:
    """Seals a value by itself, under the key of a person, else of the tenant. What comes back may be kept anywhere."""
    encoded = value.encode() if isinstance(value, str) else bytes(value)
    return _sealog.seal(ledger, encoded, subject, tenant)


def reveal(
    ledger: LedgerCore, sealed: str, *, by: str, purpose: str | None = None, auth_method: str | None = None
) -> bytes:
    """Shows a value that `seal` sealed, after the log has recorded who looks. Refused once the key is destroyed."""
    return _sealog.unseal(ledger, sealed, by, purpose, auth_method)
