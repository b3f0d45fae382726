"""Evidence packages, genuine and attacked, to the command, `verifiers/verify.py` and `verify.html`: all say the same."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

import verify_page
from test_verify_py import LOG_KEY, SCRIPT, verify

Members = dict[str, bytes]
Facts = dict[str, Any]

FACTS = [
    *["complete", "covers", "disposed", "entries", "exit", "file", "fingerprint", "key", "level", "notes", "origin"],
    *["population", "query", "reason", "root", "sample", "scope", "size"],
]
ORDER = verify.MEMBERS


class World:
    """A small log, its packages, and the key that signs for it: whoever attacks here holds the log's own key."""

    def __init__(self, root: Path) -> None:
        self.root = root
        places = {"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config", "HOME": "home"}
        self.env = {**os.environ, **{name: str(root / place) for name, place in places.items()}}
        self.env.pop("SEALOG_KEY", None)
        self.command("init", "audit.sealog", "--operator", "acme", "--purpose", "test")
        self.vkey: str = json.loads(self.command("key", "show", "--json"))["vkey"]
        self.command("checkpoint", "--out", "first.txt")
        self.fill()

    def command(self, *words: str) -> str:
        done = self.run([sys.executable, "-m", "sealog", *words])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, capture_output=True, text=True, cwd=self.root, env=self.env)

    def decide(self, name: str, stream: str, *fields: str) -> None:
        known = [f"decision_id={name}", "model_state=hosted", "model_reason=remote", *fields]
        words = [word for field in known for word in ("-f", field)]
        config = ["--config-id", "credit"] if stream == "credit" else []
        self.command("record", "--kind", "decision", *words, *config, "--system", stream, "--receipts", "receipts")

    def configure(self, threshold: str) -> None:
        words = ["--threshold", threshold, "--below", "L001", "--above", "L002", "--model", "m1"]
        self.command("config", "set", "credit", *words, "--by", "jo", "--reason", "limits")

    def fill(self) -> None:
        self.command("label", "add", "low", "--id", "L001", "--by", "jo", "--reason", "first")
        self.configure("0.5")
        # L002 has no name yet: a note.
        self.decide("d1", "credit", "score=0.7", "model_id=m1")
        self.command("label", "add", "high", "--id", "L002", "--by", "jo", "--reason", "first")
        self.decide("d2", "credit", "score=0.1", "model_id=m1")
        self.decide("o1", "other")
        self.decide("d3", "credit", "score=0.5", "model_id=m1")
        self.command("checkpoint", "--out", "held.txt")
        old = json.loads(self.command("config", "show", "credit", "--json"))
        old = old[0] if isinstance(old, list) else old
        digest = old.get("digest") or old["config_digest"]
        self.configure("0.6")
        self.decide("d4", "credit", "score=0.55", "model_id=m1")
        # Of another stream under the version that was replaced, with a label of the host's own: two notes.
        facts = [f"config_digest={digest}", "score=0.1", "model_id=m1", "label_id=L002", "label_source=host"]
        self.decide("o2", "other", *facts)
        self.decide("d5", "credit", "score=0.9", "model_id=m1")
        self.decide("d6", "credit", "score=0.65", "model_id=m1")
        self.package("stream", "--stream", "credit", "--previous", "held.txt")
        self.package("log")
        self.package("selection", "--label", "L002")
        self.package("absent", "--stream", "nobodys")
        entries = [json.loads(line)["entry"] for line in self.parts("stream")["entries.jsonl"].splitlines()[1:]]
        times = [entry["log"]["recorded_at"] for entry in entries]
        period = ["--since", times[1], "--until", times[4]]
        self.package("stream period", "--stream", "credit", *period)
        self.package("log period", *period)
        later = ["--since", "2999-01-01T00:00:00Z"]
        self.package("no entry", *later)
        self.command("export", "--checkpoint-only", "asked.txt")
        size = (self.root / "asked.txt").read_text().split("\n")[1]
        sample = ["--sample", "3", "--seed", "of the auditor", "--at", size]
        self.package("stream sample", "--stream", "credit", *sample)
        self.package("log sample", *sample)
        self.package("own sample", "--sample", "2", "--seed", "my own")
        self.package("large sample", "--stream", "credit", "--sample", "100", "--seed", "x")
        self.package("sample of a period", *period, "--sample", "2", "--seed", "x")

    def package(self, name: str, *words: str) -> None:
        self.command("export", "--evidence", str(self.path(name)), "--by", "jo", *words)

    def path(self, name: str) -> Path:
        return self.root / f"{name}.zip"

    def parts(self, name: str) -> Members:
        with zipfile.ZipFile(self.path(name)) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}

    def both(self, path: Path, *words: str, vkey: str | None = "") -> tuple[int, str]:
        """Exit status and reason of the verifiers, which have to be the same, with the findings and facts."""
        key = [] if vkey is None else ["--key", vkey or self.vkey]
        answers = []
        for program in ([sys.executable, "-m", "sealog", "verify"], [sys.executable, "-I", str(SCRIPT)]):
            unpinned = {"XDG_CONFIG_HOME": str(self.root / "nothing")} if vkey is None else {}
            whole = [*program, str(path), *key, *words, "--json"]
            done = subprocess.run(
                whole, capture_output=True, text=True, cwd=self.root, env={**self.env, **unpinned}
            )
            assert "Traceback" not in done.stderr, done.stderr
            assert done.stdout, done.stderr
            report = json.loads(done.stdout)
            assert report["exit"] == done.returncode
            facts = {name: report.get(name) for name in FACTS}
            answers.append((facts, [finding["code"] for finding in report["findings"]]))
        assert answers[0] == answers[1]
        page = verify_page.node()
        if page is not None:
            policies = [str(self.root / value) for name, value in zip(words, words[1:]) if name == "--policy"]
            kept = tuple(str(self.root / value) for name, value in zip(words, words[1:]) if name == "--against")
            verify_page.is_same(report, page.verify(path, key[1:], policies[0] if policies else None, kept))
        facts = answers[0][0]
        return facts["exit"], facts["reason"]

    def sign(
        self, members: Members, predicate: Facts, key: str | None = None, spelled: Callable[[bytes], bytes] = bytes
    ) -> None:
        """Writes the manifest anew, signed by the log's own key: what is then refused is refused for its content."""
        text = key or (self.root / "audit.sealog.secrets" / "log.key").read_text().strip()
        seed = base64.b64decode(text.split("+", 4)[4])[1:]
        subject = [
            {"digest": {"sha256": hashlib.sha256(members[name]).hexdigest()}, "name": name}
            for name in ORDER[:-1]
        ]
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "predicate": predicate,
            "predicateType": "https://sealog.dev/evidence/v0",
            "subject": subject,
        }
        payload = spelled(verify.write_canonical(statement))
        kind = b"application/vnd.in-toto+json"
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        envelope = {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind.decode(),
            "signatures": [
                {
                    "keyid": hashlib.sha256(self.vkey.encode()).hexdigest(),
                    "sig": base64.b64encode(signature(seed, message)).decode(),
                }
            ],
        }
        members["manifest.json"] = line_of(envelope)


