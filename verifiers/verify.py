#!/usr/bin/env python3
# Take this file from a release of Sealog, never from whoever hands you the data: a verifier that comes with it may lie.
"""Verifies a receipt or an extract of a Sealog log, with nothing but Python's standard library.

    python3 verify.py FILE --key VKEY [--key VKEY] [--policy FILE] [--json]

It was written from the pages of docs/formats and shares no code with the command `sealog`, so that the two check each
other. Exit status: 0 all that was asked holds, 1 refuted, 2 could not be decided; the reason is a stable code, the same
as that of `sealog verify`.

Not checked here: that a body follows the schema of its kind, signatures of actors on single records, and whole ledgers.
"""

import argparse
import base64
import binascii
import hashlib
import json
import os
import sys

EXIT = {"refutes": 1, "undecided": 2}
# Code: weight and meaning, as docs/verdicts.md has them.
CODES = {
    "unpinned": ("undecided", "No key was pinned, so nothing vouches for the log."),
    "origin_other": ("undecided", "This is another log than the one that was pinned."),
    "key_not_pinned": ("refutes", "The log of the pinned origin is not signed by the pinned key."),
    "checkpoint_signature": ("refutes", "A checkpoint's signature does not verify."),
    "size_mismatch": (
        "refutes",
        "A checkpoint signs another number of entries than precede it.",
    ),
    "receipt_malformed": ("undecided", "The file is not a receipt."),
    "extract_malformed": ("undecided", "The file is not a whole extract."),
    "receipt_inclusion": (
        "refutes",
        "The receipt's entry is not in the tree that its checkpoint signs.",
    ),
    "receipt_entry": ("refutes", "The receipt's entry is not a well-formed entry of its index."),
    "witness_quorum": (
        "undecided",
        "The policy's witnesses have not cosigned the log up to its last record of a producer.",
    ),
    "unreadable": ("undecided", "Something could not be read."),
}
NOT_CHECKED = ["body against the schema of its kind", "signatures of actors on records"]

PROOF_FILE_BYTES_MAX = 1_117_003
EXTRA_BYTES_MAX = 49_146
NOTE_BYTES_MAX = 1 << 20
SIGNATURES_MAX = 64
NAME_BYTES_MAX = 255
VKEY_BYTES_MAX = 4_096
HASHES_MAX = 63
SIZE_MAX = (1 << 63) - 1
EXTRACT_LINE_BYTES_MAX = 65_536
DEPTH_MAX = 32
POLICY_BYTES_MAX = 262_144
POLICY_ITEMS_MAX = 64
INTEGER_MAX = (1 << 53) - 1


class Fault(Exception):
    """What a format or a proof fails with: `malformed`, `refused` or `refuted`, as the pages of the formats call it."""

    def __init__(self, kind, why):
        super().__init__(why)
        self.kind = kind


class Finding(Exception):
    """What ends a verification."""

    def __init__(self, code, found=None, expected=None, line=None):
        super().__init__(code)
        self.code, self.found, self.expected, self.line = code, found, expected, line


def malformed(why):
    return Fault("malformed", why)


# --- canonical JSON (docs/formats/canonical-json.md) ---


