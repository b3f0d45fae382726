"""What came of an evidence package."""

from __future__ import annotations

from typing import NamedTuple


class Package(NamedTuple):
    """An evidence package that was written, and that the log has on record."""

    path: str
    """Its file."""
    digest: str
    """SHA-256 of the file, as `export.created` names it."""
    entries: int
    """Entries in it."""
    population: int
    """Entries that were asked for: they are all of these, or a sample."""
    disposed: int
    """Entries of its scope that were disposed of."""
    size: int
    """Entries of the log that its checkpoint covers."""
    payloads: int
    """Payload files in it."""
    payloads_left_out: int
    """How often its entries name a payload file that is not in it."""
    opened: int
    """Commitments that it opens."""
    closed: int
    """Commitments of its entries that stay closed."""
    scope: str
    """What it is complete in."""
