"""What the scripts of this folder have in common: packages taken apart and put together, and signatures by keys that an
attacker holds. Python's standard library, and the curve and the canonical JSON of `verifiers/verify.py`.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from given import Given

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "verifiers" / "verify.py"


def load_verifier() -> Any:
    spec = importlib.util.spec_from_file_location("verify_py", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify = load_verifier()

Facts = dict[str, Any]
# A file of the given world, and what an attacker makes of it.
Make = Callable[["Given", bytes], bytes]
Change = Callable[["Package"], object]


@dataclass(frozen=True)
class Attack:
    """One attacked file: what is done to which genuine one, and the exit status and reason that all three have to give.

    `page` is given where the page's own cap on records comes first, and what it then says. `pins` is given where the file is
    of an older system: only `sealog import` reads it, with these words.
    """

    name: str
    twin: str
    make: Make
    status: int
    reason: str
    page: tuple[int, str] | None = None
    pins: tuple[str, ...] | None = None


# --- packages ---


class Package:
    """A package taken apart: its members in order, and what its manifest states."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            self.members = {info.filename: opened.read(info) for info in opened.infolist()}
        payload = base64.b64decode(json.loads(self.members["manifest.json"])["payload"])
        self.predicate: Facts = json.loads(payload)["predicate"]

    def zipped(self) -> bytes:
        return archive(list(self.members.items()))

    def signed(self, *keys: SigningKey) -> bytes:
        """With a manifest anew: what is then refused is refused for its content."""
        self.members["manifest.json"] = manifest(self.members, self.predicate, *keys)
        # The manifest is the last file.
        self.members["manifest.json"] = self.members.pop("manifest.json")
        return self.zipped()

    @property
    def payload(self) -> str:
        """The name of the first payload."""
        return next(name for name in self.members if name.startswith("payloads/"))

    def document(self, name: str, change: Callable[[Any], object]) -> None:
        value = json.loads(self.members[name])
        change(value)
        self.members[name] = line_of(value)

    def lines(self, name: str, change: Callable[[list[bytes]], object], head: int = 1) -> None:
        """Changes the lines of a member behind its first `head` ones, in place or by what `change` returns."""
        lines = self.members[name].splitlines(keepends=True)
        rest = lines[head:]
        result = change(rest)
        self.members[name] = b"".join(lines[:head] + (result if isinstance(result, list) else rest))

    def recount(self) -> None:
        """Counts that fit the entries, as a careful liar would write them."""
        counted = verify.Population(self.predicate["disposed"])
        for line in self.members["entries.jsonl"].splitlines()[1:]:
            value = json.loads(line)
            counted.add(value["index"], value["entry"])
        self.members["population.json"] = line_of(counted.value())


def by_anybody(change: Change) -> Make:
    """Whoever has the file: nothing is signed anew."""

    def make(_given: Given, data: bytes) -> bytes:
        package = Package(data)
        result = change(package)
        return result if isinstance(result, bytes) else package.zipped()

    return make


def by_the_log(change: Change) -> Make:
    """Whoever holds the log's own key, and the exporter's where one signed: the manifest is signed anew."""

    def make(given: Given, data: bytes) -> bytes:
        package = Package(data)
        signers = [given.key] if package.predicate["exporter"] is None else [given.key, given.jo]
        change(package)
        return package.signed(*signers)

    return make


def first_line(member: str, change: Callable[[Any], object]) -> Make:
    """The value in the first line of a member is changed, by the log."""

    def of_lines(lines: list[bytes]) -> None:
        value = json.loads(lines[0])
        change(value)
        lines[0] = line_of(value)

    return by_the_log(lambda package: package.lines(member, of_lines, head=0))


def stated(**values: object) -> Change:
    """Other values in the statement."""
    return lambda package: package.predicate.update(values)


def document(name: str, change: Callable[[Any], object]) -> Change:
    return lambda package: package.document(name, change)


