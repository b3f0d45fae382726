#!/usr/bin/env python3
# Take this file from a release of Sealog, never from whoever hands you the data: a verifier that comes with it may lie.
"""Verifies a receipt, an extract or an evidence package of a Sealog log, with nothing but Python's standard library.

    python3 verify.py FILE --key VKEY [--key VKEY] [--policy FILE] [--against FILE] [--json]

A key is given as its text, as its SHA-256 fingerprint (64 hex digits), or in a file that holds one of them. By a
fingerprint the key is taken from the file that is verified, if it holds the key of that very fingerprint.

It was written from the pages of docs/formats and shares no code with the command `sealog`, so that the two check each
other. Exit status: 0 all that was asked holds, 1 refuted, 2 could not be decided; the reason is a stable code, the same
as that of `sealog verify`.

Not checked here: that a body follows the schema of its kind, signatures of actors on single records, and whole ledgers.
"""

import argparse
import base64
import binascii
import collections
import datetime
import hashlib
import hmac
import json
import os
import re
import struct
import sys
import zlib

EXIT = {"refutes": 1, "undecided": 2}
# Code: weight and meaning, as docs/verdicts.md has them.
CODES = {
    "unpinned": ("undecided", "No key was pinned, so nothing vouches for the log."),
    "origin_other": ("undecided", "This is another log than the one that was pinned."),
    "key_not_pinned": ("refutes", "The log of the pinned origin is not signed by the pinned key."),
    "key_not_in_file": (
        "undecided",
        "A fingerprint was pinned, and the file does not hold the key that it is of.",
    ),
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
    "against_unusable": (
        "undecided",
        "What was brought to compare with is no checkpoint or receipt of this log.",
    ),
    "against_mismatch": (
        "refutes",
        "The log does not extend the checkpoint or receipt that was kept from before.",
    ),
    "prev_hash_wrong": ("refutes", "An entry does not name its stream's previous entry."),
    "config_digest": ("refutes", "A configuration's digest is not the digest of its content."),
    "config_chain": ("refutes", "A configuration does not name the version that it replaces."),
    "config_bands": (
        "refutes",
        "A configuration's bands overlap, leave a hole or are out of order.",
    ),
    "label_chain": ("refutes", "A label does not name the record whose name it replaces."),
    "config_never_active": (
        "refutes",
        "A decision names a configuration that was never active before it.",
    ),
    "config_other_model": ("refutes", "A decision names a configuration of another model."),
    "config_superseded": (
        "note",
        "A decision was computed under a configuration that had been replaced.",
    ),
    "label_not_derived": (
        "refutes",
        "A decision's label is not the one that its configuration gives its score.",
    ),
    "label_differs": (
        "note",
        "The host's own label differs from the one that the configuration gives.",
    ),
    "label_unknown": ("note", "A label is named that the log does not define."),
    "score_missing": (
        "refutes",
        "A score that was no number is not recorded as an escalated error.",
    ),
    "package_malformed": ("undecided", "The file is not a whole evidence package."),
    "package_newer": (
        "undecided",
        "The package has another format version than this verifier reads.",
    ),
    "package_signature": (
        "refutes",
        "The signature over the package's manifest does not verify.",
    ),
    "package_member": ("refutes", "A file of the package is not the one that its manifest names."),
    "package_signer": (
        "refutes",
        "The package is signed for its exporter by a key that the log does not know as theirs.",
    ),
    "package_opening": (
        "refutes",
        "An opening does not give the commitment that stands in its entry.",
    ),
    "payload_missing": ("refutes", "A payload file that an entry names is missing."),
    "payload_mismatch": ("refutes", "A payload's bytes are not those that its entry names."),
    "anchor_wrong": (
        "refutes",
        "An anchor record names a root that the log never had at that size.",
    ),
    "anchor_missing": ("note", "The proof that an anchor record names is not among the anchors."),
    "anchor_unproven": (
        "note",
        "An anchor gives no outside time: the policy's witnesses do not vouch for it.",
    ),
    "package_query": (
        "refutes",
        "The package holds an entry that its query does not ask for.",
    ),
    "package_incomplete": ("refutes", "An entry that the package claims to hold is not in it."),
    "package_map": (
        "refutes",
        "The end of a stream is not the one that the log committed to.",
    ),
    "package_population": ("refutes", "The package's counts are not those of its entries."),
    "package_consistency": (
        "refutes",
        "A checkpoint in the package is not of the same log's history.",
    ),
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
BANDS_MAX = 256
# The page gives no limit of these; without one a file could ask for all the memory there is.
JSON_MEMBER_BYTES_MAX = 64 << 20
EARLIER_MAX = 1_000
SAMPLE_MAX = 100_000
SEED_BYTES_MAX = 200
PACKAGE_SIGNATURES_MAX = 16
PAYLOADS_MAX = 1_000
PAYLOAD_BYTES_MAX = 256 << 20
ANCHORS_MAX = 1_000
TOKEN_BYTES_MAX = 32_768
OPENINGS_MAX = 10_000
OPENED_BYTES_MAX = 1 << 20


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


def check_consistency(old_size, old_root, new_size, new_root, proof):
    """The tree of `old_size` leaves is the beginning of the tree of `new_size` leaves."""
    if new_size > SIZE_MAX:
        raise malformed(f"a tree of {new_size} leaves is too large")
    if new_size < old_size:
        raise Fault("refuted", f"the tree of {new_size} is smaller than that of {old_size}")
    if old_size == 0:
        raise malformed("every tree begins with nothing")
    if old_size == new_size:
        if proof:
            raise malformed("a proof between trees of one size")
        if old_root != new_root:
            raise Fault("refuted", "two roots of one size")
        return
    low = (old_size & -old_size).bit_length() - 1
    inner = ((old_size - 1) ^ (new_size - 1)).bit_length()
    border = bin((old_size - 1) >> inner).count("1")
    inner -= low
    hashes, seed = list(proof), old_root
    if old_size & (old_size - 1):
        if not hashes:
            raise malformed("the proof has no hash")
        seed = hashes.pop(0)
    if len(hashes) != inner + border:
        raise malformed(f"the proof has {len(hashes)} hashes, expected {inner + border}")
    mask, old, new = (old_size - 1) >> low, seed, seed
    for at, sibling in enumerate(hashes):
        if at >= inner or mask >> at & 1:
            old, new = sha256(b"\x01", sibling, old), sha256(b"\x01", sibling, new)
        else:
            new = sha256(b"\x01", new, sibling)
    if old != old_root or new != new_root:
        raise Fault("refuted", "the proof does not lead from the one root to the other")


# --- the state map (docs/formats/state-map.md) ---


def map_key(domain, *names):
    return sha256(b"sealog/map/v1\0", "\0".join([domain, *names]).encode("utf-8"))


def read_hex(text):
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{64}", text):
        raise malformed("a hash has 64 lowercase hex digits")
    return bytes.fromhex(text)


class MapProof:
    """The siblings of a key, and what stands at the end where the key is absent (`leaf`)."""

    def __init__(self, value):
        if not isinstance(value, dict) or set(value) - {"leaf"} != {"siblings"}:
            raise malformed("no proof of the state map")
        if not isinstance(value["siblings"], list):
            raise malformed("no proof of the state map")
        self.siblings = [read_hex(text) for text in value["siblings"]]
        self.of_absence = "leaf" in value
        self.leaf = value.get("leaf")
        if self.leaf is not None:
            if not isinstance(self.leaf, dict) or set(self.leaf) != {"key", "value"}:
                raise malformed("no leaf of the state map")
            self.leaf = read_hex(self.leaf["key"]), read_hex(self.leaf["value"])

    def check(self, root, key, value):
        """The key has the value, or none for None, under the root."""
        empty, depth = bytes(32), len(self.siblings)
        if depth > 256:
            raise malformed("more than 256 siblings")
        at_end = self.of_absence and depth == 256
        if depth and (self.siblings[-1] == empty or at_end):
            raise malformed("the tree is not compact")
        if self.of_absence != (value is None):
            raise Fault("refuted", "a proof of the other statement")
        number = int.from_bytes(key, "big")
        if value is not None:
            node = sha256(b"\x02", key, sha256(value))
        elif self.leaf is None:
            node = empty
        else:
            shared = 256 - (number ^ int.from_bytes(self.leaf[0], "big")).bit_length()
            if self.leaf[0] == key or shared < depth:
                raise Fault("refuted", "absence by a leaf that does not show it")
            node = sha256(b"\x02", *self.leaf)
        for at in range(depth - 1, -1, -1):
            sibling = self.siblings[at]
            is_right = number >> (255 - at) & 1
            node = sha256(b"\x03", sibling, node) if is_right else sha256(b"\x03", node, sibling)
        if node != root:
            raise Fault("refuted", "the siblings do not lead to the root")


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

    def existed_by(self, cosignatures):
        """The earliest second at which those that cosigned by then are enough; None if all are not."""
        for limit in sorted({time for _, time in cosignatures}):
            if self.holds([(key, time) for key, time in cosignatures if time <= limit]):
                return limit
        return None


# --- fingerprints in place of keys (docs/formats/note.md) ---

FINGERPRINT = re.compile("[0-9a-fA-F]{64}")
NAMING = (b'"kind":"ledger.created"', b'"kind":"key.event"')


class Pins:
    """What the user pins: `keys`, and the fingerprints of which no key was found yet (`missing`)."""

    def __init__(self, keys, fingerprints):
        self.keys, self.missing, self.signers = list(keys), list(fingerprints), None

    def take(self, told):
        """Takes the keys of the pinned fingerprints from what a file tells: (its keys, fingerprints of its signers)."""
        keys, self.signers = told
        for key in keys:
            if key.fingerprint in self.missing:
                self.missing = [one for one in self.missing if one != key.fingerprint]
                self.keys.append(key)

    def judged(self, finding):
        """What a verification ended with, which may be for want of a key that is missing."""
        if not self.missing or finding.code not in ("unpinned", "origin_other", "key_not_pinned"):
            return finding
        code, found = "key_not_in_file", "none"
        if self.signers is not None and not set(self.signers) & set(self.missing):
            code, found = "key_not_pinned", ", ".join(self.signers)
        judged = Finding(code, found, self.missing[0])
        judged.line = finding.line
        return judged


def keys_of_entry(entry):
    """The keys that an entry names as the log's, if it is of a kind that does."""
    record = entry.get("record") if isinstance(entry, dict) else None
    if not isinstance(record, dict) or record.get("kind") not in ("ledger.created", "key.event"):
        return []
    body, keys = record.get("body"), []
    for name in ("vkey", "successor_vkey"):
        if isinstance(body, dict) and isinstance(body.get(name), str):
            try:
                keys.append(Key(body[name]))
            except Fault:
                pass
    return keys


def told_of(note, entries, wanted):
    """The keys that are named and either wanted or on the checkpoint, and who signed it where all their keys are there."""
    lines = []
    try:
        note = Note(note)
        origin = Checkpoint(note.text).origin
        lines = [(name, key_id) for name, key_id, _ in note.lines if name == origin]
    except Fault:
        pass
    found = {}
    for entry in entries:
        for key in keys_of_entry(entry):
            if (key.name, key.id) in lines or key.fingerprint in wanted:
                found[key.text] = key
        if set(wanted) <= {key.fingerprint for key in found.values()}:
            break
    signed = {(key.name, key.id): key.fingerprint for key in found.values() if (key.name, key.id) in lines}
    is_told = bool(lines) and set(lines) <= set(signed)
    return list(found.values()), sorted(signed.values()) if is_told else None


def read_or_none(data):
    try:
        return read_canonical(data)
    except Fault:
        return None


def told_of_extract(lines, wanted):
    head = next(lines, b"")
    if not head.endswith(b"\n") or len(head) > EXTRACT_LINE_BYTES_MAX:
        return [], None
    head = read_or_none(head[:-1])
    note = head.get("checkpoint") if isinstance(head, dict) else None

    def entries():
        for line in lines:
            if not line.endswith(b"\n") or len(line) > EXTRACT_LINE_BYTES_MAX:
                return
            if any(kind in line for kind in NAMING):
                value = read_or_none(line[:-1])
                yield value.get("entry") if isinstance(value, dict) else None

    return told_of(note.encode("utf-8") if isinstance(note, str) else b"", entries(), wanted)


def told_of_receipt(data, wanted):
    try:
        receipt = Receipt.read(data)
    except Fault:
        return [], None
    entry = receipt.entry or b""
    entries = [read_or_none(entry)] if any(kind in entry for kind in NAMING) else []
    return told_of(receipt.note, entries, wanted)


def told_of_package(file, wanted):
    """Who signed is in the manifest, by fingerprint."""
    try:
        archive = Archive(file)
        _, signed = read_envelope(archive.document("manifest.json"))
        keys, _ = told_of_extract(archive.lines("context.jsonl"), wanted)
    except (Fault, Finding):
        return [], None
    # The first signature is the log's.
    return keys, [key_id for key_id, _ in signed[:1] if re.fullmatch("[0-9a-f]{64}", key_id)]


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
    if receipt.entry is None:
        raise Finding("receipt_malformed", "the proof carries no entry")
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


class Extract:
    """An extract, read line by line: its head is verified here, each entry as it is iterated."""

    def __init__(self, lines, keys):
        self.lines, self.number, self.count = enumerate(lines, 1), 1, 0
        _, head = next(self.lines, (1, None))
        with self:
            self.note, origin, size, self.query = _extract_head(head)
            if not keys:
                raise Finding("unpinned")
            self.checkpoint, self.logs, self.cosignatures = trusted_checkpoint(self.note, origin, keys)
            if self.checkpoint.size != size:
                raise Finding("size_mismatch", str(size), str(self.checkpoint.size))

    def __enter__(self):
        return self

    def __exit__(self, _kind, error, _trace):
        """Makes what fails a finding that names its line."""
        if isinstance(error, Fault):
            raise Finding("extract_malformed", str(error), line=self.number) from None
        if isinstance(error, Finding):
            error.line = self.number

    def __iter__(self):
        last = -1
        for self.number, line in self.lines:
            with self:
                receipt = _extract_line(line, self.note)
                entry, _ = receipt.check()
                if receipt.index <= last:
                    raise malformed("its entries are not in the log's order")
            self.count, last = self.count + 1, receipt.index
            yield receipt.index, entry, leaf_hash(receipt.entry)


def verify_extract(lines, keys, policy=None):
    """The report on an extract, from its lines, each with its newline."""
    extract = Extract(lines, keys)
    for _ in extract:
        pass
    checkpoint, logs, level = extract.checkpoint, extract.logs, "self"
    # A policy that asks for no witness names keys alone.
    if policy is not None and policy.quorum != b"none":
        if not policy.holds(extract.cosignatures):
            raise Finding("witness_quorum", f"{len(extract.cosignatures)} cosignatures that count", line=1)
        level = "witnessed"
    return {
        "entries": extract.count,
        "fingerprint": logs[0].fingerprint,
        "key": logs[0].text,
        "level": level,
        "origin": checkpoint.origin,
        "query": extract.query,
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
    if any(type(head[name]) is not kind for name, kind in members.items()) or not is_index(head["size"]):
        raise malformed("no first line of an extract")
    if head["format"] != "sealog-export/v1":
        raise malformed("another form or version of an extract")
    return head["checkpoint"].encode("utf-8"), head["origin"], head["size"], head["query"]


def _extract_line(line, note):
    text = _whole_line(line)
    value = read_canonical(text)
    if not isinstance(value, dict) or set(value) != {"entry", "index", "proof"}:
        raise malformed("not a line of an extract")
    index, proof = value["index"], value["proof"]
    if not is_index(index) or not isinstance(proof, list) or len(proof) > HASHES_MAX:
        raise malformed("not a line of an extract")
    if not all(isinstance(text, str) for text in proof):
        raise malformed("not a line of an extract")
    # The text is canonical, so the entry's bytes are what its value is written as.
    return Receipt(index, write_canonical(value["entry"]), [read_hash(text) for text in proof], note)


# --- configurations, labels and the decisions under them (docs/formats/log.md) ---

NOTES = ("config_superseded", "label_differs", "label_unknown")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


def _text(body, name, nullable=True):
    value = body.get(name)
    if not isinstance(value, str) and not (nullable and value is None):
        raise Finding("receipt_entry", f"`{name}` is no text")
    return value


def _index(body, name):
    value = body.get(name)
    if value is not None and (type(value) is not int or value < 0):
        raise Finding("receipt_entry", f"`{name}` is no index")
    return value


def _digest(body, name):
    text = _text(body, name)
    if text is not None and not re.fullmatch("sha256:[0-9a-f]{64}", text):
        raise Finding("receipt_entry", f"`{name}` is no digest by SHA-256")
    return text and text[7:]


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_bands(bands):
    """[(upper end or None, label)] in order; None without bands."""
    if bands is None:
        return None
    try:
        ends = [(band["from"], band["to"], band["label_id"]) for band in bands]
    except (TypeError, KeyError):
        raise Finding("config_bands", "a band is not an object of label_id, from and to") from None
    if not 1 <= len(ends) <= BANDS_MAX:
        raise Finding("config_bands", "no band, or too many")
    if ends[0][0] is not None or ends[-1][1] is not None:
        raise Finding("config_bands", "the bands do not cover every score")
    before = None
    for at, (low, high, label) in enumerate(ends):
        if not isinstance(label, str) or not all(end is None or _is_number(end) for end in (low, high)):
            raise Finding("config_bands", f"band {at} is not an object of label_id, from and to")
        if at and (low is None or low != before):
            raise Finding("config_bands", f"band {at} does not begin where the one before it ends")
        if low is not None and high is not None and low >= high:
            raise Finding("config_bands", f"band {at} is empty: its upper end is not above its lower end")
        before = high
    return [(high, label) for _, high, label in ends]


class Rules:
    """Configurations and labels by the index of their records, so that each decision is held to those before it."""

    def __init__(self):
        self.versions, self.active, self.labels, self.indexes = {}, {}, {}, set()
        self.waiting = collections.deque()

    def add(self, index, kind, body):
        """A record that is judged when the entries come to its place."""
        self.indexes.add(index)
        self.waiting.append((index, kind, body))

    def go_to(self, index):
        """Takes in every record before an entry."""
        while self.waiting and self.waiting[0][0] < index:
            at, kind, body = self.waiting.popleft()
            if kind == "config.changed":
                self._config(at, body)
            else:
                self._label(at, body)

    def _config(self, index, body):
        name, digest = _text(body, "config_id", False), _digest(body, "config_digest")
        previous = _digest(body, "prev_config_digest"), _index(body, "prev_index")
        active = self.active.get(name)
        expected = (active, self.versions[active]["index"]) if active else (None, None)
        if previous != expected:
            raise Finding("config_chain", _or_null(previous[1]), _or_null(expected[1]))
        bands = read_bands(body.get("bands"))
        covered = ("bands", "config_id", "model_id", "prev_config_digest")
        content = {member: body[member] for member in covered if member in body}
        found = sha256(write_canonical(content)).hex()
        if found != digest or digest in self.versions:
            raise Finding("config_digest", digest, found)
        if active:
            self.versions[active]["superseded_at"] = index
        model = _text(body, "model_id")
        version = {"bands": bands, "index": index, "model": model, "superseded_at": None}
        self.versions[digest], self.active[name] = version, digest

    def _label(self, index, body):
        name = _text(body, "label_id", False)
        first, last = self.labels.get(name, (index, None))
        if _index(body, "renames_index") != last:
            raise Finding("label_chain", _or_null(body.get("renames_index")), _or_null(last))
        self.labels[name] = first, index

    def judge(self, index, body, notes):
        """Counts notes; what refutes is a finding."""
        label, source = _text(body, "label_id"), _text(body, "label_source")
        model, digest = _text(body, "model_id"), _digest(body, "config_digest")
        score = body.get("score")
        if score is not None and not _is_number(score):
            raise Finding("receipt_entry", "the score is no number")
        if source not in (None, "derived", "host"):
            raise Finding("receipt_entry", "another source of the label")
        if label is not None and self.labels.get(label, (index,))[0] >= index:
            notes["label_unknown"] = notes.get("label_unknown", 0) + 1
        if "score" in body and score is None:
            if body.get("action") != "escalate" or "error" not in body or label is not None:
                raise Finding("score_missing")
        if digest is None:
            if source == "derived":
                raise Finding("label_not_derived", "none", "a configuration")
            return
        version = self.versions.get(digest)
        if version is None or version["index"] >= index:
            raise Finding("config_never_active", digest)
        if version["model"] is not None and model != version["model"]:
            raise Finding("config_other_model", model or "none", version["model"])
        superseded = version["superseded_at"]
        if superseded is not None and superseded < index:
            notes["config_superseded"] = notes.get("config_superseded", 0) + 1
        if version["bands"] is not None and score is not None:
            derived = next(name for end, name in version["bands"] if end is None or score < end)
            if label is not None and label != derived and source == "host":
                notes["label_differs"] = notes.get("label_differs", 0) + 1
            elif (label, source) != (derived, "derived"):
                raise Finding("label_not_derived", label or "none", derived)
        elif source is not None:
            raise Finding("label_not_derived", "none", "a score and bands")


def _or_null(value):
    return "null" if value is None else str(value)


# --- evidence packages (docs/formats/evidence.md) ---

ZIP_MAGIC = b"PK\x03\x04"
ZIP_BYTES_MAX = (1 << 32) - 1
# Behind these stand the payloads, and then the manifest.
MEMBERS = (
    "README.txt", "entries.jsonl", "context.jsonl", "completeness.json", "population.json",
    "consistency.jsonl", "anchors.jsonl", "openings.jsonl",
)  # fmt: skip
PAYLOAD = re.compile(rb"payloads/[0-9a-f]{64}")
QUERY_OF_RECORD = {
    "kind": "kind", "record_id": "record_id", "run": "producer_run", "stream": "stream_id",
    "system": "system_id", "tenant": "tenant_id",
}  # fmt: skip
QUERY_OF_BODY = {
    "action": "action", "config": "config_digest", "label": "label_id", "model": "model_id",
    "session": "session_id", "trace": "trace_id",
}  # fmt: skip
TIMES = {"from_time", "to_time"}
PREDICATE = {
    "anchors", "commitments", "covers", "disposed", "entries", "exporter", "format", "origin", "payloads", "query",
    "sample", "scope", "size",
}  # fmt: skip
# Kinds that only the log writes (kinds.md); every other is a producer's.
LOG_KINDS = {
    "access.logged", "chain.anchored", "config.changed", "epoch.sealed", "erasure.executed", "export.created",
    "import.adopted", "key.event", "label.registered", "ledger.created", "ledger.recovered", "legal.hold",
    "retention.disposed", "retention.policy",
}  # fmt: skip
SEALED_FIELD = "sealed:"
COMMITMENT = re.compile("hmac-sha256:[0-9a-f]{32}:([0-9a-f]{64})")


class Archive:
    """The members of the ZIP file: name to (offset, length, checksum). The one layout that the page gives, and no other."""

    def __init__(self, file):
        self.file = file
        total = file.seek(0, os.SEEK_END)
        if total > ZIP_BYTES_MAX:
            raise Finding("package_malformed", "the archive has 4 GiB or more")
        self.members, self.payloads, self.at, self.directory = {}, [], 0, b""
        for name in MEMBERS:
            self._member(name.encode("ascii"))
        while PAYLOAD.fullmatch(name := self._read(self.at + 30, 73)):
            if self.payloads and name.decode("ascii") <= self.payloads[-1]:
                raise Finding("package_malformed", "its payloads are not in their order")
            if len(self.payloads) == PAYLOADS_MAX:
                raise Finding("package_malformed", "too many payloads")
            self.payloads.append(name.decode("ascii"))
            if self._member(name) > PAYLOAD_BYTES_MAX:
                raise Finding("package_malformed", "a payload is too long")
        self._member(b"manifest.json")
        directory, at, count = self.directory, self.at, len(self.members)
        end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), at, 0)
        if total != at + len(directory) + len(end) or self._read(at, total - at) != directory + end:
            raise Finding("package_malformed", "its directory is not that of its members")

    def _member(self, name):
        """The member of this name, which has to stand here; its length."""
        at = self.at
        header = self._read(at, 30 + len(name))
        if len(header) != 30 + len(name):
            raise Finding("package_malformed", f"{name.decode()}: it was cut off")
        checksum, _, length = struct.unpack_from("<III", header, 14)
        # What every header has in common, from the version that is needed to the extra field's length.
        common = struct.pack("<HHHHHIIIHH", 10, 0, 0, 0, 0x21, checksum, length, length, len(name), 0)
        if header != ZIP_MAGIC + common + name:
            raise Finding("package_malformed", f"{name.decode()}: another header than it has to have")
        self.directory += b"PK\x01\x02" + struct.pack("<H", 10) + common
        self.directory += struct.pack("<HHHII", 0, 0, 0, 0, at) + name
        self.members[name.decode("ascii")] = at + len(header), length, checksum
        self.at = at + len(header) + length
        return length

    def _read(self, at, length):
        self.file.seek(at)
        return self.file.read(length)

    def whole(self, name):
        start, length, _ = self.members[name]
        if length > JSON_MEMBER_BYTES_MAX:
            raise Finding("package_malformed", f"{name} is too long")
        return self._read(start, length)

    def values(self, name):
        """The canonical values of the lines of a member that may be read at once."""
        data = self.whole(name)
        if data and not data.endswith(b"\n"):
            raise malformed(f"{name} was cut off")
        return [read_canonical(line) for line in data.split(b"\n")[:-1]]

    def lines(self, name):
        """Each line with its newline, as far as it is not too long. Only one member is read at a time."""
        start, left, _ = self.members[name]
        self.file.seek(start)
        while left:
            line = self.file.readline(min(left, EXTRACT_LINE_BYTES_MAX + 1))
            if not line:
                raise Finding("unreadable", f"{name}: the file became shorter")
            left -= len(line)
            yield line

    def sums(self, name):
        """SHA-256 in hex, and whether the checksum is that of the header."""
        start, left, expected = self.members[name]
        self.file.seek(start)
        digest, checksum = hashlib.sha256(), 0
        while left:
            data = self.file.read(min(left, 1 << 20))
            if not data:
                raise Finding("unreadable", f"{name}: the file became shorter")
            left -= len(data)
            digest.update(data)
            checksum = zlib.crc32(data, checksum)
        return digest.hexdigest(), checksum == expected

    def document(self, name):
        data = self.whole(name)
        if not data.endswith(b"\n"):
            raise malformed(f"{name} does not end with a newline")
        return read_canonical(data[:-1])