def read_canonical(data):
    """The value of a canonical text; any other text is refused."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
        _check(value, 0)
        again = write_canonical(value)
    except RecursionError:
        raise malformed("it nests too deep") from None
    except (ValueError, OverflowError) as error:
        raise malformed(f"no canonical JSON: {error}") from None
    if again != data:
        raise malformed("not in its canonical form")
    return value


def write_canonical(value):
    """RFC 8785, for values that `read_canonical` may return."""
    return _write(value).encode("utf-8")


def _object(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice")
    return members


def _constant(name):
    raise ValueError(f"{name} is no number")


def _check(value, depth):
    if isinstance(value, (dict, list)):
        if depth == DEPTH_MAX:
            raise ValueError("it nests too deep")
        for child in value.values() if isinstance(value, dict) else value:
            _check(child, depth + 1)
    elif isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)):
        number = float(value)
        if number in (float("inf"), float("-inf")):
            raise ValueError("a number is not finite")
        if INTEGER_MAX < abs(number) < 1e21 or (isinstance(value, int) and abs(value) > INTEGER_MAX):
            raise ValueError("an integer is beyond 2^53 - 1")


def _write(value):
    if isinstance(value, dict):
        # RFC 8785 sorts by UTF-16 code units, which differs from code points beyond U+FFFF.
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(_string(name) + ":" + _write(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_write, value)) + "]"
    if isinstance(value, str):
        return _string(value)
    if value is True or value is False or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value) if isinstance(value, int) else _number(value)


def _string(text):
    return json.dumps(text, ensure_ascii=False)


def _number(value):
    """A double as ECMAScript writes it: the shortest digits, an exponent from 10^21 and below 10^-6."""
    if value == 0:
        # Minus zero is no value of the format: this text is not the one that was read.
        return "0"
    sign, value = ("-", -value) if value < 0 else ("", value)
    digits, _, exponent = repr(value).partition("e")
    whole, _, fraction = digits.partition(".")
    point = len(whole) + int(exponent or "0")
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = point - 1
    mantissa = digits if count == 1 else digits[0] + "." + digits[1:]
    return f"{sign}{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"


# --- base64, decimal numbers, hashes ---


def read_base64(text):
    """RFC 4648 section 4, padded; only what an encoder would write."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise malformed("no base64") from None
    if base64.b64encode(data).decode("ascii") != text:
        raise malformed("no canonical base64")
    return data


def read_hash(text):
    data = read_base64(text)
    if len(data) != 32:
        raise malformed("a hash has 32 bytes")
    return data


def read_decimal(text, most):
    if not text.isascii() or not text.isdigit() or (text[0] == "0" and text != "0"):
        raise malformed("no decimal number")
    # Beyond 19 digits no number is allowed, and Python refuses to read very long ones with an error of its own.
    if len(text) > 19 or int(text) > most:
        raise malformed("a number is too large")
    return int(text)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- the tree (docs/formats/tree.md) ---


def leaf_hash(entry):
    return sha256(b"\x00", entry)


def check_inclusion(index, size, leaf, proof, root):
    """The leaf stands at `index` of the tree of `size` leaves with this root."""
    if size > SIZE_MAX or index >= size:
        raise malformed(f"entry {index} is beyond the tree of {size}")
    inner = (index ^ (size - 1)).bit_length()
    border = bin(index >> inner).count("1")
    if len(proof) != inner + border:
        raise malformed(f"the proof has {len(proof)} hashes, expected {inner + border}")
    node = leaf
    for at, sibling in enumerate(proof):
        right = at < inner and not index >> at & 1
        node = sha256(b"\x01", node, sibling) if right else sha256(b"\x01", sibling, node)
    if node != root:
        raise Fault("refuted", f"the proof leads to root {node.hex()}, expected {root.hex()}")


# --- Ed25519, strict (RFC 8032; docs/formats/note.md) ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def _add(one, two):
    """Of extended coordinates (X, Y, Z, T)."""
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c = 2 * one[3] * two[3] * D % P
    d = 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _is_equal(one, two):
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 == (one[1] * two[2] - two[1] * one[2]) % P