def member(name: str, change: Callable[[bytes], bytes]) -> Change:
    return lambda package: package.members.update({name: change(package.members[name])})


def entries(change: Callable[[list[bytes]], object], more: int = 0) -> Change:
    """Other entries, and how many more the statement says there are."""

    def attack(package: Package) -> None:
        package.lines("entries.jsonl", change)
        package.predicate["entries"] += more

    return attack


def dropped(at: int) -> Change:
    """An entry left out, with counts that fit."""

    def attack(package: Package) -> None:
        package.lines("entries.jsonl", lambda rest: rest.pop(at) and None)
        package.predicate["entries"] -= 1
        package.recount()

    return attack


def every(*changes: Change) -> Change:
    def attack(package: Package) -> None:
        for change in changes:
            change(package)

    return attack


# --- archives ---


def archive(members: list[tuple[str, bytes]]) -> bytes:
    """The archive as the page of the format lays it out, of any members."""
    out, directory = b"", b""
    for name, data in members:
        sizes = struct.pack("<IIIHH", zlib.crc32(data), len(data), len(data), len(name), 0)
        common = struct.pack("<HHHHH", 10, 0, 0, 0, 0x21) + sizes
        directory += b"PK\x01\x02" + struct.pack("<H", 10) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name.encode()
        out += b"PK\x03\x04" + common + name.encode() + data
    count = len(members)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(out), 0)
    return out + directory + b"PK\x05\x06" + end


def of_members(change: Callable[[list[tuple[str, bytes]]], bytes]) -> Make:
    """An archive that is made of the members by other rules."""
    return by_anybody(lambda package: change(list(package.members.items())))


# --- signatures ---


@dataclass(frozen=True)
class SigningKey:
    """A key of RFC 8032 that somebody holds."""

    name: str
    seed: bytes
    type: int = 1

    @classmethod
    def of_file(cls, path: Path) -> SigningKey:
        parts = path.read_text().strip().split("+", 4)
        return cls(parts[2], base64.b64decode(parts[4])[1:])

    @property
    def _scalar(self) -> int:
        digest = hashlib.sha512(self.seed).digest()
        return int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254

    @property
    def public(self) -> bytes:
        return encoded(verify._times(self._scalar, verify.BASE))

    @property
    def id(self) -> bytes:
        return bytes(verify.sha256(self.name.encode(), b"\n", bytes([self.type]), self.public)[:4])

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.vkey.encode()).hexdigest()

    def sign(self, message: bytes) -> bytes:
        digest, public = hashlib.sha512(self.seed).digest(), self.public
        nonce = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % verify.ORDER
        begin = encoded(verify._times(nonce, verify.BASE))
        challenge = int.from_bytes(hashlib.sha512(begin + public + message).digest(), "little")
        return begin + ((nonce + challenge * self._scalar) % verify.ORDER).to_bytes(32, "little")

    def line(self, text: str) -> str:
        """Its line on a note of this text."""
        return f"\u2014 {self.name} {base64.b64encode(self.id + self.sign(text.encode())).decode()}\n"

    def cosigned(self, note: str, time: int = 1_800_000_000) -> str:
        """A note with a line of this witness."""
        text = note[: note.rindex("\n\n") + 1]
        value = self.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        line = base64.b64encode(self.id + time.to_bytes(8, "big") + value).decode()
        return f"{note}\u2014 {self.name} {line}\n"


def witness(number: int) -> SigningKey:
    return SigningKey(f"w{number}.example", bytes([number]) * 32, 4)


def encoded(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], -1, verify.P)
    x, y = point[0] * inverse % verify.P, point[1] * inverse % verify.P
    return int(y | (x & 1) << 255).to_bytes(32, "little")


def line_of(value: object) -> bytes:
    return bytes(verify.write_canonical(value)) + b"\n"


def fingerprint_of(vkey: str) -> str:
    return hashlib.sha256(vkey.encode()).hexdigest()