def is_index(value):
    return type(value) is int and 0 <= value <= SIZE_MAX


def is_time(text):
    """Whether a text is a time of six digits of a second, as the log writes it."""
    if not TIME.fullmatch(text):
        return False
    try:
        datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return False
    # Python takes the leap second for what the format refuses.
    return text[17:19] < "60"


def time_of(seconds):
    """A second as the log writes its times; None where no calendar has it."""
    try:
        time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    except OverflowError:
        return None
    return f"{time.isoformat()}.000000Z"


def check_query(query):
    if not isinstance(query, dict) or not all(isinstance(value, str) for value in query.values()):
        raise malformed("no query")
    if not set(query) <= set(QUERY_OF_RECORD) | set(QUERY_OF_BODY) | TIMES | {"producer"}:
        raise malformed("the query has a name that is not known")
    if not all(is_time(query[name]) for name in TIMES & set(query)):
        raise malformed("a time of the query is not written with six digits")


def scope_of(query):
    named = set(query) - TIMES
    if not named:
        return "log"
    return "stream" if named == {"stream", "tenant"} else "selection"


def recorded_at(entry):
    text = entry["log"].get("recorded_at")
    if not isinstance(text, str) or not is_time(text):
        raise Finding("receipt_entry", "it has no time of the log")
    return text