def _point(data):
    """The point of 32 bytes; None where they are not the one encoding of one, or it is of small order."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    numerator, denominator = (y * y - 1) % P, (D * y * y + 1) % P
    x2 = numerator * pow(denominator, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    point = (x, y, 1, x * y % P)
    return None if _is_equal(_times(8, point), (0, 1, 1, 0)) else point


BASE = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(public_key, message, signature):
    if len(signature) != 64:
        return False
    key, nonce = _point(public_key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return _is_equal(_times(scalar, BASE), _add(nonce, _times(challenge, key)))


# --- keys, notes, checkpoints (docs/formats/note.md, checkpoint.md, cosignature.md) ---

ED25519, COSIGNATURE = 1, 4


class Key:
    """A verifier key: `name`, `id`, `type`, `public`, and the `text` that it was read from."""

    def __init__(self, text):
        parts = text.split("+", 2)
        if len(text.encode("utf-8", "replace")) > VKEY_BYTES_MAX or len(parts) != 3:
            raise malformed("no verifier key")
        self.text = text
        self.name, key_id, encoded = parts
        check_name(self.name)
        data = read_base64(encoded)
        self.id = sha256(self.name.encode("utf-8"), b"\n", data)[:4]
        if key_id != self.id.hex():
            raise malformed("the id of a verifier key is not that of its content")
        if data[:1] not in (b"\x01", b"\x04"):
            raise Fault("refused", "a verifier key of a type that is not read here")
        self.type, self.public = data[0], data[1:]
        if len(self.public) != 32 or _point(self.public) is None:
            raise malformed("the public key of a verifier key is no point")

    @property
    def fingerprint(self):
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def check_name(name):
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise malformed("a name is no text") from None
    if not 1 <= length <= NAME_BYTES_MAX or "+" in name:
        raise malformed("no name of a key")
    if any(char < " " or (char.isspace() and char not in "\x1c\x1d\x1e\x1f") for char in name):
        raise malformed("white space in the name of a key")


class Note:
    """A signed note: its `text`, and `lines` of (name, id, signature)."""

    def __init__(self, data):
        if len(data) > NOTE_BYTES_MAX:
            raise malformed("the note is too long")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            raise malformed("the note is not UTF-8") from None
        if any(char < " " and char != "\n" for char in whole):
            raise malformed("a control character in the note")
        at = whole.rfind("\n\n")
        if at < 0:
            raise malformed("the note has no empty line before its signatures")
        self.text = whole[: at + 1]
        signatures = whole[at + 2 :]
        if not signatures.endswith("\n"):
            raise malformed("the note does not end with a newline")
        lines = signatures[:-1].split("\n")
        if len(lines) > SIGNATURES_MAX:
            raise malformed("the note has too many signatures")
        self.lines = [self._line(line) for line in lines]

    @staticmethod
    def _line(line):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise malformed("no line of a signature")
        check_name(parts[1])
        data = read_base64(parts[2])
        if len(data) < 5:
            raise malformed("a signature is too short")
        return parts[1], data[:4], data[4:]

    def verify(self, keys):
        """The keys that signed, each with the earliest time of a cosigner, None for a log. No line by one may fail."""
        for at, key in enumerate(keys):
            for other in keys[:at]:
                if (key.name, key.id) == (other.name, other.id) and key.text != other.text:
                    raise Fault("refused", "two keys of one name and id")
        signed = {}
        for name, key_id, signature in self.lines:
            key = next((key for key in keys if (key.name, key.id) == (name, key_id)), None)
            if key is None:
                continue
            time = self._check(key, signature)
            before = signed.get(key.text, (key, time))[1]
            signed[key.text] = (key, time if before is None else min(before, time))
        if not signed:
            raise Fault("refuted", "no line by a key that was given")
        return list(signed.values())

    def _check(self, key, signature):
        message, time = self.text.encode("utf-8"), None
        if key.type == COSIGNATURE:
            if len(signature) != 72:
                raise malformed("a cosignature has 72 bytes")
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            if time > SIZE_MAX:
                raise malformed("the time of a cosignature is too large")
            message = b"cosignature/v1\ntime %d\n" % time + message
        if not is_signed(key.public, message, signature):
            raise Fault("refuted", f"a signature by {key.name} does not verify")
        return time


class Checkpoint:
    """What the text of a note says about a tree: `origin`, `size`, `root`; unverified."""

    def __init__(self, text):
        lines = text.split("\n")
        # A text ends with a newline, so the last item is empty.
        if len(lines) < 4 or lines[-1] or "" in lines[3:-1]:
            raise malformed("no checkpoint")
        self.origin = lines[0]
        if not 1 <= len(self.origin.encode("utf-8")) <= NAME_BYTES_MAX:
            raise malformed("no origin")
        self.size, self.root = read_decimal(lines[1], SIZE_MAX), read_hash(lines[2])
        if self.size == 0 and self.root != sha256():
            raise Fault("refuted", "a tree of no leaf has another root")


def verify_checkpoint(data, origin, keys):
    """The checkpoint of the log `origin`, the log's keys that signed it, and [(cosigner's key, time)]."""
    note = Note(data)
    checkpoint = Checkpoint(note.text)
    if checkpoint.origin != origin:
        raise Fault("refused", "a checkpoint of another log")
    usable = [key for key in keys if key.type == COSIGNATURE or key.name == origin]
    if not any(key.type == ED25519 for key in usable):
        raise Fault("refused", "no key of the log")
    signed = note.verify(usable)
    logs = [key for key, _ in signed if key.type == ED25519]
    if not logs:
        raise Fault("refuted", "no line by a key of the log")
    return checkpoint, logs, [(key, time) for key, time in signed if key.type == COSIGNATURE]


# --- policies (docs/formats/policy.md) ---


class Policy:
    """Logs and witnesses by their keys, and the quorum that is asked for."""

    def __init__(self, data):
        if len(data) > POLICY_BYTES_MAX or (data and not data.endswith(b"\n")):
            raise malformed("no policy: too long, or its last line does not end")
        if any(byte not in (9, 10) and (byte < 0x20 or byte == 0x7F) for byte in data):
            raise malformed("a control character in the policy")
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None
        self.members = set()
        for line in data.split(b"\n"):
            items = line.replace(b"\t", b" ").split(b" ")
            items = [item for item in items if item]
            if items and not items[0].startswith(b"#"):
                self._line(items)
        if self.quorum is None:
            raise malformed("the policy has no quorum")

    def _line(self, items):
        word, rest = items[0], items[1:]
        if word == b"log" and 1 <= len(rest) <= 2:
            self._add_key(self.logs, self._key(rest[0], ED25519))
        elif word == b"witness" and 2 <= len(rest) <= 3:
            self._define(rest[0])
            key = self._key(rest[1], COSIGNATURE)
            self._add_key(self.witnesses.values(), key)
            self.witnesses[rest[0]] = key
        elif word == b"group" and len(rest) >= 3:
            self._group(rest[0], rest[1], rest[2:])
        elif word == b"quorum" and len(rest) == 1 and self.quorum is None:
            if rest[0] != b"none" and not self._is_defined(rest[0]):
                raise malformed("the quorum is not defined")
            self.quorum = rest[0]
        else:
            raise malformed("a line of the policy is not understood")
        if max(len(self.logs), len(self.witnesses), len(self.groups)) > POLICY_ITEMS_MAX:
            raise malformed("the policy is too long")

    @staticmethod
    def _key(item, kind):
        try:
            key = Key(item.decode("utf-8"))
        except UnicodeDecodeError:
            raise malformed("a key is not UTF-8") from None
        if key.type != kind:
            raise malformed("a key of another type")
        return key

    def _add_key(self, known, key):
        if any(other.public == key.public for other in known):
            raise malformed("a public key twice")
        if known is self.logs:
            self.logs.append(key)

    def _is_defined(self, name):
        return name in self.witnesses or name in self.groups

    def _define(self, name):
        if name == b"none" or self._is_defined(name):
            raise malformed("a name twice")

    def _group(self, name, threshold, members):
        self._define(name)
        for member in members:
            if not self._is_defined(member) or member in self.members:
                raise malformed("a member is not defined, or of two groups")
            self.members.add(member)
        words = {b"any": 1, b"all": len(members)}
        count = words.get(threshold)
        if count is None:
            count = read_decimal(threshold.decode("ascii", "replace"), len(members))
        if count < 1:
            raise malformed("a threshold of 0")
        self.groups[name] = (count, members)

    def holds(self, cosignatures):
        """Whether the quorum holds; never where nobody is asked for."""
        signed = {key.public for key, _ in cosignatures}

        def has(name):
            if name in self.witnesses:
                return self.witnesses[name].public in signed
            count, members = self.groups[name]
            return sum(map(has, members)) >= count

        return self.quorum != b"none" and has(self.quorum)


# --- entries, receipts and extracts (docs/formats/log.md, receipt.md, export.md) ---

LOG_MEMBERS = {
    "clock", "index", "nonce", "prev_checkpoint", "prev_hash", "producer_assurance",
    "producer_id", "recorded_at", "seq",
}  # fmt: skip
RECORD_MEMBERS = {
    "body", "capture_mode", "corrects", "kind", "occurred_at", "payloads", "personal_commitments",
    "privacy", "producer_run", "producer_seq", "record_id", "retention_class", "schema_version",
    "stream_id", "system_id", "tenant_id",
}  # fmt: skip
SIGNATURE_MEMBERS = {"alg", "key_id", "value"}


def read_entry(data, index):
    """The entry of a line that stands at `index`."""
    if len(data) > EXTRA_BYTES_MAX:
        raise malformed("the entry is too long")
    entry = read_canonical(data)
    if not isinstance(entry, dict) or set(entry) - {"signature"} != {"log", "record"}:
        raise malformed("another line of the log")
    known = {"log": LOG_MEMBERS, "record": RECORD_MEMBERS, "signature": SIGNATURE_MEMBERS}
    for name, part in entry.items():
        if not isinstance(part, dict) or not set(part) <= known[name]:
            raise malformed(f"a member of `{name}` is not known")
    if not isinstance(entry["record"].get("body"), dict):
        raise malformed("the record has no body")
    found = entry["log"].get("index")
    if type(found) is not int or found != index:
        raise malformed(f"it is entry {found}, expected {index}")
    return entry


class Receipt:
    """An entry's bytes, its index, its proof and the signed checkpoint; unverified."""

    def __init__(self, index, entry, proof, note):
        self.index, self.entry, self.proof, self.note = index, entry, proof, note

    @classmethod
    def read(cls, data):
        """Of a proof file (docs/formats/proof.md) whose `extra` line holds the entry."""
        if len(data) > PROOF_FILE_BYTES_MAX:
            raise malformed("the file is too long")
        try:
            lines = data.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            raise malformed("the file is not UTF-8") from None
        lines.reverse()

        def take():
            # What follows the last newline is no line.
            if len(lines) < 2:
                raise malformed("the file was cut off")
            return lines.pop()

        if take() != "c2sp.org/tlog-proof@v1":
            raise malformed("not a tlog-proof file")
        line, extra = take(), None
        if line.startswith("extra "):
            extra, line = read_base64(line[6:]), take()
        if not line.startswith("index "):
            raise malformed("no index")
        index = read_decimal(line[6:], SIZE_MAX - 1)
        proof = []
        while (line := take()) != "":
            if len(proof) == HASHES_MAX:
                raise malformed("too many hashes")
            proof.append(read_hash(line))
        lines.reverse()
        note = "\n".join(lines).encode("utf-8")
        if not note or len(note) > NOTE_BYTES_MAX or len(extra or b"") > EXTRA_BYTES_MAX:
            raise malformed("no checkpoint, or a part that is too long")
        return cls(index, extra, proof, note)

    def check(self):
        """The entry and the checkpoint as it is stated, once the entry is in its tree; nothing is shown before."""
        try:
            if self.entry is None:
                raise malformed("the proof carries no entry")
            checkpoint = Checkpoint(Note(self.note).text)
        except Fault as fault:
            raise Finding("receipt_malformed", str(fault)) from None
        leaf = leaf_hash(self.entry)
        try:
            check_inclusion(self.index, checkpoint.size, leaf, self.proof, checkpoint.root)
        except Fault as fault:
            raise Finding("receipt_inclusion", str(fault)) from None
        try:
            return read_entry(self.entry, self.index), checkpoint
        except Fault as fault:
            raise Finding("receipt_entry", str(fault)) from None


