"""Manifests of older tools, signed by Python and verified by the command, and the reverse."""

import base64
import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sealog as package
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

FILES = {"model.bin": b"weights", "sub/caf\u00e9 \U0001f600.txt": b"text"}
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)


def sealog(*arguments: object, **environment: str) -> int:
    """The exit status of the command."""
    program = shutil.which("sealog") or str(Path(sys.executable).with_name("sealog"))
    done = subprocess.run(
        [program, "model", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment or None,
    )
    assert "panicked" not in done.stderr
    return done.returncode


def model_in(root: Path) -> Path:
    """Writes the model's files."""
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_in(tmp_path / "model")


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def public(key: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    path = tmp_path / "key.pub"
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, spki))
    return path


def sha256(name: str) -> str:
    return hashlib.sha256(FILES[name]).hexdigest()


def form_a(key: rsa.RSAPrivateKey, out: Path) -> None:
    files = [{"path": name, "sha256": sha256(name)} for name in FILES]
    value = {"version": "1.0", "created": "2025", "created_by": "Jos\u00e9", "files": files}
    text = json.dumps(value, indent=2).encode()
    out.write_bytes(text)
    out.with_name(out.name + ".sig").write_bytes(key.sign(text, PSS, hashes.SHA256()))


def form_b(key: rsa.RSAPrivateKey, out: Path) -> None:
    signed: dict[str, Any] = {"created_by": "Jos\u00e9", "model_name": "iris", "model_version": None}
    signed["timestamp"] = signed["local_timestamp"] = "2025"
    signed["files"] = {name: {"SHA256": sha256(name)} for name in FILES}
    message = json.dumps(signed, sort_keys=True).encode()
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    encoded = base64.b64encode(signature).decode()
    out.write_text(json.dumps({"signature": encoded, "signed_data": signed}, indent=2))
    out.with_name(out.name + ".sig").write_text(encoded)


def form_c(key: rsa.RSAPrivateKey, out: Path) -> None:
    files = [{"name": Path(name).name, "path": name, "sha256": sha256(name)} for name in FILES]
    message = json.dumps({"files": files}, sort_keys=True).encode()
    signature = base64.b64encode(key.sign(message, PSS, hashes.SHA256())).decode()
    value = {"model_name": "iris", "model_version": "1", "created_by": "jo"}
    times = {"timestamp_utc": "2025", "timestamp_local": "2025"}
    out.write_text(json.dumps({**value, **times, "files": files, "signature": signature}, indent=4))


@pytest.mark.parametrize("form", [form_a, form_b, form_c])
def test_every_form_that_python_signs_verifies_and_tampering_is_refuted(
    form: Any, key: rsa.RSAPrivateKey, public: Path, model: Path, tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    form(key, manifest)
    verify = ["verify", model, "--manifest", manifest, "--key", public]
    assert sealog(*verify) == 0
    (model / "extra.py").write_text("import os")
    assert sealog(*verify) == 1
    (model / "extra.py").unlink()
    (model / "model.bin").write_bytes(b"Weights")
    assert sealog(*verify) == 1
    (model / "model.bin").write_bytes(b"weights")
    verified = package.model.verify(model, manifest=manifest, key=public)
    assert verified.vouched.claims, "what it says besides"
    (model / "extra.py").write_text("import os")
    with pytest.raises(package.TamperError) as refuted:
        package.model.verify(model, manifest=manifest, key=public)
    assert [(change.change, change.path) for change in refuted.value.changes] == [("added", "extra.py")]
    (model / "extra.py").unlink()
    with pytest.raises(package.RefusedError):
        package.model.verify(model, manifest=tmp_path / "manifest.json")
    manifest.write_text(manifest.read_text().replace(sha256("model.bin"), "0" * 64))
    assert sealog(*verify) == 1
    with pytest.raises(package.TamperError):
        package.model.verify(model, manifest=manifest, key=public)


@pytest.mark.parametrize("password", [None, b"secret"])
def test_python_verifies_what_the_command_signs(
    password: bytes | None, key: rsa.RSAPrivateKey, model: Path, tmp_path: Path
) -> None:
    private, out, secret = tmp_path / "key.pem", tmp_path / "manifest.json", tmp_path / "password"
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    arguments: list[object] = []
    if password is not None:
        encryption = serialization.BestAvailableEncryption(password)
        secret.write_bytes(password + b"\n")
        arguments = ["--password-file", secret]
    form = serialization.PrivateFormat.PKCS8
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))
    sign = ["sign", model, "--format", "hashtrace", "--key", private, "--created-by", "Jos\u00e9"]
    assert sealog(*sign, "--out", out, *arguments) == 0
    text = out.read_bytes()
    signature = out.with_name("manifest.json.sig").read_bytes()
    key.public_key().verify(signature, text, PSS, hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.public_key().verify(signature, text + b"\n", PSS, hashes.SHA256())
    value = json.loads(text)
    assert list(value) == ["version", "created", "created_by", "files"]
    assert {file["path"]: file["sha256"] for file in value["files"]} == {
        name: sha256(name) for name in FILES
    }
    assert text.decode() == json.dumps(value, indent=2)


def test_a_triple_of_scikit_learn_and_joblib_verifies_and_is_written_the_same(tmp_path: Path) -> None:
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed")
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    path = tmp_path / "model.pkl"
    rows = [[float(row), 1.0, 2.0, 3.0] for row in range(12)]
    joblib.dump(ensemble.RandomForestClassifier(3).fit(rows, [0, 1] * 6), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    metadata = {"created_at": "2025-05-08T16:33:50.578186", "model_type": "RandomForestClassifier"}
    shape = {"input_shape": [12, 4], "file_size_bytes": path.stat().st_size}
    (tmp_path / "model_hash.txt").write_text(digest)
    (tmp_path / "model_metadata.json").write_text(json.dumps({**metadata, **shape}, indent=2))
    verify = ["verify", path, "--manifest", tmp_path / "model_hash.txt"]
    assert sealog(*verify) == 2, "nobody signed it"
    hash_file = tmp_path / "model_hash.txt"
    with pytest.raises(package.RefusedError) as unsigned:
        package.model.verify(path, manifest=hash_file)
    pinned = unsigned.value.model_digest
    assert package.model.verify(path, manifest=hash_file, manifest_digest=pinned).vouched.claims
    with package.model.admit(path, manifest=hash_file, manifest_digest=pinned) as admitted:
        assert admitted.load_joblib("model.pkl").n_features_in_ == 4
    with pytest.raises(package.TamperError):
        package.model.verify(path, manifest=hash_file, manifest_digest="0" * 64)
    other = tmp_path / "other"
    other.mkdir()
    write = ["manifest", path, "--format", "mlsecops", "--created-by", "jo"]
    assert sealog(*write, "--out", other / "model_hash.txt") == 0
    assert (other / "model_hash.txt").read_text() == digest
    written = json.loads((other / "model_metadata.json").read_text())
    expected = {**metadata, **shape, "input_shape": [None, 4]}
    assert {**written, "created_at": expected["created_at"]} == expected
    path.write_bytes(pickle.dumps({"other": "model"}))
    assert sealog(*verify) == 1