PAYLOAD_TYPE = b"application/vnd.in-toto+json"


def manifest(
    members: dict[str, bytes], predicate: Facts, *keys: SigningKey, spelled: Callable[[bytes], bytes] = bytes
) -> bytes:
    """A manifest over the members, signed by each of the keys."""
    subject = [
        {"digest": {"sha256": hashlib.sha256(data).hexdigest()}, "name": name}
        for name, data in members.items()
        if name != "manifest.json"
    ]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": predicate,
        "predicateType": "https://sealog.dev/evidence/v1",
        "subject": subject,
    }
    payload = spelled(verify.write_canonical(statement))
    message = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE, len(payload), payload)
    signatures = [
        {"keyid": key.fingerprint, "sig": base64.b64encode(key.sign(message)).decode()} for key in keys
    ]
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE.decode(),
        "signatures": signatures,
    }
    return line_of(envelope)


def changed_manifest(change: Callable[[Facts], object]) -> Change:
    """Another envelope around the same statement, signed by nobody anew."""
    return document("manifest.json", change)


def with_note(data: bytes, change: Callable[[str], str]) -> bytes:
    """An extract with another note in its first line."""
    head, rest = data.split(b"\n", 1)
    value = json.loads(head)
    value["checkpoint"] = change(value["checkpoint"])
    return line_of(value) + rest


# --- a log of the attacker's own ---


class ForgedLog:
    """A log that an attacker writes by themselves, entry by entry: the tree, the proofs and the checkpoint are right."""

    def __init__(self, key: SigningKey, lines: list[bytes]) -> None:
        self.key, self.lines = key, lines
        self.levels = [[verify.leaf_hash(line) for line in lines]]
        while len(self.levels[-1]) > 1:
            row = self.levels[-1]
            pairs = [verify.sha256(b"\x01", *row[at : at + 2]) for at in range(0, len(row) - 1, 2)]
            self.levels.append(pairs + row[len(row) - len(row) % 2 :])
        root = base64.b64encode(self.levels[-1][0]).decode()
        text = f"{key.name}\n{len(lines)}\n{root}\n"
        self.note = f"{text}\n{key.line(text)}"

    def proof(self, index: int) -> list[str]:
        found = []
        for row in self.levels[:-1]:
            if index ^ 1 < len(row):
                found.append(base64.b64encode(row[index ^ 1]).decode())
            index >>= 1
        return found

    def extract(self, indexes: list[int], query: Facts) -> bytes:
        head = {
            "checkpoint": self.note, "format": "sealog-export/v1", "origin": self.key.name,
            "query": query, "size": len(self.lines),
        }  # fmt: skip
        out = [line_of(head)]
        for index in indexes:
            proof = ",".join(f'"{node}"' for node in self.proof(index)).encode()
            out.append(b'{"entry":%s,"index":%d,"proof":[%s]}\n' % (self.lines[index], index, proof))
        return b"".join(out)

    def receipt(self, index: int) -> bytes:
        extra = base64.b64encode(self.lines[index]).decode()
        proof = "".join(f"{node}\n" for node in self.proof(index))
        return f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {index}\n{proof}\n{self.note}".encode()

    def package(self, genuine: Package) -> Package:
        """A package of the whole of this log, with the shape of a genuine one."""
        size, everything = len(self.lines), list(range(len(self.lines)))
        package = genuine
        package.members["entries.jsonl"] = self.extract(everything, {})
        package.members["context.jsonl"] = self.extract(everything, {})
        package.members["consistency.jsonl"] = b""
        package.document("completeness.json", lambda claim: claim.update(ranks=[0, size]))
        package.predicate.update(covers=size, size=size, entries=size, origin=self.key.name)
        return package


def entries_of(extract: bytes) -> list[bytes]:
    """The entries of an extract, as the bytes that are hashed."""
    return [verify.write_canonical(json.loads(line)["entry"]) for line in extract.splitlines()[1:]]
