"""Models: what they are, who vouches for them, whether loading them runs code, and a gate before loading.

    import sealog

    with sealog.model.admit("iris", manifest="iris.json", key="release.key.pub") as model:
        classifier = model.load_joblib("model.pkl")

What is refused raises: `TamperError` for what is refuted, `RefusedError` and `FormatError` for what could not be
decided, each with the reason (`code`), what differs (`changes`) and what the scan found (`findings`).
"""

from __future__ import annotations

from ._admit import AdmittedModel, admit
from ._answers import Change, Claim, Digest, File, Ignored, Scan, ScanFinding, ScannedFile, Signed, Verified, Vouched
from ._guard import Guard, guard
from ._look import diff, digest, inspect, manifest, scan, scan_bytes, sign, verify

__all__ = [
    "AdmittedModel",
    "Change",
    "Digest",
    "File",
    "Guard",
    "Claim",
    "Ignored",
    "Scan",
    "ScanFinding",
    "ScannedFile",
    "Signed",
    "Verified",
    "Vouched",
    "admit",
    "diff",
    "digest",
    "guard",
    "inspect",
    "manifest",
    "scan",
    "scan_bytes",
    "sign",
    "verify",
]
