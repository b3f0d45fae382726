"""Evidence packages by the Python API: what is written is verified, and what was done to it is refused."""

from __future__ import annotations

import datetime
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sealog


# docs/formats/note.md has it, with the key that signs for it.
WITNESS = "w3.example+783c6e45+BO1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR"


@pytest.fixture
def full(ledger: sealog.Ledger) -> sealog.Ledger:
    for number in range(20):
        decision = {"decision_id": f"d{number}", "model_state": "unverified", "model_reason": "a test"}
        if number % 2:
            ledger.record("decision", decision)
        else:
            ledger.record("org.example.note", {"text": "a note"})
    return ledger


def key(ledger: sealog.Ledger) -> str:
    return ledger.vkey


def test_a_package_is_written_once_recorded_and_verified(full: sealog.Ledger, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    package = full.export_evidence(path, by="auditor", recipient="authority")
    report = sealog.verify_package(path, key=key(full))
    assert (report.exit_code, report.reason) == (0, "holds"), report.to_dict()
    assert report.require() is report
    assert report.entries == package.entries and report.size == package.size
    assert report.origin == full.origin and report.pinned_by == "user"
    assert report.to_dict()["scope"] == package.scope == report.scope
    (created,) = [entry.body for entry in full.entries() if entry.kind == "export.created"]
    assert created["package_digest"] == package.digest
    assert (created["requested_by"], created["recipient"]) == ("auditor", "authority")
    with pytest.raises(TypeError):
        bool(report)
    size = full.size
    with pytest.raises(FileExistsError, match="nothing is written over") as taken:
        full.export_evidence(path, by="auditor")
    assert taken.value.code == "file_exists"
    assert full.size == size, "what did not leave is not on record"


def test_a_query_selects_by_reading_the_log(full: sealog.Ledger, tmp_path: Path) -> None:
    package = full.export_evidence(tmp_path / "some.zip", by="auditor", kind="decision")
    assert package.entries == 10
    report = sealog.verify_package(package.path, key=key(full))
    assert report.exit_code == 0 and report.entries == 10
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    none = full.export_evidence(tmp_path / "none.zip", by="auditor", from_time=later)
    assert none.entries == 0


def test_a_sample_and_an_earlier_size_give_the_same_bytes_again(full: sealog.Ledger, tmp_path: Path) -> None:
    full.seal_epoch()
    at = full.size
    full.record("org.example.note", {"text": "later"})
    digests = {
        full.export_evidence(tmp_path / f"{n}.zip", by="auditor", at=at, sample=5, seed="2f6c").digest
        for n in range(2)
    }
    assert len(digests) == 1
    report = sealog.verify_package(tmp_path / "0.zip", key=key(full))
    assert report.exit_code == 0 and report.entries == 5
    sample = report.to_dict()["sample"]
    assert sample["seed"] == "2f6c"
    mine = full.export_evidence(tmp_path / "mine.zip", by="auditor", sample=5)
    drawn = sealog.verify_package(mine.path, key=key(full)).to_dict()["sample"]
    assert drawn != sample


def test_a_package_extends_what_the_recipient_holds(full: sealog.Ledger, tmp_path: Path) -> None:
    full.seal_epoch()
    kept = full.checkpoint().encode()
    full.record("org.example.note", {"text": "later"})
    package = full.export_evidence(tmp_path / "next.zip", by="auditor", previous=kept)
    report = sealog.verify_package(package.path, key=key(full), against=kept)
    assert report.exit_code == 0 and report.level == "remembered"
    with sealog.memory() as other:
        other.record("org.example.note", {"text": "elsewhere"})
        other.seal_epoch()
        foreign = other.checkpoint().encode()
    with pytest.raises(sealog.FormatError):
        full.export_evidence(tmp_path / "foreign.zip", by="auditor", previous=foreign)
    assert not (tmp_path / "foreign.zip").exists()
    report = sealog.verify_package(package.path, key=key(full), against=foreign)
    assert (report.exit_code, report.reason) == (2, "against_unusable")


def test_without_a_key_nothing_is_decided(full: sealog.Ledger, tmp_path: Path) -> None:
    package = full.export_evidence(tmp_path / "all.zip", by="auditor")
    report = sealog.verify_package(package.path, config_dir=tmp_path)
    assert report.exit_code == 2 and report.pinned_by == "nobody" and report.entries is None
    with pytest.raises(sealog.RefusedError):
        report.require()
    with sealog.memory() as other:
        report = sealog.verify_package(package.path, key=other.vkey)
    assert report.exit_code != 0
    with pytest.raises(FileNotFoundError):
        sealog.verify_package(tmp_path / "absent.zip", key=key(full))


@pytest.mark.parametrize("attack", ["flip", "member", "cut"])
def test_what_was_done_to_a_package_is_refused(full: sealog.Ledger, tmp_path: Path, attack: str) -> None:
    package = full.export_evidence(tmp_path / "all.zip", by="auditor")
    path = Path(package.path)
    content = bytearray(path.read_bytes())
    if attack == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif attack == "cut":
        path.write_bytes(content[:-1])
    else:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("more.txt", "hello")
    report = sealog.verify_package(path, key=key(full))
    assert report.exit_code != 0 and report.entries is None
    with pytest.raises((sealog.TamperError, sealog.RefusedError)) as raised:
        report.require()
    assert raised.value.code == report.reason
    words = [sys.executable, "-m", "sealog", "verify", str(path), "--key", key(full)]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == report.exit_code


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"at": 10**6}, sealog.SealogError),
        ({"at": 2**64}, OverflowError),
        ({"sample": 0}, sealog.FormatError),
        ({"seed": "x"}, sealog.FormatError),
        ({"previous": b"\xff"}, sealog.FormatError),
        ({"limit": 3}, TypeError),
        ({"nonsense": 3}, TypeError),
        ({"by": "not an id"}, sealog.FormatError),
    ],
)
def test_what_cannot_be_made_leaves_no_file(
    full: sealog.Ledger, tmp_path: Path, asked: dict[str, Any], error: type[Exception]
) -> None:
    path = tmp_path / "never.zip"
    with pytest.raises(error):
        full.export_evidence(path, **{"by": "auditor", **asked})
    assert not path.exists()
    assert not [entry for entry in full.entries() if entry.kind == "export.created"]


