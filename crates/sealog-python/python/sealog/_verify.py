"""Verifying: what the verifier brings, read into what the extension module takes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Union

from . import _sealog
from ._sealog import ImportReport, PackageReport, Receipt, ReceiptReport, Report

StrPath = Union[str, "os.PathLike[str]"]
Key = Union[str, "os.PathLike[str]"]
"""A verifier key as text, or the path of a file that holds one."""
Kept = Union[bytes, "os.PathLike[str]", Receipt]
"""A checkpoint or receipt from before: its bytes, the path of its file, or a receipt."""

Source = Union[
    Literal["ai-audit-trail"],
    Literal["decision-provenance"],
    Literal["llm-audit-trail"],
    Literal["hashtraceai"],
    Literal["mlsecops-integrity"],
]
"""An older format that is imported."""

_KEY_BYTES_MAX = 4 * 1024


def verify(
    path: StrPath,
    *,
    key: Key | Sequence[Key] | None = None,
    against: Kept | Sequence[Kept] | None = None,
    policy: bytes | os.PathLike[str] | None = None,
    max_age: float | None = None,
    all_signatures: bool = False,
    follow_rotation: bool = False,
    threads: int | None = None,
    config_dir: StrPath | None = None,
) -> Report:
    """Verifies the ledger in a directory, offline, with nothing but what is brought.

    `key` is the log's verifier key or its SHA-256 fingerprint, from its operator by another way; a path names a file
    that holds it. Without one, the keys that this user's `known_logs` holds for the origin vouch, and the report says so. A key found
    beside the data is never trusted.

    `against` is a checkpoint or a receipt kept from before, which the log has to extend: without it, whoever holds
    the key could have cut the end off. `policy` names witnesses and `max_age` (seconds) how old their newest
    signature may be.

    Never raises for what is wrong with the ledger: that is in the report. `report.require()` raises.
    """
    place = Path(os.fspath(path))
    request = _request(key, against, policy, all_signatures, follow_rotation)
    request.update(max_age=max_age, threads=threads, config_dir=config_dir and os.fspath(config_dir))
    return _sealog.verify(place, _origin(place), request)


def verify_receipt(
    receipt: bytes | os.PathLike[str] | Receipt,
    *,
    key: Key | Sequence[Key] | None = None,
    policy: bytes | os.PathLike[str] | None = None,
    config_dir: StrPath | None = None,
) -> ReceiptReport:
    """Verifies a receipt, offline. Keys are as for `verify`."""
    request = _request(key, None, policy, False, False)
    request["config_dir"] = config_dir and os.fspath(config_dir)
    return _sealog.verify_receipt(_bytes(receipt), request)


def verify_package(
    path: StrPath,
    *,
    key: Key | Sequence[Key] | None = None,
    against: Kept | Sequence[Kept] | None = None,
    policy: bytes | os.PathLike[str] | None = None,
    config_dir: StrPath | None = None,
) -> PackageReport:
    """Verifies an evidence package, offline, with nothing but the file and the key that is brought.

    Keys are as for `verify`; the key that stands in a package is never trusted. `against` is a checkpoint or receipt
    kept from before, which the package has to extend. `policy` names witnesses who have to have seen the log up to what
    the package holds.

    Never raises for what is wrong with the package: that is in the report. `report.require()` raises.
    """
    request = _request(key, against, policy, False, False)
    request["config_dir"] = config_dir and os.fspath(config_dir)
    return _sealog.verify_package(os.fspath(path), request)


def check_import(
    path: StrPath,
    *,
    source: Source | None = None,
    key: StrPath | None = None,
    hmac_key: bytes | str | None = None,
    anchor: bytes | os.PathLike[str] | None = None,
    model: StrPath | None = None,
    signature: StrPath | None = None,
    openpgp_keyring: StrPath | None = None,
    fingerprint: str | None = None,
    ignore: Sequence[str] = (),
    model_id: str | None = None,
    model_version: str | None = None,
) -> ImportReport:
    """Verifies a log of an older system, or its manifest or hash file of a model, whole, under its own rules, and adds
    nothing anywhere.

    `source` names its format; without it its begin tells. `path` may be a directory in which one manifest of
    HashTraceAI (hashtraceai) or one `model_hash.txt` (mlsecops-integrity) lies. `key` is the Ed25519 key in hex
    (ai-audit-trail), or the RSA key in PEM or a file of it (hashtraceai). `hmac_key` (llm-audit-trail) is the secret
    that it is chained with, `anchor` the file that says where it ended at some time. `openpgp_keyring` and
    `fingerprint` (mlsecops-integrity) are as for `sealog.model.verify`. Each comes by another way than the source.

    Of a model: `model` is where it lies, if not beside the document, `signature` the file of that name, `ignore` lists
    paths that are left out of the comparison, and `model_id` and `model_version` are registered where the document
    states none.

    Never raises for what is wrong with the log: that is in the report. `report.require()` raises.
    """
    asked = _pins(source, key, hmac_key, anchor)
    asked.update(_brought(model, signature, openpgp_keyring, fingerprint, ignore, model_id, model_version))
    return _sealog.import_check(os.fspath(path), asked)


def _pins(
    source: Source | None,
    key: StrPath | None,
    hmac_key: bytes | str | None,
    anchor: bytes | os.PathLike[str] | None,
) -> dict[str, Any]:
    return {
        "source": source,
        "key": key,
        "hmac_key": hmac_key.encode() if isinstance(hmac_key, str) else hmac_key,
        "anchor": None if anchor is None else _bytes(anchor),
    }


def _brought(
    model: StrPath | None,
    signature: StrPath | None,
    openpgp_keyring: StrPath | None,
    fingerprint: str | None,
    ignore: Sequence[str],
    model_id: str | None,
    model_version: str | None,
) -> dict[str, Any]:
    return {
        "model": model,
        "signature": signature,
        "openpgp_keyring": openpgp_keyring,
        "fingerprint": fingerprint,
        "ignore": list(ignore),
        "model_id": model_id,
        "model_version": model_version,
    }


def _request(
    key: Key | Sequence[Key] | None,
    against: Kept | Sequence[Kept] | None,
    policy: bytes | os.PathLike[str] | None,
    all_signatures: bool,
    follow_rotation: bool,
) -> dict[str, Any]:
    keys = [key] if isinstance(key, (str, os.PathLike)) else list(key or ())
    kept = [against] if isinstance(against, (bytes, os.PathLike, Receipt)) else list(against or ())
    return {
        "keys": [_key(one) for one in keys],
        "against": [(_name(one), _bytes(one)) for one in kept],
        "policy": None if policy is None else _bytes(policy),
        "all_signatures": all_signatures,
        "follow_rotation": follow_rotation,
    }


def _key(key: Key) -> str:
    if isinstance(key, str):
        return key
    with open(key, encoding="ascii", errors="replace") as file:
        lines = file.read(_KEY_BYTES_MAX).splitlines()
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")


def _bytes(kept: Kept) -> bytes:
    if isinstance(kept, Receipt):
        return kept.bytes
    return kept if isinstance(kept, bytes) else Path(kept).read_bytes()


def _name(kept: Kept) -> str:
    if isinstance(kept, Receipt):
        return f"receipt of entry {kept.index}"
    return "checkpoint" if isinstance(kept, bytes) else os.fspath(kept)


def _origin(path: Path) -> str | None:
    """The origin that a ledger claims. It only selects among keys that are trusted already."""
    import json

    try:
        with open(path / "log" / "0000000000.jsonl", "rb") as file:
            origin = json.loads(file.readline(1 << 16))["record"]["body"]["origin"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return origin if isinstance(origin, str) else None
