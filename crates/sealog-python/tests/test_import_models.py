"""Manifests that Python signed by the description of HashTraceAI, and hash files of mlsecops-integrity, adopted."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import sealog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from test_older_models import form_a, form_b, form_c, model_in

Form = Callable[[rsa.RSAPrivateKey, Path], None]
NOTES = {"import.size_not_stated": 1}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def public(key: rsa.RSAPrivateKey) -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_in(tmp_path / "model")


def imported(ledger: sealog.Ledger) -> list[str]:
    """Kinds of what was adopted, in the order of the log."""
    entries = [entry for entry in ledger.entries() if entry.record.get("capture_mode") == "imported"]
    return [str(entry.kind) for entry in entries]


@pytest.mark.parametrize(
    ("form", "files", "notes"),
    [
        (form_a, 2, {"import.model_not_named": 1}),
        (form_b, 2, {"import.model_not_named": 1}),
        (form_c, 1, {"import.name_not_signed": 1}),
    ],
)
def test_a_signed_manifest_is_adopted_with_its_model_once(
    form: Form,
    files: int,
    notes: dict[str, int],
    key: rsa.RSAPrivateKey,
    public: str,
    model: Path,
    ledger: sealog.Ledger,
) -> None:
    form(key, model / "manifest.json")
    checked = sealog.check_import(model, key=public)
    assert (checked.verdict, checked.exit_code, checked.source) == ("holds", 0, "hashtraceai")
    assert checked.counts == {**NOTES, **notes} and checked.records == files
    digest = hashlib.sha256((model / "manifest.json").read_bytes()).hexdigest()
    assert checked.digest == f"sha256:{digest}"
    assert imported(ledger) == []
    # Form A has no name and no version, and form B of the test no version.
    named = {} if form is form_c else {"model_version": "1.0"}
    named |= {"model_id": "iris"} if form is form_a else {}
    report = ledger.import_(model, system="credit", key=public, **named)
    assert report.adopted == files and "import.model_not_named" not in report.counts
    assert imported(ledger) == ["import.adopted", "model.registered"] + ["import.adopted"] * (files - 1)
    (body,) = [entry.body for entry in ledger.entries() if entry.kind == "model.registered"]
    assert body["model_id"] == "iris" and body["envelope_digest"] == checked.digest
    assert body["model_digest"] == sealog.model.digest(model, ignore=ABOUT).model_digest
    assert len(body["signer"]) == 64
    with pytest.raises(sealog.RefusedError) as again:
        ledger.import_(model, system="credit", key=public, **named)
    assert again.value.code == "imported_before"


ABOUT = ["manifest.json", "manifest.json.sig"]


@pytest.mark.parametrize("form", [form_a, form_b, form_c])
def test_what_does_not_hold_is_not_adopted_and_says_why(
    form: Form, key: rsa.RSAPrivateKey, public: str, model: Path, ledger: sealog.Ledger
) -> None:
    form(key, model / "manifest.json")
    with pytest.raises(sealog.RefusedError) as undecided:
        ledger.import_(model, system="credit")
    assert undecided.value.code == "import.key_not_pinned"
    (model / "added.py").write_text("import os")
    report = sealog.check_import(model, key=public, source="hashtraceai")
    assert (report.reason, report.exit_code) == ("import.model_differs", 1)
    assert {"code": "import.model_differs", "detail": "added added.py"} in report.findings
    with pytest.raises(sealog.TamperError) as refuted:
        ledger.import_(model, system="credit", key=public)
    assert refuted.value.code == "import.model_differs"
    assert sealog.check_import(model, key=public, ignore=["added.py"]).exit_code == 0
    alone = model.parent / "alone"
    alone.mkdir()
    for name in ABOUT:
        if (model / name).exists():
            (model / name).rename(alone / name)
    absent = sealog.check_import(alone, key=public)
    assert (absent.reason, absent.exit_code) == ("import.model_absent", 2)
    (model / "added.py").unlink()
    assert sealog.check_import(alone, key=public, model=model).exit_code == 0
    assert imported(ledger) == []
    ledger.import_(alone, system="credit", key=public, accept_findings=True)
    assert set(imported(ledger)) == {"import.adopted"}, "a model that was not there is not registered"


def test_a_triple_is_undecided_without_a_signature_and_never_unpickled(
    tmp_path: Path, ledger: sealog.Ledger
) -> None:
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed")
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    path = tmp_path / "triple" / "model.pkl"
    path.parent.mkdir()
    rows = [[float(row), 1.0, 2.0, 3.0] for row in range(12)]
    joblib.dump(ensemble.RandomForestClassifier(3).fit(rows, [0, 1] * 6), path)
    hash_file = path.with_name("model_hash.txt")
    hash_file.write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    metadata = {"created_at": "2025-05-08T16:33:50.578186", "model_type": "RandomForestClassifier"}
    shape = {"input_shape": [12, 4], "file_size_bytes": path.stat().st_size}
    path.with_name("model_metadata.json").write_text(json.dumps({**metadata, **shape}, indent=2))
    for source in (path.parent, hash_file):
        report = sealog.check_import(source)
        assert (report.reason, report.exit_code) == ("import.unsigned", 2)
        assert report.source == "mlsecops-integrity"
    report = ledger.import_(
        path.parent, system="credit", accept_findings=True, model_id="iris", model_version="1"
    )
    assert report.adopted == 2
    assert imported(ledger) == ["import.adopted", "model.registered", "import.adopted"]
    # Another model, and texts that fit it but for its class.
    ran = tmp_path / "ran"
    path.write_bytes(pickle.dumps(Payload(str(ran))))
    report = sealog.check_import(path.parent)
    assert (report.reason, report.exit_code) == ("import.model_differs", 1)
    hash_file.write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    assert sealog.check_import(path.parent).exit_code in (1, 2)
    assert not ran.exists()


class Payload:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path(self.path),)  # type: ignore[return-value]


def test_what_has_no_use_is_refused(
    key: rsa.RSAPrivateKey, public: str, model: Path, tmp_path: Path
) -> None:
    form_c(key, model / "manifest.json")
    log = tmp_path / "log.jsonl"
    log.write_text("")
    for options in (
        {"hmac_key": "x"},
        {"model_id": "other"},
        {"model_version": "2"},
        {"fingerprint": "00" * 20},
        {"openpgp_keyring": log},
        {"ignore": ["../x"]},
    ):
        with pytest.raises(sealog.FormatError):
            sealog.check_import(model, key=public, **options)  # type: ignore[arg-type]
    with pytest.raises(sealog.FormatError) as unused:
        sealog.check_import(log, source="llm-audit-trail", model=model)
    assert unused.value.code == "pin_unused"
    with pytest.raises(sealog.FormatError):
        sealog.check_import(model, key="-----BEGIN PUBLIC KEY-----")
    with pytest.raises(FileNotFoundError):
        sealog.check_import(model, key=tmp_path / "absent")
