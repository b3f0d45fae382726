"""Bundles of OpenSSF Model Signing against the reference implementation, in both directions.

The reference is `model-signing` from the registry. Where it cannot be imported the tests are skipped, and say so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sealog as package

REFERENCE = "the reference of OpenSSF Model Signing (model-signing, pyOpenSSL, certifi) is not installed"
CURVES = ["p256", "p384", "p521"]
HASHES = ["sha256", "blake2", "blake3"]

signing = pytest.importorskip("model_signing.signing", reason=REFERENCE, exc_type=ImportError)
hashing = pytest.importorskip("model_signing.hashing", reason=REFERENCE, exc_type=ImportError)
verifying = pytest.importorskip(
    "model_signing.verifying", reason=REFERENCE, exc_type=ImportError
)


def sealog(*arguments: object) -> int:
    """The exit status of the command."""
    program = shutil.which("sealog") or str(Path(sys.executable).with_name("sealog"))
    done = subprocess.run(
        [program, "model", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert "panicked" not in done.stderr
    return done.returncode


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose paths sort in different orders by their text and by their components."""
    root = tmp_path / "model"
    for name, content in [("a/b", b"1"), ("a-b", b"2"), ("a b", b"3"), ("w.bin", os.urandom(5000))]:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (root / ".gitignore").write_text("x")
    return root


@pytest.fixture(params=CURVES)
def key(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"{request.param}.pem"
    assert sealog("key", "new", path, "--kind", request.param) == 0
    return path


def public(key: Path) -> Path:
    return key.with_name(key.name + ".pub")


def reference_verifies(model: Path, bundle: Path, key: Path) -> None:
    config = verifying.Config().use_elliptic_key_verifier(public_key=public(key))
    config.verify(model, bundle)


def reference_signs(model: Path, bundle: Path, key: Path, config: object) -> None:
    signer = signing.Config().use_elliptic_key_signer(private_key=key)
    signer.set_hashing_config(config).sign(model, bundle)


def tamper(model: Path) -> None:
    """Changes one byte of a file, and nothing of its size."""
    path = model / "w.bin"
    content = bytearray(path.read_bytes())
    content[2500] ^= 1
    path.write_bytes(content)


def test_the_reference_verifies_our_bundles_and_refuses_a_changed_model(
    model: Path, key: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "model.sig"
    arguments = ["--format", "oms", "--key", key, "--created-by", "jo", "--out", bundle]
    assert sealog("sign", model, *arguments) == 0
    reference_verifies(model, bundle, key)
    tamper(model)
    with pytest.raises(ValueError, match=r"w\.bin"):
        reference_verifies(model, bundle, key)


#: What the reference calls hashes, and what we do.
OUR_NAMES = {"sha256": "sha256", "blake2": "blake2b", "blake3": "blake3"}


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("shard", [None, 1000, 5000])
@pytest.mark.parametrize("name", HASHES)
def test_the_reference_verifies_our_bundles_of_every_hash_whole_and_in_shards(
    model: Path, tmp_path: Path, name: str, shard: int | None, single: bool
) -> None:
    key, bundle = tmp_path / "key.pem", tmp_path / "model.sig"
    assert sealog("key", "new", key, "--kind", "p256") == 0
    place = model / "w.bin" if single else model
    arguments = ["--format", "oms", "--key", key, "--created-by", "jo", "--hash", OUR_NAMES[name]]
    if shard is not None:
        arguments += ["--shard-size", str(shard)]
    assert sealog("sign", place, *arguments, "--reference-names", "--out", bundle) == 0
    assert sealog("verify", place, "--manifest", bundle, "--key", public(key)) == 0
    config = verifying.Config().use_elliptic_key_verifier(public_key=public(key))
    if name == "blake2":
        # It names this hash in one way and knows it in another: it has to be told.
        config.set_hashing_config(hash_config(name, bundle, shard))
    if shard is not None and name == "blake3":
        # It hashes whole files whatever it is told, so that it cannot verify its own shards either.
        with pytest.raises(ValueError, match="Missing files"):
            config.verify(place, bundle)
        return
    config.verify(place, bundle)
    tamper(model)
    with pytest.raises(ValueError, match="mismatch"):
        config.verify(place, bundle)
    assert sealog("verify", place, "--manifest", bundle, "--key", public(key)) == 1


def test_the_reference_refuses_the_names_of_the_specification_for_shards_and_one_file(
    model: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    assert sealog("key", "new", key, "--kind", "p256") == 0
    for place, more in [(model / "w.bin", []), (model, ["--shard-size", "1000"])]:
        bundle = tmp_path / f"{place.name}.sig"
        arguments = ["--format", "oms", "--key", key, "--created-by", "jo", "--out", bundle, *more]
        assert sealog("sign", place, *arguments) == 0
        assert sealog("verify", place, "--manifest", bundle, "--key", public(key)) == 0
        with pytest.raises(ValueError, match="mismatch"):
            reference_verifies(place, bundle, key)


def test_the_package_signs_in_shards_and_refuses_what_bundles_alone_have(model: Path, tmp_path: Path) -> None:
    key, own = tmp_path / "key.pem", tmp_path / "own.pem"
    assert sealog("key", "new", key, "--kind", "p256") == 0
    assert sealog("key", "new", own) == 0
    given = {"created_by": "jo", "shard_size": 1000, "reference_names": True}
    bundle = tmp_path / "model.sig"
    package.model.sign(model, key=key, format="oms", out=bundle, **given)
    reference_verifies(model, bundle, key)
    with pytest.raises(package.FormatError, match="oms"):
        package.model.sign(model, key=own, out=tmp_path / "a", **given)
    with pytest.raises(package.FormatError, match="oms"):
        package.model.sign(model, key=own, out=tmp_path / "a", created_by="jo", reference_names=True)
    for size in (0, -1):
        with pytest.raises((package.FormatError, OverflowError)):
            package.model.sign(model, key=key, format="oms", out=tmp_path / "a", created_by="jo", shard_size=size)
    assert not (tmp_path / "a").exists()


def hash_config(name: str, bundle: Path, shard: int | None) -> object:
    config = hashing.Config().set_ignored_paths(paths=[bundle], ignore_git_paths=True)
    if shard is None:
        return config.use_file_serialization(hashing_algorithm=name)
    return config.use_shard_serialization(hashing_algorithm=name, shard_size=shard)


@pytest.mark.parametrize("shard", [None, 1000])
@pytest.mark.parametrize("name", HASHES)
def test_bundles_of_the_reference_hold_here_and_a_changed_model_is_refuted(
    model: Path, key: Path, name: str, shard: int | None
) -> None:
    bundle = model / "model.sig"
    reference_signs(model, bundle, key, hash_config(name, bundle, shard))
    arguments = ["--manifest", bundle, "--key", public(key)]
    assert sealog("verify", model, *arguments) == 0
    (model / "added").write_text("x")
    assert sealog("verify", model, *arguments) == 1
    (model / "added").unlink()
    assert sealog("verify", model, *arguments) == 0
    tamper(model)
    assert sealog("verify", model, *arguments) == 1


def test_a_bundle_of_the_reference_by_another_key_is_refuted(
    model: Path, key: Path, tmp_path: Path
) -> None:
    bundle = model / "model.sig"
    reference_signs(model, bundle, key, hash_config("sha256", bundle, None))
    other = tmp_path / "other.pem"
    assert sealog("key", "new", other, "--kind", "p256") == 0
    assert sealog("verify", model, "--manifest", bundle, "--key", public(other)) == 1
