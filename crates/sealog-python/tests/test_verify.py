"""Verification from Python: what holds, what is refuted, what cannot be decided."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import sealog

KIND = "org.example.note"


def write(path: Path, count: int = 5) -> tuple[str, list[sealog.Receipt]]:
    with sealog.open(path) as ledger:
        receipts = [ledger.append(KIND, {"n": n}) for n in range(count)]
        return ledger.vkey, receipts


def segment(path: Path) -> Path:
    return path / "log" / "0000000000.jsonl"


@pytest.fixture
def path(places: Path) -> Path:
    return places / "a.sealog"


def test_a_ledger_that_holds(path: Path) -> None:
    vkey, receipts = write(path)
    report = sealog.verify(path, key=vkey)
    assert (report.exit_code, report.reason, report.integrity, report.completeness) == (0, "holds", "holds", "holds")
    assert (report.level, report.pinned_by, report.key) == ("self", "user", vkey)
    assert report.require() is report
    told = report.to_dict()
    assert told["exit"] == 0 and told["runs"] == {"closed_whole": 1, "closed_with_holes": 0, "missing": 0, "open": 0}
    assert report.size == told["size"] and report.checkpoint is not None and report.checkpoint.startswith(str(report.origin))
    assert sealog.verify(str(path), key=[vkey], all_signatures=True, threads=1).exit_code == 0


def test_a_report_is_neither_true_nor_false(path: Path) -> None:
    vkey, receipts = write(path)
    for report in (sealog.verify(path, key=vkey), sealog.verify_receipt(receipts[0], key=vkey)):
        with pytest.raises(TypeError, match="exit_code"):
            bool(report)


def test_an_edited_byte_is_refuted(path: Path) -> None:
    vkey, _ = write(path)
    file = segment(path)
    file.write_bytes(file.read_bytes().replace(b'"n":3', b'"n":4', 1))
    report = sealog.verify(path, key=vkey)
    assert (report.exit_code, report.integrity) == (1, "refuted")
    finding = next(finding for finding in report.findings if finding.code == report.reason)
    assert finding.weight == "refutes" and str(finding).startswith(finding.code)
    with pytest.raises(sealog.TamperError) as tampered:
        report.require()
    assert tampered.value.code == report.reason and tampered.value.findings


def test_a_dropped_line_is_refuted(path: Path) -> None:
    vkey, _ = write(path)
    lines = segment(path).read_bytes().splitlines(keepends=True)
    del lines[5]
    segment(path).write_bytes(b"".join(lines))
    assert sealog.verify(path, key=vkey).exit_code == 1


def test_a_cut_end_passes_alone_and_not_against_what_was_kept(path: Path, tmp_path: Path) -> None:
    vkey, receipts = write(path)
    lines = segment(path).read_bytes().splitlines(keepends=True)
    cut = max(at for at, line in enumerate(lines) if line.startswith(b'{"checkpoint"') and at < len(lines) - 6)
    segment(path).write_bytes(b"".join(lines[: cut + 1]))
    alone = sealog.verify(path, key=vkey)
    assert (alone.exit_code, alone.level) == (0, "self")
    kept = tmp_path / "kept.proof"
    kept.write_bytes(receipts[-1].bytes)
    for against in (receipts[-1], kept, [receipts[-1].checkpoint.encode()]):
        report = sealog.verify(path, key=vkey, against=against)
        assert report.exit_code == 1 and report.reason == "against_shrunk"
    assert sealog.verify(path, key=vkey, against=receipts[0]).level == "remembered"


def test_without_a_key_this_machine_vouches_or_nobody(path: Path, tmp_path: Path) -> None:
    write(path)
    report = sealog.verify(path)
    assert (report.exit_code, report.pinned_by) == (0, "this_machine")
    report = sealog.verify(path, config_dir=tmp_path / "elsewhere")
    assert report.exit_code == 2 and report.pinned_by == "nobody"
    with pytest.raises(sealog.RefusedError) as undecided:
        report.require()
    assert undecided.value.code == report.reason


def test_a_key_of_another_log(path: Path, places: Path) -> None:
    vkey, receipts = write(path)
    other, _ = write(places / "b.sealog")
    assert sealog.verify(path, key=other).exit_code == 2
    assert sealog.verify_receipt(receipts[0], key=other).exit_code == 2


def test_a_key_in_a_file(path: Path, tmp_path: Path) -> None:
    vkey, _ = write(path)
    file = tmp_path / "log.vkey"
    file.write_text(f"# the log\n{vkey}\n")
    assert sealog.verify(path, key=file).exit_code == 0
    file.write_text("nothing\n")
    with pytest.raises(sealog.FormatError, match="key"):
        sealog.verify(path, key=file)
    with pytest.raises(sealog.FormatError):
        sealog.verify(path, key="not a key")
    with pytest.raises(FileNotFoundError):
        sealog.verify(path, key=tmp_path / "missing")


def test_what_is_no_ledger(places: Path) -> None:
    report = sealog.verify(places / "nothing")
    assert (report.exit_code, report.reason) == (2, "not_a_ledger")
    assert report.size == 0 and report.root is None


@pytest.mark.parametrize("asked", [{"max_age": 60.0}, {"threads": 0}, {"policy": b"nonsense"}])
def test_questions_that_make_no_sense(path: Path, asked: Any) -> None:
    vkey, _ = write(path, 1)
    with pytest.raises(sealog.FormatError):
        sealog.verify(path, key=vkey, **asked)


def test_a_receipt_is_verified_offline(path: Path, tmp_path: Path) -> None:
    vkey, receipts = write(path)
    file = tmp_path / "3.proof"
    file.write_bytes(bytes(receipts[3]))
    for given in (receipts[3], receipts[3].bytes, file):
        report = sealog.verify_receipt(given, key=vkey)
        assert (report.exit_code, report.index, report.entry) == (0, receipts[3].index, receipts[3].entry)
        assert report.record is not None and report.record["body"] == {"n": 3}
        assert report.require() is report
    assert sealog.verify_receipt(receipts[3]).pinned_by == "this_machine"
    assert json.loads(receipts[3].entry)["record"]["record_id"] == receipts[3].record_id


@pytest.mark.parametrize("edit", [(b"index 5", b"index 4"), (b"extra ey", b"extra eX")])
def test_an_edited_receipt_shows_nothing(path: Path, edit: tuple[bytes, bytes]) -> None:
    vkey, receipts = write(path)
    edited = receipts[3].bytes.replace(*edit, 1)
    assert edited != receipts[3].bytes
    report = sealog.verify_receipt(edited, key=vkey)
    assert report.exit_code != 0 and report.entry is None and report.record is None and report.index is None
    with pytest.raises(sealog.SealogError):
        report.require()


def test_every_flipped_byte_of_a_receipt_is_caught(path: Path) -> None:
    vkey, receipts = write(path, 2)
    whole = receipts[1].bytes
    for at in range(0, len(whole), 7):
        flipped = bytearray(whole)
        flipped[at] ^= 1
        assert sealog.verify_receipt(bytes(flipped), key=vkey).exit_code != 0, at


def test_an_open_ledger_verifies_itself(ledger: sealog.Ledger) -> None:
    for n in range(20):
        ledger.enqueue(KIND, {"n": n})
    report = ledger.verify(all_signatures=True)
    assert (report.exit_code, report.size, report.key) == (0, 22, ledger.vkey)
    assert report.to_dict()["runs"]["open"] == 1
    receipt = ledger.append(KIND, {})
    assert ledger.verify(against=receipt).level == "remembered"
    other = sealog.memory()
    assert ledger.verify(key=other.vkey).exit_code == 2
    other.close()


def test_search_and_count(path: Path) -> None:
    with sealog.open(path, index="manual", system="credit") as ledger:
        ledger.labels.add("approve", by="ada", reason="first")
        for n in range(30):
            with ledger.collect() as decision:
                decision.session(f"s{n % 3}")
                decision.action("allow" if n % 2 else "reject")
                decision.model("m-1")
        ledger.flush()
        page = ledger.search(kind="decision", session="s1", limit=4)
        assert len(page) == 4 and page.indexed_to == page.size == ledger.size
        assert all(hit.body["session_id"] == "s1" for hit in page.hits)
        rest = ledger.search(kind="decision", session="s1", limit=100, cursor=page.next)
        assert len(rest) == 6 and rest.next is None
        assert ledger.count(kind="decision", action="reject", model="m-1", system="credit") == 15
        stats = ledger.stats(kind="decision")
        assert stats["decisions"] == 30 and stats["by_action"] == {"allow": 15, "reject": 15}
        assert stats["reject_rate"] == 0.5 and stats["indexed_to"] == ledger.size
        oldest = ledger.search(order="oldest", limit=1).hits[0]
        assert oldest.kind == "ledger.created"
        assert ledger.count(kind="decision", to_time="2001-01-01T00:00:00Z") == 0
        for asked in ({"limit": 0}, {"order": "random"}, {"kind": "not an id"}, {"from_time": "soon"}):
            with pytest.raises(ValueError):
                ledger.search(**asked)
        with pytest.raises(TypeError):
            ledger.search(colour="red")


def test_the_index_follows(path: Path) -> None:
    with sealog.open(path) as ledger:
        for n in range(50):
            ledger.enqueue(KIND, {"n": n})
        ledger.flush()
        assert ledger.wait_for_index(30.0)
        assert ledger.count(kind=KIND) == 50
        with pytest.raises(ValueError):
            ledger.wait_for_index(-1.0)


def test_the_root_of_a_checkpoint_is_that_of_the_lines_below_it(ledger: sealog.Ledger) -> None:
    ledger.append_many([sealog.Record(KIND, {"n": n}) for n in range(9)])
    lines = [entry.bytes for entry in ledger.entries()]
    _, size, root, *_ = ledger.checkpoint().splitlines()
    assert int(size) == len(lines) and base64.b64decode(root) == sealog.tree_root(lines)
    assert sealog.tree_root(lines[:-1]) != sealog.tree_root(lines) != sealog.tree_root([*lines[1:], lines[0]])
    assert sealog.tree_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_leaf_that_is_not_bytes_is_refused() -> None:
    with pytest.raises(TypeError):
        sealog.tree_root(["text"])  # type: ignore[list-item]


# Outside times.

WITNESS = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
WITNESS_NAME = "w.example"


def witness_key() -> tuple[bytes, str]:
    """The id of the witness's key, and the key as a policy names it."""
    key = b"\x04" + WITNESS.public_key().public_bytes_raw()
    identity = hashlib.sha256(WITNESS_NAME.encode() + b"\n" + key).digest()[:4]
    return identity, f"{WITNESS_NAME}+{identity.hex()}+{base64.b64encode(key).decode()}"