def signature(seed: bytes, message: bytes) -> bytes:
    """Ed25519 of RFC 8032, with the points of the verifier."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    public = encoded(verify._times(scalar, verify.BASE))
    nonce = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % verify.ORDER
    begin = encoded(verify._times(nonce, verify.BASE))
    challenge = int.from_bytes(hashlib.sha512(begin + public + message).digest(), "little")
    return bytes(begin) + ((nonce + challenge * scalar) % verify.ORDER).to_bytes(32, "little")


def encoded(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], -1, verify.P)
    x, y = point[0] * inverse % verify.P, point[1] * inverse % verify.P
    return int(y | (x & 1) << 255).to_bytes(32, "little")


def line_of(value: object) -> bytes:
    return bytes(verify.write_canonical(value)) + b"\n"


def archive(members: list[tuple[str, bytes]]) -> bytes:
    """The archive as the page lays it out, of any members."""
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


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("packages"))


@pytest.fixture
def attacked(world: World) -> Path:
    return world.root / "attacked.zip"


GENUINE = [
    *["log", "stream", "selection", "absent", "log period", "stream period", "no entry", "log sample"],
    *["stream sample", "own sample", "large sample", "sample of a period"],
]


@pytest.mark.parametrize("name", GENUINE)
def test_genuine_packages_hold(world: World, name: str, attacked: Path) -> None:
    assert world.both(world.path(name)) == (0, "holds")
    # The helpers of the attacks build what the command wrote, so that an attack changes what it names and nothing else.
    parts = world.parts(name)
    before = world.path(name).read_bytes()
    world.sign(parts, predicate_of(parts))
    assert archive(list(parts.items())) == before


def predicate_of(parts: Members) -> Facts:
    payload = base64.b64decode(json.loads(parts["manifest.json"])["payload"])
    predicate: Facts = json.loads(payload)["predicate"]
    return predicate


def test_what_was_kept_from_before(world: World) -> None:
    stream, log = world.path("stream"), world.path("log")
    assert world.both(stream, "--against", "first.txt") == (0, "holds")
    assert world.both(stream, "--against", "held.txt") == (0, "holds")
    assert world.both(log, "--against", "first.txt") == (0, "holds")
    # There is no proof from these sizes, or no checkpoint at all.
    receipt = str(sorted(world.root.glob("receipts/*"))[0])
    for other in ["held.txt", "asked.txt", receipt, "stream.zip"]:
        assert world.both(log, "--against", other) == (2, "against_unusable"), other
    assert world.both(stream, "--against", "held.txt", vkey=LOG_KEY) == (2, "origin_other")
    held = (world.root / "held.txt").read_text()
    lines = held.split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    (world.root / "unsigned.txt").write_text("\n".join(lines))
    assert world.both(stream, "--against", "unsigned.txt") == (2, "against_unusable")
    # Signed by the log's own key: a second history.
    seed = base64.b64decode((world.root / "audit.sealog.secrets" / "log.key").read_text().split("+", 4)[4])[1:]
    text = "\n".join(lines[:3]) + "\n"
    key = verify.Key(world.vkey)
    line = base64.b64encode(key.id + signature(seed, text.encode())).decode()
    (world.root / "fork.txt").write_text(f"{text}\n\u2014 {key.name} {line}\n", encoding="utf-8")
    assert world.both(stream, "--against", "fork.txt") == (1, "against_mismatch")


def test_keys(world: World) -> None:
    path = world.path("stream")
    assert world.both(path, vkey=None) == (2, "unpinned")
    assert world.both(path, vkey=LOG_KEY) == (2, "origin_other")
    name = world.vkey.split("+")[0]
    public = base64.b64decode(LOG_KEY.split("+", 2)[2])
    key_id = verify.sha256(name.encode(), b"\n", public)[:4].hex()
    fresh = f"{name}+{key_id}+{base64.b64encode(public).decode()}"
    assert world.both(path, vkey=fresh) == (1, "key_not_pinned")


# --- attacks by whoever has the file: nothing is signed anew ---


def renamed(members: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    return [("population.jsom" if name == "population.json" else name, data) for name, data in members]


def swapped(members: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    return [members[0], members[2], members[1], *members[3:]]


def contents_swapped(members: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    (one, first), (two, second) = members[1:3]
    return [members[0], (one, second), (two, first), *members[3:]]


LAYOUTS: dict[str, tuple[Callable[[list[tuple[str, bytes]]], bytes], int, str]] = {
    "trailing bytes": (lambda m: archive(m) + b"\0", 2, "package_malformed"),
    "truncated": (lambda m: archive(m)[:-1], 2, "package_malformed"),
    "half": (lambda m: archive(m)[: len(archive(m)) // 2], 2, "package_malformed"),
    "the magic alone": (lambda m: archive(m)[:4], 2, "package_malformed"),
    "a member added": (lambda m: archive([*m, ("more.txt", b"")]), 2, "package_malformed"),
    "a member twice": (lambda m: archive([*m, m[-1]]), 2, "package_malformed"),
    "a member missing": (lambda m: archive(m[1:]), 2, "package_malformed"),
    "the manifest missing": (lambda m: archive(m[:-1]), 2, "package_malformed"),
    "renamed": (lambda m: archive(renamed(m)), 2, "package_malformed"),
    "swapped": (lambda m: archive(swapped(m)), 2, "package_malformed"),
    "contents swapped": (lambda m: archive(contents_swapped(m)), 1, "package_member"),
    "another date": (lambda m: archive(m).replace(b"\x21\0", b"\x22\0", 1), 2, "package_malformed"),
    "a comment": (lambda m: archive(m)[:-2] + b"\1\0x", 2, "package_malformed"),
    "another checksum": (lambda m: checksum(archive(m), zlib.crc32(m[0][1])), 2, "package_malformed"),
    "another checksum of the manifest": (
        lambda m: checksum(archive(m), zlib.crc32(m[6][1])),
        2,
        "package_malformed",
    ),
}


def checksum(data: bytes, found: int) -> bytes:
    """Another checksum in both headers, so that only the content tells."""
    assert data.count(struct.pack("<I", found)) == 2
    return data.replace(struct.pack("<I", found), struct.pack("<I", found ^ 1))


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(world: World, name: str, attacked: Path) -> None:
    attack, status, reason = LAYOUTS[name]
    attacked.write_bytes(attack(list(world.parts("stream").items())))
    assert world.both(attacked) == (status, reason)


@pytest.mark.parametrize("name", ORDER[:-1])
def test_a_flipped_bit_of_each_member(world: World, name: str, attacked: Path) -> None:
    parts = world.parts("stream")
    data = bytearray(parts[name])
    data[len(data) // 2] ^= 1
    whole = world.path("stream").read_bytes()
    attacked.write_bytes(whole.replace(parts[name], bytes(data), 1))
    assert world.both(attacked) == (1, "package_member")
    # With the checksum that fits.
    attacked.write_bytes(archive(list({**parts, name: bytes(data)}.items())))
    assert world.both(attacked) == (1, "package_member")


def changed_manifest(parts: Members, change: Callable[[Facts], None]) -> None:
    envelope = json.loads(parts["manifest.json"])
    change(envelope)
    parts["manifest.json"] = line_of(envelope)


def flipped_signature(envelope: Facts) -> None:
    data = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    data[40] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(bytes(data)).decode()


def changed_payload(envelope: Facts) -> None:
    payload = base64.b64decode(envelope["payload"]).replace(b'"disposed":0', b'"disposed":1')
    envelope["payload"] = base64.b64encode(payload).decode()


MANIFESTS: dict[str, tuple[Callable[[Facts], None], int, str]] = {
    "signature": (flipped_signature, 1, "package_signature"),
    "payload": (changed_payload, 1, "package_signature"),
    "no signature": (lambda e: e.update(signatures=[]), 2, "package_malformed"),
    "seventeen": (lambda e: e.update(signatures=e["signatures"] * 17), 2, "package_malformed"),
    "sixteen": (lambda e: e.update(signatures=e["signatures"] * 16), 0, "holds"),
    "another key": (lambda e: e["signatures"][0].update(keyid="00" * 32), 1, "key_not_pinned"),
    "no key's id": (lambda e: e["signatures"][0].update(keyid="jo"), 1, "key_not_pinned"),
    "a short signature": (lambda e: e["signatures"][0].update(sig="AAAA"), 2, "package_malformed"),
    "another type": (lambda e: e.update(payloadType="application/json"), 2, "package_malformed"),
    "one more member": (lambda e: e.update(more=1), 2, "package_malformed"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests(world: World, name: str, attacked: Path) -> None:
    change, status, reason = MANIFESTS[name]
    parts = world.parts("stream")
    changed_manifest(parts, change)
    attacked.write_bytes(archive(list(parts.items())))
    assert world.both(attacked) == (status, reason)


# --- attacks by the log's own key: the manifest is signed anew ---


def lines(parts: Members, name: str, change: Callable[[list[bytes]], object]) -> None:
    """Changes the lines of an extract behind its head."""
    head, *rest = parts[name].splitlines(keepends=True)
    result = change(rest)
    parts[name] = head + b"".join(result if isinstance(result, list) else rest)


def dropped(at: int) -> Callable[[Members, Facts], None]:
    def attack(parts: Members, predicate: Facts) -> None:
        lines(parts, "entries.jsonl", lambda rest: rest.pop(at) and None)
        predicate["entries"] -= 1
        recount(parts)

    return attack


def recount(parts: Members) -> None:
    """Counts that fit the entries, as a careful liar would write them."""
    counted = verify.Population(0)
    for line in parts["entries.jsonl"].splitlines()[1:]:
        value = json.loads(line)
        counted.add(value["index"], value["entry"])
    parts["population.json"] = line_of(counted.value())


def entries(change: Callable[[list[bytes]], object], more: int = 0) -> Callable[[Members, Facts], None]:
    def attack(parts: Members, predicate: Facts) -> None:
        lines(parts, "entries.jsonl", change)
        predicate["entries"] += more

    return attack


def document(name: str, change: Callable[[Facts], object]) -> Callable[[Members, Facts], None]:
    def attack(parts: Members, _predicate: Facts) -> None:
        value = json.loads(parts[name])
        change(value)
        parts[name] = line_of(value)

    return attack


def stated(**values: object) -> Callable[[Members, Facts], None]:
    return lambda _parts, predicate: predicate.update(values)


def without_context(kind: str, at: int = 0) -> Callable[[Members, Facts], None]:
    def attack(parts: Members, _predicate: Facts) -> None:
        def change(rest: list[bytes]) -> None:
            del rest[[n for n, line in enumerate(rest) if f'"kind":"{kind}"'.encode() in line][at]]

        lines(parts, "context.jsonl", change)

    return attack


def consistency(change: Callable[[Facts], object], at: int = 0) -> Callable[[Members, Facts], None]:
    def attack(parts: Members, _predicate: Facts) -> None:
        rest = parts["consistency.jsonl"].splitlines(keepends=True)
        value = json.loads(rest[at])
        change(value)
        rest[at] = line_of(value)
        parts["consistency.jsonl"] = b"".join(rest)

    return attack


def other_root(value: Facts) -> None:
    """Another root under the same signature."""
    parts = value["checkpoint"].split("\n")
    parts[2] = base64.b64encode(bytes(32)).decode()
    value["checkpoint"] = "\n".join(parts)


def other_signature(value: Facts) -> None:
    """A checkpoint that nobody signed, with the root that the log had."""
    text, line = value["checkpoint"].rstrip("\n").rsplit(" ", 1)
    found = bytearray(base64.b64decode(line))
    found[40] ^= 1
    value["checkpoint"] = f"{text} {base64.b64encode(bytes(found)).decode()}\n"


def other_query(query: Facts) -> Callable[[Members, Facts], None]:
    def attack(parts: Members, predicate: Facts) -> None:
        head, *rest = parts["entries.jsonl"].splitlines(keepends=True)
        value = json.loads(head)
        value["query"] = query
        parts["entries.jsonl"] = line_of(value) + b"".join(rest)
        predicate["query"] = query

    return attack


def claimed_whole(parts: Members, predicate: Facts) -> None:
    """A selection that is called the whole log."""
    head, *rest = parts["entries.jsonl"].splitlines(keepends=True)
    value = json.loads(head)
    value["query"] = {}
    parts["entries.jsonl"] = line_of(value) + b"".join(rest)
    claim = json.loads(parts["completeness.json"])
    claim["ranks"] = [0, predicate["size"]]
    parts["completeness.json"] = line_of(claim)
    predicate.update(query={}, scope="log")


def shorter(parts: Members, predicate: Facts) -> None:
    """The last entry dropped, and the ranks with it."""
    dropped(-1)(parts, predicate)
    document("completeness.json", lambda claim: claim["ranks"].__setitem__(1, claim["ranks"][1] - 1))(parts, predicate)


def shorter_value(parts: Members, predicate: Facts) -> None:
    """And the value of the map with them."""
    shorter(parts, predicate)
    document("completeness.json", lambda claim: claim["stream_end"]["value"].update(next_seq=claim["ranks"][1]))(
        parts, predicate
    )


def beside(member: str) -> Callable[[Members, Facts], None]:
    return document("completeness.json", lambda claim: claim.update({member: None}))


def invented_disposal(parts: Members, predicate: Facts) -> None:
    """An entry that stands in the log is called disposed of, with its true proof."""
    rest = parts["entries.jsonl"].splitlines()[1:]
    value = json.loads(rest[2])
    leaf = verify.leaf_hash(verify.write_canonical(value["entry"])).hex()
    item = {"index": value["index"], "leaf": leaf, "proof": value["proof"], "rank": value["entry"]["log"]["seq"]}
    document("completeness.json", lambda claim: claim["disposed"].append(item))(parts, predicate)
    predicate["disposed"] = 1


def hidden_as_disposed(parts: Members, predicate: Facts) -> None:
    """And is left out. No verifier can tell, but the page says so: the log's word."""
    invented_disposal(parts, predicate)
    dropped(2)(parts, predicate)
    document("population.json", lambda value: value.update(disposed=1))(parts, predicate)