def trusted_checkpoint(note, origin, keys):
    """`verify_checkpoint`, with what it fails with as a finding."""
    if not any(key.name == origin for key in keys):
        raise Finding("origin_other", origin, keys[0].name)
    try:
        return verify_checkpoint(note, origin, keys)
    except Fault as fault:
        by_nobody = str(fault).startswith(("no line by", "no key of the log"))
        code = "key_not_pinned" if by_nobody else "checkpoint_signature"
        raise Finding(code, str(fault)) from None


def verify_receipt(data, keys, policy=None):
    """The report on a receipt file, as a dictionary."""
    try:
        receipt = Receipt.read(data)
    except Fault as fault:
        raise Finding("receipt_malformed", str(fault)) from None
    if not keys:
        raise Finding("unpinned")
    entry, stated = receipt.check()
    checkpoint, logs, cosignatures = trusted_checkpoint(receipt.note, stated.origin, keys)
    report = {
        "entry": entry,
        "index": receipt.index,
        "level": "self",
        "origin": checkpoint.origin,
        "root": checkpoint.root.hex(),
        "size": checkpoint.size,
        "key": logs[0].text,
    }
    if policy is not None:
        if not policy.holds(cosignatures):
            raise Finding("witness_quorum", f"{len(cosignatures)} cosignatures that count")
        report["level"] = "witnessed"
    return report