def is_asked(query, entry):
    record, time = entry["record"], recorded_at(entry)
    for name, value in query.items():
        if name == "from_time":
            holds = time >= value
        elif name == "to_time":
            holds = time < value
        elif name == "producer":
            holds = entry["log"].get("producer_id") == value
        elif name in QUERY_OF_RECORD:
            holds = record.get(QUERY_OF_RECORD[name]) == value
        else:
            holds = record["body"].get(QUERY_OF_BODY[name]) == value
        if not holds:
            return False
    return True


class Statement:
    """The signed statement of a manifest; unverified. `names` are those of the archive's members but the manifest."""

    def __init__(self, data, names):
        value = read_canonical(data)
        if not isinstance(value, dict) or set(value) != {"_type", "predicate", "predicateType", "subject"}:
            raise malformed("no statement")
        if value["_type"] != "https://in-toto.io/Statement/v1":
            raise malformed("another form of a statement")
        if value["predicateType"] != "https://sealog.dev/evidence/v1":
            raise malformed("a statement of something else")
        predicate = value["predicate"]
        if not isinstance(predicate, dict) or not isinstance(predicate.get("format"), str):
            raise malformed("no predicate")
        if predicate["format"] != "sealog-evidence/v1":
            raise Finding("package_newer", predicate["format"], "sealog-evidence/v1")
        if set(predicate) != PREDICATE:
            raise malformed("the predicate has other members")
        self.digests = self._subject(value["subject"], names)
        self.covers, self.disposed, self.entries, self.size = (
            predicate[name] for name in ("covers", "disposed", "entries", "size")
        )
        if not all(map(is_index, (self.covers, self.disposed, self.entries, self.size))):
            raise malformed("a number of the predicate is none")
        self.origin, self.query, self.scope = predicate["origin"], predicate["query"], predicate["scope"]
        if not isinstance(self.origin, str):
            raise malformed("no origin")
        check_query(self.query)
        if self.scope != scope_of(self.query):
            raise malformed("the scope is not that of the query")
        if self.covers > self.size or (self.scope != "stream" and self.covers != self.size):
            raise malformed("it covers another number of entries")
        self.sample = predicate["sample"]
        self._check_sample()
        self._beside(predicate, len(names) - len(MEMBERS))

    def _beside(self, predicate, payloads):
        """What stands beside the entries: anchors, openings, payloads, and whoever exported."""
        held = self._counts(predicate["anchors"], "held", "left_out")
        if held[0] > ANCHORS_MAX or (held[1] and held[0] < ANCHORS_MAX):
            raise malformed("another number of anchors than a package holds")
        self.opened, self.closed = self._counts(predicate["commitments"], "opened", "closed")
        files, self.left_out = self._counts(predicate["payloads"], "files", "left_out")
        if files != payloads:
            raise malformed("another number of payloads than the archive has")
        self.held, self.exporter = held[0], predicate["exporter"]
        if self.exporter is not None and not isinstance(self.exporter, str):
            raise malformed("no exporter")
        self.told = {name: predicate[name] for name in ("anchors", "commitments", "payloads")}

    @staticmethod
    def _counts(value, *names):
        if not isinstance(value, dict) or set(value) != set(names) or not all(map(is_index, value.values())):
            raise malformed("the predicate has no such counts")
        return [value[name] for name in names]

    @staticmethod
    def _subject(subject, names):
        if not isinstance(subject, list) or len(subject) != len(names):
            raise malformed("the statement names other members")
        digests = {}
        for name, item in zip(names, subject):
            if not isinstance(item, dict) or set(item) != {"digest", "name"} or item["name"] != name:
                raise malformed("the statement names other members")
            digest = item["digest"]
            if not isinstance(digest, dict) or set(digest) != {"sha256"}:
                raise malformed("the statement names another digest")
            digests[name] = read_hex(digest["sha256"]).hex()
        return digests

    def _check_sample(self):
        sample = self.sample
        if sample is None:
            return
        if not isinstance(sample, dict) or set(sample) != {"count", "drawn_by", "seed"}:
            raise malformed("no sample")
        count, seed = sample["count"], sample["seed"]
        if self.scope == "selection" or type(count) is not int or not 1 <= count <= SAMPLE_MAX:
            raise malformed("a sample of a selection, or of too many")
        if sample["drawn_by"] not in ("auditor", "operator") or not isinstance(seed, str):
            raise malformed("no sample")
        if len(seed.encode("utf-8")) > SEED_BYTES_MAX or any(is_control(char) for char in seed):
            raise malformed("no seed")


