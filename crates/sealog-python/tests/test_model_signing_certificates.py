"""Bundles of the certificate method of OpenSSF Model Signing against the reference, in both directions.

The certificates are made by `cryptography`. The reference is `model-signing` from the registry. Where it cannot be
imported the tests are skipped, and say so.
"""

import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sealog as package

REFERENCE = "the reference of OpenSSF Model Signing (model-signing, pyOpenSSL, certifi) is not installed"
DAY = datetime.timedelta(days=1)
#: From when the leaves are valid.
BEGIN = datetime.datetime.now(datetime.timezone.utc) - 10 * DAY

signing = pytest.importorskip("model_signing.signing", reason=REFERENCE, exc_type=ImportError)
hashing = pytest.importorskip("model_signing.hashing", reason=REFERENCE, exc_type=ImportError)
verifying = pytest.importorskip(
    "model_signing.verifying", reason=REFERENCE, exc_type=ImportError
)
crypto = pytest.importorskip("OpenSSL.crypto", reason=REFERENCE, exc_type=ImportError)
x509 = pytest.importorskip("cryptography.x509", reason=REFERENCE)
oid = pytest.importorskip("cryptography.x509.oid", reason=REFERENCE)
ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec", reason=REFERENCE)
primitives = pytest.importorskip("cryptography.hazmat.primitives", reason=REFERENCE)
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization", reason=REFERENCE)


