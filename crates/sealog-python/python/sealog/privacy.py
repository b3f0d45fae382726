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

from typing import TYPE_CHECKING, Protocol

from . import _sealog
from ._sealog import Policy, Redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._sealog import LedgerCore

__all__ = ["Policy", "Recogniser", "Redacted", "reveal", "seal"]


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


def seal(ledger: LedgerCore, value: bytes | str, *, subject: str | None = None, tenant: str | None = None) -> str:
    """Seals a value by itself, under the key of a person, else of the tenant. What comes back may be kept anywhere."""
    encoded = value.encode() if isinstance(value, str) else bytes(value)
    return _sealog.seal(ledger, encoded, subject, tenant)


def reveal(
    ledger: LedgerCore, sealed: str, *, by: str, purpose: str | None = None, auth_method: str | None = None
) -> bytes:
    """Shows a value that `seal` sealed, after the log has recorded who looks. Refused once the key is destroyed."""
    return _sealog.unseal(ledger, sealed, by, purpose, auth_method)