def test_a_policy_is_not_passed_over(full: sealog.Ledger, tmp_path: Path) -> None:
    package = full.export_evidence(tmp_path / "all.zip", by="auditor")
    lines = [f"log {key(full)}", f"witness one {WITNESS}", "quorum one"]
    report = sealog.verify_package(package.path, policy="\n".join([*lines, ""]).encode())
    assert (report.exit_code, report.reason) == (2, "witness_quorum")
    alone = f"log {key(full)}\nquorum none\n".encode()
    assert sealog.verify_package(package.path, policy=alone).exit_code == 0
    with pytest.raises(sealog.FormatError):
        sealog.verify_package(package.path, key=key(full), policy=b"")


def test_a_fingerprint_pins_a_package(full: sealog.Ledger, tmp_path: Path) -> None:
    package = full.export_evidence(tmp_path / "all.zip", by="auditor")
    pinned = hashlib.sha256(key(full).encode()).hexdigest()
    report = sealog.verify_package(package.path, key=pinned)
    assert (report.exit_code, report.key) == (0, key(full))
    other = sealog.verify_package(package.path, key=hashlib.sha256(b"other").hexdigest())
    assert (other.exit_code, other.reason) == (1, "key_not_pinned")


def test_values_are_opened_and_payloads_come_with_them(tmp_path: Path, opened: Callable[..., sealog.Ledger]) -> None:
    with opened(origin="log.example/opened") as ledger:
        record_id = "01890a5d-ac96-774b-bcce-b302099a8057"
        ledger.append("decision", {"decision_id": "d1", "model_state": "unverified", "model_reason": "a test"}, record_id=record_id, commit={"input_digest": {"age": 41}})
        letter = b"letter " * 6_000
        sealed_id = "01890a5d-ac96-774b-bcce-b302099a8058"
        payloads = [("note", "text/plain", b"seen")]
        ledger.append("org.example.note", {"topic": "visit"}, record_id=sealed_id, subject="john", payloads=payloads)
        ledger.append("org.example.note", {"topic": "letter"}, payloads=[("letter", "text/plain", letter)])
        path = tmp_path / "opened.zip"
        package = ledger.export_evidence(
            path,
            by="auditor",
            payloads=True,
            openings=[(record_id, "input_digest", {"age": 41})],
            sealed=[(sealed_id, "note")],
        )
        # What stays closed is the name of this machine, in the first record of the run.
        assert (package.opened, package.closed, package.payloads, package.payloads_left_out) == (2, 1, 1, 0)
        assert sealog.verify_package(path, key=ledger.vkey).exit_code == 0
        assert [entry.body["actor_id"] for entry in ledger.entries() if entry.kind == "access.logged"] == ["auditor"]
        wrong = [(record_id, "input_digest", {"age": 42})]
        with pytest.raises(sealog.FormatError, match="not the one that was committed to"):
            ledger.export_evidence(tmp_path / "wrong.zip", by="auditor", openings=wrong)
        with pytest.raises(sealog.FormatError, match="has none called"):
            ledger.export_evidence(tmp_path / "wrong.zip", by="auditor", sealed=[(sealed_id, "other")])
        with pytest.raises(TypeError, match="go together"):
            ledger.export_evidence(tmp_path / "wrong.zip", by="auditor", signed_by="jo")
        (exported,) = ledger.erase("john", by="officer-1").exports
        assert exported["package_digest"] == package.digest