def is_control(char):
    return char < " " or "\x7f" <= char <= "\x9f"


def drawn(sample, root, first, end):
    """The ranks of a sample, in order."""
    size = end - first
    if sample["count"] >= size:
        return range(first, end)
    most = (1 << 64) - 1
    most -= most % size
    begin = b"sealog/sample/v1\n" + root + sample["seed"].encode("utf-8") + b"\n"
    ranks, at = set(), 0
    while len(ranks) < sample["count"]:
        number = int.from_bytes(sha256(begin, b"%d" % at)[:8], "big")
        at += 1
        if number < most:
            ranks.add(first + number % size)
    return sorted(ranks)


class Completeness:
    """What `completeness.json` claims, in its form."""

    MEMBERS = {"after", "before", "disposed", "ranks", "stream_end"}
    VALUE = {"first_index", "head_index", "head_leaf", "next_seq"}

    def __init__(self, value):
        if not isinstance(value, dict) or set(value) != self.MEMBERS:
            raise malformed("completeness.json has other members")
        self.before, self.after, self.ranks = value["before"], value["after"], value["ranks"]
        if not all(index is None or is_index(index) for index in (self.before, self.after)):
            raise malformed("an entry beside the period is no index")
        if self.ranks is not None:
            if not isinstance(self.ranks, list) or len(self.ranks) != 2 or not all(map(is_index, self.ranks)):
                raise malformed("no ranks")
            if self.ranks[0] > self.ranks[1]:
                raise malformed("the ranks end before they begin")
        if not isinstance(value["disposed"], list):
            raise malformed("no list of disposed entries")
        self.disposed = [self._disposed(item) for item in value["disposed"]]
        self.epoch, self.value, self.proof = None, None, None
        if value["stream_end"] is not None:
            self._stream_end(value["stream_end"])

    @staticmethod
    def _disposed(item):
        """(index, rank, leaf, proof)"""
        if not isinstance(item, dict) or set(item) != {"index", "leaf", "proof", "rank"}:
            raise malformed("no disposed entry")
        if not is_index(item["index"]) or not is_index(item["rank"]):
            raise malformed("a disposed entry has no place")
        return item["index"], item["rank"], read_hex(item["leaf"]), read_proof(item["proof"])

    def _stream_end(self, end):
        if not isinstance(end, dict) or set(end) != {"epoch", "proof", "value"} or not is_index(end["epoch"]):
            raise malformed("no end of a stream")
        self.epoch, self.proof, self.value = end["epoch"], MapProof(end["proof"]), end["value"]
        if self.value is not None:
            if not isinstance(self.value, dict) or set(self.value) != self.VALUE:
                raise malformed("no value of a stream")
            read_hex(self.value["head_leaf"])
            if not all(is_index(self.value[name]) for name in self.VALUE - {"head_leaf"}):
                raise malformed("no value of a stream")

    def is_empty(self):
        claims = (self.before, self.after, self.ranks, self.epoch)
        return not self.disposed and all(claim is None for claim in claims)