def wrong_disposal(parts: Members, predicate: Facts) -> None:
    hidden_as_disposed(parts, predicate)
    document("completeness.json", lambda claim: claim["disposed"][0].update(leaf="00" * 32))(parts, predicate)


def swap(one: int, two: int) -> Callable[[list[bytes]], None]:
    def change(rest: list[bytes]) -> None:
        rest[one], rest[two] = rest[two], rest[one]

    return change


def edited(rest: list[bytes]) -> list[bytes]:
    return [line.replace(b'"decision_id":"d2"', b'"decision_id":"d9"') for line in rest]


def other_sample(**values: object) -> Callable[[Members, Facts], None]:
    return lambda _parts, predicate: predicate["sample"].update(values)


def many(data: bytes, count: int) -> bytes:
    """The first line so many times."""
    return data.splitlines(keepends=True)[0] * count


def other_member(name: str, change: Callable[[bytes], bytes]) -> Callable[[Members, Facts], None]:
    return lambda parts, _predicate: parts.update({name: change(parts[name])})


def of_another_package(name: str, *, world_of: str) -> Callable[[Members, Facts], None]:
    return lambda parts, _predicate: parts.update({name: OTHER[world_of][name]})


OTHER: dict[str, Members] = {}
Attack = tuple[str, Callable[[Members, Facts], None], int, str]

