"""What the functions over models answer: plain values, made of what the extension module gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class File:
    """A file of a model: its path in it, its size in bytes, its digests in hex by their names."""

    path: str
    size: int
    digests: Mapping[str, str]


@dataclass(frozen=True)
class Ignored:
    """A path that an ignore rule left out, and how many files lie at or below it. Nothing covers them."""

    path: str
    files: int


@dataclass(frozen=True)
class Change:
    """A difference: `added`, `removed`, `modified`, `renamed` (from `before`) or `type_changed`."""

    change: str
    path: str
    before: str | None = None

    def __str__(self) -> str:
        return f"renamed {self.before} to {self.path}" if self.before else f"{self.change} {self.path}"


@dataclass(frozen=True)
class ScanFinding:
    """Something that a scan found. `rule` is a stable id (docs/scan-rules.md), `path` the file and, behind each `!`,
    the member of an archive, `offset` counts bytes from its beginning.

    `accepted` is the reason for which a baseline accepts it, None where none does.
    """

    rule: str
    severity: str
    title: str
    path: str
    offset: int
    detail: str
    accepted: str | None = None

    @property
    def code(self) -> str:
        """The rule's id."""
        return self.rule

    @property
    def weight(self) -> str:
        """What it does to a verdict, in the words of a ledger's findings: `refutes`, `undecided` or `note`."""
        if self.accepted is not None:
            return "note"
        return "undecided" if self.severity == "undecided" else "refutes"

    @property
    def meaning(self) -> str:
        """What the rule means, in words."""
        return self.title

    def __str__(self) -> str:
        return f"{self.path} at byte {self.offset}: {self.rule} ({self.severity}): {self.detail}"


@dataclass(frozen=True)
class ScannedFile:
    """What one file came to: `clean`, `suspicious`, `malicious` or `undecided`, before any baseline."""

    path: str
    kind: str
    size: int
    verdict: str
    sha256: str | None
    findings: Sequence[ScanFinding]


@dataclass(frozen=True)
class Scan:
    """What a scan came to. Only `clean` opens a gate; what a baseline accepts is taken out of the verdict, and shown."""

    verdict: str
    files: Sequence[ScannedFile]

    @property
    def findings(self) -> Sequence[ScanFinding]:
        """Every finding, file by file."""
        return tuple(found for file in self.files for found in file.findings)

    def __bool__(self) -> bool:
        raise TypeError("a scan is neither true nor false: look at its verdict")


@dataclass(frozen=True)
class Claim:
    """Something that a manifest of an older tool says besides its files. If it is not `signed`, anybody can have written
    it.
    """

    name: str
    value: str
    signed: bool


@dataclass(frozen=True)
class Vouched:
    """Who vouches for a model: the scheme and key id, or `digest` where its user pinned one; and what is signed with
    it. `notes` say what the format leaves unsigned, `claims` what a manifest of an older tool says besides. Of a
    certificate, `subject` is whose it is and `verification_time` when its chain was held to be valid. Of Sigstore,
    `identity` is who signed, `identity_provider` who says so, `log_index` where in the transparency log it stands, and
    `verification_time` since when.
    """

    scheme: str
    key_id: str | None
    name: str | None
    version: str | None
    created_by: str | None
    created_at: str | None
    notes: Sequence[str]
    claims: Sequence[Claim] = ()
    subject: str | None = None
    verification_time: str | None = None
    identity: str | None = None
    identity_provider: str | None = None
    log_index: int | None = None


@dataclass(frozen=True)
class Digest:
    """What lies somewhere. `model_digest` names the content of all its files."""

    model_digest: str
    files: Sequence[File]
    ignored: Sequence[Ignored]
    hard_links: Sequence[str]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def __str__(self) -> str:
        return self.model_digest


@dataclass(frozen=True)
class Verified(Digest):
    """A model that was read whole and is what somebody vouches for, as its bytes were when they were read."""

    vouched: Vouched


@dataclass(frozen=True)
class Signed(Digest):
    """A statement over a model. `text` is the manifest or bundle, `signature` what lies beside it, where that is apart.

    `key_id` is None for a manifest that nobody signed.
    """

    name: str
    version: str
    created_by: str
    created_at: str
    key_id: str | None
    text: bytes = field(repr=False)
    signature: bytes | None = field(repr=False)
    _registered: Mapping[str, Any] = field(repr=False)

    def record(self) -> dict[str, Any]:
        """The body of a `model.registered` record: `ledger.append("model.registered", signed.record())`."""
        return dict(self._registered)


def _files(given: Sequence[Mapping[str, Any]]) -> tuple[File, ...]:
    return tuple(File(file["path"], int(file["size"]), dict(file["digests"])) for file in given)


def _content(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model_digest": given["model_digest"],
        "files": _files(given["files"]),
        "ignored": tuple(Ignored(found["path"], int(found["files"])) for found in given["ignored"]),
        "hard_links": tuple(given["hard_links"]),
    }


def _vouched(given: Mapping[str, Any]) -> Vouched:
    claims = tuple(Claim(**claim) for claim in given["claims"])
    index = given["log_index"]
    known = {"notes": tuple(given["notes"]), "claims": claims, "log_index": None if index is None else int(index)}
    return Vouched(**{**given, **known})


def _changes(given: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    return tuple(Change(found["change"], found["path"], found.get("from")) for found in given)


def _scan(given: Mapping[str, Any]) -> Scan:
    return Scan(given["verdict"], tuple(map(_scanned, given["files"])))


def _scanned(given: Mapping[str, Any]) -> ScannedFile:
    findings = tuple(
        ScanFinding(
            rule=found["rule"],
            severity=found["severity"],
            title=found["title"],
            path=found["path"],
            offset=int(found["offset"]),
            detail=found["detail"],
            accepted=found.get("accepted"),
        )
        for found in given["findings"]
    )
    size = int(given["bytes"])
    return ScannedFile(given["path"], given["kind"], size, given["verdict"], given.get("sha256"), findings)


def _fill(
    error: Any,
    code: str,
    changes: Sequence[Mapping[str, Any]],
    scan: Mapping[str, Any] | None,
    model_digest: str | None,
    record: dict[str, Any] | None,
) -> None:
    """Completes an error about a model, also one that is a built-in `OSError`."""
    error.code = code
    error.changes = _changes(changes)
    error.findings = () if scan is None else _scan(scan).findings
    error.model_digest = model_digest
    error.record = record
