"""Evidence packages, genuine and attacked, to the command, `verifiers/verify.py` and `verify.html`: all say the same."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

import verify_page
from given import GENUINE, Given
from test_verify_py import LOG_KEY, SCRIPT, verify
from tools import archive, fingerprint_of, line_of, manifest, witness, with_note

Members = dict[str, bytes]
Facts = dict[str, Any]

FACTS = [
    *["complete", "covers", "disposed", "entries", "exit", "file", "fingerprint", "key", "level", "notes", "origin"],
    *["population", "query", "reason", "root", "sample", "scope", "size"],
    *["anchors", "commitments", "exporter", "payloads", "witnessed"],
]


class World(Given):
    """A small log, its packages, and the key that signs for it: whoever attacks here holds the log's own key."""

    def parts(self, name: str) -> Members:
        return self.opened(name).members

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
            key = [*key, *(value for name, value in zip(words, words[1:]) if name == "--key")]
            kept = tuple(str(self.root / value) for name, value in zip(words, words[1:]) if name == "--against")
            verify_page.is_same(report, page.verify(path, key[1:], policies[0] if policies else None, kept))
        facts = answers[0][0]
        return facts["exit"], facts["reason"]

    def sign(self, members: Members, predicate: Facts, spelled: Callable[[bytes], bytes] = bytes) -> None:
        """Writes the manifest anew, signed by the log's own key: what is then refused is refused for its content."""
        keys = [self.key, self.jo] if predicate.get("exporter") is not None else [self.key]
        members["manifest.json"] = manifest(members, predicate, *keys, spelled=spelled)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("packages"))


@pytest.fixture
def attacked(world: World) -> Path:
    return world.root / "attacked.zip"


PACKAGES = [name for name in GENUINE if "." not in name]


@pytest.mark.parametrize("name", PACKAGES)
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
    text = "\n".join(lines[:3]) + "\n"
    (world.root / "fork.txt").write_text(f"{text}\n{world.key.line(text)}", encoding="utf-8")
    assert world.both(stream, "--against", "fork.txt") == (1, "against_mismatch")


def test_keys(world: World) -> None:
    path = world.path("stream")
    assert world.both(path, vkey=None) == (2, "unpinned")
    assert world.both(path, vkey=LOG_KEY) == (2, "origin_other")
    assert world.both(path, vkey=another_key(world.vkey)) == (1, "key_not_pinned")


def test_a_fingerprint_stands_for_the_key_of_a_package(world: World, attacked: Path) -> None:
    path = world.path("stream")
    pinned = fingerprint_of(world.vkey)
    assert world.both(path, vkey=pinned) == (0, "holds")
    assert world.both(path, vkey=pinned.upper()) == (0, "holds")
    assert world.both(path, "--against", "held.txt", vkey=pinned) == (0, "holds")
    # A wrong one is refuted as a wrong key of the log is, and so is that of another log's key.
    for other in ["00" * 32, pinned[:-1] + ("0" if pinned[-1] != "0" else "1"), fingerprint_of(LOG_KEY)]:
        assert world.both(path, vkey=other) == (1, "key_not_pinned")
    # Beside another pin it is enough.
    assert world.both(path, "--key", LOG_KEY, vkey=pinned) == (0, "holds")
    assert world.both(path, "--key", "00" * 32, vkey=pinned) == (0, "holds")
    # A file holds it as it may hold a key.
    (world.root / "pin.txt").write_text(f"# the log\n{pinned}\n")
    for program in ([sys.executable, "-m", "sealog", "verify"], [sys.executable, "-I", str(SCRIPT)]):
        assert world.run([*program, str(path), "--key", "pin.txt"]).returncode == 0
    # What is no package ends as by the key, before any key is asked for.
    attacked.write_bytes(path.read_bytes()[:-1])
    assert world.both(attacked, vkey=pinned) == (2, "package_malformed")


def test_a_package_that_lost_its_key_is_undecided_by_a_fingerprint(world: World, attacked: Path) -> None:
    pinned = fingerprint_of(world.vkey)
    parts = world.parts("log")
    lines = parts["context.jsonl"].splitlines(keepends=True)
    parts["context.jsonl"] = b"".join(line for line in lines if b"ledger.created" not in line)
    attacked.write_bytes(archive(list(parts.items())))
    assert world.both(attacked, vkey=pinned) == (2, "key_not_in_file")
    assert world.both(attacked) == (1, "package_member")
    # The attacker's own key in its place, and the manifest signed by it.
    parts = world.parts("log")
    fresh = another_key(world.vkey)
    parts["context.jsonl"] = parts["context.jsonl"].replace(world.vkey.encode(), fresh.encode())
    world.sign(parts, predicate_of(parts))
    attacked.write_bytes(archive(list(parts.items())))
    assert world.both(attacked, vkey=pinned) == (2, "key_not_in_file")
    # And the manifest names it.
    envelope = json.loads(parts["manifest.json"])
    envelope["signatures"][0]["keyid"] = fingerprint_of(fresh)
    parts["manifest.json"] = line_of(envelope)
    attacked.write_bytes(archive(list(parts.items())))
    assert world.both(attacked, vkey=pinned) == (1, "key_not_pinned")
    # Whoever pins the attacker's fingerprint has the attacker's key: then its signature is judged.
    assert world.both(attacked, vkey=fingerprint_of(fresh)) == (1, "package_signature")


