"""Writes vectors of HashTraceAI's three manifest forms, from their description. Usage: hashtrace.py DIRECTORY

Needs cryptography. The description is in docs/formats/older-models.md, section 1.
"""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

out = pathlib.Path(sys.argv[1])
files = {"model.bin": b"weights", "sub/caf\u00e9 \U0001f600.txt": b"text", ".gitattributes": b"x"}

key = rsa.generate_private_key(65537, 2048)
other = rsa.generate_private_key(65537, 2048)
for name, one in [("key.pub", key), ("other.pub", other)]:
    spki = one.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (out / name).write_bytes(spki)
short = rsa.generate_private_key(65537, 1024).public_key()
(out / "short.pub").write_bytes(
    short.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


def pss(message, salt=padding.PSS.MAX_LENGTH):
    return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())


def sha256(name):
    return hashlib.sha256(files[name]).hexdigest()


def write(name, value, indent, signature=None):
    text = json.dumps(value, indent=indent).encode()
    (out / name).write_bytes(text)
    if signature is not None:
        (out / (name + ".sig")).write_bytes(signature(text))


form_a = {"version": "1.0", "created": "2025-07-05T02:12:14.557883Z", "created_by": "Jos\u00e9",
          "files": [{"path": name, "sha256": sha256(name)} for name in files]}
write("a.json", form_a, 2, pss)
for salt in (0, 20, 32, 221):
    write(f"a{salt}.json", form_a, 2, lambda text, salt=salt: pss(text, salt))
del form_a["created"]
write("a_late.json", form_a, 2, pss)

signed = {"created_by": "Jos\u00e9 \"\\", "model_name": "iris", "model_version": "1.0", "hf_id": "org/iris",
          "timestamp": "2025-07-20T00:00:00Z", "local_timestamp": "2025-07-20T02:00:00",
          "files": {name: {"SHA256": sha256(name)} for name in files}}
message = json.dumps(signed, sort_keys=True).encode()
inline = base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()
write("b.json", {"signature": inline, "signed_data": signed}, 2, lambda _: inline.encode())

listed = [{"name": name.split("/")[-1], "path": name, "sha256": sha256(name)} for name in files]
inline = base64.b64encode(pss(json.dumps({"files": listed}, sort_keys=True).encode())).decode()
write("c.json", {"model_name": "iris", "model_version": "1.0", "created_by": "jo",
                 "timestamp_utc": "2025-09-13T11:05:44.073533+00:00", "timestamp_local": "2025-09-13T07:05:44.073539",
                 "files": listed, "signature": inline}, 4)

trusted = {"keys": [{"name": "jo", "key": (out / "key.pub").read_text()},
                    {"name": "sam", "key": (out / "other.pub").read_text()}]}
write("trusted_keys.json", trusted, 4)
