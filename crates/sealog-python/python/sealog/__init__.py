"""Sealog: a tamper-evident flight recorder for AI decisions.

    import sealog

    ledger = sealog.open("audit.sealog")

    @ledger.decision(score="result")
    def predict(amount: float) -> float:
        return min(amount / 10_000, 1.0)
"""

from __future__ import annotations

from . import model, privacy
from ._collector import Collector, current
from ._encoders import register_encoder
from ._erased import Erased
from ._evidence import Package
from ._ledger import Ledger
from ._model import Model
from ._open import memory, open
from ._retention import ClassRetention, Disposal, Due, Hold, RetentionPolicy, RetentionStatus
from ._sealog import (
    ConfigView,
    Encoded,
    Entry,
    Finding,
    ImportReport,
    LabelView,
    PackageReport,
    Page,
    QueueState,
    Receipt,
    ReceiptReport,
    Record,
    Report,
    __version__,
    encode,
    log_vkey,
    tree_root,
)
from ._verify import check_import, verify, verify_package, verify_receipt
from .errors import (
    FormatError,
    LabelDiffersWarning,
    OutcomeUnknownError,
    RecordLostWarning,
    RefusedError,
    SealogError,
    SealogWarning,
    SelectorWarning,
    TamperError,
    UnencodableWarning,
)

__all__ = [
    "ClassRetention",
    "Collector",
    "ConfigView",
    "Disposal",
    "Due",
    "Encoded",
    "Entry",
    "Erased",
    "Finding",
    "FormatError",
    "Hold",
    "ImportReport",
    "LabelDiffersWarning",
    "LabelView",
    "Ledger",
    "Model",
    "OutcomeUnknownError",
    "Package",
    "PackageReport",
    "Page",
    "QueueState",
    "Receipt",
    "ReceiptReport",
    "Record",
    "RecordLostWarning",
    "RefusedError",
    "Report",
    "RetentionPolicy",
    "RetentionStatus",
    "SealogError",
    "SealogWarning",
    "SelectorWarning",
    "TamperError",
    "UnencodableWarning",
    "__version__",
    "check_import",
    "current",
    "encode",
    "log_vkey",
    "memory",
    "model",
    "open",
    "privacy",
    "register_encoder",
    "tree_root",
    "verify",
    "verify_package",
    "verify_receipt",
]
