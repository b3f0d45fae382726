"""How long entries are kept, what keeps them longer, and disposal (`docs/retention.md`)."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import _sealog
from ._sealog import Receipt

if TYPE_CHECKING:
    from ._ledger import Ledger


@dataclass(frozen=True)
class RetentionPolicy:
    """How long the entries of a class are kept, as a record of the log has it."""

    policy_id: str
    """Its id."""
    record_class: str
    """The class of entries, as records name it in `retention_class`."""
    min_days: int
    """Days that an entry is kept at least."""
    max_days: int | None
    """Days that an entry is kept at most; None: no such end."""
    legal_basis: str
    """The duty or purpose that the days come from."""
    approved_by: str
    """Who approved it."""
    index: int
    """Index of its record."""


@dataclass(frozen=True)
class Hold:
    """A legal hold, as its newest record has it. Times are RFC 3339 in UTC."""

    hold_id: str
    """Its id."""
    scope: str
    """What it covers, in the text that `Holds.place` takes."""
    reason: str
    """Why; of a hold that was released, why that."""
    placed_by: str
    """Who placed it; of a hold that was released, who did that."""
    placed_at: str | None
    """Since when."""
    released_at: str | None
    """Until when; None: until it is released."""
    incident_id: str | None
    """The incident whose evidence it protects."""
    index: int
    """Index of its newest record."""


@dataclass(frozen=True)
class ClassRetention:
    """How a class of entries stands against its policy."""

    policy: RetentionPolicy | None
    """The policy in force; None: nothing of the class is disposed of."""
    entries: int
    """Entries that stand in the log and may be disposed of one day."""
    oldest: str | None
    """When the oldest of them was recorded."""
    due: int
    """Of `entries`, those older than the least age that no hold keeps."""
    beyond_max: int
    """Of `entries`, those older than the greatest age, held ones included."""
    held: int
    """Of `entries`, those that a hold keeps, of whatever age."""
    never_disposable: int
    """Entries that always stay: the rules of the log read them."""
    disposed: int
    """Entries that were disposed of."""


@dataclass(frozen=True)
class RetentionStatus:
    """How every class stands, by the log's time."""

    at: str
    """As of when, RFC 3339 in UTC."""
    classes: dict[str, ClassRetention]
    """By class: those that an entry or a policy names."""
    holds: list[Hold]
    """The holds in force."""
    disposal_unfinished: bool
    """Whether a disposal is under way or broke off. The next to open the ledger to write finishes it."""


@dataclass(frozen=True)
class Due:
    """What a disposal of a class would take now."""

    policy: RetentionPolicy
    """The policy in force."""
    entries: int
    """Entries that would go."""
    runs: list[tuple[int, int]]
    """The same as first and last index of each run of entries; others may stand between, which stay."""
    held: int
    """Entries whose least age has passed and that a hold keeps."""
    too_young: int
    """Entries whose least age has not passed."""
    never_disposable: int
    """Entries of the class that always stay."""
    payloads: int
    """Payload files that would be without an entry, unless another names them."""
    more: bool
    """Whether more is due than one disposal takes: dispose again."""


@dataclass(frozen=True)
class Disposal:
    """What a disposal did."""

    due: Due
    """What was due when it began."""
    records: tuple[int, int] | None
    """Indices of the first and the last of its records; None if nothing was due."""
    entries_disposed: int
    """Entries that went, with what was left of earlier disposals."""
    segments_rewritten: int
    """Segments that were rewritten."""
    payloads_removed: int
    """Payload files that were removed."""
    tails_removed: int
    """Torn tails that were removed."""