class Opening:
    """A line of `openings.jsonl`, in its form."""

    def __init__(self, value):
        if not isinstance(value, dict) or set(value) != {"field", "index", "record_id", "salt", "value"}:
            raise malformed("no opening")
        self.field, self.index, self.record_id = value["field"], value["index"], value["record_id"]
        texts = (self.field, self.record_id, value["value"])
        if not is_index(self.index) or not all(isinstance(text, str) for text in texts):
            raise malformed("no opening")
        self.salt, self.value = read_hex(value["salt"]), value["value"].encode("utf-8")
        if len(self.value) > OPENED_BYTES_MAX:
            raise malformed("an opened value is too long")
        self.place = self.index, self.field.encode("utf-8")

    def holds(self, entry):
        """Whether it gives the commitment at its place in its entry."""
        record = entry["record"]
        if self.field.startswith(SEALED_FIELD):
            text = next(
                (item.get("commitment") for item in personal_commitments(record) if item.get("field") == self.field),
                None,
            )
        else:
            text = self._resolved(record["body"])
        found = COMMITMENT.fullmatch(text) if isinstance(text, str) else None
        if found is None or record.get("record_id") != self.record_id:
            return False
        code = hmac.new(self.salt, b"sealog/commit/v1\0" + self.value, hashlib.sha256)
        return hmac.compare_digest(code.hexdigest(), found[1])

    def _resolved(self, value):
        if re.fullmatch("(?:/(?:[^~/]|~[01])*)*", self.field) is None:
            return None
        for name in self.field.split("/")[1:]:
            name = name.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = value.get(name)
            elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]{0,17}", name, re.ASCII):
                value = value[int(name)] if int(name) < len(value) else None
            else:
                return None
        return value


def read_openings(values, count):
    """Index of an entry to its openings."""
    openings, last = {}, None
    for opening in map(Opening, values):
        if last is not None and opening.place <= last:
            raise malformed("the openings are not in their order")
        last = opening.place
        openings.setdefault(opening.index, []).append(opening)
    if len(values) != count or count > OPENINGS_MAX:
        raise malformed("another number of openings than the statement says, or too many")
    return openings


def personal_commitments(record):
    listed = record.get("personal_commitments", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise Finding("receipt_entry", "its personal commitments are none")
    return listed


def sealed_commitments(record):
    """How many of sealed payloads there are: the other personal ones stand in the body."""
    def is_sealed(item):
        field, text = item.get("field"), item.get("commitment")
        named = isinstance(field, str) and field.startswith(SEALED_FIELD)
        return named and isinstance(text, str) and COMMITMENT.fullmatch(text) is not None

    return sum(map(is_sealed, personal_commitments(record)))


def commitments_in(value):
    """How many there are, anywhere in a value."""
    if isinstance(value, str):
        return COMMITMENT.fullmatch(value) is not None
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(commitments_in, children))


def read_proof(value):
    if not isinstance(value, list) or len(value) > HASHES_MAX:
        raise malformed("no proof")
    if not all(isinstance(text, str) for text in value):
        raise malformed("no proof")
    return [read_hash(text) for text in value]


class Population:
    """The counts of entries, as `population.json` has them."""

    def __init__(self, disposed):
        self.counts, self.runs, self.gaps, self.disposed = {}, set(), [], disposed
        self.entries, self.first, self.last = 0, None, None

    def add(self, index, entry):
        record, time = entry["record"], recorded_at(entry)
        kind, run = _text(record, "kind", False), _text(record, "producer_run", False)
        self.counts[time[:10], kind] = self.counts.get((time[:10], kind), 0) + 1
        self.runs.add(run)
        if kind == "gap.declared":
            self.gaps.append(index)
        self.entries, self.last = self.entries + 1, time
        self.first = self.first or time

    def value(self):
        counts = [
            {"count": count, "day": day, "kind": kind} for (day, kind), count in sorted(self.counts.items())
        ]
        return {
            "counts": counts,
            "disposed": self.disposed,
            "entries": self.entries,
            "first_recorded_at": self.first,
            "gaps": self.gaps,
            "last_recorded_at": self.last,
            "runs": len(self.runs),
        }


PAYLOAD_TYPE = "application/vnd.in-toto+json"


def read_envelope(envelope):
    """The payload of a DSSE envelope and its [(keyid, signature)], in their form; unverified."""
    if not isinstance(envelope, dict) or set(envelope) != {"payload", "payloadType", "signatures"}:
        raise malformed("no envelope")
    signatures = envelope["signatures"]
    if envelope["payloadType"] != PAYLOAD_TYPE or not isinstance(envelope["payload"], str):
        raise malformed("no envelope of a statement")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= PACKAGE_SIGNATURES_MAX:
        raise malformed("the envelope has no signature, or too many")
    signed = []
    for item in signatures:
        if not isinstance(item, dict) or set(item) != {"keyid", "sig"}:
            raise malformed("no signature")
        if not isinstance(item["sig"], str) or not isinstance(item["keyid"], str):
            raise malformed("no signature")
        signature = read_base64(item["sig"])
        if len(signature) != 64:
            raise malformed("a signature has 64 bytes")
        signed.append((item["keyid"], signature))
    return read_base64(envelope["payload"]), signed


