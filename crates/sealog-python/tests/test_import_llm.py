"""Logs that llm-audit-trail itself wrote, imported by the Python API and by the command."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sealog
from llm_audit_trail.core import AuditLogger, read_anchor, verify_log, write_anchor
from llm_audit_trail.datasets import register_dataset
from llm_audit_trail.decisions import record_approval, record_attestation, record_waiver

SECRET = "gr\u00fc\u00dfe, a secret"


def write(path: Path, key: str | None) -> Path:
    """A log with text and numbers that are easily spelt otherwise."""
    log = AuditLogger(path=str(path), system="tests", actor="ann", key=key)
    for number in range(200):
        log.emit(
            "Evaluation",
            {"loss": number / 7, "small": 1e-7, "big": 1e22, "text": "\u00e9\U0001f600\n\x1f\x7f\u2028\"\\/"},
            model_id="m1",
        )
    log.emit("Evaluation", {"loss": float("nan"), "bound": float("-inf")})
    scope = {"model_id": "m1", "deployment_id": "prod-a"}
    record_approval(log, owner="ann", rationale="meets thresholds", scope=scope, references=["T-1"])
    record_approval(log, owner="Model Risk Committee", rationale="meets thresholds", scope=scope)
    record_waiver(
        log,
        owner="ann",
        rationale="pilot",
        scope=scope,
        waived_controls=["SLO:p95"],
        time_bound_until="2027-01-01T00:00:00Z",
    )
    record_attestation(log, owner="ann", statement="no personal data", scope=scope)
    register_dataset(
        log,
        dataset_id="d1",
        version="1",
        source="s3://somewhere",
        rows=10,
        content_hash="sha256:" + "ab" * 32,
        owner="ann",
    )
    return path


@pytest.fixture
def keyed(tmp_path: Path) -> Path:
    return write(tmp_path / "keyed.jsonl", SECRET)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return write(tmp_path / "plain.jsonl", None)


def kinds(ledger: sealog.Ledger, run: str | None) -> list[str]:
    """Kinds of what an import brought, in order."""
    imported = [entry for entry in ledger.entries() if entry.record.get("capture_mode") == "imported"]
    return [str(entry.kind) for entry in imported if entry.body.get("record_count") is None]


def test_a_keyed_log_is_imported_and_its_approvals_are_found(ledger: sealog.Ledger, keyed: Path) -> None:
    anchor = keyed.with_suffix(".anchor")
    write_anchor(str(keyed), str(anchor))
    assert verify_log(str(keyed), key=SECRET)[0]
    report = ledger.import_(keyed, system="credit", hmac_key=SECRET, anchor=anchor)
    assert (report.exit_code, report.verdict, report.reason) == (0, "holds", "holds")
    assert report.source == "llm-audit-trail" and report.records == report.adopted == 206
    assert report.counts == {"import.bare_number": 1}
    found = kinds(ledger, report.import_id)
    assert found[-5:] == ["approval", "import.adopted", "waiver", "attestation", "dataset.registered"]
    assert found[:201] == ["import.adopted"] * 201
    ledger.wait_for_index()
    (hit,) = ledger.search(kind="approval").hits
    assert hit.body["approver_id"] == "ann" and hit.body["subject_id"] == "m1"
    assert ledger.verify().exit_code == 0
    with pytest.raises(sealog.RefusedError) as raised:
        ledger.import_(keyed, system="credit", hmac_key=SECRET)
    assert raised.value.code == "imported_before"
    assert not [entry for entry in ledger.entries() if SECRET in json.dumps(entry.record, ensure_ascii=False)]


def test_a_log_without_a_secret_holds_with_that_as_a_note(ledger: sealog.Ledger, plain: Path) -> None:
    report = sealog.check_import(plain)
    assert report.exit_code == 0
    assert report.counts["import.unkeyed"] == report.counts["import.tail_not_provable"] == 1
    assert report.adopted is None and report.import_id is None
    assert report.require() is report
    with pytest.raises(TypeError):
        bool(report)
    assert ledger.import_(plain, system="credit").adopted == 206


def test_a_keyed_log_without_its_secret_decides_nothing(ledger: sealog.Ledger, keyed: Path) -> None:
    report = sealog.check_import(keyed)
    assert (report.exit_code, report.reason) == (2, "import.key_required")
    size = ledger.size
    with pytest.raises(sealog.RefusedError) as raised:
        ledger.import_(keyed, system="credit")
    assert raised.value.code == "import.key_required"
    with pytest.raises(sealog.TamperError) as tampered:
        ledger.import_(keyed, system="credit", hmac_key="another secret")
    assert tampered.value.code == "import.record_hash" and "another" not in str(tampered.value)
    assert ledger.size == size
    accepted = ledger.import_(keyed, system="credit", accept_findings=True)
    assert (accepted.exit_code, accepted.adopted) == (2, 206)


def stable(event: dict[str, Any]) -> str:
    return json.dumps(event, sort_keys=True, separators=(",", ":"))


def made_anew(path: Path) -> None:
    """The whole log under no secret, with another owner."""
    lines, before = [], "GENESIS"
    for line in path.read_text().splitlines():
        event = json.loads(line.replace('"ann"', '"eve"'))
        event.update(hash_alg="sha256", prev_hash=before)
        del event["curr_hash"]
        before = hashlib.sha256((before + stable(event)).encode()).hexdigest()
        lines.append(stable({**event, "curr_hash": before}) + "\n")
    path.write_text("".join(lines))


def respelled(path: Path) -> None:
    path.write_text(path.read_text().replace('"seq":7,', '"seq": 7,'))


def twice(path: Path) -> None:
    path.write_text(path.read_text().replace('"actor":"ann"', '"actor":"eve","actor":"ann"', 1))


@pytest.mark.parametrize(
    ("attack", "status", "code"),
    [
        (made_anew, 1, "import.hmac_downgraded"),
        (respelled, 2, "import.rewritten"),
        (twice, 1, "import.duplicate_member"),
    ],
)
def test_what_its_own_verifier_passes_is_refused(
    ledger: sealog.Ledger, keyed: Path, attack: Any, status: int, code: str
) -> None:
    attack(keyed)
    assert verify_log(str(keyed), key=SECRET)[0], "its own verifier passes it"
    report = sealog.check_import(keyed, hmac_key=SECRET)
    assert report.exit_code == status and code in report.counts, report.to_dict()
    with pytest.raises((sealog.TamperError, sealog.RefusedError)):
        ledger.import_(keyed, system="credit", hmac_key=SECRET)
    assert kinds(ledger, None) == []


def test_a_cut_tail_is_seen_with_the_anchor_alone(keyed: Path) -> None:
    anchor = keyed.with_suffix(".anchor")
    write_anchor(str(keyed), str(anchor))
    keyed.write_text("".join(keyed.read_text().splitlines(keepends=True)[:-1]))
    assert verify_log(str(keyed), key=SECRET)[0]
    assert not verify_log(str(keyed), key=SECRET, expected_head=read_anchor(str(anchor)))[0]
    assert sealog.check_import(keyed, hmac_key=SECRET).exit_code == 0
    report = sealog.check_import(keyed, hmac_key=SECRET, anchor=anchor)
    assert (report.exit_code, report.reason) == (1, "import.anchor_missing")


def drop(lines: list[str]) -> None:
    del lines[5]


def swap(lines: list[str]) -> None:
    lines[5], lines[6] = lines[6], lines[5]


def edit(lines: list[str]) -> None:
    lines[5] = lines[5].replace('"small":1e-07', '"small":2e-07')


@pytest.mark.parametrize("damage", [drop, swap, edit])
def test_what_its_own_verifier_refuses_is_refused(keyed: Path, damage: Any) -> None:
    lines = keyed.read_text().splitlines(keepends=True)
    damage(lines)
    keyed.write_text("".join(lines))
    assert not verify_log(str(keyed), key=SECRET)[0]
    assert sealog.check_import(keyed, hmac_key=SECRET).exit_code == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"key": "00" * 32}, "pin_unused"),
        ({"key": "00"}, "format"),
        ({"hmac_key": b""}, "hmac_key"),
        ({"hmac_key": b"x" * 4097}, "hmac_key"),
        ({"anchor": b"{}"}, "import_anchor"),
        ({"source": "decision-provenance"}, "database"),
        ({"source": "another"}, "format"),
    ],
)
def test_what_is_pinned_has_to_fit(plain: Path, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(sealog.FormatError) as raised:
        sealog.check_import(plain, **asked)
    assert raised.value.code == code


def test_the_command_says_the_same(keyed: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET + "\n")
    words = [sys.executable, "-m", "sealog", "import", str(keyed), "--check", "--json"]
    done = subprocess.run([*words, "--hmac-key-file", str(secret)], capture_output=True, check=False)
    report = sealog.check_import(keyed, hmac_key=SECRET)
    assert done.returncode == report.exit_code == 0
    assert json.loads(done.stdout) == report.to_dict()
    assert SECRET.encode() not in done.stdout + done.stderr