class Retention:
    """How long entries are kept: policies, and disposal of what is due. `Ledger.retention` gives it."""

    def __init__(self, ledger: Ledger) -> None:
        self._of = ledger

    def set(
        self,
        record_class: str,
        *,
        min_days: int,
        max_days: int | None = None,
        basis: str,
        by: str,
        policy_id: str | None = None,
    ) -> RetentionPolicy:
        """Puts a policy in force for a class of entries, in place of the one before.

        The class is what records name in `retention_class`, `default` where they name none. `basis` is the duty or
        purpose that the days come from and `by` who approved them; without an id it gets the next of `P001`, `P002`, ..
        Raises `FormatError` (`argument`) for more than 36,525 days, for `max_days` below `min_days`, for a blank basis
        and for an id that is taken.
        """
        asked = {
            "policy_id": policy_id,
            "record_class": record_class,
            "min_days": min_days,
            "max_days": max_days,
            "legal_basis": basis,
            "approved_by": by,
        }
        return RetentionPolicy(**_sealog.retention_set(self._of, asked))

    def policies(self) -> list[RetentionPolicy]:
        """The policy in force for each class, by class. Reads the log."""
        return [RetentionPolicy(**policy) for policy in _sealog.retention_policies(self._of)]

    def status(self) -> RetentionStatus:
        """How each class stands, and the holds in force. Flushes what is queued, and reads the log."""
        self._of.flush()
        found = _sealog.retention_status(self._of)
        classes = {name: _class(members) for name, members in found.pop("classes").items()}
        return RetentionStatus(classes=classes, holds=[Hold(**hold) for hold in found.pop("holds")], **found)

    def due(self, record_class: str) -> Due:
        """What `dispose` would take now. Flushes what is queued, reads the log, and takes nothing away.

        Raises `FormatError` (`argument`) for a class without a policy.
        """
        self._of.flush()
        return _due(_sealog.retention_due(self._of, record_class))

    def dispose(self, record_class: str, *, by: str) -> Disposal:
        """Disposes of the entries of a class whose least age has passed and that no hold covers; `by` approves it.

        In place of each stays a line with hashes and numbers, so that the log and every other receipt still verify.
        Copies elsewhere are yours to see to. Raises `FormatError` (`argument`) for a class without a policy, and
        `OSError` (`disposal_unfinished`) where it was recorded and could not be carried out: dispose again.
        """
        self._of.flush()
        done = _sealog.retention_dispose(self._of, record_class, by)
        return Disposal(due=_due(done.pop("due")), **done)


class Holds:
    """Legal holds: nothing that one covers is disposed of or erased while it is in force. `Ledger.holds` gives it."""

    def __init__(self, ledger: Ledger) -> None:
        self._of = ledger

    def place(
        self,
        scope: str,
        *,
        by: str,
        reason: str,
        hold_id: str | None = None,
        incident: str | None = None,
        until: datetime | str | None = None,
    ) -> Hold:
        """Places a hold.

        The scope is one of `all`, `tenant:ID`, `class:ID`, `stream:TENANT/ID`, `subject:REF` and `entries:FROM-TO`.
        `until` is when it ends by itself: an aware datetime, or RFC 3339 in UTC. Without an id it gets the next of
        `H001`, `H002`, .. Raises `FormatError` (`argument`) for another scope, a blank reason, an end that has passed
        and an id that is taken.
        """
        asked = {
            "hold_id": hold_id,
            "scope": scope,
            "reason": reason,
            "placed_by": by,
            "incident_id": incident,
            "until": until,
        }
        return Hold(**_sealog.hold_place(self._of, asked))

    def release(self, hold_id: str, *, by: str, reason: str) -> Receipt:
        """Ends a hold now. Raises `FormatError` (`argument`) if no hold of this id is in force."""
        return _sealog.hold_release(self._of, hold_id, by, reason)

    def list(self, *, ended: bool = False) -> builtins.list[Hold]:
        """The holds in force, in the order of their newest records; with `ended`, those that are over too."""
        return [Hold(**hold) for hold in _sealog.hold_list(self._of, ended)]


def _class(members: dict[str, Any]) -> ClassRetention:
    policy = members.pop("policy")
    return ClassRetention(policy=None if policy is None else RetentionPolicy(**policy), **members)


def _due(members: dict[str, Any]) -> Due:
    return Due(policy=RetentionPolicy(**members.pop("policy")), **members)