class Package:
    """An evidence package, checked in the order that its page gives."""

    def __init__(self, file, keys, witnesses):
        # Witnesses vouch for a checkpoint, beside the log's own keys, and for nothing else.
        self.readers = keys + witnesses
        # `beside` holds the only entries of the context that are kept: the epoch's, and those before and after the period.
        self.file, self.keys, self.rules, self.beside = file, keys, Rules(), {}
        self.notes, self.earlier = {}, {}
        # Of the context: anchors by index, indexes of key events, vkeys by the id under which the log knows them, its own.
        self.anchors, self.key_events, self.known, self.log_keys = {}, set(), {}, []
        self.named, self.left_out, self.closed, self.last_of_producers = set(), 0, 0, -1

    def verify(self, policy, against):
        try:
            self.archive = Archive(self.file)
            self.key = self._manifest()
            self._members()
            self.claim = Completeness(self.archive.document("completeness.json"))
            openings = self.archive.values("openings.jsonl")
            self.openings = read_openings(openings, self.statement.opened)
            context = self._context()
            self._exporter()
            self._check_claim()
            self._entries(context)
            self._population()
            self._consistency()
            tokens = self._anchors()
        except Fault as fault:
            raise Finding("package_malformed", str(fault)) from None
        level = "self"
        if against is not None:
            self._against(against)
            level = "remembered"
        witnessed = None
        # A policy that asks for no witness names keys alone.
        if policy is not None and policy.quorum != b"none":
            witnessed, level = self._witnessed(policy, tokens, context.cosignatures), "witnessed"
        told = self.statement
        exporter = told.exporter and {"actor": told.exporter, "fingerprint": self.second[0]}
        return {
            **told.told,
            "exporter": exporter,
            "witnessed": witnessed,
            "complete": told.scope != "selection",
            "covers": told.covers,
            "disposed": told.disposed,
            "entries": told.entries,
            "fingerprint": self.key.fingerprint,
            "key": self.key.text,
            "level": level,
            "notes": self.notes,
            "origin": told.origin,
            "population": self.population,
            "query": told.query,
            "root": self.checkpoint.root.hex(),
            "sample": told.sample,
            "scope": told.scope,
            "size": told.size,
        }

    def _manifest(self):
        payload, signed = read_envelope(self.archive.document("manifest.json"))
        names = [name for name in self.archive.members if name != "manifest.json"]
        self.statement = Statement(payload, names)
        if len(signed) != 1 + (self.statement.exporter is not None):
            raise malformed("another number of signatures than by the log and the exporter")
        if not self.keys:
            raise Finding("unpinned")
        origin = self.statement.origin
        if not any(key.name == origin for key in self.keys):
            raise Finding("origin_other", origin, self.keys[0].name)
        kind = PAYLOAD_TYPE.encode("ascii")
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        self.message, self.second = message, signed[-1]
        key_id, signature = signed[0]
        own = [key for key in self.keys if key.name == origin and key.type == ED25519]
        signer = next((key for key in own if key.fingerprint == key_id), None)
        if signer is None:
            raise Finding("key_not_pinned", "not signed by a pinned key of the log")
        if not is_signed(signer.public, message, signature):
            raise Finding("package_signature")
        return signer

    def _exporter(self):
        """Whoever exported signed too, by the key that the log knows as theirs."""
        if self.statement.exporter is None:
            return
        fingerprint, signature = self.second
        try:
            key = Key(self.known.get(self.statement.exporter) or "")
        except Fault as fault:
            raise Finding("package_signer", str(fault)) from None
        if key.type != ED25519 or key.fingerprint != fingerprint:
            raise Finding("package_signer", key.fingerprint, fingerprint)
        if not is_signed(key.public, self.message, signature):
            raise Finding("package_signature")

    def _members(self):
        for name in self.archive.members:
            digest, holds = self.archive.sums(name)
            expected = self.statement.digests.get(name, digest)
            if digest != expected:
                raise Finding("package_member", f"{name}: {digest}", expected)
            if not holds:
                raise Finding("package_malformed", f"{name}: its checksum is not that of its header")

    def _context(self):
        context = Extract(self.archive.lines("context.jsonl"), self.readers)
        wanted = {self.claim.before, self.claim.after, self.claim.epoch}
        has_first = False
        for index, entry, leaf in context:
            has_first = has_first or index == 0
            kind = entry["record"].get("kind")
            if kind in ("config.changed", "label.registered"):
                self.rules.add(index, kind, entry["record"]["body"])
            if index in wanted:
                self.beside[index] = entry, leaf
            self._key_event(index, kind, entry["record"]["body"])
        self.checkpoint = context.checkpoint
        told = self.statement
        if (self.checkpoint.origin, self.checkpoint.size) != (told.origin, told.size):
            raise malformed("the context stands on another checkpoint than the statement says")
        if context.query != {}:
            raise malformed("the context has a query")
        if not has_first:
            raise malformed("the context has no entry 0")
        return context

    def _key_event(self, index, kind, body):
        """Keeps what the context says of anchors and keys."""
        if kind == "chain.anchored":
            self.anchors[index] = body
        elif kind == "ledger.created" and index == 0:
            self.log_keys.append(body.get("vkey"))
        elif kind == "key.event":
            self.key_events.add(index)
            event, key_id = body.get("event"), body.get("key_id")
            if not isinstance(key_id, str):
                return
            if event == "activated":
                self.known[key_id] = body.get("vkey")
            elif event in ("revoked", "destroyed"):
                self.known.pop(key_id, None)
            elif event == "rotated":
                self.log_keys.append(body.get("successor_vkey"))

    def _check_claim(self):
        told, claim = self.statement, self.claim
        if told.scope == "selection":
            if not claim.is_empty() or told.disposed:
                raise malformed("a selection that claims to be complete")
            return
        if claim.ranks is None or (claim.epoch is not None) != (told.scope == "stream"):
            raise malformed("the claim is not that of the scope")
        count = told.size
        if told.scope == "stream":
            self._check_map()
            count = claim.value["next_seq"] if claim.value else 0
        first = 0 if claim.before is None else self._beside(claim.before, "from_time") + 1
        end = count if claim.after is None else self._beside(claim.after, "to_time")
        if claim.ranks != [first, end]:
            raise Finding("package_incomplete", "ranks {}..{}".format(*claim.ranks), f"ranks {first}..{end}")
        if len(claim.disposed) != told.disposed:
            raise malformed("another number of disposed entries than the statement says")
        last = (-1, -1)
        for index, rank, leaf, proof in claim.disposed:
            if index <= last[0] or rank <= last[1] or index >= told.covers:
                raise malformed("disposed entries out of order, or beyond what is covered")
            if not first <= rank < end or (told.scope == "log" and rank != index):
                raise malformed("a disposed entry of a rank that is not claimed")
            last = index, rank
            try:
                check_inclusion(index, self.checkpoint.size, leaf, proof, self.checkpoint.root)
            except Fault as fault:
                raise Finding("receipt_inclusion", str(fault)) from None

    def _check_map(self):
        told, claim = self.statement, self.claim
        entry, _ = self.beside.get(claim.epoch, (None, None))
        if entry is None or entry["record"].get("kind") != "epoch.sealed":
            raise Finding("package_map", f"entry {claim.epoch} is no epoch of the context")
        body = entry["record"]["body"]
        if not is_index(body.get("size")) or not body["size"] == claim.epoch == told.covers:
            raise Finding("package_map", _or_null(body.get("size")), str(told.covers))
        value = None if claim.value is None else write_canonical(claim.value)
        key = map_key("stream", told.query["tenant"], told.query["stream"])
        try:
            claim.proof.check(read_hex(body.get("map_root")), key, value)
        except Fault as fault:
            raise Finding("package_map", str(fault)) from None

    def _beside(self, index, bound):
        """The rank of the entry that stands beside the period, where it does."""
        told = self.statement
        if index not in self.beside:
            raise Finding("package_incomplete", f"entry {index} is not in the context")
        entry, _ = self.beside[index]
        scope = {name: value for name, value in told.query.items() if name not in TIMES}
        time, limit = recorded_at(entry), told.query.get(bound)
        is_beside = limit is not None and (time < limit if bound == "from_time" else time >= limit)
        if not is_beside or index >= told.covers or not is_asked(scope, entry):
            raise Finding("package_incomplete", f"entry {index} does not lie beside the period")
        return self._rank(index, entry)

    def _rank(self, index, entry):
        if self.statement.scope == "log":
            return index
        seq = entry["log"].get("seq")
        if not is_index(seq):
            raise Finding("receipt_entry", "it has no number in its stream")
        return seq

    def _entries(self, context):
        told, claim = self.statement, self.claim
        extract = Extract(self.archive.lines("entries.jsonl"), self.readers)
        self.counted = Population(told.disposed)
        is_whole = told.scope != "selection"
        self.is_chained = told.scope == "stream" and told.sample is None
        self.last_leaf = None
        if is_whole:
            first, end = claim.ranks
            ranks = range(first, end) if told.sample is None else drawn(told.sample, context.checkpoint.root, first, end)
            self.ranks, self.gone = iter(ranks), iter(claim.disposed)
            self.next_gone = next(self.gone, None)
            if claim.before is not None:
                self.last_leaf = self.beside[claim.before][1]
        for index, entry, leaf in extract:
            with extract:
                self._entry(index, entry)
                if is_whole:
                    self._dispose(index)
                    self._take_rank(self._rank(index, entry))
                if self.is_chained:
                    self._chain(entry)
                    self.last_leaf = leaf
                self._payloads(entry)
                self._opened(index, entry)
        if extract.note != context.note:
            raise malformed("the entries stand on another checkpoint than the context")
        if extract.query != told.query:
            raise malformed("the entries have another query than the statement")
        if extract.count != told.entries:
            raise Finding("package_incomplete", f"{extract.count} entries", f"{told.entries} entries")
        self.rules.go_to(told.size)
        if is_whole:
            self._dispose(told.size)
            rank = next(self.ranks, None)
            if rank is not None:
                raise Finding("package_incomplete", "none", f"rank {rank}")
        if self.is_chained:
            self._check_end()
        self._check_beside()

    def _payloads(self, entry):
        """Counts the payload files that an entry names."""
        listed = entry["record"].get("payloads", [])
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise Finding("receipt_entry", "its payloads are none")
        for item in listed:
            if "inline" in item:
                continue
            name = "payloads/" + (_digest(item, "digest") or "")
            if name not in self.archive.members:
                self.left_out += 1
                continue
            self.named.add(name)
            length = self.archive.members[name][1]
            if type(item.get("size")) is not int or item["size"] != length:
                raise Finding("payload_mismatch", f"{name}: {length} bytes", f"{item.get('size')} bytes")

    def _opened(self, index, entry):
        openings = self.openings.pop(index, [])
        for opening in openings:
            if not opening.holds(entry):
                raise Finding("package_opening", f"entry {index}, `{opening.field}`")
        held = commitments_in(entry["record"]["body"]) + sealed_commitments(entry["record"])
        self.closed += held - len(openings)
        if entry["record"].get("kind") not in LOG_KINDS:
            self.last_of_producers = index

    def _check_beside(self):
        """What stands beside the entries is theirs, and as much as the statement says."""
        told = self.statement
        if self.openings:
            raise Finding("package_opening", f"entry {min(self.openings)} is not in the package")
        for name in self.archive.payloads:
            digest = told.digests[name]
            if name != f"payloads/{digest}" or name not in self.named:
                raise Finding("payload_mismatch", f"{name}: sha256:{digest}")
        if self.left_out != told.left_out:
            raise Finding("payload_missing", f"{self.left_out} left out", f"{told.left_out} left out")
        if self.closed != told.closed:
            raise Finding("package_population", f"{self.closed} closed", f"{told.closed} closed")

    def _entry(self, index, entry):
        told, record = self.statement, entry["record"]
        if index >= told.covers or not is_asked(told.query, entry):
            raise Finding("package_query", f"entry {index}")
        self.rules.go_to(index)
        kind = record.get("kind")
        is_rule = kind in ("config.changed", "label.registered") and index not in self.rules.indexes
        if is_rule or (kind == "key.event" and index not in self.key_events):
            raise Finding("package_incomplete", f"entry {index} is not in the context")
        if kind == "decision":
            self.rules.judge(index, record["body"], self.notes)
        self.counted.add(index, entry)

    def _take_rank(self, rank):
        expected = next(self.ranks, None)
        if rank != expected:
            raise Finding("package_incomplete", f"rank {rank}", "none" if expected is None else f"rank {expected}")

    def _dispose(self, index):
        """Counts the disposed entries before an index."""
        while self.next_gone is not None and self.next_gone[0] < index:
            _, rank, self.last_leaf, _ = self.next_gone
            self._take_rank(rank)
            self.next_gone = next(self.gone, None)

    def _chain(self, entry):
        expected = None if self.last_leaf is None else self.last_leaf.hex()
        found = entry["log"].get("prev_hash")
        if found != expected:
            raise Finding("prev_hash_wrong", _or_null(found), _or_null(expected))

    def _check_end(self):
        claim, expected = self.claim, None
        if claim.after is not None:
            expected = self.beside[claim.after][0]["log"].get("prev_hash")
        elif claim.value is not None:
            expected = claim.value["head_leaf"]
        found = None if self.last_leaf is None else self.last_leaf.hex()
        if found != expected:
            raise Finding("package_map", _or_null(found), _or_null(expected))

    def _population(self):
        self.population = self.archive.document("population.json")
        # Compared as texts: to Python true is 1.
        if self.statement.sample is None and write_canonical(self.population) != write_canonical(self.counted.value()):
            raise Finding("package_population")

    def _consistency(self):
        data = self.archive.whole("consistency.jsonl")
        if data and not data.endswith(b"\n"):
            raise malformed("consistency.jsonl was cut off")
        for count, line in enumerate(data.split(b"\n")[:-1], 1):
            if count > EARLIER_MAX:
                raise malformed("too many earlier checkpoints")
            value = read_canonical(line)
            if not isinstance(value, dict) or set(value) != {"checkpoint", "proof"}:
                raise malformed("no line of consistency.jsonl")
            if not isinstance(value["checkpoint"], str):
                raise malformed("no line of consistency.jsonl")
            proof = read_proof(value["proof"])
            note = value["checkpoint"].encode("utf-8")
            earlier, now = Checkpoint(Note(note).text), self.checkpoint
            if earlier.origin != self.statement.origin:
                raise Finding("package_consistency", "a checkpoint of another log")
            try:
                check_consistency(earlier.size, earlier.root, now.size, now.root, proof)
            except Fault as fault:
                raise Finding("package_consistency", str(fault)) from None
            self.earlier[earlier.size] = earlier.root

    def _anchors(self):
        """[(size, root, token)] of the anchors whose token is there."""
        listed, last, tokens = [], -1, []
        for value in self.archive.values("anchors.jsonl"):
            if not isinstance(value, dict) or set(value) != {"index", "proof", "token"} or not is_index(value["index"]):
                raise malformed("no line of anchors.jsonl")
            token, proof = value["token"], read_proof(value["proof"])
            if token is not None:
                if not isinstance(token, str):
                    raise malformed("no token of an anchor")
                token = read_base64(token)
                if len(token) > TOKEN_BYTES_MAX:
                    raise malformed("the token of an anchor is too long")
            if value["index"] <= last:
                raise malformed("the anchors are not in the log's order")
            last = value["index"]
            listed.append((last, proof, token))
        if len(listed) != self.statement.held:
            raise malformed("another number of anchors than the statement says")
        for index, proof, token in listed:
            size, root, body = self._anchor(index, proof)
            self.earlier[size] = root
            if token is None or f"sha256:{sha256(token).hex()}" != body.get("token_ref"):
                self.notes["anchor_missing"] = self.notes.get("anchor_missing", 0) + 1
            else:
                tokens.append((size, root, token))
        return tokens

    def _anchor(self, index, proof):
        body, now = self.anchors.get(index), self.checkpoint
        if body is None:
            raise malformed(f"entry {index} is no anchor of the context")
        size = body.get("tree_size")
        try:
            if not is_index(size) or not 1 <= size <= index:
                raise malformed("an anchor of another size than of before")
            root = read_hex(body.get("root_hash"))
            check_consistency(size, root, now.size, now.root, proof)
        except Fault as fault:
            raise Finding("anchor_wrong", f"entry {index}: {fault}") from None
        return size, root, body

    def _witnessed(self, policy, tokens, cosignatures):
        """Up to where the policy's witnesses saw the log, and by when what is here existed, by their clocks."""
        keys, origin = list(self.readers), self.statement.origin
        for text in self.log_keys:
            try:
                keys.append(Key(text))
            except (Fault, AttributeError):
                pass
        seen = [(self.checkpoint.size, cosignatures)] if policy.holds(cosignatures) else []
        for size, root, token in tokens:
            try:
                checkpoint, _, signed = verify_checkpoint(token, origin, keys)
            except Fault:
                checkpoint, signed = None, []
            if checkpoint is None or (checkpoint.size, checkpoint.root) != (size, root) or not policy.holds(signed):
                self.notes["anchor_unproven"] = self.notes.get("anchor_unproven", 0) + 1
            else:
                seen.append((size, signed))
        enough = [policy.existed_by(signed) for size, signed in seen if size > self.last_of_producers]
        if not enough:
            raise Finding("witness_quorum", f"{len(cosignatures)} cosignatures that count")
        return {"existed_by": time_of(min(enough)), "size": max(size for size, _ in seen)}

    def _against(self, path):
        """Holds the package against a checkpoint or a receipt of before."""
        try:
            with open(path, "rb") as file:
                data = file.read(PROOF_FILE_BYTES_MAX + 1)
            if data.startswith(b"c2sp.org/tlog-proof@v1\n"):
                receipt = Receipt.read(data)
                receipt.check()
                data = receipt.note
            kept, _, _ = verify_checkpoint(data, self.statement.origin, self.keys)
        except (OSError, Fault, Finding) as error:
            raise Finding("against_unusable", f"{path}: {error}") from None
        now = self.checkpoint
        root = now.root if kept.size == now.size else self.earlier.get(kept.size)
        if root is None:
            raise Finding("against_unusable", f"{path}: the package has no proof from its size, {kept.size}")
        if root != kept.root:
            raise Finding("against_mismatch", kept.root.hex(), root.hex())