def verify_extract(lines, keys):
    """The report on an extract, from its lines, each with its newline."""
    numbered = enumerate(lines, 1)
    number, head = next(numbered, (1, None))
    try:
        note, origin, size, query = _extract_head(head)
        if not keys:
            raise Finding("unpinned")
        checkpoint, logs, _ = trusted_checkpoint(note, origin, keys)
        if checkpoint.size != size:
            raise Finding("size_mismatch", str(size), str(checkpoint.size))
        count, last = 0, -1
        for number, line in numbered:
            receipt = _extract_line(line, note)
            receipt.check()
            if receipt.index <= last:
                raise malformed("its entries are not in the log's order")
            count, last = count + 1, receipt.index
    except Fault as fault:
        raise Finding("extract_malformed", str(fault), line=number) from None
    except Finding as finding:
        finding.line = number
        raise
    return {
        "entries": count,
        "fingerprint": logs[0].fingerprint,
        "key": logs[0].text,
        "origin": checkpoint.origin,
        "query": query,
        "root": checkpoint.root.hex(),
        "size": checkpoint.size,
    }


def _whole_line(line):
    if line is None:
        raise malformed("it is empty")
    if len(line) > EXTRACT_LINE_BYTES_MAX:
        raise malformed("the line is too long")
    if not line.endswith(b"\n"):
        raise malformed("it was cut off inside this line")
    return line[:-1]


