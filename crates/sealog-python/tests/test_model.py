"""`sealog.model`: signing, verifying, looking at and admitting models. Nothing here unpickles an untrusted file."""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy
import pytest

import sealog
from sealog.model import Change

#: A pickle that would run a command; nothing here loads it.
HARMFUL = b"cos\nsystem\n(S'false'\ntR."


class Signed:
    """A model of three files, signed, with its keys and the place where copies are made."""

    def __init__(self, root: Path) -> None:
        self.model = root / "iris"
        self.copies = root / "copies"
        self.manifest = root / "iris.json"
        self.key = root / "release.key"
        self.public = root / "release.key.pub"
        self.copies.mkdir()
        self.model.mkdir()
        (self.model / "model.pkl").write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
        (self.model / "deep").mkdir()
        numpy.save(self.model / "deep" / "a.npy", numpy.arange(6).reshape(2, 3))
        (self.model / "read.me").write_text("words")
        _key(self.key)

    def sign(self, **more: Any) -> sealog.model.Signed:
        given = {"key": self.key, "created_by": "jo", "name": "iris", "version": "1.0", "out": self.manifest}
        return sealog.model.sign(self.model, **{**given, **more})

    def verify(self, **more: Any) -> sealog.model.Verified:
        return sealog.model.verify(self.model, **{"manifest": self.manifest, "key": self.public, **more})

    def admit(self, **more: Any) -> sealog.model.AdmittedModel:
        given = {"manifest": self.manifest, "key": self.public, "copies_in": self.copies}
        return sealog.model.admit(self.model, **{**given, **more})

    def nothing_is_left(self) -> None:
        assert list(self.copies.iterdir()) == []


def _key(path: Path, kind: str = "ed25519") -> None:
    assert sealog._sealog.run_cli(["sealog", "model", "key", "new", str(path), "--kind", kind]) == 0


@pytest.fixture
def signed(places: Path) -> Signed:
    signed = Signed(places)
    signed.sign()
    return signed


# Naming, signing and verifying.


def test_a_digest_names_the_content_and_tells_what_it_leaves_out(signed: Signed) -> None:
    (signed.model / ".git").mkdir()
    (signed.model / ".git" / "x").write_text("x")
    found = sealog.model.digest(signed.model, hashes=["sha256", "blake3"])
    assert found.model_digest == str(found) == sealog.model.digest(signed.model).model_digest
    assert [file.path for file in found.files] == ["deep/a.npy", "model.pkl", "read.me"]
    assert found.files[2].digests["sha256"] == hashlib.sha256(b"words").hexdigest()
    assert [(left.path, left.files) for left in found.ignored] == [(".git", 1)]
    assert found.size == sum(file.size for file in found.files)
    whole = sealog.model.digest(signed.model, default_ignores=False)
    assert len(whole.files) == 4 and whole.model_digest != found.model_digest


