"""Detached OpenPGP signatures that a real gpg makes, verified from Python."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, Protocol

import pytest
import sealog


class Gpg(Protocol):
    def __call__(self, *arguments: object) -> str: ...


@pytest.fixture
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Any:
    program, configuration = shutil.which("gpg"), shutil.which("gpgconf")
    if program is None or configuration is None:
        pytest.skip("gpg is not installed (on Debian: apt-get install gnupg)")
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    fixed = ["--homedir", home, "--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""]

    def run(*arguments: object) -> str:
        words = [program, *map(str, fixed), *map(str, arguments)]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    yield run
    subprocess.run([configuration, "--homedir", home, "--kill", "all"], check=False, capture_output=True)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    root = tmp_path / "iris"
    root.mkdir()
    (root / "weights.txt").write_text("weights")
    return root


def new_key(gpg: Gpg, user: str, ring: Path) -> str:
    """The fingerprint of a new key, which is exported too."""
    gpg("--quick-gen-key", user, "ed25519", "sign,cert", "never")
    gpg("--output", ring, "--export", user)
    listed = gpg("--with-colons", "--list-keys", user).splitlines()
    return next(line.split(":")[9] for line in listed if line.startswith("fpr:"))


def test_a_manifest_that_gpg_signed_is_verified_and_admitted(gpg: Gpg, model: Path, tmp_path: Path) -> None:
    ring, manifest = tmp_path / "ring", tmp_path / "iris.json"
    fingerprint = new_key(gpg, "jo@example.org", ring)
    other = new_key(gpg, "sam@example.org", tmp_path / "other")
    sealog.model.manifest(model, created_by="jo", out=manifest)
    gpg("--local-user", fingerprint, "--output", f"{manifest}.sig", "--detach-sign", manifest)
    for named in (None, fingerprint):
        verified = sealog.model.verify(model, manifest=manifest, openpgp_keyring=ring, fingerprint=named)
        assert verified.vouched.key_id == fingerprint
        assert verified.vouched.scheme == "openpgp"
    with sealog.model.admit(model, manifest=manifest, openpgp_keyring=ring) as admitted:
        with admitted.open("weights.txt") as file:
            assert file.read() == b"weights"
    with pytest.raises(sealog.TamperError) as refuted:
        sealog.model.verify(model, manifest=manifest, openpgp_keyring=tmp_path / "other")
    assert refuted.value.code == "model_signature"
    with pytest.raises(sealog.FormatError, match="no such key"):
        sealog.model.verify(model, manifest=manifest, openpgp_keyring=ring, fingerprint=other)
    (model / "weights.txt").write_text("Weights")
    with pytest.raises(sealog.TamperError) as changed:
        sealog.model.verify(model, manifest=manifest, openpgp_keyring=ring)
    assert [change.path for change in changed.value.changes] == ["weights.txt"]
    with pytest.raises(sealog.TamperError):
        sealog.model.admit(model, manifest=manifest, openpgp_keyring=ring)


def test_text_signatures_of_gpg_are_refused(gpg: Gpg, model: Path, tmp_path: Path) -> None:
    ring, manifest = tmp_path / "ring", tmp_path / "iris.json"
    new_key(gpg, "jo@example.org", ring)
    sealog.model.manifest(model, created_by="jo", out=manifest)
    gpg("--textmode", "--output", f"{manifest}.sig", "--detach-sign", manifest)
    gpg("--verify", f"{manifest}.sig", manifest)
    with pytest.raises(sealog.FormatError, match="text signature"):
        sealog.model.verify(model, manifest=manifest, openpgp_keyring=ring)


def test_a_fingerprint_without_a_keyring_and_two_kinds_of_trust_are_refused(model: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "iris.json"
    sealog.model.manifest(model, created_by="jo", out=manifest)
    with pytest.raises(sealog.FormatError, match="openpgp_keyring"):
        sealog.model.verify(model, manifest=manifest, fingerprint="0" * 40)
    with pytest.raises(sealog.FormatError, match="only one of"):
        sealog.model.verify(model, manifest=manifest, openpgp_keyring="ring", key="key.pub")
    who = {"trusted_root": "root.json", "identity": "jo", "identity_provider": "https://by.example"}
    with pytest.raises(sealog.FormatError, match="only one of"):
        sealog.model.verify(model, manifest=manifest, openpgp_keyring="ring", **who)
    with pytest.raises(FileNotFoundError):
        sealog.model.verify(model, manifest=manifest, openpgp_keyring=tmp_path / "nowhere")