def another_key(vkey: str) -> str:
    """A key of the same name."""
    name = vkey.split("+")[0]
    public = base64.b64decode(LOG_KEY.split("+", 2)[2])
    key_id = verify.sha256(name.encode(), b"\n", public)[:4].hex()
    return f"{name}+{key_id}+{base64.b64encode(public).decode()}"


def test_extracts_and_receipts_hold_the_key_only_with_the_logs_first_record(world: World, attacked: Path) -> None:
    pinned, other = fingerprint_of(world.vkey), "00" * 32
    world.command("export", "--out", "whole.jsonl")
    world.command("export", "--kind", "decision", "--out", "decisions.jsonl")
    world.command("receipt", "get", "0", "--out", "first.proof")
    world.command("receipt", "get", "3", "--out", "third.proof")
    for name in ["whole.jsonl", "first.proof"]:
        assert world.both(world.root / name, vkey=pinned) == (0, "holds"), name
        assert world.both(world.root / name, vkey=other) == (1, "key_not_pinned"), name
    for name in ["decisions.jsonl", "third.proof"]:
        assert world.both(world.root / name) == (0, "holds"), name
        assert world.both(world.root / name, vkey=pinned) == (2, "key_not_in_file"), name
        assert world.both(world.root / name, vkey=other) == (2, "key_not_in_file"), name
    # By the key that was found, everything is checked that a given key checks.
    text = (world.root / "whole.jsonl").read_bytes()
    attacked.write_bytes(text.replace(b'"decision_id":"d2"', b'"decision_id":"d9"'))
    assert world.both(attacked, vkey=pinned) == (1, "receipt_inclusion")
    attacked.write_bytes(text[:-1])
    assert world.both(attacked, vkey=pinned) == (2, "extract_malformed")
    # A line that is too long ends the search before the first record.
    head, rest = text.split(b"\n", 1)
    attacked.write_bytes(head + b"\n" + b" " * 70_000 + b"\n" + rest)
    assert world.both(attacked, vkey=pinned) == (2, "key_not_in_file")


NO_PINS = ["nonsense", "00" * 31, "00" * 32 + "0", ":".join(["00"] * 32), " ".join(["00"] * 32), "sha256:" + "00" * 32]


@pytest.mark.parametrize("text", NO_PINS)
def test_what_is_neither_key_nor_fingerprint_nor_file(world: World, text: str) -> None:
    said = []
    for program in ([sys.executable, "-m", "sealog", "verify"], [sys.executable, "-I", str(SCRIPT)]):
        done = world.run([*program, str(world.path("log")), "--key", text])
        said.append((done.returncode, done.stdout))
        assert "neither a verifier key nor a fingerprint" in done.stderr and "no file has this name" in done.stderr
    assert said == [(2, "")] * 2
    page = verify_page.node()
    if page is not None:
        with pytest.raises(verify_page.Failed, match="neither a verifier key nor a fingerprint") as failed:
            page.verify(world.path("log"), [text])
        assert failed.value.kind == "malformed"


# --- witnesses ---


def policy_of(world: World, *seeds: int, quorum: str = "all", log: bool = False) -> str:
    """The name of a file."""
    lines = [f"log {world.vkey}"] if log else []
    lines += [f"witness W{seed} {witness(seed).vkey}" for seed in seeds]
    lines += [f"group G {quorum} " + " ".join(f"W{seed}" for seed in seeds), "quorum G"]
    path = world.root / "witnesses.txt"
    path.write_text("\n".join(lines) + "\n")
    return path.name


def write_cosigned(world: World, attacked: Path, *seeds: int) -> None:
    """A package whose checkpoint was cosigned before the log's key signed the manifest."""
    parts = world.parts("stream")

    def change(note: str) -> str:
        for seed in seeds:
            note = witness(seed).cosigned(note)
        return note

    for name in ["entries.jsonl", "context.jsonl"]:
        parts[name] = with_note(parts[name], change)
    world.sign(parts, predicate_of(parts))
    attacked.write_bytes(archive(list(parts.items())))