RESIGNED: dict[str, Attack] = {
    "first dropped": ("stream", dropped(0), 1, "package_incomplete"),
    "middle dropped": ("stream", dropped(2), 1, "package_incomplete"),
    "last dropped": ("stream", dropped(-1), 1, "package_incomplete"),
    "last dropped with its rank": ("stream", shorter, 1, "package_incomplete"),
    "last dropped with the map's value": ("stream", shorter_value, 1, "package_map"),
    "log: first dropped": ("log", dropped(0), 1, "package_incomplete"),
    "log: middle dropped": ("log", dropped(7), 1, "package_incomplete"),
    "log: last dropped": ("log", dropped(-1), 1, "package_incomplete"),
    "log: last dropped with its rank": ("log", shorter, 1, "package_incomplete"),
    "sample: one dropped": ("log sample", dropped(1), 1, "package_incomplete"),
    "period: first dropped": ("stream period", dropped(0), 1, "package_incomplete"),
    "period: last dropped": ("log period", dropped(-1), 1, "package_incomplete"),
    "doubled": ("stream", entries(lambda rest: rest.insert(1, rest[1]), 1), 2, "extract_malformed"),
    "reordered": ("stream", entries(swap(1, 2)), 1, "package_incomplete"),
    "edited": ("stream", entries(edited), 1, "receipt_inclusion"),
    "wrong count of entries": ("stream", stated(entries=5), 1, "package_incomplete"),
    "selection: wrong count": ("selection", stated(entries=99), 1, "package_incomplete"),
    "wrong query": ("stream", stated(query={"stream": "other", "tenant": "default"}), 1, "package_map"),
    "wrong query of a selection": ("selection", stated(query={"label": "L001"}), 1, "package_query"),
    "wrong query everywhere": ("selection", other_query({"kind": "decision"}), 1, "package_query"),
    # What a selection was asked for is the log's word, as long as it asks for what is there.
    "wider query everywhere": ("selection", other_query({"tenant": "default"}), 0, "holds"),
    "unknown query": ("selection", stated(query={"colour": "red"}), 2, "package_malformed"),
    "a time without digits": (
        "log",
        stated(query={"from_time": "2026-01-01T00:00:00Z"}),
        2,
        "package_malformed",
    ),
    "a selection as the whole log": ("selection", claimed_whole, 1, "package_incomplete"),
    "wrong scope": ("selection", stated(scope="log"), 2, "package_malformed"),
    "wrong size": ("log", stated(size=3, covers=3), 2, "package_malformed"),
    "covers less": ("log", stated(covers=3), 2, "package_malformed"),
    "stream covers less": ("stream", stated(covers=3), 1, "package_map"),
    "other origin": ("log", stated(origin="example.org/other"), 2, "origin_other"),
    "newer format": ("log", stated(format="sealog-evidence/v1"), 2, "package_newer"),
    "a format that is no text": ("log", stated(format=1), 2, "package_malformed"),
    "the map's value in another form": (
        "stream",
        document("completeness.json", lambda c: c["stream_end"]["value"].pop("first_index")),
        2,
        "package_malformed",
    ),
    "consistency: white space": (
        "stream",
        other_member("consistency.jsonl", lambda data: data.replace(b',"proof"', b', "proof"', 1)),
        2,
        "package_malformed",
    ),
    "one more in the predicate": ("log", stated(more=1), 2, "package_malformed"),
    "counts": ("stream", document("population.json", lambda p: p.update(entries=7)), 1, "package_population"),
    "counts of a kind": (
        "log",
        document("population.json", lambda p: p["counts"][0].update(count=9)),
        1,
        "package_population",
    ),
    "runs": ("log", document("population.json", lambda p: p.update(runs=1)), 1, "package_population"),
    "gaps": ("log", document("population.json", lambda p: p.update(gaps=[1])), 1, "package_population"),
    "selection: counts": ("selection", document("population.json", lambda p: p.update(runs=99)), 1, "package_population"),
    "sample: counts": ("log sample", document("population.json", lambda p: p.update(entries=7)), 0, "holds"),
    "ranks": ("stream", document("completeness.json", lambda c: c.update(ranks=[1, 6])), 1, "package_incomplete"),
    "no ranks": ("log", document("completeness.json", lambda c: c.update(ranks=None)), 2, "package_malformed"),
    "ranks of a selection": (
        "selection",
        document("completeness.json", lambda c: c.update(ranks=[0, 1])),
        2,
        "package_malformed",
    ),
    "no end of a stream": (
        "stream",
        document("completeness.json", lambda c: c.update(stream_end=None)),
        2,
        "package_malformed",
    ),
    "one more in the claim": ("log", document("completeness.json", lambda c: c.update(more=1)), 2, "package_malformed"),
    "another value": (
        "stream",
        document("completeness.json", lambda c: c["stream_end"]["value"].update(head_leaf="00" * 32)),
        1,
        "package_map",
    ),
    "no value": (
        "stream",
        document("completeness.json", lambda c: c["stream_end"].update(value=None)),
        1,
        "package_map",
    ),
    "a sibling less": (
        "stream",
        document("completeness.json", lambda c: c["stream_end"]["proof"]["siblings"].pop()),
        1,
        "package_map",
    ),
    "another epoch": (
        "stream",
        document("completeness.json", lambda c: c["stream_end"].update(epoch=0)),
        1,
        "package_map",
    ),
    "no entry before": ("stream period", beside("before"), 1, "package_incomplete"),
    "no entry after": ("stream period", beside("after"), 1, "package_incomplete"),
    "log: no entry before": ("log period", beside("before"), 1, "package_incomplete"),
    "log: no entry after": ("log period", beside("after"), 1, "package_incomplete"),
    "another entry before": (
        "log period",
        document("completeness.json", lambda c: c.update(before=c["before"] - 1)),
        1,
        "package_incomplete",
    ),
    "the entry after inside": (
        "log period",
        document("completeness.json", lambda c: c.update(after=c["after"] + 1)),
        1,
        "package_incomplete",
    ),
    "disposed, and there": ("stream", invented_disposal, 1, "package_incomplete"),
    "hidden as disposed": ("stream", hidden_as_disposed, 0, "holds"),
    "another leaf as disposed": ("stream", wrong_disposal, 1, "receipt_inclusion"),
    "another number of disposed": ("stream", stated(disposed=1), 2, "package_malformed"),
    "first configuration left out": ("stream", without_context("config.changed"), 1, "config_never_active"),
    "last configuration left out": ("stream", without_context("config.changed", 1), 1, "config_never_active"),
    "log: last configuration left out": ("log", without_context("config.changed", 1), 1, "package_incomplete"),
    "log: label left out": ("log", without_context("label.registered"), 1, "package_incomplete"),
    "label left out": ("stream", without_context("label.registered"), 0, "holds"),
    "epoch left out": ("stream", without_context("epoch.sealed"), 1, "package_map"),
    "entry 0 left out": ("log", without_context("ledger.created"), 2, "package_malformed"),
    "context doubled": (
        "log",
        lambda parts, _: lines(parts, "context.jsonl", lambda rest: [rest[0], *rest]),
        2,
        "extract_malformed",
    ),
    "context cut off": ("log", other_member("context.jsonl", lambda data: data[:-1]), 2, "extract_malformed"),
    "context empty": ("log", other_member("context.jsonl", lambda data: b""), 2, "extract_malformed"),
    "entries empty": ("log", other_member("entries.jsonl", lambda data: b""), 2, "extract_malformed"),
    "population empty": ("log", other_member("population.json", lambda data: b""), 2, "package_malformed"),
    "population without its newline": (
        "log",
        other_member("population.json", lambda data: data[:-1]),
        2,
        "package_malformed",
    ),
    "claim with white space": (
        "log",
        other_member("completeness.json", lambda data: data.replace(b",", b", ")),
        2,
        "package_malformed",
    ),
    "entries of another checkpoint": (
        "selection",
        of_another_package("entries.jsonl", world_of="log"),
        1,
        "package_query",
    ),
    "context of another checkpoint": ("log", of_another_package("context.jsonl", world_of="stream"), 2, "package_malformed"),
    "sample: another seed": ("log sample", other_sample(seed="another"), 1, "package_incomplete"),
    "sample: fewer": ("log sample", other_sample(count=2), 1, "package_incomplete"),
    "sample: none": ("log sample", other_sample(count=0), 2, "package_malformed"),
    "sample: a control character": ("log sample", other_sample(seed="a\nb"), 2, "package_malformed"),
    "sample: a C1 control character": ("log sample", other_sample(seed="a\u0085b"), 2, "package_malformed"),
    "sample: drawn by nobody": ("log sample", other_sample(drawn_by="nobody"), 2, "package_malformed"),
    "sample: called whole": ("log sample", stated(sample=None), 1, "package_incomplete"),
    "whole: called a sample": (
        "stream",
        stated(sample={"count": 2, "drawn_by": "auditor", "seed": "x"}),
        1,
        "package_incomplete",
    ),
    "consistency: another root": ("stream", consistency(other_root), 1, "package_consistency"),
    "consistency: another root of the second": ("stream", consistency(other_root, 1), 1, "package_consistency"),
    "consistency: a hash less": ("stream", consistency(lambda v: v["proof"].pop()), 1, "package_consistency"),
    "consistency: no hash": ("stream", consistency(lambda v: v["proof"].append("AA")), 2, "package_malformed"),
    "consistency: one more": ("stream", consistency(lambda v: v.update(more=1)), 2, "package_malformed"),
    "consistency: another log": (
        "stream",
        consistency(lambda v: v.update(checkpoint="x" + v["checkpoint"])),
        1,
        "package_consistency",
    ),
    "consistency: no checkpoint": ("stream", consistency(lambda v: v.update(checkpoint="x")), 2, "package_malformed"),
    "consistency: no signature's length": (
        "stream",
        consistency(lambda v: v.update(checkpoint=v["checkpoint"][:-6] + "AAA=\n")),
        2,
        "package_malformed",
    ),
    # The proof alone says that the log had this root: the signature is not looked at.
    "consistency: another signature": ("stream", consistency(other_signature), 0, "holds"),
    "consistency: left out": ("stream", other_member("consistency.jsonl", lambda data: b""), 0, "holds"),
    "consistency: doubled": ("stream", other_member("consistency.jsonl", lambda data: data * 2), 0, "holds"),
    "consistency: a thousand": ("stream", other_member("consistency.jsonl", lambda data: many(data, 1_000)), 0, "holds"),
    "consistency: a thousand and one": (
        "stream",
        other_member("consistency.jsonl", lambda data: many(data, 1_001)),
        2,
        "package_malformed",
    ),
    "consistency: cut off": (
        "stream",
        other_member("consistency.jsonl", lambda data: data[:-1]),
        2,
        "package_malformed",
    ),
    "another page for people": ("stream", other_member("README.txt", lambda data: b"trust me"), 0, "holds"),
}