def sealog(*arguments: object) -> int:
    """The exit status of the command."""
    program = shutil.which("sealog") or str(Path(sys.executable).with_name("sealog"))
    done = subprocess.run(
        [program, "model", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert "panicked" not in done.stderr
    return done.returncode


class Authority:
    """A root, an authority between and a leaf of one curve, in PEM files."""

    def __init__(self, folder: Path, curve: Any, *, leaf_days: int = 30, between_days: int = 3650) -> None:
        folder.mkdir(exist_ok=True)
        self.curve = curve
        keys = [ec.generate_private_key(curve) for _ in range(3)]
        root_key, between_key, leaf_key = keys
        root = certificate("root", "root", root_key, root_key, 3650, authority=True)
        between = certificate("between", "root", between_key, root_key, between_days, authority=True)
        leaf = certificate("leaf", "between", leaf_key, between_key, leaf_days, authority=False)
        self.key = write_key(folder / "leaf.key", leaf_key, serialization.PrivateFormat.PKCS8)
        self.sec1 = write_key(folder / "leaf.sec1", leaf_key, serialization.PrivateFormat.TraditionalOpenSSL)
        assert self.sec1.read_text().startswith("-----BEGIN EC PRIVATE KEY-----")
        self.root = write(folder / "root.pem", root)
        self.between = write(folder / "between.pem", between)
        self.leaf = write(folder / "leaf.pem", leaf)


def write(path: Path, made: Any) -> Path:
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


def write_key(path: Path, key: Any, form: Any) -> Path:
    path.touch(mode=0o600)
    encoding = serialization.Encoding.PEM
    path.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return path


class Chain:
    """A root, so many authorities between and a leaf, in PEM files; `between` is the nearest to the leaf first."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir(exist_ok=True)
        above = ec.generate_private_key(ec.SECP256R1())
        self.root = write(folder / "root.pem", certificate("root", "root", above, above, 3650, authority=True))
        self.between: list[Path] = []
        issuer = "root"
        for number in range(count):
            key = ec.generate_private_key(ec.SECP256R1())
            made = certificate(f"between {number}", issuer, key, above, 3650, authority=True)
            self.between.insert(0, write(folder / f"between-{number}.pem", made))
            issuer, above = f"between {number}", key
        key = ec.generate_private_key(ec.SECP256R1())
        self.leaf = write(folder / "leaf.pem", certificate("leaf", issuer, key, above, 30, authority=False))
        self.key = write_key(folder / "leaf.key", key, serialization.PrivateFormat.PKCS8)


def certificate(name: str, issuer: str, key: Any, issuer_key: Any, days: int, *, authority: bool) -> Any:
    """One that is valid until so many days after `BEGIN`; a leaf from then on, an authority since longer ago."""

    def named(text: str) -> Any:
        return x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, text)])

    others = ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    others += ["crl_sign", "encipher_only", "decipher_only"]
    uses = dict.fromkeys(others, False) | {"digital_signature": not authority, "key_cert_sign": authority}
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN - 365 * DAY if authority else BEGIN)
        .not_valid_after(BEGIN + days * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**uses), critical=True)
    )
    if not authority:
        code = x509.ExtendedKeyUsage([oid.ExtendedKeyUsageOID.CODE_SIGNING])
        builder = builder.add_extension(code, critical=False)
    return builder.sign(issuer_key, primitives.hashes.SHA256())


CURVES: dict[str, Any] = {
    "p256": ec.SECP256R1,
    "p384": ec.SECP384R1,
    "p521": ec.SECP521R1,
}


@pytest.fixture(params=CURVES)
def authority(request: pytest.FixtureRequest, tmp_path: Path) -> Authority:
    return Authority(tmp_path, CURVES[request.param]())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    root = tmp_path / "model"
    for name, content in [("a/b", b"1"), ("a-b", b"2"), ("w.bin", os.urandom(5000))]:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def tamper(model: Path) -> None:
    """Changes one byte of a file, and nothing of its size."""
    path = model / "w.bin"
    content = bytearray(path.read_bytes())
    content[2500] ^= 1
    path.write_bytes(content)


def safetensors(model: Path) -> None:
    """Leaves one file in the model: two numbers."""
    shutil.rmtree(model)
    model.mkdir()
    header = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    (model / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))


def reference_verifies(model: Path, bundle: Path, root: Path) -> None:
    config = verifying.Config().use_certificate_verifier(certificate_chain=[root])
    config.verify(model, bundle)


def reference_signs(model: Path, bundle: Path, authority: Authority, shard: int | None) -> None:
    config = hashing.Config().set_ignored_paths(paths=[bundle], ignore_git_paths=True)
    if shard is None:
        config.use_file_serialization(hashing_algorithm="sha256")
    else:
        config.use_shard_serialization(hashing_algorithm="sha256", shard_size=shard)
    signer = signing.Config().use_certificate_signer(
        private_key=authority.key,
        signing_certificate=authority.leaf,
        certificate_chain=[authority.between],
    )
    signer.set_hashing_config(config).sign(model, bundle)


def ours(model: Path, bundle: Path, authority: Authority, key: Path) -> int:
    """The exit status of the command that signs."""
    named = ["--format", "oms", "--key", key, "--certificate", authority.leaf]
    named += ["--chain", authority.between, "--created-by", "jo", "--out", bundle]
    return sealog("sign", model, *named)


def verified(model: Path, bundle: Path, *roots: Path, at: str | None = None) -> int:
    """The exit status of the command that verifies."""
    arguments: list[object] = ["--manifest", bundle]
    for root in roots:
        arguments += ["--root", root]
    if at is not None:
        arguments += ["--verification-time", at]
    return sealog("verify", model, *arguments)


@pytest.mark.parametrize("form", ["key", "sec1"])
def test_the_reference_verifies_our_certificate_bundles_and_refuses_another_root_and_a_changed_model(
    model: Path, authority: Authority, tmp_path: Path, form: str
) -> None:
    bundle = tmp_path / "model.sig"
    assert ours(model, bundle, authority, getattr(authority, form)) == 0
    reference_verifies(model, bundle, authority.root)
    other = Authority(tmp_path / "other", authority.curve)
    with pytest.raises(crypto.X509StoreContextError, match="certificate signature failure"):
        reference_verifies(model, bundle, other.root)
    tamper(model)
    with pytest.raises(ValueError, match=r"w\.bin"):
        reference_verifies(model, bundle, authority.root)


@pytest.mark.parametrize("shard", [None, 1000])
def test_certificate_bundles_of_the_reference_hold_here_by_their_root_and_not_by_others(
    model: Path, authority: Authority, tmp_path: Path, shard: int | None
) -> None:
    bundle = model / "model.sig"
    reference_signs(model, bundle, authority, shard)
    assert verified(model, bundle, authority.root) == 0
    other = Authority(tmp_path / "other", authority.curve)
    assert verified(model, bundle, other.root) == 1
    assert verified(model, bundle, other.root, authority.root) == 0
    assert verified(model, bundle, authority.leaf) == 0
    assert verified(model, bundle, other.leaf) == 1
    assert verified(model, bundle, authority.key) == 2
    assert verified(model, bundle) == 2
    tamper(model)
    assert verified(model, bundle, authority.root) == 1


def test_a_root_that_the_reference_puts_into_the_bundle_is_not_trusted_for_it(
    model: Path, authority: Authority, tmp_path: Path
) -> None:
    bundle = model / "model.sig"
    config = hashing.Config().set_ignored_paths(paths=[bundle], ignore_git_paths=True)
    signer = signing.Config().use_certificate_signer(
        private_key=authority.key,
        signing_certificate=authority.leaf,
        certificate_chain=[authority.between, authority.root],
    )
    signer.set_hashing_config(config).sign(model, bundle)
    assert verified(model, bundle, authority.root) == 0
    other = Authority(tmp_path / "other", authority.curve)
    assert verified(model, bundle, other.root) == 1


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("with_root", [False, True])
def test_chains_of_any_length_with_and_without_their_root_hold_on_both_sides(
    model: Path, tmp_path: Path, count: int, with_root: bool
) -> None:
    chain = Chain(tmp_path, count)
    above = [*chain.between, *([chain.root] if with_root else [])]
    bundle = tmp_path / "ours.sig"
    named: list[object] = ["--format", "oms", "--key", chain.key, "--certificate", chain.leaf]
    for path in above:
        named += ["--chain", path]
    assert sealog("sign", model, *named, "--created-by", "jo", "--out", bundle) == 0
    reference_verifies(model, bundle, chain.root)
    assert verified(model, bundle, chain.root) == 0
    theirs = tmp_path / "theirs.sig"
    config = hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=True)
    signer = signing.Config()
    written = [bundle]
    if above:
        signer.use_certificate_signer(
            private_key=chain.key, signing_certificate=chain.leaf, certificate_chain=above
        )
        signer.set_hashing_config(config).sign(model, theirs)
        assert verified(model, theirs, chain.root) == 0
        written.append(theirs)
    else:
        # The reference cannot write a leaf alone: it wants something in the place of the chain.
        with pytest.raises(ValueError, match="PEM"):
            signer.use_certificate_signer(
                private_key=chain.key, signing_certificate=chain.leaf, certificate_chain=above
            )
    other = Chain(tmp_path / "other", count)
    for made in written:
        assert verified(model, made, other.root) == 1
        with pytest.raises(crypto.X509StoreContextError):
            reference_verifies(model, made, other.root)
    if count > 1:
        # One in the middle is missing: nobody can go on from there.
        signer.use_certificate_signer(
            private_key=chain.key, signing_certificate=chain.leaf, certificate_chain=[above[0], *above[2:]]
        )
        signer.set_hashing_config(config).sign(model, theirs)
        assert verified(model, theirs, chain.root) == 1
        with pytest.raises(crypto.X509StoreContextError):
            reference_verifies(model, theirs, chain.root)


def test_a_leaf_that_has_expired_is_refuted_here_and_holds_at_a_time_that_is_stated(
    model: Path, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "short", ec.SECP256R1(), leaf_days=1)
    bundle = model / "model.sig"
    reference_signs(model, bundle, authority, None)
    # The reference looks at the chain as it was when the leaf began, so it is content.
    reference_verifies(model, bundle, authority.root)
    assert verified(model, bundle, authority.root) == 1
    assert verified(model, bundle, authority.root, at=stated(BEGIN + DAY / 2)) == 0
    assert verified(model, bundle, authority.root, at=stated(BEGIN + 2 * DAY)) == 1
    assert verified(model, bundle, authority.root, at=stated(BEGIN - DAY)) == 1
    assert verified(model, bundle, authority.root, at="yesterday") == 2


def test_an_authority_that_ended_before_the_leaf_began_is_refused_by_both(
    model: Path, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "ended", ec.SECP256R1(), between_days=-1)
    bundle = model / "model.sig"
    reference_signs(model, bundle, authority, None)
    with pytest.raises(crypto.X509StoreContextError, match="certificate has expired"):
        reference_verifies(model, bundle, authority.root)
    assert verified(model, bundle, authority.root) == 1


def stated(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_chain_that_is_not_that_of_the_key_is_not_signed_with(
    model: Path, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other", authority.curve)
    bundle = tmp_path / "model.sig"
    assert ours(model, bundle, authority, other.key) == 2
    assert not bundle.exists()
    assert ours(model, bundle, authority, authority.key) == 0


def test_an_expired_leaf_is_not_signed_with(model: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "short", ec.SECP256R1(), leaf_days=1)
    bundle = tmp_path / "model.sig"
    assert ours(model, bundle, authority, authority.key) == 2
    assert not bundle.exists()


def package_signs(model: Path, bundle: Path, authority: Authority, **more: Any) -> Any:
    given = {"key": authority.key, "certificate": authority.leaf, "chain": [authority.between]}
    return package.model.sign(
        model, **{**given, "created_by": "jo", "format": "oms", "out": bundle, **more}
    )


def test_the_package_signs_by_a_certificate_and_verifies_by_its_root_as_the_reference_does(
    model: Path, authority: Authority, tmp_path: Path
) -> None:
    bundle = tmp_path / "model.sig"
    signed = package_signs(model, bundle, authority)
    reference_verifies(model, bundle, authority.root)
    held = package.model.verify(model, manifest=bundle, roots=[authority.root])
    assert held.model_digest == signed.model_digest
    assert (held.vouched.scheme, held.vouched.subject) == ("oms-certificate", "CN=leaf")
    assert held.vouched.key_id == signed.key_id
    other = Authority(tmp_path / "other", authority.curve)
    with pytest.raises(package.TamperError) as refuted:
        package.model.verify(model, manifest=bundle, roots=[other.root])
    assert refuted.value.code == "model_signature"
    package.model.verify(model, manifest=bundle, roots=[other.root, authority.root])
    tamper(model)
    with pytest.raises(package.TamperError) as changed:
        package.model.verify(model, manifest=bundle, roots=[authority.root])
    assert changed.value.code == "model_differs"


def test_the_package_holds_a_chain_at_the_time_that_is_stated(model: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "short", ec.SECP256R1(), leaf_days=1)
    bundle = model / "model.sig"
    # What is admitted is scanned too, and random bytes are nothing that the scanner could call clean.
    safetensors(model)
    reference_signs(model, bundle, authority, None)
    given = {"manifest": bundle, "roots": [authority.root]}
    with pytest.raises(package.TamperError) as expired:
        package.model.verify(model, **given)
    assert expired.value.code == "model_signature"
    with pytest.raises(package.TamperError):
        package.model.admit(model, **given)
    then = (BEGIN + DAY / 2).replace(microsecond=0)
    for time in (then, stated(then)):
        held = package.model.verify(model, **given, verification_time=time)
        at = held.vouched.verification_time
        assert at is not None and at.startswith(stated(then).removesuffix("Z"))
    with package.model.admit(model, **given, verification_time=then) as admitted:
        assert admitted.vouched.subject == "CN=leaf"
        assert admitted.read("w.safetensors") == (model / "w.safetensors").read_bytes()
        told = admitted.record()
        assert (told["result"], told["signer"]) == ("match", held.vouched.key_id)
    with pytest.raises(TypeError, match="time zone"):
        package.model.verify(model, **given, verification_time=then.replace(tzinfo=None))
    with pytest.raises(package.FormatError, match="verification_time"):
        package.model.verify(model, **given, verification_time="yesterday")


def test_what_the_package_refuses_to_trust_or_to_sign_with(
    model: Path, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "own", ec.SECP256R1())
    other = Authority(tmp_path / "other", ec.SECP256R1())
    bundle = tmp_path / "model.sig"
    with pytest.raises(package.RefusedError, match="another key"):
        package_signs(model, bundle, authority, key=other.key)
    with pytest.raises(package.FormatError, match="oms"):
        package_signs(model, bundle, authority, format="sealog")
    with pytest.raises(package.FormatError, match="above a certificate"):
        package_signs(model, bundle, authority, certificate=None)
    with pytest.raises(TypeError, match="sequence"):
        package_signs(model, bundle, authority, chain=authority.between)
    assert not bundle.exists()
    package_signs(model, bundle, authority)
    with pytest.raises(package.FormatError, match="only one of"):
        package.model.verify(model, manifest=bundle, roots=[authority.root], manifest_digest="0" * 64)
    with pytest.raises(package.FormatError, match="under roots"):
        package.model.verify(model, manifest=bundle, key=authority.root, verification_time=stated(BEGIN))
    with pytest.raises(TypeError, match="sequence"):
        package.model.verify(model, manifest=bundle, roots=str(authority.root))
    with pytest.raises(package.FormatError) as nothing:
        package.model.verify(model, manifest=bundle)
    assert nothing.value.code == "model_pin"
    own = package.model.manifest(model, created_by="jo", out=tmp_path / "own.json")
    assert own.key_id is None
    for gate in (package.model.verify, package.model.admit):
        with pytest.raises(package.FormatError) as refused:
            gate(model, manifest=tmp_path / "own.json", roots=[authority.root])
        assert refused.value.code == "model_pin"
