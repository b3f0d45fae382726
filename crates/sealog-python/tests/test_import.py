"""Logs that ai-audit-trail and decision-provenance themselves wrote, imported by the command."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

if sys.version_info < (3, 11):
    pytest.skip("ai-audit-trail needs Python 3.11", allow_module_level=True)

import ai_audit
import nacl.signing
from ai_audit.export import export_evidence_package, verify_evidence_package
from decision_provenance import ProvenanceLogger

SEED = nacl.signing.SigningKey(bytes([7]) * 32)
KEY = SEED.verify_key.encode().hex()


def sealog(*arguments: object) -> tuple[int, Any]:
    """Exit status and lines of JSON of the command."""
    words = [sys.executable, "-m", "sealog", *map(str, arguments), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "panicked" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    path = tmp_path / "log.sealog"
    assert sealog("init", path, "--origin", f"log.example/{tmp_path.name}")[0] == 0
    return path


def adopt(source: Path, ledger: Path, *more: object) -> tuple[int, Any]:
    status, (report,) = sealog("import", source, "--system", "credit", "--ledger", ledger, *more)
    return status, report


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An evidence package of twenty receipts, with text and numbers that are easily spelt otherwise."""
    receipts = []
    before = ""
    for number in range(20):
        receipt = ai_audit.DecisionReceipt(
            trace_id=f"t{number}", session_id="s1", tenant_id="acme", model_id="credit-1"
        )
        receipt.checks.append(
            ai_audit.CheckRecord(
                name="safety",
                score=number / 7,
                threshold=1e-7,
                detail={"gr\u00fc\u00dfe \U0001f600": "a\n\x1f\x7f\u2028\"\\/", "n": [1e22, -0.5, None]},
            )
        )
        receipt.reason_codes = ["ok", "not an identifier"]
        receipt.prev_receipt_hash = before
        receipt.seal(SEED)
        before = receipt.receipt_hash
        receipts.append(receipt)
    path = tmp_path / "bundle.zip"
    export_evidence_package(receipts, KEY, SEED, path, tenant_id="acme")
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "provenance.db"
    logger = ProvenanceLogger("credit-2", "2.1", db_path=str(path))
    logger.init_chain(changed_by="ops", reason="a test")
    logger.set_config(
        threshold=0.5,
        above_label="appr\u00f6ved",
        below_label="denied",
        changed_by="ops",
        change_reason="first",
    )
    for number in range(10):
        features = {"income": number, "name": "\u00e9"}
        logger.record(input_features=features, output={"ok": True}, score=number / 10)
    logger.set_config(
        threshold=0.7,
        above_label="appr\u00f6ved",
        below_label="denied",
        changed_by="ops",
        change_reason="second",
    )
    for number in range(10):
        logger.record(input_features={"income": number}, output={"ok": True}, score=number / 10)
    logger.close()
    return path


def test_an_evidence_package_of_ai_audit_trail_is_imported_and_found(bundle: Path, ledger: Path) -> None:
    status, report = adopt(bundle, ledger, "--key", KEY)
    assert (status, report["verdict"], report["records"]) == (0, "holds", 20), report
    assert report["adopted"]["records"] == 20
    status, (*hits, _page) = sealog("search", "--model", "credit-1", "--ledger", ledger)
    assert status == 0 and len(hits) == 20
    assert {hit["record"]["capture_mode"] for hit in hits} == {"imported"}
    status, (hit, _page) = sealog("search", "--trace", "t7", "--ledger", ledger)
    assert status == 0 and hit["record"]["capture_mode"] == "imported"
    status, report = adopt(bundle, ledger, "--key", KEY)
    assert (status, report["reason"]) == (2, "imported_before")
    assert sealog("verify", ledger)[0] == 0


def test_its_forgeries_that_its_own_check_passes_are_refused(bundle: Path, ledger: Path, tmp_path: Path) -> None:
    other = nacl.signing.SigningKey(bytes([8]) * 32)
    receipt = ai_audit.DecisionReceipt(model_id="forged", receipt_hash="00" * 32, signature="00" * 64)
    forged = tmp_path / "forged.zip"
    export_evidence_package([receipt], other.verify_key.encode().hex(), other, forged)
    assert verify_evidence_package(forged)
    status, report = adopt(forged, ledger, "--key", KEY)
    assert (status, report["verdict"], report["adopted"]) == (1, "refuted", None)
    # By the key inside it is no better: its receipts are read here.
    status, report = adopt(forged, ledger, "--key", other.verify_key.encode().hex())
    assert (status, report["verdict"], report["adopted"]) == (1, "refuted", None)
    assert "import.signature" in report["counts"], report
    # The genuine one without a key, and with one member more.
    status, report = adopt(bundle, ledger)
    assert status == 2 and "import.key_not_pinned" in report["counts"]
    more = tmp_path / "more.zip"
    shutil.copy(bundle, more)
    with zipfile.ZipFile(more, "a") as archive:
        archive.writestr("outside.txt", "hello")
    status, report = adopt(more, ledger, "--key", KEY)
    assert (status, report["adopted"]) == (1, None), report
    assert sealog("log", "--all", "--ledger", ledger)[1][-1]["record"]["kind"] != "decision"


def test_a_database_of_decision_provenance_is_imported_and_found(database: Path, ledger: Path) -> None:
    status, report = adopt(database, ledger)
    assert (status, report["verdict"]) == (0, "holds"), report
    status, (*hits, _page) = sealog("search", "--model", "credit-2", "--kind", "decision", "--ledger", ledger)
    assert status == 0 and len(hits) == 20
    assert {hit["record"]["capture_mode"] for hit in hits} == {"imported"}
    assert sealog("verify", ledger)[0] == 0


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE records SET label_display='denied' WHERE seq=9",
        "UPDATE config_records SET threshold=0.9 WHERE seq=1",
        "DELETE FROM records WHERE seq > 15",
        "DELETE FROM records",
    ],
)
def test_edits_that_its_own_verification_passes_are_refused(database: Path, ledger: Path, edit: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(edit)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    logger = ProvenanceLogger("credit-2", "2.1", db_path=str(database))
    assert logger.verify()[0]
    logger.close()
    status, report = adopt(database, ledger)
    assert (status, report["verdict"], report["adopted"]) == (1, "refuted", None), report