POLICY = f"witness W {witness_key()[1]}\nquorum W\n".encode()


def cosigned(note: str, seconds: int) -> bytes:
    text = note[: note.rindex("\n\n") + 1]
    signature = WITNESS.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    line = base64.b64encode(witness_key()[0] + seconds.to_bytes(8, "big") + signature).decode()
    return f"{note}— {WITNESS_NAME} {line}\n".encode()


def test_outside_times_bound_the_entries(ledger: sealog.Ledger, tmp_path: Path) -> None:
    first = ledger.append(KIND, {"n": 1}).index
    seen = tmp_path / "seen"
    seen.write_bytes(cosigned(ledger.checkpoint(), 1_780_000_000))
    anchored = ledger.import_checkpoint(seen, policy=POLICY)
    assert ledger.entry(anchored.index).kind == "chain.anchored"
    assert ledger.entry(anchored.index).body["anchor_time"] == "2026-05-28T20:26:40.000000Z"
    last = ledger.append(KIND, {"n": 2}).index
    newest = cosigned(ledger.checkpoint(), 1_780_000_060)
    report = ledger.verify(policy=POLICY, against=newest)
    assert (report.exit_code, report.level) == (0, "witnessed")
    early, late = "2026-05-28T20:26:40.000000Z", "2026-05-28T20:27:40.000000Z"
    assert report.interval(first) == (None, early)
    assert report.interval(anchored.index) == (None, late)
    assert report.interval(last) == (early, late)
    told = report.to_dict()["verdicts"]["time"]
    assert (told["verdict"], told["anchors"]) == ("bounded", 1)
    alone = ledger.verify()
    assert alone.interval(first) == (None, None)
    assert alone.to_dict()["verdicts"]["time"]["verdict"] == "no_outside_time"


def test_what_no_witness_signed_is_not_brought_in(ledger: sealog.Ledger) -> None:
    ledger.append(KIND, {"n": 1})
    size = ledger.size
    note = ledger.checkpoint()
    with pytest.raises(sealog.RefusedError) as caught:
        ledger.import_checkpoint(note.encode(), policy=POLICY)
    assert caught.value.code == "anchor"
    spoilt = cosigned(note, 1_780_000_000).replace(b"\n\n", b"\nextension\n\n", 1)
    with pytest.raises(sealog.RefusedError):
        ledger.import_checkpoint(spoilt, policy=POLICY)
    for policy in (b"nonsense", b"quorum none\n"):
        with pytest.raises(sealog.FormatError, match="policy"):
            ledger.import_checkpoint(cosigned(note, 1_780_000_000), policy=policy)
    assert ledger.size == size
