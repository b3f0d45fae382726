"""`verifiers/verify.py`, a verifier that shares no code with ours: the examples of every page, and the same files to both."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sealog
import verify_page
from conftest import places_in

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "verifiers" / "verify.py"
LOG_KEY = "log.example/sealog+0ecbe95f+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("verify_py", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify = load()


def block(page: str, name: str, which: int = 0) -> str:
    text = (ROOT / "docs" / "formats" / f"{page}.md").read_text(encoding="utf-8")
    found = re.findall(rf"^```{re.escape(name)}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(found[which])


def cases(page: str, name: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(block(page, f"json {name}"))
    assert listed
    return listed


def refused(page: str, name: str, check: Callable[[dict[str, Any]], object]) -> None:
    """Each of the cases is refused, as the page says."""
    for case in cases(page, name):
        with pytest.raises(verify.Fault) as fault:
            check(case)
        assert fault.value.kind == case.get("kind", "malformed"), (case, fault.value)


def keys(texts: list[str]) -> list[Any]:
    return [verify.Key(text) for text in texts]


def hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def test_canonical_json() -> None:
    for line in block("canonical-json", "json-forms").splitlines():
        text, canonical = line.split("  =>  ")
        assert verify.write_canonical(verify.read_canonical(canonical.encode())) == canonical.encode()
        if text != canonical:
            with pytest.raises(verify.Fault):
                verify.read_canonical(text.encode())
    for name in ["json-refused", "json-not-canonical"]:
        for line in block("canonical-json", name).splitlines():
            with pytest.raises(verify.Fault):
                verify.read_canonical(line.split(" ", 2)[2].encode())


@pytest.mark.parametrize("depth", [32, 33, 100_000])
def test_nesting(depth: int) -> None:
    text = b"[" * depth + b"]" * depth
    if depth == 32:
        assert verify.read_canonical(text)
    else:
        with pytest.raises(verify.Fault):
            verify.read_canonical(text)


def test_numbers_as_the_command_writes_them(ledger: sealog.Ledger) -> None:
    numbers = [
        mantissa * 10.0**exponent
        for mantissa in [1.0, 1.5, 9.007199254740993, 1 / 3, 123456.789, 5e-3]
        for exponent in range(-30, 31)
    ]
    numbers = [n for n in numbers if not 2**53 <= abs(n) < 1e21]
    line = ledger.append("org.example.numbers", {"numbers": numbers}).entry
    assert verify.write_canonical(verify.read_canonical(line)) == line


def test_verifier_keys_and_notes() -> None:
    for case in cases("note", "vkeys"):
        key = verify.Key(case["vkey"])
        assert (key.name, key.type, key.public.hex(), key.id.hex()) == (
            case["name"],
            case["type"],
            case["public"],
            case["id"],
        )
        assert key.fingerprint == case["fingerprint"]
    refused("note", "vkeys-refused", lambda case: verify.Key(case["vkey"]))
    for case in cases("note", "notes"):
        note = verify.Note(case["note"].encode())
        assert note.text == case["text"]
        assert note.verify(keys(case["keys"]))
    refused(
        "note",
        "notes-refused",
        lambda case: verify.Note(case["note"].encode()).verify(keys(case["keys"])),
    )


def test_checkpoints_and_cosignatures() -> None:
    def check(case: dict[str, Any]) -> Any:
        return verify.verify_checkpoint(case["note"].encode(), case["origin"], keys(case["keys"]))

    for case in cases("checkpoint", "checkpoints"):
        checkpoint, logs, _ = check(case)
        assert checkpoint.origin == case["origin"] and logs
    refused("checkpoint", "checkpoints-refused", check)

    def cosigned(case: dict[str, Any]) -> Any:
        return verify.Note(case["note"].encode()).verify([verify.Key(case["key"])])

    refused("cosignature", "cosignatures-refused", cosigned)


def test_trees() -> None:
    def check(case: dict[str, Any]) -> None:
        leaf, root = hashes([case["leaf"], case["root"]])
        verify.check_inclusion(case["index"], case["size"], leaf, hashes(case["proof"]), root)

    for case in cases("tree", "inclusion"):
        check(case)
    refused("tree", "inclusion-refused", check)


def test_proof_files() -> None:
    def check(case: dict[str, Any]) -> None:
        proof = verify.Receipt.read(case["file"].encode())
        key = verify.Key(LOG_KEY)
        checkpoint, _, _ = verify.verify_checkpoint(proof.note, key.name, [key])
        leaf = verify.leaf_hash(case["entry"].encode())
        verify.check_inclusion(proof.index, checkpoint.size, leaf, proof.proof, checkpoint.root)

    for case in cases("proof", "proofs"):
        check(case)
    refused("proof", "proofs-refused", check)


def test_policies() -> None:
    def check(case: dict[str, Any]) -> None:
        policy = verify.Policy(case["policy"].encode())
        known = [*policy.logs, *policy.witnesses.values(), *keys(case.get("keys", []))]
        origin = case["note"].split("\n", 1)[0]
        _, _, cosignatures = verify.verify_checkpoint(case["note"].encode(), origin, known)
        if not policy.holds(cosignatures) and policy.quorum != b"none":
            raise verify.Fault("refused", "no quorum")

    for case in cases("policy", "policies"):
        policy = verify.Policy(case["policy"].encode())
        assert (len(policy.witnesses), len(policy.logs)) == (case["witnesses"], case["logs"])
        check(case)
    refused("policy", "policies-refused", lambda case: verify.Policy(case["policy"].encode()))
    refused("policy", "checkpoints-refused", check)


def test_its_codes_are_ours() -> None:
    text = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", text, re.MULTILINE)
    ours = {code: (weight, meaning) for code, weight, meaning in rows}
    for code, said in verify.CODES.items():
        assert ours[code] == said


def test_signatures_are_strict() -> None:
    """The public vectors of Ed25519's edges, as far as they are there; ours stand in `note.md`."""
    small = [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18]
    for y in small:
        assert verify._point(y.to_bytes(32, "little")) is None
        assert verify._point((y + 2**255).to_bytes(32, "little")) is None
    key, text = verify.Key(LOG_KEY), verify.Note(cases("note", "notes")[0]["note"].encode())
    signature = text.lines[0][2]
    assert verify.is_signed(key.public, text.text.encode(), signature)
    scalar = int.from_bytes(signature[32:], "little") + verify.ORDER
    malleable = signature[:32] + scalar.to_bytes(32, "little")
    assert not verify.is_signed(key.public, text.text.encode(), malleable)


