"""Makes `testdata/oms-history`: bundles as each release of `model-signing` wrote them.

    python oms_history.py SECRETS OUT

in an environment of its own for each release (Python 3.11):

    pip install model-signing==RELEASE pyOpenSSL certifi

and, for releases before 1.1.0, which want libraries of their time, `'sigstore<4' 'sigstore-protobuf-specs<0.4'` too.
Keys are made in SECRETS by the first run and used by the others; only the public halves and the root go to OUT.

Releases 0.3.0 and 0.3.1 cannot sign by certificates (they misspell a name). Of the forms of 0.2.0 this is the one that it
writes unless it is told otherwise.
"""

import datetime
import importlib.metadata
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
RELEASE = importlib.metadata.version("model-signing")
#: Not for every curve in every release: what differs by curve are the first release and the names of keys.
CURVES_OF = {"0.2.0": list(CURVES), "0.3.1": ["p256", "p384"], "1.0.1": ["p256", "p521"]}
SHARD = 1000


def make_keys(secrets: pathlib.Path) -> None:
    def year(number: int) -> datetime.datetime:
        return datetime.datetime(number, 1, 1, tzinfo=datetime.timezone.utc)

    secrets.mkdir(exist_ok=True)
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    for curve, make in CURVES.items():
        root_key, key = ec.generate_private_key(make()), ec.generate_private_key(make())
        for name, subject, own in [("root", root_name, root_key), ("leaf", None, key)]:
            authority = name == "root"
            subject = subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")])
            uses = dict.fromkeys(["content_commitment", "key_encipherment", "data_encipherment"], False)
            uses |= dict.fromkeys(["key_agreement", "crl_sign", "encipher_only", "decipher_only"], False)
            uses |= {"digital_signature": not authority, "key_cert_sign": authority}
            builder = (
                x509.CertificateBuilder()
                .subject_name(subject)
                .issuer_name(root_name)
                .public_key(own.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(year(2020 if authority else 2025))
                .not_valid_after(year(2046 if authority else 2036))
                .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
                .add_extension(x509.KeyUsage(**uses), critical=True)
            )
            if not authority:
                code = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
                builder = builder.add_extension(code, critical=False)
            made = builder.sign(root_key, hashes.SHA256())
            text = made.public_bytes(serialization.Encoding.PEM)
            (secrets / f"{curve}-{name}.pem").write_bytes(text)
        form = serialization.PrivateFormat.PKCS8
        text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (secrets / f"{curve}.key").write_bytes(text)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        text = key.public_key().public_bytes(serialization.Encoding.PEM, form)
        (secrets / f"{curve}.pub").write_bytes(text)


def make_model(folder: pathlib.Path) -> pathlib.Path:
    files = {"a/b": b"1", "a-b": b"2", "empty": b"", "w.bin": b"0123456789" * 250, "it's": b"3"}
    for name, content in files.items():
        path = folder / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "model"


def first_release(model: pathlib.Path, secrets: pathlib.Path, curve: str, by: str, out: pathlib.Path) -> None:
    from model_signing import api
    from model_signing.signature import key, pki
    from model_signing.signing import in_toto, in_toto_signature

    secret = str(secrets / f"{curve}.key")
    if by == "certificate":
        leaf, root = str(secrets / f"{curve}-leaf.pem"), str(secrets / f"{curve}-root.pem")
        signer = pki.PKISigner.from_path(secret, leaf, [root])
    else:
        signer = key.ECKeySigner.from_path(secret)
    payload = in_toto.DigestsIntotoPayload.from_manifest(api.HashingConfig().hash(model))
    in_toto_signature.IntotoSigner(signer).sign(payload).write(out)


def later_release(model: pathlib.Path, secrets: pathlib.Path, curve: str, by: str, out: pathlib.Path) -> None:
    from model_signing import hashing, signing

    config = hashing.Config()
    if by == "shards":
        config.use_shard_serialization(hashing_algorithm="sha256", shard_size=SHARD)
    elif by == "blake2":
        config.use_file_serialization(hashing_algorithm="blake2")
    # Without its first step, which asks the network for the keys of Sigstore.
    signer = object.__new__(signing.Config)
    signer.set_hashing_config(config)
    secret = secrets / f"{curve}.key"
    if by == "certificate":
        leaf, root = secrets / f"{curve}-leaf.pem", secrets / f"{curve}-root.pem"
        signer.use_certificate_signer(private_key=secret, signing_certificate=leaf, certificate_chain=[root])
    else:
        signer.use_elliptic_key_signer(private_key=secret)
    signer.sign(model, out)


def main(secrets: pathlib.Path, out: pathlib.Path) -> None:
    if not secrets.exists():
        make_keys(secrets)
    out.mkdir(exist_ok=True)
    model = make_model(secrets)
    for name in [f"{curve}.pub" for curve in CURVES] + ["p256-root.pem", "p384-root.pem"]:
        (out / name).write_bytes((secrets / name).read_bytes())
    sign = first_release if RELEASE == "0.2.0" else later_release
    for curve in CURVES_OF.get(RELEASE, ["p256"]):
        sign(model, secrets, curve, "key", out / f"{RELEASE}-{curve}-key.sig")
    if not RELEASE.startswith("0.3."):
        sign(model, secrets, "p256", "certificate", out / f"{RELEASE}-p256-certificate.sig")
    if RELEASE == "0.2.0":
        sign(model, secrets, "p384", "certificate", out / f"{RELEASE}-p384-certificate.sig")
    else:
        for by in ("shards", "blake2"):
            sign(model, secrets, "p256", by, out / f"{RELEASE}-p256-{by}.sig")
    sign(model / "w.bin", secrets, "p256", "key", out / f"{RELEASE}-p256-single.sig")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