# --- the command ---


def read_pins(arguments):
    """What the user pins: each a verifier key, a fingerprint, or a file that holds one of them a line."""
    pins = Pins([], [])
    for text in arguments:
        if FINGERPRINT.fullmatch(text):
            pins.missing.append(text.lower())
        elif os.path.exists(text):
            with open(text, encoding="utf-8") as file:
                lines = [line.strip() for line in file.read(NOTE_BYTES_MAX).splitlines()]
            for line in lines:
                if FINGERPRINT.fullmatch(line):
                    pins.missing.append(line.lower())
                elif line and not line.startswith("#"):
                    pins.keys.append(Key(line))
        elif "+" in text:
            pins.keys.append(Key(text))
        else:
            why = "neither a verifier key nor a fingerprint of 64 hex digits, and no file has this name"
            raise malformed(f"--key {text}: it is {why}")
    return pins


def run(arguments):
    """The report, whatever came of it."""
    pins = read_pins(arguments.key)
    policy = None
    if arguments.policy:
        with open(arguments.policy, "rb") as file:
            policy = Policy(file.read(POLICY_BYTES_MAX + 1))
    report = {"exit": 0, "file": arguments.file, "findings": [], "level": "none", "reason": "holds"}
    report["not_checked"] = NOT_CHECKED
    try:
        with open(arguments.file, "rb") as file:
            verify_file(file, pins, policy, arguments.against, report)
    except Finding as finding:
        finding = pins.judged(finding)
        weight, meaning = CODES[finding.code]
        said = {"code": finding.code, "expected": finding.expected, "found": finding.found}
        report["findings"] = [{**said, "meaning": meaning, "weight": weight}]
        report.update(exit=EXIT[weight], reason=finding.code)
        if finding.line is not None:
            report["line"] = finding.line
    return report