def _extract_head(line):
    head = read_canonical(_whole_line(line))
    members = {"checkpoint": str, "format": str, "origin": str, "query": dict, "size": int}
    if not isinstance(head, dict) or set(head) != set(members):
        raise malformed("no first line of an extract")
    if any(type(head[name]) is not kind for name, kind in members.items()):
        raise malformed("no first line of an extract")
    if head["format"] != "sealog-export/v0":
        raise malformed("another form or version of an extract")
    return head["checkpoint"].encode("utf-8"), head["origin"], head["size"], head["query"]


def _extract_line(line, note):
    text = _whole_line(line)
    value = read_canonical(text)
    if not isinstance(value, dict) or set(value) != {"entry", "index", "proof"}:
        raise malformed("not a line of an extract")
    index, proof = value["index"], value["proof"]
    if type(index) is not int or not isinstance(proof, list) or len(proof) > HASHES_MAX:
        raise malformed("not a line of an extract")
    if not all(isinstance(text, str) for text in proof):
        raise malformed("not a line of an extract")
    # The text is canonical, so the entry's bytes are what its value is written as.
    return Receipt(index, write_canonical(value["entry"]), [read_hash(text) for text in proof], note)


# --- the command ---


def read_keys(arguments):
    """The keys that the user pins: each a verifier key, or a file that holds one a line."""
    keys = []
    for text in arguments:
        if "+" not in text or os.path.exists(text):
            with open(text, encoding="utf-8") as file:
                lines = [line.strip() for line in file.read(NOTE_BYTES_MAX).splitlines()]
            keys += [Key(line) for line in lines if line and not line.startswith("#")]
        else:
            keys.append(Key(text))
    return keys