@pytest.mark.parametrize("name", RESIGNED)
def test_what_the_logs_own_key_signs(world: World, name: str, attacked: Path) -> None:
    package, attack, status, reason = RESIGNED[name]
    OTHER.update({other: world.parts(other) for other in ("log", "stream")})
    parts = world.parts(package)
    predicate = predicate_of(parts)
    attack(parts, predicate)
    world.sign(parts, predicate)
    attacked.write_bytes(archive([(member, parts[member]) for member in ORDER]))
    assert attacked.read_bytes() != world.path(package).read_bytes()
    assert world.both(attacked) == (status, reason)


def test_a_statement_that_is_not_canonical(world: World, attacked: Path) -> None:
    parts = world.parts("log")
    world.sign(parts, predicate_of(parts), spelled=lambda payload: payload.replace(b',"predicate"', b', "predicate"', 1))
    attacked.write_bytes(archive(list(parts.items())))
    assert world.both(attacked) == (2, "package_malformed")


@pytest.mark.parametrize("count", [100_000, 100_001])
def test_more_entries_than_the_page_takes(world: World, attacked: Path, count: int) -> None:
    """The page's own limit, as it stands: what the statement says is enough to know."""
    page = verify_page.node()
    if page is None:
        pytest.skip(str(verify_page.missing()))
    parts = world.parts("selection")
    world.sign(parts, {**predicate_of(parts), "entries": count})
    attacked.write_bytes(archive(list(parts.items())))
    report = page.verify(attacked, [world.vkey])
    expected = (1, "package_incomplete") if count == 100_000 else (2, "too_large")
    assert (report["exit"], report["reason"]) == expected


