"""What an erasure did, and what it could not reach."""

from __future__ import annotations

from typing import Any, NamedTuple


class Erased(NamedTuple):
    """What an erasure did, and what it could not reach."""

    erasure_id: str
    """Its id."""
    scope: str
    """What it covered: `subject:` and the pseudonym, or `tenant:` and its name."""
    key_ids: list[str]
    """Ids of the keys that were destroyed."""
    tokens: int
    """Pseudonyms that were deleted."""
    payloads: int
    """Sealed payload files that were deleted."""
    entries: int
    """Entries that named the keys or the pseudonym. They stay, and their proofs with them."""
    approval_ids: list[str]
    """Approvals that it stands on."""
    records: list[int]
    """Indices of its records."""
    exports: list[dict[str, Any]]
    """Packages in which values of the person were opened: `index`, `recipient`, `package_digest`."""
    residue: list[dict[str, Any]]
    """What is still in files of this ledger and its secrets: `path`, `offset`, `what`. Empty if nothing is."""