def run(arguments):
    """The report, whatever came of it."""
    keys = read_keys(arguments.key)
    policy = None
    if arguments.policy:
        with open(arguments.policy, "rb") as file:
            policy = Policy(file.read(POLICY_BYTES_MAX + 1))
        keys += policy.logs + list(policy.witnesses.values())
    report = {"exit": 0, "file": arguments.file, "findings": [], "reason": "holds"}
    report["not_checked"] = NOT_CHECKED
    try:
        with open(arguments.file, "rb") as file:
            if file.read(1) == b"{":
                if policy is not None:
                    raise Finding("witness_quorum", "an extract is held against keys alone")
                file.seek(0)
                lines = iter(lambda: file.readline(EXTRACT_LINE_BYTES_MAX + 1), b"")
                report.update(verify_extract(lines, keys))
            else:
                file.seek(0)
                data = file.read(PROOF_FILE_BYTES_MAX + 1)
                report.update(verify_receipt(data, keys, policy))
    except Finding as finding:
        weight, meaning = CODES[finding.code]
        said = {"code": finding.code, "expected": finding.expected, "found": finding.found}
        report["findings"] = [{**said, "meaning": meaning, "weight": weight}]
        report.update(exit=EXIT[weight], reason=finding.code)
        if finding.line is not None:
            report["line"] = finding.line
    return report


def plain(text):
    """Text without anything that a terminal would obey."""
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in str(text))


def show(report):
    word = {0: "HOLDS", 1: "REFUTED", 2: "COULD NOT BE DECIDED"}[report["exit"]]
    print(f"{plain(report['file'])}: {word}  ({report['reason']})")
    for finding in report["findings"]:
        print(f"  {finding['code']}  {finding['meaning']}")
        for name in ("expected", "found"):
            if finding[name] is not None:
                print(f"      {name:<9}{plain(finding[name])}")
    if report["exit"] == 0:
        fingerprint = hashlib.sha256(report["key"].encode("utf-8")).hexdigest()
        print(f"log          {plain(report['origin'])}, {report['size']} entries")
        print(f"key          {plain(report['key'])}\n             SHA-256 {fingerprint}")
        if "entry" in report:
            print(f"entry        {report['index']}, level {report['level']}")
            print(plain(write_canonical(report["entry"]).decode("utf-8")))
        else:
            print(f"entries      {report['entries']}, each in the log; that none is left out is not shown")
    print(f"not checked  {'; '.join(report['not_checked'])}")
    print("limit        it does not show that a record is true, or that the log's holder has no second log")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", help="a receipt or an extract")
    parser.add_argument(
        "--key", action="append", default=[], help="the log's verifier key, or a file that holds it"
    )
    parser.add_argument("--policy", help="logs, witnesses and their quorum (C2SP tlog-policy)")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(arguments)
    try:
        report = run(arguments)
    except (OSError, UnicodeDecodeError, Fault) as error:
        print(f"verify.py: {plain(error)}; give a file that can be read, and a key as its owner gave it", file=sys.stderr)
        return 2
    if arguments.json:
        print(write_canonical(report).decode("utf-8"))
    else:
        show(report)
    return report["exit"]


if __name__ == "__main__":
    sys.exit(main())
