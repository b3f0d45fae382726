"""What goes wrong, as one tree that mirrors the four kinds of error of Sealog.

| kind                          | exception                                                      |
| ----------------------------- | -------------------------------------------------------------- |
| refuted                       | `TamperError`, with its findings                               |
| malformed                     | `FormatError`, a `ValueError`: certainly not in the log         |
| refused                       | `RefusedError`: right but not now; certainly not in the log     |
| unavailable                   | the matching built-in `OSError`; of a ledger it has `code` too  |
| unavailable, outcome unknown  | `OutcomeUnknownError`, an `OSError`: retry with its `record_id` |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._sealog import Finding
    from .model import Change, ScanFinding

__all__ = [
    "FormatError",
    "LabelDiffersWarning",
    "OutcomeUnknownError",
    "RecordLostWarning",
    "RefusedError",
    "SealogError",
    "SealogWarning",
    "SelectorWarning",
    "TamperError",
    "UnencodableWarning",
]


class SealogError(Exception):
    """Everything that Sealog raises itself, but for built-in `OSError`s.

    `code` is a stable reason in snake case. `result` is what a decorated function returned, where the error
    came up after it had: the answer is never lost.

    An error about a model also says in what it differs (`changes`) and which model was found (`model_digest`), and
    `record` is the body of a `model.verified` record, where a gate refused a model that it could read. A built-in
    `OSError` from `sealog.model` has the same attributes.
    """

    code: str
    findings: Sequence[Finding | ScanFinding]
    result: Any
    changes: Sequence[Change]
    model_digest: str | None
    record: dict[str, Any] | None

    def __init__(
        self, message: str = "", *, code: str = "", findings: Sequence[Finding | ScanFinding] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.findings = tuple(findings)
        self.result = None
        self.changes = ()
        self.model_digest = None
        self.record = None


class TamperError(SealogError):
    """Well-formed, and a proof, hash, signature or rule fails. `findings` says which."""


class FormatError(SealogError, ValueError):
    """The value, record or file does not follow its format or breaks a limit. Certainly not in the log."""


class RefusedError(SealogError):
    """Right, but not now: full queue, read-only, no permission, closed. Certainly not in the log."""


class OutcomeUnknownError(SealogError, OSError):
    """The write may or may not have been applied.

    Append again with the same `record_id`: if the first attempt went through, that returns its receipt.
    """

    record_ids: Sequence[str]

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "outcome_unknown",
        findings: Sequence[Finding | ScanFinding] = (),
        record_ids: Sequence[str] = (),
    ) -> None:
        super().__init__(message, code=code, findings=findings)
        self.record_ids = tuple(record_ids)

    @property
    def record_id(self) -> str:
        """The id to retry with; of several, the first."""
        return self.record_ids[0] if self.record_ids else ""


class SealogWarning(UserWarning):
    """What a host should know and what does not stop it."""


class LabelDiffersWarning(SealogWarning):
    """The host's own label is not the one that the configuration gives the score. Both are recorded."""


class UnencodableWarning(SealogWarning):
    """A value could not be encoded, so nothing commits to it."""


class SelectorWarning(SealogWarning):
    """A path or callable of a decorator failed; the record carries the error."""


class RecordLostWarning(SealogWarning):
    """A record could not be kept; the log shows a gap, a hole or an open run in its place."""