def test_a_policy_without_witnesses_names_keys(world: World) -> None:
    policy = world.root / "policy.txt"
    policy.write_text(f"log {world.vkey}\nquorum none\n")
    assert world.both(world.path("stream"), "--policy", "policy.txt") == (0, "holds")


def test_no_flipped_bit_of_a_package_holds_in_the_page(world: World) -> None:
    """A bit of each byte of the headers and the directory, and of the members in steps (`SEALOG_FLIPS=all`: each byte)."""
    from test_verify_html import flipped

    page = verify_page.node()
    if page is None:
        pytest.skip(str(verify_page.missing()))
    content = world.path("stream").read_bytes()
    with zipfile.ZipFile(world.path("stream")) as archive:
        inside: list[int] = []
        for info in archive.infolist():
            begin = info.header_offset + 30 + len(info.filename)
            inside += range(begin, begin + info.file_size)
    layout = sorted(set(range(len(content))) - set(inside))
    assert len(layout) > 14 * 30
    step = 1 if os.environ.get("SEALOG_FLIPS") == "all" else 101
    places = [*layout, *inside[::step]]
    assert flipped(page, content, places, world.vkey) == len(places)


def places_of(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key in a JSON value."""
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        found += [(value, key), *places_of(child)]
    return found


def mutated(value: Any, random: Random) -> None:
    """One place of it of another type, of another value, gone, or there twice."""
    container, key = random.choice(places_of(value))
    others: list[Any] = [None, True, 0, -1, 1, 1.5, 2**53 - 1, "", "x", "A" * 64, "0" * 64, [], {}, [0], {"a": 1}]
    kind = random.randrange(6)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, list):
        container.insert(key, container[key])
    elif kind == 2 and isinstance(container[key], int) and not isinstance(container[key], bool):
        container[key] += random.choice([-1, 1])
    else:
        container[key] = random.choice(others)


@pytest.mark.parametrize("seed", range(int(os.environ.get("SEALOG_MUTATIONS", "40"))))
def test_a_mutated_package_gets_the_same_answer(world: World, attacked: Path, seed: int) -> None:
    """Signed by the log's own key, so that what is behind the signature is reached. Whatever the answer is, all give it
    (`SEALOG_MUTATIONS=N` for more)."""
    random = Random(seed)
    parts = world.parts(random.choice(GENUINE))
    predicate = predicate_of(parts)
    name = random.choice([*ORDER[1:-1], "predicate", "predicate"])
    if name == "predicate":
        mutated(predicate, random)
    else:
        rows = parts[name].splitlines()
        at = random.randrange(len(rows)) if rows else None
        if at is not None:
            value = json.loads(rows[at])
            mutated(value, random)
            rows[at] = verify.write_canonical(value)
            parts[name] = b"".join(row + b"\n" for row in rows)
    world.sign(parts, predicate)
    attacked.write_bytes(archive([(member, parts[member]) for member in ORDER]))
    status, reason = world.both(attacked)
    assert reason not in ("unreadable", "too_large", "verifier_unable") and (status == 0) == (reason == "holds")
