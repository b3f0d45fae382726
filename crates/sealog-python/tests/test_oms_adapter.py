"""The adapter for the public conformance suite, on the command line that the suite documents.

The cases are those of the suite, made anew: only the exit status counts. The adapter runs this package's command.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ADAPTER = ROOT / "xtask/oms_adapter.py"
TESTDATA = ROOT / "crates/sealog-model/tests/testdata"


def adapter(*arguments: object, **environment: str) -> int:
    command = [sys.executable, str(ADAPTER), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)
    assert "panicked" not in done.stderr and "Traceback" not in done.stderr, done.stderr
    return done.returncode


def signed(model: Path, bundle: Path, key: Path, *more: object) -> int:
    fixed = ["sign-model", "--method", "key", "--model-path", model, "--output-bundle", bundle, "--private-key", key]
    return adapter(*fixed, *more)


def verified(model: Path, bundle: Path, key: Path, *more: object) -> int:
    fixed = ["verify-model", "--method", "key", "--model-path", model, "--bundle", bundle, "--public-key", key]
    return adapter(*fixed, *more)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    root = tmp_path / "model"
    for name in ("signme-1", "signme-2", "ignore-me", "sub dir/größe.bin", "sub dir-2/.hidden", ".gitignore", "empty"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name == "empty" else name)
    return root


def new_key(folder: Path, kind: str = "p256") -> tuple[Path, Path]:
    key = folder / f"{kind}.key"
    command = [sys.executable, "-m", "sealog", "model", "key", "new", str(key), "--kind", kind]
    subprocess.run(command, check=True, capture_output=True)
    return key, key.with_name(key.name + ".pub")


def statement(bundle: Path) -> dict[str, list[dict[str, str]]]:
    envelope = json.loads(bundle.read_text())["dsseEnvelope"]
    predicate: dict[str, list[dict[str, str]]] = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    return predicate


@pytest.mark.parametrize("kind", ["p256", "p384", "p521"])
def test_what_it_signs_it_verifies_and_refuses_once_it_is_changed(model: Path, tmp_path: Path, kind: str) -> None:
    key, public = new_key(tmp_path, kind)
    bundle = tmp_path / "bundle.sig"
    assert signed(model, bundle, key) == 0
    assert verified(model, bundle, public) == 0
    names = [resource["name"] for resource in statement(bundle)["resources"]]
    assert names == sorted(names)
    assert names == ["empty", "ignore-me", "signme-1", "signme-2", "sub dir-2/.hidden", "sub dir/größe.bin"]
    (tmp_path / "other").mkdir()
    assert verified(model, bundle, new_key(tmp_path / "other", kind)[1]) == 1
    # A second time over the first, as the suite asks to see whether it comes out the same.
    before = statement(bundle)
    assert signed(model, bundle, key) == 0
    assert statement(bundle) == before
    (model / "signme-1").write_text("signme-2")
    assert verified(model, bundle, public) == 1


def test_added_missing_and_linked_files_are_refused(model: Path, tmp_path: Path) -> None:
    key, public = new_key(tmp_path)
    bundle = tmp_path / "bundle.sig"
    assert signed(model, bundle, key) == 0
    (model / "extra.bin").write_text("extra")
    assert verified(model, bundle, public) == 1
    (model / "extra.bin").unlink()
    (model / "empty").unlink()
    assert verified(model, bundle, public) == 1
    for target in ("signme-1", "..", "/etc/passwd", "."):
        (model / "empty").symlink_to(target)
        assert verified(model, bundle, public) != 0
        assert signed(model, tmp_path / "linked.sig", key) != 0
        assert not (tmp_path / "linked.sig").exists()
        (model / "empty").unlink()


def test_an_empty_model_and_one_of_ignored_files_alone_are_not_signed(tmp_path: Path) -> None:
    key, _ = new_key(tmp_path)
    empty = tmp_path / "model"
    empty.mkdir()
    assert signed(empty, tmp_path / "bundle.sig", key) != 0
    (empty / "a").write_text("a")
    assert signed(empty, tmp_path / "bundle.sig", key, "--ignore-paths", empty / "a") != 0


def test_ignored_paths_are_left_out_and_a_bundle_inside_the_model_too(model: Path, tmp_path: Path) -> None:
    key, public = new_key(tmp_path)
    bundle = model / "bundle.sig"
    ignored = ["--ignore-paths", model / "ignore-me", "--ignore-paths", model / "sub dir"]
    assert signed(model, bundle, key, *ignored) == 0
    names = [resource["name"] for resource in statement(bundle)["resources"]]
    assert names == ["empty", "signme-1", "signme-2", "sub dir-2/.hidden"]
    for more in ([], ignored, ["--ignore-paths", tmp_path / "elsewhere"]):
        assert verified(model, bundle, public, *more) == 0
    (model / "sub dir/more").write_text("more")
    assert verified(model, bundle, public, *ignored) == 0
    (model / "more").write_text("more")
    assert verified(model, bundle, public, *ignored) == 1


def test_unsigned_files_are_passed_over_where_that_is_asked_for_and_nothing_else_is(model: Path, tmp_path: Path) -> None:
    key, public = new_key(tmp_path)
    bundle = tmp_path / "bundle.sig"
    assert signed(model, bundle, key, "--ignore-paths", model / "ignore-me") == 0
    (model / "sub dir/extra.bin").write_text("extra")
    (model / "link").symlink_to("signme-1")
    assert verified(model, bundle, public) == 1
    for more in ([], ["--ignore-paths", model / "ignore-me"]):
        assert verified(model, bundle, public, "--ignore-unsigned-files", *more) == 0
    (model / "signme-2").rename(model / "signme-3")
    assert verified(model, bundle, public, "--ignore-unsigned-files") == 1
    (model / "signme-2").symlink_to("signme-3")
    assert verified(model, bundle, public, "--ignore-unsigned-files") == 1
    (model / "signme-2").unlink()
    (model / "signme-2").write_text("another")
    assert verified(model, bundle, public, "--ignore-unsigned-files") == 1


@pytest.mark.parametrize("kind", ["key", "shards", "single"])
@pytest.mark.parametrize("release", ["0.2.0", "0.3.1", "1.0.1", "1.1.1"])
def test_bundles_of_the_reference_hold_with_files_that_they_do_not_list(release: str, kind: str, tmp_path: Path) -> None:
    bundle = TESTDATA / f"oms-history/{release}-p256-{kind}.sig"
    if not bundle.exists():
        assert (release, kind) == ("0.2.0", "shards"), "only that release has no shards"
        return
    model = tmp_path / "model"
    (model / "a").mkdir(parents=True)
    contents = {"a/b": "1", "a-b": "2", "empty": "", "w.bin": "0123456789" * 250, "it's": "3"}
    for name, content in contents.items():
        (model / name).write_text(content)
    if kind == "single":
        model = model / "w.bin"
    key = TESTDATA / "oms-history/p256.pub"
    assert verified(model, bundle, key) == 0
    assert verified(model, bundle, key, "--ignore-unsigned-files") == 0
    if kind != "single":
        (model / "more").write_text("more")
        assert verified(model, bundle, key) == 1
        assert verified(model, bundle, key, "--ignore-unsigned-files") == 0
    changed = model if kind == "single" else model / "w.bin"
    changed.write_text("0123456789" * 249 + "0123456780")
    assert verified(model, bundle, key, "--ignore-unsigned-files") == 1


def test_bundles_that_are_none_are_refused(model: Path, tmp_path: Path) -> None:
    key, public = new_key(tmp_path)
    bundle = tmp_path / "bundle.sig"
    assert signed(model, bundle, key) == 0
    whole = json.loads(bundle.read_text())

    def changed(**members: object) -> str:
        return json.dumps(whole | members)

    payload = base64.b64encode(b'{"predicate": {"resources": [{"name": "../x"}, {"name": 1}]}}').decode()
    texts = ["", "{}", "[]", bundle.read_text()[:-9], changed(mediaType="text/plain"), changed(dsseEnvelope=None)]
    texts += [changed(dsseEnvelope=whole["dsseEnvelope"] | change) for change in ({"signatures": []}, {"payload": payload})]
    for text in texts:
        bundle.write_text(text)
        for more in ([], ["--ignore-unsigned-files"]):
            assert verified(model, bundle, public, *more) != 0, text


def test_methods_are_not_taken_for_each_other_and_nothing_is_trusted_by_itself(model: Path, tmp_path: Path) -> None:
    key, public = new_key(tmp_path)
    bundle = tmp_path / "bundle.sig"
    assert signed(model, bundle, key) == 0
    verify = ["verify-model", "--model-path", model, "--bundle", bundle]
    root = TESTDATA / "oms-history/p256-root.pem"
    assert adapter(*verify, "--method", "certificate", "--cert-chain", root) != 0
    for method in ("key", "certificate", "sigstore"):
        assert adapter(*verify, "--method", method) == 2
    assert adapter(*verify, "--method", "other", "--public-key", public) == 2
    sign = ["sign-model", "--model-path", model, "--output-bundle", tmp_path / "none.sig"]
    for more in (["key"], ["certificate", "--private-key", key], ["sigstore", "--private-key", key]):
        assert adapter(*sign, "--method", *more) == 2
    assert not (tmp_path / "none.sig").exists()
    assert adapter("capabilities") == 0


def test_a_bundle_of_the_public_sigstore_holds_by_a_root_that_its_user_names(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for name in ("signme-1", "signme-2"):
        (model / name).write_text(name)
    folder = TESTDATA / "sigstore"
    fixed = ["verify-model", "--method", "sigstore", "--model-path", model, "--bundle", folder / "v1.0.0.sig"]
    who = ["--identity", "stefanb@us.ibm.com", "--identity-provider", "https://sigstore.verify.ibm.com/oauth2"]
    root = {"SEALOG_TRUSTED_ROOT": str(folder / "trusted_root.json")}
    assert adapter(*fixed, *who, **root) == 0
    assert adapter(*fixed, *who) == 2
    assert adapter(*fixed, "--identity", "other@us.ibm.com", *who[2:], **root) == 1


def test_certificates_lead_to_the_roots_that_are_given(model: Path, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed (on Debian: apt-get install openssl)")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=tmp_path, check=True, capture_output=True)

    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    uses = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign"
    leaf_uses = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning"
    for name, text in (("authority.cnf", uses), ("leaf.cnf", leaf_uses)):
        (tmp_path / name).write_text(text)
    for root in ("root", "other"):
        own = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]
        run("req", "-x509", *new, "-keyout", f"{root}.key", "-out", f"{root}.pem", "-subj", f"/CN={root}", "-days", "30", *own)
    for name, above, extensions in (("between", "root", "authority.cnf"), ("leaf", "between", "leaf.cnf")):
        run("req", *new, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        issued = ["-CA", f"{above}.pem", "-CAkey", f"{above}.key", "-CAcreateserial", "-days", "20", "-extfile", extensions]
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *issued)
    bundle = tmp_path / "bundle.sig"
    sign = ["sign-model", "--method", "certificate", "--model-path", model, "--output-bundle", bundle]
    sign += ["--private-key", tmp_path / "leaf.key", "--signing-cert", tmp_path / "leaf.pem"]
    verify = ["verify-model", "--method", "certificate", "--model-path", model, "--bundle", bundle, "--cert-chain"]
    for above in (["between"], ["between", "root"]):
        chain = [word for name in above for word in ("--cert-chain", tmp_path / f"{name}.pem")]
        assert adapter(*sign, *chain) == 0
        assert adapter(*verify, tmp_path / "root.pem") == 0
        assert adapter(*verify, tmp_path / "between.pem", "--cert-chain", tmp_path / "root.pem") == 0
        assert adapter(*verify, tmp_path / "other.pem") == 1
    assert adapter(*sign) == 0
    assert adapter(*verify, tmp_path / "root.pem") != 0