def test_a_policy_with_witnesses_on_a_package(world: World, attacked: Path) -> None:
    path = world.path("stream")
    assert world.both(path, "--policy", policy_of(world, 11)) == (2, "witness_quorum")
    write_cosigned(world, attacked, 11, 12)
    for words, log in [((11,), False), ((11, 12), False), ((11, 12, 13), False), ((11,), True)]:
        policy = policy_of(world, *words, quorum="2" if len(words) == 3 else "all", log=log)
        assert world.both(attacked, "--policy", policy) == (0, "holds"), words
        assert world.both(attacked, "--policy", policy, "--against", "held.txt") == (0, "holds"), words
    # The policy names the log too: no other key is needed.
    assert world.both(attacked, "--policy", policy_of(world, 11, log=True), vkey=None) == (0, "holds")
    assert world.both(attacked, "--policy", policy_of(world, 11), vkey=fingerprint_of(world.vkey)) == (0, "holds")
    # Witnesses vouch beside the log's key, not in its place.
    assert world.both(attacked, "--policy", policy_of(world, 11), vkey=None) == (2, "unpinned")
    assert world.both(attacked, "--policy", policy_of(world, 11, 13)) == (2, "witness_quorum")
    write_cosigned(world, attacked, 13)
    assert world.both(attacked, "--policy", policy_of(world, 11)) == (2, "witness_quorum")
    # A bad line by a witness of the policy refutes, even beside a quorum.
    parts = world.parts("stream")
    bad = witness(12).cosigned(" \n\n").split(" \n\n")[1]
    for name in ["entries.jsonl", "context.jsonl"]:
        parts[name] = with_note(parts[name], lambda note: witness(11).cosigned(note) + bad)
    world.sign(parts, predicate_of(parts))
    attacked.write_bytes(archive(list(parts.items())))
    assert world.both(attacked, "--policy", policy_of(world, 11)) == (0, "holds")
    assert world.both(attacked, "--policy", policy_of(world, 11, 12, quorum="any")) == (1, "checkpoint_signature")


def test_what_witnesses_saw_by_an_anchor(world: World) -> None:
    """Their cosignatures came into the log later, and the package carries them."""
    beside = world.path("beside")
    assert world.both(beside, "--policy", "policy") == (0, "holds")
    # The checkpoint that they cosigned is one that the package extends.
    assert world.both(beside, "--policy", "policy", "--against", "seen") == (0, "holds")
    assert world.both(world.path("stream"), "--policy", "policy") == (0, "holds")
    words = [sys.executable, "-I", str(SCRIPT), str(beside), "--key", world.vkey, "--policy", "policy", "--json"]
    report = json.loads(world.run(words).stdout)
    # A quorum of two had seen it by the second one's clock.
    assert report["level"] == "witnessed" and report["notes"] == {}
    assert report["witnessed"]["existed_by"] == "2026-05-28T20:28:20.000000Z"
    assert report["exporter"] == {"actor": "jo", "fingerprint": world.jo.fingerprint}
    assert (report["payloads"], report["commitments"]) == ({"files": 1, "left_out": 0}, {"closed": 1, "opened": 1})
    # Other witnesses saw nothing of it, which is noted and not enough.
    assert world.both(beside, "--policy", policy_of(world, 11)) == (2, "witness_quorum")
    # Of the whole log each verifier has to come to the same.
    assert world.both(world.path("log"), "--policy", "policy")[1] in ("holds", "witness_quorum")


def test_a_policy_with_witnesses_on_an_extract(world: World, attacked: Path) -> None:
    world.command("export", "--kind", "decision", "--out", "of witnesses.jsonl")
    text = (world.root / "of witnesses.jsonl").read_bytes()
    attacked.write_bytes(text)
    assert world.both(attacked, "--policy", policy_of(world, 11)) == (2, "witness_quorum")
    (world.root / "none.txt").write_text("quorum none\n")
    assert world.both(attacked, "--policy", "none.txt") == (0, "holds")
    attacked.write_bytes(with_note(text, lambda note: witness(11).cosigned(note)))
    assert world.both(attacked, "--policy", policy_of(world, 11)) == (0, "holds")
    assert world.both(attacked, "--policy", policy_of(world, 11, log=True), vkey=None) == (0, "holds")
    assert world.both(attacked, "--policy", policy_of(world, 11, 12)) == (2, "witness_quorum")
    # Cosigned over another root.
    lie = witness(11).cosigned("x\n1\nAAAA\n\n").split("\n\n")[1]
    attacked.write_bytes(with_note(text, lambda note: note + lie))
    assert world.both(attacked, "--policy", policy_of(world, 11)) == (1, "checkpoint_signature")


# --- attacks by the log's own key: `attacks/` has the others ---


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
    parts = world.parts(random.choice(PACKAGES))
    predicate = predicate_of(parts)
    name = random.choice([*list(parts)[1:-1], "predicate", "predicate"])
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
    attacked.write_bytes(archive(list(parts.items())))
    status, reason = world.both(attacked)
    assert reason not in ("unreadable", "too_large", "verifier_unable") and (status == 0) == (reason == "holds")