def test_what_cannot_be_part_of_a_model_is_malformed(signed: Signed) -> None:
    (signed.model / "link").symlink_to("read.me")
    with pytest.raises(sealog.FormatError) as caught:
        sealog.model.digest(signed.model)
    assert caught.value.code == "model_unfit"
    assert len(sealog.model.digest(signed.model, links="inside-root").files) == 4
    with pytest.raises(FileNotFoundError):
        sealog.model.digest(signed.model / "absent")
    for wrong in [{"links": "follow"}, {"hashes": ["md5"]}, {"ignore": ["../x"]}]:
        with pytest.raises(sealog.FormatError):
            sealog.model.digest(signed.model, **wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        sealog.model.digest(signed.model, ignore="deep")


def test_what_was_signed_verifies_with_its_key_alone(signed: Signed) -> None:
    verified = signed.verify(name="iris", version="1.0", strict=True)
    assert verified.model_digest == sealog.model.digest(signed.model).model_digest
    assert (verified.vouched.name, verified.vouched.version, verified.vouched.created_by) == ("iris", "1.0", "jo")
    assert verified.vouched.scheme == "ed25519" and len(verified.vouched.key_id or "") == 64
    assert signed.verify(key=signed.public.read_text()).vouched == verified.vouched
    _key(signed.model.parent / "other.key")
    for wrong in [{"key": signed.model.parent / "other.key.pub"}, {"name": "rose"}, {"version": "2.0"}]:
        with pytest.raises(sealog.TamperError):
            signed.verify(**wrong)
    with pytest.raises(sealog.FormatError):
        signed.verify(key="-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    with pytest.raises(sealog.FormatError, match="only one of"):
        signed.verify(manifest_digest=verified.model_digest)


def test_each_difference_is_attached(signed: Signed) -> None:
    (signed.model / "read.me").write_text("other")
    (signed.model / "more.py").write_text("import os")
    (signed.model / "model.pkl").rename(signed.model / "moved.pkl")
    with pytest.raises(sealog.TamperError) as caught:
        signed.verify()
    expected = (
        Change("added", "more.py"),
        Change("renamed", "moved.pkl", before="model.pkl"),
        Change("modified", "read.me"),
    )
    assert caught.value.code == "model_differs" and caught.value.changes == expected
    assert sealog.model.diff(signed.manifest, signed.model) == expected
    assert [str(change) for change in expected][1] == "renamed model.pkl to moved.pkl"


def test_a_manifest_that_nobody_signed_is_undecided_unless_its_digest_is_pinned(signed: Signed) -> None:
    out = signed.model.parent / "plain.json"
    plain = sealog.model.manifest(signed.model, created_by="jo", out=out)
    assert plain.key_id is None and plain.signature is None and plain.text == out.read_bytes()
    with pytest.raises(sealog.RefusedError) as caught:
        sealog.model.verify(signed.model, manifest=out)
    assert (caught.value.code, caught.value.model_digest) == ("model_unsigned", plain.model_digest)
    pinned = sealog.model.verify(signed.model, manifest=out, manifest_digest=plain.model_digest)
    assert pinned.vouched.scheme == "digest" and pinned.vouched.name is None and pinned.vouched.notes
    with pytest.raises(sealog.TamperError):
        sealog.model.verify(signed.model, manifest=out, manifest_digest="0" * 64)
    with pytest.raises(sealog.FormatError):
        sealog.model.verify(signed.model, manifest=out, manifest_digest="0" * 63)
    (signed.model / "read.me").write_text("other")
    with pytest.raises(sealog.TamperError):
        sealog.model.verify(signed.model, manifest=out)


def test_bundles_of_openssf_are_signed_and_verified(signed: Signed) -> None:
    key = signed.model.parent / "ec.key"
    _key(key, "p256")
    out = signed.model.parent / "iris.sig"
    made = signed.sign(key=key, format="oms", out=out)
    assert made.signature is None and made.text == out.read_bytes()
    verified = signed.verify(manifest=out, key=key.with_name("ec.key.pub"))
    assert verified.vouched.scheme == "oms-key" and verified.model_digest == made.model_digest
    with pytest.raises(sealog.FormatError):
        sealog.model.verify(signed.model, manifest=out)
    with pytest.raises(sealog.FormatError):
        signed.sign(format="oms", out=out.with_name("again.sig"))


def test_nothing_signed_is_written_over_and_passwords_are_asked_for(signed: Signed) -> None:
    with pytest.raises(sealog.RefusedError) as caught:
        signed.sign()
    assert caught.value.code == "model_exists"
    with pytest.raises(sealog.RefusedError) as caught:
        signed.sign(out=signed.manifest.with_name("b.json"), password="none is needed")
    assert caught.value.code == "model_key" and "none is needed" not in str(caught.value)
    with pytest.raises(ValueError, match="version"):
        signed.sign(out=signed.manifest.with_name("b.json"), version=None, ledger=object())
    assert not signed.manifest.with_name("b.json").exists()


# Looking.


def test_a_scan_tells_what_would_run(signed: Signed) -> None:
    clean = sealog.model.scan(signed.model)
    assert clean.verdict == "clean" and len(clean.files) == 3 and clean.findings == ()
    (signed.model / "model.pkl").write_bytes(HARMFUL)
    scan = sealog.model.scan(signed.model)
    assert scan.verdict == "malicious"
    finding = next(found for found in scan.findings if found.severity == "malicious")
    assert finding.path == "model.pkl" and "system" in finding.detail and finding.weight == "refutes"
    by_bytes = sealog.model.scan_bytes(HARMFUL, name="model.pkl")
    assert by_bytes.findings == scan.findings and by_bytes.files[0].sha256 == hashlib.sha256(HARMFUL).hexdigest()
    assert sealog.model.scan_bytes(pickle.dumps([1])).verdict == "clean"
    assert sealog.model.scan_bytes(b"\x80\x04N").verdict != "clean"
    with pytest.raises(TypeError):
        bool(scan)


def test_a_model_is_inspected_without_being_loaded(signed: Signed) -> None:
    report = sealog.model.inspect(signed.model / "deep" / "a.npy", digests=True)
    assert report["answer"] == "read" and report["files"][0]["tensors"][0]["shape"] == [2, 3]
    assert report["files"][0]["sha256"] == hashlib.sha256((signed.model / "deep" / "a.npy").read_bytes()).hexdigest()
    with pytest.raises(FileNotFoundError):
        sealog.model.inspect(signed.model / "absent")


# The gate.


def test_an_admitted_model_gives_out_the_bytes_that_were_checked(signed: Signed) -> None:
    with signed.admit(name="iris", version="1.0", strict=True) as model:
        assert model.model_digest == sealog.model.digest(signed.model).model_digest
        assert (model.name, model.version, model.protection) == ("iris", "1.0", "sealed")
        assert model.path.parent.parent == signed.copies and model.scan.verdict == "clean"
        # The original changes, what was checked does not.
        (signed.model / "model.pkl").write_bytes(HARMFUL)
        assert model.load_pickle("model.pkl") == {"weights": [1.0, 2.0]}
        assert model.load_numpy("deep/a.npy").tolist() == [[0, 1, 2], [3, 4, 5]]
        with model.open("read.me") as file:
            assert file.read() == b"words"
        assert model.read("read.me") == (model.path / "read.me").read_bytes() == b"words"
        for absent in ["absent", "../iris.json", "/etc/hostname", "deep", ""]:
            for give in (model.open, model.read, model.load_numpy, model.load_pickle):
                with pytest.raises(sealog.RefusedError) as caught:
                    give(absent)
                assert caught.value.code == "model_no_file"
        with pytest.raises(ValueError, match="name one"):
            model.open()
        assert not model.closed
    assert model.closed and model.model_digest
    signed.nothing_is_left()
    for use in (lambda: model.path, lambda: model.open("read.me"), lambda: model.load_numpy("deep/a.npy")):
        with pytest.raises(sealog.RefusedError) as caught:
            use()
        assert caught.value.code == "model_closed"
    model.close()


def test_formats_are_loaded_by_their_own_libraries(places: Path) -> None:
    joblib = pytest.importorskip("joblib")
    linear = pytest.importorskip("sklearn.linear_model")
    from safetensors.numpy import save_file

    signed = Signed(places)
    x = numpy.array([[0.0], [1.0], [2.0]])
    joblib.dump(linear.LinearRegression().fit(x, x[:, 0]), signed.model / "line.joblib")
    save_file({"w": numpy.ones((2, 2), dtype="float32")}, signed.model / "w.safetensors")
    onnx = pytest.importorskip("onnx")
    ports = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", ports[:1], ports[1:])), signed.model / "g.onnx")
    signed.sign()
    with signed.admit() as model:
        assert abs(model.load_joblib("line.joblib").predict([[3.0]])[0] - 3.0) < 1e-9
        assert model.load_safetensors("w.safetensors")["w"].sum() == 4.0
        assert model.load_onnx("g.onnx").graph.name == "g"
    signed.nothing_is_left()


def test_one_file_needs_no_name(places: Path) -> None:
    signed = Signed(places)
    signed.model = signed.model / "model.pkl"
    signed.sign()
    with signed.admit() as model:
        assert model.path.name == "model.pkl" and model.load_pickle() == {"weights": [1.0, 2.0]}
        assert model.load_pickle("model.pkl") == {"weights": [1.0, 2.0]}
    signed.nothing_is_left()


def _harmful(signed: Signed) -> None:
    (signed.model / "model.pkl").write_bytes(HARMFUL)
    signed.manifest = signed.manifest.with_name("harmful.json")
    signed.sign()


REFUSALS: dict[str, tuple[Callable[[Signed], object], dict[str, Any], type[Exception], str]] = {
    "modified": (lambda s: (s.model / "read.me").write_text("x"), {}, sealog.TamperError, "model_differs"),
    "added": (lambda s: (s.model / "x.py").write_text("x"), {}, sealog.TamperError, "model_differs"),
    "removed": (lambda s: (s.model / "read.me").unlink(), {}, sealog.TamperError, "model_differs"),
    "signed and harmful": (_harmful, {}, sealog.TamperError, "model_not_clean"),
    "too large": (lambda s: None, {"bytes_max": 5}, sealog.TamperError, "model_not_expected"),
    "another name": (lambda s: None, {"name": "rose"}, sealog.TamperError, "model_not_expected"),
    "another digest": (lambda s: None, {"model_digest": "0" * 64}, sealog.TamperError, "model_not_expected"),
    "nobody vouches": (lambda s: None, {"key": None}, sealog.RefusedError, "model_unsigned"),
    "no signature": (lambda s: Path(f"{s.manifest}.sig").unlink(), {}, sealog.RefusedError, "model_unsigned"),
    "no key": (lambda s: s.public.unlink(), {}, FileNotFoundError, "model_io"),
    "no manifest": (lambda s: s.manifest.unlink(), {}, FileNotFoundError, "model_io"),
    "no room": (lambda s: s.copies.rmdir(), {}, FileNotFoundError, "model_io"),
    "not covered": (lambda s: (s.model / "\udcff").write_text("x"), {"strict": True}, sealog.TamperError, "model_differs"),
    "half a manifest": (lambda s: s.manifest.write_bytes(s.manifest.read_bytes()[:-9]), {}, sealog.TamperError, "model_signature"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_why_and_leaves_nothing(case: str, signed: Signed) -> None:
    spoil, asked, error, code = REFUSALS[case]
    spoil(signed)
    with pytest.raises(error) as caught:
        signed.admit(**asked)
    assert caught.value.code == code  # type: ignore[attr-defined]
    if signed.copies.exists():
        signed.nothing_is_left()


def test_the_findings_of_a_refusal_are_attached(signed: Signed) -> None:
    _harmful(signed)
    with pytest.raises(sealog.TamperError) as caught:
        signed.admit()
    error = caught.value
    assert any(found.weight == "refutes" and found.code.startswith("pickle.") for found in error.findings)
    assert "system" in " ".join(str(found) for found in error.findings)
    assert error.model_digest == sealog.model.digest(signed.model).model_digest
    assert error.record is not None and error.record["result"] == "refused"


def test_a_baseline_opens_the_gate_until_its_day_and_the_finding_is_shown(signed: Signed, tmp_path: Path) -> None:
    _harmful(signed)
    with pytest.raises(sealog.TamperError) as caught:
        signed.admit()
    digest = hashlib.sha256(HARMFUL).hexdigest()
    rules = sorted({found.code for found in caught.value.findings})
    for day, opens in [("2099-01-01", True), ("2020-01-01", False)]:
        baseline = tmp_path / "baseline"
        baseline.write_text("".join(f"{rule} {digest} {day} known to be harmless here\n" for rule in rules))
        if opens:
            with signed.admit(baseline=baseline) as model:
                assert model.scan.verdict == "clean" and [found.accepted for found in model.scan.findings]
                assert model.scan.findings[0].weight == "note"
        else:
            with pytest.raises(sealog.TamperError):
                signed.admit(baseline=baseline)
    (tmp_path / "baseline").write_text("nonsense")
    with pytest.raises(sealog.FormatError):
        signed.admit(baseline=tmp_path / "baseline")


def test_a_model_that_is_dropped_removes_its_copy(signed: Signed) -> None:
    model = signed.admit()
    assert len(list(signed.copies.iterdir())) == 1
    del model
    gc.collect()
    signed.nothing_is_left()


def test_the_end_of_the_interpreter_removes_the_copy(signed: Signed) -> None:
    program = (
        "import sealog, sys\n"
        f"model = sealog.model.admit({str(signed.model)!r}, manifest={str(signed.manifest)!r}, "
        f"key={str(signed.public)!r}, copies_in={str(signed.copies)!r})\n"
        "assert model.path.is_dir()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    signed.nothing_is_left()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_does_not_take_the_copy_away_from_its_parent(signed: Signed) -> None:
    with signed.admit() as model:
        child = os.fork()
        if child == 0:
            model.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert model.read("read.me") == b"words" and (model.path / "read.me").read_text() == "words"
    signed.nothing_is_left()


def test_an_admitted_model_does_not_travel(signed: Signed) -> None:
    with signed.admit() as model, pytest.raises(TypeError, match="process"):
        pickle.dumps(model)


def test_the_interpreter_is_released_while_a_model_is_read(places: Path) -> None:
    signed = Signed(places)
    (signed.model / "large.bin").write_bytes(bytes(1) * 40_000_000)
    signed.sign()
    ticks, ending = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not ending.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        before = ticks
        sealog.model.digest(signed.model)
        signed.verify()
        assert ticks - before >= 3
    finally:
        ending.set()
        thread.join()


def test_threads_admit_at_once(signed: Signed) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                with signed.admit() as model:
                    assert model.load_pickle("model.pkl")["weights"] == [1.0, 2.0]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    signed.nothing_is_left()


# With a ledger.


def test_admissions_refusals_and_signings_are_recorded(places: Path, ledger: sealog.Ledger) -> None:
    signed = Signed(places)
    made = signed.sign(ledger=ledger)
    with signed.admit(ledger=ledger) as model:
        told = model.record()
    (signed.model / "read.me").write_text("x")
    with pytest.raises(sealog.TamperError) as caught:
        signed.admit(ledger=ledger)
    bodies = [(entry.kind, entry.body) for entry in ledger.entries() if entry.kind.startswith("model.")]
    assert [kind for kind, _ in bodies] == ["model.registered", "model.verified", "model.verified"]
    registered, admitted, refused = (body for _, body in bodies)
    assert registered == made.record() and registered["signer"] == made.key_id
    assert registered["envelope_digest"] == admitted["envelope_digest"]
    assert registered["envelope_digest"] == "sha256:" + hashlib.sha256(signed.manifest.read_bytes()).hexdigest()
    assert admitted == told and (admitted["result"], admitted["protection"]) == ("match", "sealed")
    assert admitted["model_digest"] == registered["model_digest"] == made.model_digest
    assert refused == caught.value.record and refused["result"] == "mismatch" and "protection" not in refused


def test_what_the_ledger_does_not_take_gives_nothing_out(signed: Signed) -> None:
    ledger = sealog.memory()
    ledger.close()
    with pytest.raises(sealog.RefusedError) as caught:
        signed.admit(ledger=ledger)
    assert not caught.value.code.startswith("model_")
    signed.nothing_is_left()
    (signed.model / "read.me").write_text("x")
    with pytest.raises(sealog.RefusedError) as caught:
        signed.admit(ledger=ledger)
    assert isinstance(caught.value.__cause__, sealog.TamperError)


def test_a_decision_by_an_admitted_model_is_verified(signed: Signed, ledger: sealog.Ledger) -> None:
    with signed.admit() as model:

        @ledger.decision(score="result", model=model)
        def predict(x: float) -> float:
            return x / 2

        predict(1.0)
        with ledger.collect() as decision:
            decision.model(model)
        digest = model.model_digest
    predict(2.0)
    ledger.flush()
    bodies = [entry.body for entry in ledger.entries() if entry.kind == "decision"]
    assert len(bodies) == 3
    for body in bodies:
        assert (body["model_state"], body["model_digest"]) == ("verified", digest)
        assert (body["model_id"], body["model_version"]) == ("iris", "1.0") and "model_reason" not in body


def test_a_signed_name_that_is_no_identifier_is_left_to_the_digest(places: Path, ledger: sealog.Ledger) -> None:
    signed = Signed(places)
    signed.sign(name="iris, the flower")
    with signed.admit(ledger=ledger) as model:
        with ledger.collect() as decision:
            decision.model(model)
    ledger.flush()
    (body,) = [entry.body for entry in ledger.entries() if entry.kind == "decision"]
    assert body["model_state"] == "verified" and "model_id" not in body and "error" not in body
    (body,) = [entry.body for entry in ledger.entries() if entry.kind == "model.verified"]
    assert body["model_digest"] == model.model_digest and "model_id" not in body


def test_a_host_cannot_call_a_model_verified(ledger: sealog.Ledger) -> None:
    for claim in ({"state": "verified", "digest": "sha256:" + "0" * 64}, {"model_state": "verified"}):
        with pytest.raises((TypeError, ValueError)):

            @ledger.decision(model=claim)
            def predict() -> int:
                return 1


# Structure and means.


@pytest.fixture
def classifier(places: Path) -> Signed:
    joblib = pytest.importorskip("joblib")
    ensemble = pytest.importorskip("sklearn.ensemble")
    signed = Signed(places)
    for file in (signed.model / "model.pkl", signed.model / "deep" / "a.npy"):
        file.unlink()
    (signed.model / "deep").rmdir()
    x = numpy.arange(40.0).reshape(10, 4)
    forest = ensemble.RandomForestClassifier(n_estimators=2, random_state=0).fit(x, [0, 1] * 5)
    joblib.dump(forest, signed.model / "model.joblib")
    signed.sign()
    return signed


def test_the_structure_that_is_expected_has_to_be_stated(classifier: Signed) -> None:
    size = sealog.model.digest(classifier.model).size
    with classifier.admit(
        expect_type="RandomForestClassifier",
        expect_framework="scikit-learn",
        expect_shape=[None, 4],
        expect_features=4,
        expect_bytes=size,
    ) as model:
        assert model.load_joblib("model.joblib").n_features_in_ == 4
    with classifier.admit(expect_shape={"X": (None, 4)}):
        pass
    for refuted in (
        {"expect_type": "LogisticRegression"},
        {"expect_framework": "torch"},
        {"expect_shape": [None, 5]},
        {"expect_shape": [10, 4]},
        {"expect_features": 3},
        {"expect_bytes": size + 1},
    ):
        with pytest.raises(sealog.TamperError) as caught:
            classifier.admit(**refuted)
        assert caught.value.code == "model_not_expected"
    for undecided in ({"expect_shape": {"Y": [None, 4]}},):
        with pytest.raises(sealog.RefusedError) as caught:
            classifier.admit(**undecided)
        assert caught.value.code == "model_not_determined"
        assert caught.value.record is not None and caught.value.record["result"] == "undecided"
    for wrong in ({"expect_shape": [1] * 65}, {"expect_shape": {"": [1]}}, {"means": "copied"}):
        with pytest.raises(sealog.FormatError):
            classifier.admit(**wrong)
    classifier.nothing_is_left()


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives descriptors a path")


@LINUX
def test_a_copy_in_memory_cannot_be_written_to(signed: Signed) -> None:
    with signed.admit(means="sealed-memory") as model:
        assert (model.means, model.protection, model.record()["protection"]) == ("sealed-memory", "sealed", "sealed")
        (signed.model / "model.pkl").write_bytes(HARMFUL)
        with pytest.raises(PermissionError), open(model.path / "model.pkl", "r+b") as file:
            file.write(b"x")
            file.flush()
        assert model.load_pickle("model.pkl") == {"weights": [1.0, 2.0]}
        assert model.load_numpy("deep/a.npy").shape == (2, 3)
        model.recheck()
    signed.nothing_is_left()


@LINUX
def test_what_is_held_survives_replacement_and_tells_of_writes(signed: Signed, ledger: sealog.Ledger) -> None:
    with signed.admit(means="held") as model:
        assert (model.protection, model.record()["protection"]) == ("held", "held")
        (signed.model / "model.pkl").unlink()
        (signed.model / "model.pkl").write_bytes(HARMFUL)
        assert model.load_pickle("model.pkl") == {"weights": [1.0, 2.0]}
        with ledger.collect() as decision:
            decision.model(model)
    with pytest.raises(sealog.TamperError) as caught, sealog.model.admit(
        signed.model, manifest=_again(signed), key=signed.public, copies_in=signed.copies, means="held"
    ) as model:
        (signed.model / "read.me").write_text("other")
        with pytest.raises(sealog.TamperError) as loaded:
            model.load_pickle("model.pkl")
        assert [str(change) for change in loaded.value.changes] == ["modified read.me"]
        with ledger.collect() as decision:
            decision.model(model)
    assert caught.value.code == "model_differs"
    ledger.flush()
    held, changed = (entry.body for entry in ledger.entries() if entry.kind == "decision")
    assert held["model_state"] == "verified"
    assert changed["model_state"] == "unverified" and "written to" in changed["model_reason"]
    assert "model_digest" not in changed
    signed.nothing_is_left()


def _again(signed: Signed) -> Path:
    (signed.model / "model.pkl").write_bytes(pickle.dumps([1]))
    out = signed.manifest.with_name("again.json")
    signed.sign(out=out)
    return out


@pytest.mark.skipif(os.name != "posix", reason="there are no signals of that sort here")
@pytest.mark.parametrize("means", ["sealed", pytest.param("sealed-memory", marks=LINUX)])
def test_what_a_killed_process_left_is_removed_by_the_next(means: str, signed: Signed) -> None:
    program = (
        "import os, signal, sealog\n"
        f"model = sealog.model.admit({str(signed.model)!r}, manifest={str(signed.manifest)!r}, "
        f"key={str(signed.public)!r}, copies_in={str(signed.copies)!r}, means={means!r})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9
    (left,) = signed.copies.iterdir()
    if means == "sealed-memory":
        assert not (left / "iris" / "model.pkl").exists(), "its bytes ended with the process"
    long_ago = time.time() - 3600
    os.utime(left, (long_ago, long_ago))
    with signed.admit() as model:
        assert list(signed.copies.iterdir()) == [model.path.parent]
    signed.nothing_is_left()


def test_a_statement_is_dated_before_anything_of_the_model_is_read(tmp_path: Path) -> None:
    """Whoever reuses its digests takes what changed after that time for changed."""
    model = tmp_path / "model"
    model.mkdir()
    with open(model / "weights.bin", "wb") as file:
        file.truncate(300 * 1024 * 1024)
    began = datetime.now(timezone.utc)
    signed = sealog.model.manifest(model, created_by="jo")
    ended = datetime.now(timezone.utc)
    dated = datetime.fromisoformat(signed.created_at.replace("Z", "+00:00"))
    assert began <= dated < began + (ended - began) / 2
