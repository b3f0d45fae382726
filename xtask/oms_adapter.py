#!/usr/bin/env python3
"""Lets the public conformance suite of OpenSSF Model Signing drive `sealog model sign` and `verify`.

    oms_adapter.py sign-model --method key|certificate --model-path P --output-bundle F --private-key K
        [--signing-cert C] [--cert-chain C]... [--ignore-paths P]...
    oms_adapter.py verify-model --method key|certificate|sigstore --model-path P --bundle F [--public-key K]
        [--cert-chain C]... [--identity I] [--identity-provider U] [--ignore-paths P]... [--ignore-unsigned-files]
    oms_adapter.py capabilities

The command is the one that SEALOG names, else this interpreter's `python -m sealog`; for the Sigstore method,
SEALOG_TRUSTED_ROOT names a `trusted_root.json`. The exit status is the command's: 0 holds, 1 refuted, 2 undecided.

`--ignore-unsigned-files` is this program's own doing: what the bundle lists is copied, and the copy is verified. The
command has no such option, since to it a model is a closed set.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# The largest bundle whose list is read here; the command has a limit of its own.
BUNDLE_BYTES_MAX = 64 * 1024 * 1024


def sealog(*arguments: str | Path) -> int:
    named = os.environ.get("SEALOG")
    command = [named] if named else [sys.executable, "-m", "sealog"]
    return subprocess.run([*command, "model", *map(str, arguments)], check=False).returncode


def ignored(asked: argparse.Namespace) -> list[str]:
    """Paths that are left out, as the command names them: from the model on."""
    found = []
    for path in asked.ignore_paths:
        relative = os.path.relpath(path, asked.model_path)
        if relative != "." and relative.split(os.sep)[0] != "..":
            found += ["--ignore", relative]
    return found


def sign(asked: argparse.Namespace) -> int:
    if asked.method == "sigstore":
        return refuse("signing through Sigstore is not built")
    if asked.private_key is None or (asked.method == "certificate" and asked.signing_cert is None):
        return refuse("a private key is needed, and with --method certificate its certificate")
    trust: list[str] = []
    if asked.method == "certificate":
        trust = ["--certificate", asked.signing_cert]
        for path in asked.cert_chain:
            trust += ["--chain", path]
    bundle = Path(asked.output_bundle)
    # The command replaces nothing; the suite may sign twice.
    bundle.unlink(missing_ok=True)
    written = ["--created-by", "conformance", "--format", "oms", "--key", asked.private_key, "--out", bundle]
    return sealog("sign", asked.model_path, *written, *trust, *ignored(asked))


def trusted(asked: argparse.Namespace) -> list[str] | None:
    if asked.method == "key":
        return None if asked.public_key is None else ["--key", asked.public_key]
    if asked.method == "certificate":
        return [word for path in asked.cert_chain for word in ("--root", path)] or None
    root = os.environ.get("SEALOG_TRUSTED_ROOT")
    if root is None or asked.identity is None or asked.identity_provider is None:
        return None
    return ["--trusted-root", root, "--identity", asked.identity, "--identity-provider", asked.identity_provider]


def verify(asked: argparse.Namespace) -> int:
    trust = trusted(asked)
    if trust is None:
        return refuse("what is to be trusted with this method is not given")
    rest = ["--manifest", asked.bundle, *trust, *ignored(asked)]
    names = listed(Path(asked.bundle)) if asked.ignore_unsigned_files else None
    model = Path(asked.model_path)
    if names is None or not model.is_dir():
        return sealog("verify", model, *rest)
    with tempfile.TemporaryDirectory() as home:
        copy = Path(home) / (model.name or "model")
        copy.mkdir()
        for name in names:
            copy_file(model, copy, name)
        return sealog("verify", copy, *rest)


def listed(bundle: Path) -> set[str] | None:
    """The files that a bundle lists, of which nothing is verified here; nothing if it cannot be read."""
    try:
        with bundle.open("rb") as file:
            text = file.read(BUNDLE_BYTES_MAX + 1)
        if len(text) > BUNDLE_BYTES_MAX:
            return None
        statement = json.loads(base64.b64decode(json.loads(text)["dsseEnvelope"]["payload"]))
        predicate = statement["predicate"]
        resources = predicate.get("resources") or statement["subject"]
        names = {str(resource["name"]) for resource in resources}
        if predicate.get("serialization", {}).get("method") == "shards":
            names |= {name.rsplit(":", 2)[0] for name in names}
        return names
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def copy_file(model: Path, copy: Path, name: str) -> None:
    """Copies a file that lies in the model; what is missing or something else, the command misses then."""
    parts = name.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        return
    source = model.joinpath(*parts)
    on_the_way = [model.joinpath(*parts[: at + 1]) for at in range(len(parts))]
    if any(path.is_symlink() for path in on_the_way) or not source.is_file():
        return
    place = copy.joinpath(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)


def capabilities() -> int:
    print(json.dumps({"flags": [], "hash_algorithms": ["sha256"], "benchmark_model": False}))
    return 0


def refuse(why: str) -> int:
    print(f"oms_adapter: {why}", file=sys.stderr)
    return 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="oms_adapter.py")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("capabilities")
    signing, verifying = commands.add_parser("sign-model"), commands.add_parser("verify-model")
    for command in (signing, verifying):
        command.add_argument("--method", required=True, choices=["key", "certificate", "sigstore"])
        command.add_argument("--model-path", required=True)
        command.add_argument("--cert-chain", action="append", default=[])
        command.add_argument("--ignore-paths", action="append", default=[])
    for name in ("--private-key", "--signing-cert"):
        signing.add_argument(name)
    signing.add_argument("--output-bundle", required=True)
    for name in ("--public-key", "--identity", "--identity-provider"):
        verifying.add_argument(name)
    verifying.add_argument("--bundle", required=True)
    verifying.add_argument("--ignore-unsigned-files", action="store_true")
    asked = parser.parse_args()
    return {"sign-model": sign, "verify-model": verify}.get(asked.command, lambda _: capabilities())(asked)


if __name__ == "__main__":
    sys.exit(main())