# --- the same file to both verifiers ---


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path | str]]:
    """Genuine files, which no test here changes."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        places = places_in(tmp_path_factory.mktemp("world"), monkeypatch)
        monkeypatch.chdir(places)
        command("init", "audit.sealog", "--operator", "acme", "--purpose", "test")
        fields = ["-f", "model_state=hosted", "-f", "model_reason=remote"]
        for name in ["d1", "d2", "d3"]:
            fields_of = ["-f", f"decision_id={name}", *fields]
            command("record", "--kind", "decision", *fields_of, "--receipts", "receipts")
        command("export", "--out", "extract.jsonl")
        vkey = json.loads(command("key", "show", "--json"))["vkey"]
        receipt = sorted(places.glob("receipts/*"))[1]
        yield {"receipt": receipt, "extract": places / "extract.jsonl", "vkey": vkey}


def command(*arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sealog", *arguments], capture_output=True, text=True
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def both(path: Path, vkey: str) -> tuple[int, str]:
    """Exit status and reason of the verifiers, which have to be the same."""
    ours = [sys.executable, "-m", "sealog", "verify", str(path), "--key", vkey, "--json"]
    theirs = [sys.executable, "-I", str(SCRIPT), str(path), "--key", vkey, "--json"]
    answers = []
    for words in (ours, theirs):
        done = subprocess.run(words, capture_output=True, text=True)
        assert "Traceback" not in done.stderr, done.stderr
        report = json.loads(done.stdout)
        assert report["exit"] == done.returncode
        shown = [report.get(name) for name in ["origin", "size", "root", "key", "entry", "entries"]]
        codes = [finding["code"] for finding in report.get("findings", [])]
        answers.append((done.returncode, report["reason"], codes, shown))
    assert answers[0] == answers[1]
    page = verify_page.node()
    if page is not None:
        verify_page.is_same(report, page.verify(path, [vkey]))
    return answers[0][0], answers[0][1]


def test_genuine_files_hold(world: dict[str, Any]) -> None:
    assert both(world["receipt"], world["vkey"]) == (0, "holds")
    assert both(world["extract"], world["vkey"]) == (0, "holds")
    unpinned = [sys.executable, "-I", str(SCRIPT), str(world["receipt"]), "--json"]
    done = subprocess.run(unpinned, capture_output=True, text=True)
    assert (done.returncode, json.loads(done.stdout)["reason"]) == (2, "unpinned")
    assert "entry" not in json.loads(done.stdout)


RECEIPT_ATTACKS: dict[str, tuple[Callable[[str], str], int, str]] = {
    "another index": (lambda text: re.sub(r"index \d+", "index 2", text), 1, "receipt_inclusion"),
    "an index beyond": (lambda text: re.sub(r"index \d+", "index 999", text), 1, "receipt_inclusion"),
    "no entry": (lambda text: re.sub(r"extra .*\n", "", text), 2, "receipt_malformed"),
    "a hash less": (lambda text: re.sub(r"(index \d+\n).*\n", r"\1", text), 1, "receipt_inclusion"),
    "cut off": (lambda text: text[:-5], 2, "receipt_malformed"),
    "empty": (lambda text: "", 2, "receipt_malformed"),
    "carriage returns": (lambda text: text.replace("\n", "\r\n"), 2, "receipt_malformed"),
    "another signature": (lambda text: swap_signature(text), 1, "checkpoint_signature"),
    "another size": (lambda text: re.sub(r"\n(\d+)\n", lambda m: f"\n{int(m[1]) + 1}\n", text), 1, ""),
}


def swap_signature(text: str) -> str:
    head, _, line = text.rstrip("\n").rpartition(" ")
    data = bytearray(base64.b64decode(line))
    data[10] ^= 1
    return f"{head} {base64.b64encode(bytes(data)).decode()}\n"


@pytest.mark.parametrize("name", RECEIPT_ATTACKS)
def test_attacked_receipts_get_the_same_answer(world: dict[str, Any], name: str, tmp_path: Path) -> None:
    attack, status, reason = RECEIPT_ATTACKS[name]
    text = world["receipt"].read_text()
    changed = tmp_path / "changed.proof"
    assert attack(text) != text
    changed.write_text(attack(text), newline="")
    answer = both(changed, world["vkey"])
    assert answer[0] == status and answer[1] == (reason or answer[1])


def test_another_log_and_a_fresh_key(world: dict[str, Any]) -> None:
    assert both(world["receipt"], LOG_KEY) == (2, "origin_other")
    # The origin of this log with a key of somebody else's.
    name = world["vkey"].split("+")[0]
    public = base64.b64decode(LOG_KEY.split("+", 2)[2])
    key_id = verify.sha256(name.encode(), b"\n", public)[:4].hex()
    fresh = f"{name}+{key_id}+{base64.b64encode(public).decode()}"
    assert both(world["receipt"], fresh) == (1, "key_not_pinned")
    assert both(world["extract"], fresh) == (1, "key_not_pinned")


EXTRACT_ATTACKS: dict[str, tuple[Callable[[list[str]], list[str]], int, str]] = {
    "no line": (lambda lines: [], 2, "receipt_malformed"),
    "no head": (lambda lines: lines[1:], 2, "extract_malformed"),
    "cut off": (lambda lines: [*lines[:-1], lines[-1][:-9]], 2, "extract_malformed"),
    "reordered": (lambda lines: [lines[0], *reversed(lines[1:])], 2, "extract_malformed"),
    "doubled": (lambda lines: [*lines, lines[-1]], 2, "extract_malformed"),
    "edited": (lambda lines: [line.replace('"d2"', '"d4"') for line in lines], 1, "receipt_inclusion"),
    "another entry's proof": (
        lambda lines: [lines[0], *(re.sub(r'"index":\d+,"p', '"index":1,"p', line) for line in lines[1:])],
        1,
        "receipt_inclusion",
    ),
    "another size": (
        lambda lines: [re.sub(r'"size":\d+}', '"size":3}', lines[0]), *lines[1:]],
        1,
        "size_mismatch",
    ),
    "another version": (
        lambda lines: [lines[0].replace("sealog-export/v1", "sealog-export/v2"), *lines[1:]],
        2,
        "extract_malformed",
    ),
    "white space": (lambda lines: [lines[0], lines[1].replace(",", ", ", 1), *lines[2:]], 2, "extract_malformed"),
    "a negative size": (
        lambda lines: [re.sub(r'"size":\d+}', '"size":-1}', lines[0]), *lines[1:]],
        2,
        "extract_malformed",
    ),
    "a negative index": (
        lambda lines: [lines[0], re.sub(r'"index":\d+,"p', '"index":-1,"p', lines[1]), *lines[2:]],
        2,
        "extract_malformed",
    ),
}


@pytest.mark.parametrize("name", EXTRACT_ATTACKS)
def test_attacked_extracts_get_the_same_answer(world: dict[str, Any], name: str, tmp_path: Path) -> None:
    attack, status, reason = EXTRACT_ATTACKS[name]
    lines = world["extract"].read_text().splitlines(keepends=True)
    changed = tmp_path / "changed.jsonl"
    assert attack(lines) != lines
    changed.write_text("".join(attack(lines)))
    ours = both(changed, world["vkey"])
    assert ours == (status, reason)


def test_no_flipped_bit_of_a_receipt_or_an_extract_holds(world: dict[str, Any]) -> None:
    """One bit of every byte of a receipt, and of every eleventh of an extract: a signature takes milliseconds here."""
    pinned = [verify.Key(world["vkey"])]
    data = world["receipt"].read_bytes()
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        with pytest.raises(verify.Finding):
            verify.verify_receipt(bytes(flipped), pinned)
    data = world["extract"].read_bytes()
    for at in range(0, len(data), 11):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        lines = iter(bytes(flipped).splitlines(keepends=True))
        with pytest.raises(verify.Finding):
            verify.verify_extract(lines, pinned)


KEPT = ROOT / "crates" / "sealog-ledger" / "tests" / "kept"


@pytest.mark.parametrize("name", ["receipt.proof", "extract.jsonl", "package.zip"])
@pytest.mark.parametrize("version", sorted(path.name for path in KEPT.iterdir() if path.is_dir()))
def test_what_left_a_kept_ledger_holds(version: str, name: str) -> None:
    """Of each format version that was ever final."""
    vkey = (KEPT / version / "log.vkey").read_text(encoding="utf-8").strip()
    assert both(KEPT / version / name, vkey) == (0, "holds")
