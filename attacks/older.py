"""Genuine logs of older systems, written as their tools write them: what `sealog import` reads and nothing else does."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools import SigningKey

Facts = dict[str, Any]
KEY = SigningKey("example.org/old", bytes([7]) * 32)
SECRET = b"correct horse battery staple"
# Each file, and what its owner pins by another way than the file: words of `sealog import`.
PINS: dict[str, tuple[str, ...]] = {
    "receipts.jsonl": ("--key", KEY.public.hex()),
    "provenance.db": (),
    "events.jsonl": ("--hmac-key-file", "old.secret", "--anchor", "old.anchor"),
}


def canonical(value: Facts) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def lines(records: list[Facts]) -> bytes:
    return b"".join(canonical(record) + b"\n" for record in records)


# --- ai-audit-trail ---


def receipt(number: int, before: str, key: SigningKey = KEY, **facts: object) -> Facts:
    """A receipt that is sealed by a key, behind the one of this hash."""
    record: Facts = {
        "receipt_id": f"r{number}",
        "receipt_version": "1.0",
        "session_id": "s1",
        "tenant_id": "acme",
        "trace_id": f"t{number}",
        "timestamp": f"2026-01-01T00:00:0{number}Z",
        "model_id": "m1",
        "action": "allow",
        "reason_codes": ["R1"],
        "checks": [],
        "nist_tags": [],
        "prev_receipt_hash": before,
        **dict.fromkeys(("config_digest", "input_c14n", "output_hash", "state_digest"), ""),
        **facts,
    }
    signed = canonical(record)
    return {**record, "receipt_hash": sha256(signed), "signature": key.sign(signed).hex()}


def receipts(count: int = 5, key: SigningKey = KEY, **facts: object) -> list[Facts]:
    made: list[Facts] = []
    for number in range(count):
        made.append(receipt(number, made[-1]["receipt_hash"] if made else "", key, **facts))
    return made


# --- llm-audit-trail ---


def event(number: int, before: str, secret: bytes | None = SECRET, **facts: object) -> Facts:
    record: Facts = {
        "seq": number,
        "schema_version": "0.2.0",
        "event_id": f"e{number}",
        "event_type": "Evaluation",
        "timestamp": f"2026-01-01T00:00:00.{number:06}Z",
        "actor": "ops",
        "model_id": "m1",
        "dataset_id": f"d{number}",
        "deployment_id": None,
        "system": None,
        "details": {"loss": 0.25},
        "hash_alg": "sha256" if secret is None else "hmac-sha256",
        "prev_hash": before,
        **facts,
    }
    hashed = before.encode() + canonical(record)
    made = sha256(hashed) if secret is None else hmac.new(secret, hashed, "sha256").hexdigest()
    return {**record, "curr_hash": made}


def events(count: int = 5, secret: bytes | None = SECRET, **facts: object) -> list[Facts]:
    made: list[Facts] = []
    for number in range(count):
        made.append(event(number, made[-1]["curr_hash"] if made else "GENESIS", secret, **facts))
    return made


# --- decision-provenance ---

TABLES = """
CREATE TABLE records(seq INTEGER PRIMARY KEY AUTOINCREMENT,record_id TEXT,session_id TEXT,timestamp_iso TEXT,model_id TEXT,
  model_version TEXT,label_id TEXT,label_display TEXT,config_id TEXT,record_hash TEXT,prev_root TEXT,chain_root TEXT,
  full_json TEXT);
CREATE TABLE chain_meta(id INTEGER PRIMARY KEY,current_root TEXT,record_count INTEGER);
CREATE TABLE label_registry(label_id TEXT,display TEXT,version INTEGER,registered_at TEXT,registry_hash TEXT);
CREATE TABLE config_records(seq INTEGER PRIMARY KEY AUTOINCREMENT,config_id TEXT,model_id TEXT,config_version TEXT,
  threshold REAL,threshold_label_id TEXT,effective_from TEXT,changed_by TEXT,change_reason TEXT,prev_config_id TEXT,
  config_hash TEXT,full_json TEXT);
INSERT INTO label_registry VALUES('L001','approved',1,'',''),('L002','denied',1,'','');
"""
CONFIG: Facts = {
    "config_id": "c1",
    "model_id": "m1",
    "config_version": "cfg-1",
    "threshold": 0.5,
    "threshold_label_id": "L001",
    "effective_from": "2026-01-01T00:00:00.000Z",
    "changed_by": "ann",
    "change_reason": "x",
    "prev_config_id": "CONFIG_GENESIS",
}


def database(path: Path, count: int = 5) -> None:
    db = sqlite3.connect(path)
    db.executescript(TABLES)
    hashed = sha256(canonical(CONFIG))
    full = json.dumps({**CONFIG, "config_hash": hashed})
    db.execute(f"INSERT INTO config_records VALUES(1{',?' * 11})", (*CONFIG.values(), hashed, full))
    root = "0" * 64
    for number in range(count):
        record: Facts = {
            **{"record_id": f"r{number}", "session_id": f"s{number}", "timestamp_utc": 1767225600.25},
            **{"model_id": "m1", "model_version": "1", "label_id": "L001", "config_id": "c1"},
            **{"input_hash": "", "input_schema_version": "1.0", "model_hash": "", "output_hash": ""},
        }
        made = sha256(canonical(record))
        shown = {"label_display": "approved", "prev_root": root, "record_hash": made}
        full = json.dumps({**record, **shown, "timestamp_iso": "2026-01-01T00:00:00Z"})
        after = sha256(root.encode(), made.encode())
        row = (f"r{number}", f"s{number}", "2026-01-01T00:00:00Z", "m1", "1", "L001", "approved", "c1", made, root, after, full)
        db.execute(f"INSERT INTO records VALUES(NULL{',?' * 12})", row)
        root = after
    db.execute("INSERT INTO chain_meta VALUES(1,?,?)", (root, count))
    db.commit()
    db.close()


def write(root: Path) -> None:
    """All of them, and what is pinned."""
    (root / "receipts.jsonl").write_bytes(lines(receipts()))
    made = events()
    (root / "events.jsonl").write_bytes(lines(made))
    (root / "old.secret").write_bytes(SECRET)
    anchor = {"anchored_at": "x", "hash": made[-1]["curr_hash"], "path": "/x", "seq": made[-1]["seq"]}
    (root / "old.anchor").write_bytes(canonical(anchor))
    database(root / "provenance.db")


def edited(change: Callable[[list[Facts]], object]) -> Callable[[object, bytes], bytes]:
    """A file of lines whose records are changed, in their places."""

    def make(_given: object, data: bytes) -> bytes:
        records = [json.loads(line) for line in data.splitlines()]
        change(records)
        return lines(records)

    return make


def altered(statements: str) -> Callable[[object, bytes], bytes]:
    """A database on which an attacker ran SQL."""

    def make(_given: object, data: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "old.db"
            path.write_bytes(data)
            db = sqlite3.connect(path)
            db.executescript(statements)
            db.close()
            return path.read_bytes()

    return make