def verify_file(file, pins, policy, against, report):
    """Puts what holds into the report."""
    magic = file.read(4)
    logs = policy.logs if policy else []
    witnesses = list(policy.witnesses.values()) if policy else []

    def lines():
        file.seek(0)
        return iter(lambda: file.readline(EXTRACT_LINE_BYTES_MAX + 1), b"")

    if magic == ZIP_MAGIC:
        if pins.missing:
            pins.take(told_of_package(file, pins.missing))
        report.update(Package(file, pins.keys + logs, witnesses).verify(policy, against))
    elif against is not None:
        raise Finding("against_unusable", "only a package is compared here with what was kept")
    elif magic[:1] == b"{":
        if pins.missing:
            pins.take(told_of_extract(lines(), pins.missing))
        report.update(verify_extract(lines(), pins.keys + logs + witnesses, policy))
    else:
        file.seek(0)
        data = file.read(PROOF_FILE_BYTES_MAX + 1)
        if pins.missing:
            pins.take(told_of_receipt(data, pins.missing))
        report.update(verify_receipt(data, pins.keys + logs + witnesses, policy))


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
        if "scope" in report:
            show_package(report)
        elif "entry" in report:
            print(f"entry        {report['index']}, level {report['level']}")
            print(plain(write_canonical(report["entry"]).decode("utf-8")))
        else:
            print(f"entries      {report['entries']}, each in the log; that none is left out is not shown")
            print(f"level        {report['level']}")
    print(f"not checked  {'; '.join(report['not_checked'])}")
    print("limit        it does not show that a record is true, or that the log's holder has no second log")


def show_package(report):
    query, covers = write_canonical(report["query"]).decode("utf-8"), report["covers"]
    print(f"query        {plain(query)}")
    print(f"entries      {report['entries']}, {report['disposed']} disposed of, level {report['level']}")
    if not report["complete"]:
        print("complete     not shown")
    elif report["sample"] is None:
        print(f"complete     all that was asked for of the {report['scope']} below entry {covers}")
    else:
        sample = report["sample"]
        drawn = f"{sample['count']} drawn by the {sample['drawn_by']}, seed {sample['seed']}"
        print(f"sample       {plain(drawn)}; of the {report['scope']} below entry {covers}")
    show_beside(report)
    for code, count in sorted(report["notes"].items()):
        print(f"note         {count} x {code}: {CODES[code][1]}")


def show_beside(report):
    """What stands beside the entries, where there is any."""
    payloads, values, anchors = (report[name] for name in ("payloads", "commitments", "anchors"))
    if any(payloads.values()):
        print(f"payloads     {payloads['files']} files; named {payloads['left_out']} times and not in the package")
    if any(values.values()):
        print(f"values       {values['opened']} opened, each as it was committed to; {values['closed']} closed")
    if any(anchors.values()):
        print(f"anchors      {anchors['held']}; {anchors['left_out']} more in the log, by its word")
    if report["exporter"] is not None:
        by = report["exporter"]
        print(f"exporter     {plain(by['actor'])}, who signed with the key {by['fingerprint']}")
    if report["witnessed"] is not None:
        seen = report["witnessed"]
        print(f"witnessed    up to size {seen['size']}; all records here existed by {seen['existed_by']}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", help="a receipt, an extract or an evidence package")
    parser.add_argument(
        "--key", action="append", default=[],
        help="the log's verifier key, its SHA-256 fingerprint, or a file that holds one of them",
    )
    parser.add_argument("--policy", help="logs, witnesses and their quorum (C2SP tlog-policy)")
    parser.add_argument("--against", help="a checkpoint or receipt kept from before, to hold a package against")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(arguments)
    try:
        report = run(arguments)
    except (OSError, UnicodeDecodeError, Fault) as error:
        print(f"verify.py: {plain(error)}; give files that can be read, and a key as its owner gave it", file=sys.stderr)
        return 2
    if arguments.json:
        print(write_canonical(report).decode("utf-8"))
    else:
        show(report)
    return report["exit"]


if __name__ == "__main__":
    sys.exit(main())
