"""Models that were signed through the public Sigstore, by its own root; its own client is asked about the same.

Where that client cannot be imported its tests are skipped, and say so.
"""

import json
from pathlib import Path
from typing import Any

import pytest

import sealog

DATA = Path(__file__).parents[2] / "sealog-model" / "tests" / "testdata" / "sigstore"
IDENTITY = "stefanb@us.ibm.com"
PROVIDER = "https://sigstore.verify.ibm.com/oauth2"
CLIENT = "the client of Sigstore (sigstore) is not installed"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    path.mkdir()
    for name in ("signme-1", "signme-2"):
        (path / name).write_text(name)
    return path


def given(bundle: Path = DATA / "v1.0.0.sig", **other: Any) -> dict[str, Any]:
    root = DATA / "trusted_root.json"
    return {
        "manifest": bundle,
        "trusted_root": root,
        "identity": IDENTITY,
        "identity_provider": PROVIDER,
        **other,
    }


def test_who_signed_and_since_when_is_in_the_answer(model: Path) -> None:
    held = sealog.model.verify(model, **given())
    vouched = held.vouched
    assert (vouched.scheme, vouched.identity, vouched.identity_provider) == ("oms-sigstore", IDENTITY, PROVIDER)
    assert vouched.log_index == 206344181
    assert vouched.verification_time == "2025-05-03T01:34:46.000000Z"
    assert [file.path for file in held.files] == ["signme-1", "signme-2"]


def test_a_changed_model_and_another_signer_are_refuted(model: Path) -> None:
    with pytest.raises(sealog.TamperError, match="identity of the signer"):
        sealog.model.verify(model, **given(identity="other@us.ibm.com"))
    with pytest.raises(sealog.TamperError, match="identity provider"):
        sealog.model.verify(model, **given(identity_provider="https://accounts.example"))
    (model / "signme-2").write_text("signme-3")
    with pytest.raises(sealog.TamperError):
        sealog.model.verify(model, **given())
    with pytest.raises(sealog.TamperError):
        sealog.model.admit(model, **given())


def test_a_bundle_with_a_timestamp_holds_from_when_the_authority_saw_it(model: Path) -> None:
    held = sealog.model.verify(model, **given(DATA / "v1.1.0.sig"))
    assert held.vouched.verification_time == "2025-10-10T02:12:20.000000Z"
    with sealog.model.admit(model, **given(DATA / "v1.1.0.sig")) as admitted:
        assert admitted.vouched.identity == IDENTITY


@pytest.mark.parametrize("missing", ["trusted_root", "identity", "identity_provider"])
def test_a_part_of_what_is_needed_never_holds(model: Path, missing: str) -> None:
    for call in (sealog.model.verify, sealog.model.admit):
        with pytest.raises(sealog.FormatError, match="given together"):
            call(model, **given(**{missing: None}))
    with pytest.raises(sealog.FormatError, match="only one of"):
        sealog.model.verify(model, **given(key=DATA / "no.pub"))


def client() -> tuple[Any, Any, Any]:
    verify = pytest.importorskip("sigstore.verify", reason=CLIENT, exc_type=ImportError)
    models = pytest.importorskip("sigstore.models", reason=CLIENT, exc_type=ImportError)
    errors = pytest.importorskip("sigstore.errors", reason=CLIENT, exc_type=ImportError)
    return verify, models, errors


def changed(bundle: dict[str, Any], way: str) -> dict[str, Any]:
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    proof = entry["inclusionProof"]
    if way == "time":
        entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)
    elif way == "index":
        proof["logIndex"] = str(int(proof["logIndex"]) - 1)
    elif way == "hashes":
        proof["hashes"].reverse()
    elif way == "checkpoint":
        proof["checkpoint"]["envelope"] = proof["checkpoint"]["envelope"].replace("sigstore.dev - 1", "sigstore.dev - 2")
    elif way == "signature":
        other = json.loads((DATA / "v1.1.0.sig").read_text())
        bundle["dsseEnvelope"] = other["dsseEnvelope"]
    elif way == "certificate":
        other = json.loads((DATA / "v1.1.0.sig").read_text())
        bundle["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]
    return bundle


@pytest.mark.parametrize("way", ["not", "time", "index", "hashes", "checkpoint", "signature", "certificate"])
def test_the_client_of_sigstore_says_the_same(model: Path, tmp_path: Path, way: str) -> None:
    verify, models, errors = client()
    text = json.dumps(changed(json.loads((DATA / "v1.0.0.sig").read_text()), way))
    bundle = tmp_path / "bundle.sig"
    bundle.write_text(text)
    root = models.TrustedRoot.from_file(str(DATA / "trusted_root.json"))
    policy = verify.policy.Identity(identity=IDENTITY, issuer=PROVIDER)
    verifier = verify.Verifier(trusted_root=root)
    if way == "not":
        verifier.verify_dsse(models.Bundle.from_json(text), policy)
        sealog.model.verify(model, **given(bundle))
    else:
        with pytest.raises(errors.Error):
            verifier.verify_dsse(models.Bundle.from_json(text), policy)
        with pytest.raises(sealog.TamperError):
            sealog.model.verify(model, **given(bundle))
