"""Naming, signing, verifying, inspecting and scanning a model. Nothing here loads one."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Union

from .. import _sealog
from .._plain import time_text
from ._answers import Change, Digest, Scan, Signed, Verified, _changes, _content, _scan, _vouched

if TYPE_CHECKING:
    from .._ledger import Ledger

StrPath = Union[str, "os.PathLike[str]"]
# Unions of literals: what stubtest can compare with the running code.
Links = Union[Literal["refuse"], Literal["inside-root"], Literal["hub-cache"]]
Hash = Union[Literal["sha256"], Literal["sha512"], Literal["blake2b"], Literal["blake3"], Literal["git-sha1"]]

#: Bytes of a baseline that are read at most; the extension module refuses one of that size.
_BASELINE_BYTES_MAX = 4 * 1024 * 1024


def digest(
    path: StrPath,
    *,
    hashes: Sequence[Hash] = ("sha256",),
    ignore: Sequence[str] = (),
    default_ignores: bool = True,
    links: Links = "refuse",
) -> Digest:
    """Reads a directory or file whole and names it.

    `hashes` are made of each file in the same read; the model's digest does not depend on them. `ignore` names paths
    that are left out, with all below them; `default_ignores` leaves `.git`, `.gitignore`, `.gitattributes` and
    `.github` out. What was left out is in the answer. Raises `FormatError` for links, FIFOs, devices and names that
    clash.
    """
    asked = _walk(ignore, default_ignores, links)
    asked["hashes"] = list(hashes)
    return Digest(**_content(_sealog.model_digest(os.fspath(path), asked)))


def manifest(
    path: StrPath,
    *,
    created_by: str,
    out: StrPath | None = None,
    name: str | None = None,
    version: str | None = None,
    hashes: Sequence[Hash] = ("sha256",),
    ignore: Sequence[str] = (),
    default_ignores: bool = True,
    links: Links = "refuse",
) -> Signed:
    """States what a model is, without a signature: `text` is the manifest, which also goes to the file `out`.

    `name` is by default that of the directory. An `out` that exists is refused: nothing is written over.
    """
    asked = _statement(created_by, out, name, version, hashes, ignore, default_ignores, links)
    return _signed(_sealog.model_sign(os.fspath(path), asked))


def sign(
    path: StrPath,
    *,
    key: StrPath,
    created_by: str,
    out: StrPath | None = None,
    name: str | None = None,
    version: str | None = None,
    password: str | bytes | None = None,
    format: Literal["sealog", "oms"] = "sealog",
    certificate: StrPath | None = None,
    chain: Sequence[StrPath] = (),
    shard_size: int | None = None,
    reference_names: bool = False,
    hashes: Sequence[Hash] = ("sha256",),
    ignore: Sequence[str] = (),
    default_ignores: bool = True,
    links: Links = "refuse",
    ledger: Ledger | None = None,
) -> Signed:
    """Signs a model with the private key in a file (PEM of PKCS#8, or of SEC 1 for curves).

    `sealog` is a manifest and a signature beside it (`out` and `out.sig`), by an Ed25519 key; `oms` one bundle of
    OpenSSF Model Signing 1.0, by a key on P-256, P-384 or P-521. With `oms`, `certificate` is the PEM file of the key's
    certificate and `chain` those of what stands above it, in order: whoever verifies then needs the root, not the key.
    `shard_size` signs files in shards of so many bytes, which do not cover files without content; `reference_names` names
    shards and the file of a one-file model as `model-signing` up to 1.1.1 does and demands.

    `ledger` is told with a `model.registered` record,
    which needs a `version`, after the files are written.
    """
    if ledger is not None and version is None:
        raise ValueError("a ledger registers a version of a model: version= is needed")
    asked = _statement(created_by, out, name, version, hashes, ignore, default_ignores, links)
    asked.update(key=os.fspath(key), format=format)
    asked["certificate"] = None if certificate is None else os.fspath(certificate)
    asked["chain"] = _paths("chain", chain)
    asked.update(shard_size=shard_size, reference_names=reference_names)
    asked["password"] = password.encode() if isinstance(password, str) else password
    signed = _signed(_sealog.model_sign(os.fspath(path), asked))
    if ledger is not None:
        ledger.append("model.registered", signed.record())
    return signed


def verify(
    path: StrPath,
    *,
    manifest: StrPath,
    signature: StrPath | None = None,
    key: StrPath | None = None,
    trusted: str | None = None,
    roots: Sequence[StrPath] = (),
    verification_time: datetime.datetime | str | None = None,
    trusted_root: StrPath | None = None,
    identity: str | None = None,
    identity_provider: str | None = None,
    manifest_digest: str | None = None,
    openpgp_keyring: StrPath | None = None,
    fingerprint: str | None = None,
    name: str | None = None,
    version: str | None = None,
    strict: bool = False,
    ignore: Sequence[str] = (),
    default_ignores: bool = True,
    links: Links = "refuse",
    config_dir: StrPath | None = None,
) -> Verified:
    """Reads a model whole and holds it against its manifest, OMS bundle or the manifest of an older tool; returns only if it holds.

    One of six is trusted: `key`, a public key (the path of a PEM file, or the PEM itself); `trusted`, a name among
    the trusted keys of this user; `roots`, PEM files of certificates, to one of which that of an OMS bundle has to lead
    (or which it has to be), each valid at `verification_time`, by default now; `trusted_root`, the `trusted_root.json` of
    a Sigstore, together with the `identity` that has to have signed and the URL of its `identity_provider`;
    `openpgp_keyring`, a file of exported OpenPGP keys, of which `fingerprint` (all 40 or 64 digits) names the one that
    counts; `manifest_digest`, for a manifest without a signature, with which `ignore`, `default_ignores` and `links` say
    what a digest does not. `name` and `version` have to be signed. `strict` refuses
    files under paths that are not covered.

    It says what the bytes were when they were read. To load what was checked, use `admit`.
    """
    asked = _walk(ignore, default_ignores, links)
    asked.update(_envelope(manifest, signature, key, trusted, manifest_digest, config_dir))
    asked.update(_certificates(roots, verification_time))
    asked.update(_sigstore(trusted_root, identity, identity_provider))
    asked.update(_openpgp(openpgp_keyring, fingerprint))
    asked.update(name=name, version=version, strict=strict)
    given = _sealog.model_verify(os.fspath(path), asked)
    return Verified(**_content(given), vouched=_vouched(given["vouched"]))


def inspect(path: StrPath, *, digests: bool = False) -> dict[str, Any]:
    """What a model says of itself: kind, framework, class, tensors, inputs and outputs, metadata, of each file.

    Nothing is loaded. The answer is the one of `sealog model inspect --json` (docs/inspect.md): `answer` is `read`,
    `unread` or `malformed`; `digests` adds the SHA-256 of each file.
    """
    return _sealog.model_inspect(os.fspath(path), digests)


def scan(path: StrPath, *, baseline: StrPath | None = None) -> Scan:
    """Would loading this run code? Looks at a file, or at each file of a directory, and loads nothing.

    `baseline` is a file of findings that somebody accepts, each with a last day and a reason (docs/scan-rules.md).
    """
    return _scan(_sealog.model_scan(os.fspath(path), {"baseline": _baseline(baseline)}))


def scan_bytes(data: bytes, *, name: str = "bytes", baseline: StrPath | None = None) -> Scan:
    """The same for bytes at hand; `name` only stands in the answer."""
    return _scan(_sealog.model_scan_bytes(name, bytes(data), {"baseline": _baseline(baseline)}))


def diff(old: StrPath, new: StrPath) -> tuple[Change, ...]:
    """How a model, or a newer manifest, differs from a manifest; empty where it does not.

    No key is asked for, so it proves nothing about who made either.
    """
    return _changes(_sealog.model_diff(os.fspath(old), os.fspath(new)))


def _walk(ignore: Sequence[str], default_ignores: bool, links: Links) -> dict[str, Any]:
    if isinstance(ignore, str):
        raise TypeError("ignore is a sequence of paths, not one")
    return {"ignore": list(ignore), "no_default_ignores": not default_ignores, "links": links}


def _statement(
    created_by: str,
    out: StrPath | None,
    name: str | None,
    version: str | None,
    hashes: Sequence[Hash],
    ignore: Sequence[str],
    default_ignores: bool,
    links: Links,
) -> dict[str, Any]:
    asked = _walk(ignore, default_ignores, links)
    asked.update(created_by=created_by, name=name, version=version, hashes=list(hashes))
    asked["out"] = None if out is None else os.fspath(out)
    return asked


def _envelope(
    manifest: StrPath,
    signature: StrPath | None,
    key: StrPath | None,
    trusted: str | None,
    manifest_digest: str | None,
    config_dir: StrPath | None,
) -> dict[str, Any]:
    return {
        "manifest": os.fspath(manifest),
        "signature": None if signature is None else os.fspath(signature),
        "key": None if key is None else os.fspath(key),
        "trusted": trusted,
        "manifest_digest": manifest_digest,
        "config_dir": None if config_dir is None else os.fspath(config_dir),
    }


def _certificates(
    roots: Sequence[StrPath], verification_time: datetime.datetime | str | None
) -> dict[str, Any]:
    stated = verification_time
    time = time_text(stated) if isinstance(stated, datetime.datetime) else stated
    return {"roots": _paths("roots", roots), "verification_time": time}


def _sigstore(
    trusted_root: StrPath | None, identity: str | None, identity_provider: str | None
) -> dict[str, Any]:
    root = None if trusted_root is None else os.fspath(trusted_root)
    return {"trusted_root": root, "identity": identity, "identity_provider": identity_provider}


def _paths(name: str, given: Sequence[StrPath]) -> list[str]:
    if isinstance(given, (str, os.PathLike)):
        raise TypeError(f"{name} is a sequence of paths, not one")
    return [os.fspath(path) for path in given]


def _openpgp(keyring: StrPath | None, fingerprint: str | None) -> dict[str, Any]:
    return {"openpgp_keyring": None if keyring is None else os.fspath(keyring), "fingerprint": fingerprint}


def _baseline(path: StrPath | None) -> str | None:
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        return file.read(_BASELINE_BYTES_MAX + 1)


def _signed(given: dict[str, Any]) -> Signed:
    names = ("name", "version", "created_by", "created_at", "key_id", "text", "signature")
    return Signed(**_content(given), **{name: given[name] for name in names}, _registered=given["record"])
