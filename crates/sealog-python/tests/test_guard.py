"""`sealog.model.guard`: the usual loaders refuse what was not admitted and is not clean.

What would be harmful here calls `threading.Event.set` of nothing: each payload names a function that only notes that it
was called, so that a guard that fails shows, and harms nobody.
"""

from __future__ import annotations

import _pickle
import gzip
import io
import os
import pickle
import subprocess
import sys
import threading
import types
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

import sealog
from sealog.model import guard

CALLED: list[str] = []


def note(text: str) -> str:
    """What a payload calls: nothing is harmed, and that it ran is seen."""
    CALLED.append(text)
    return text


class Payload:
    def __reduce__(self) -> Any:
        return note, ("ran",)


CLEAN = {"weights": [1.0, 2.0]}
GOOD = pickle.dumps(CLEAN)
BAD = pickle.dumps(Payload())


@pytest.fixture(autouse=True)
def nothing_ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # What tests before in this process admitted would pass here by its digest.
    monkeypatch.setattr("sealog.model._guard._admitted", set())
    CALLED.clear()
    yield
    assert CALLED == []
    assert not guard_in_force()


def guard_in_force() -> bool:
    return hasattr(pickle.loads, "_sealog_guards")


LOADERS = {
    "pickle.load": lambda data: pickle.load(io.BytesIO(data)),
    "pickle.loads": lambda data: pickle.loads(data),
    "pickle.loads of a view": lambda data: pickle.loads(memoryview(bytearray(data))),
    "pickle.Unpickler": lambda data: pickle.Unpickler(io.BytesIO(data)).load(),
    "_pickle.loads": lambda data: _pickle.loads(data),
    "_pickle.Unpickler": lambda data: _pickle.Unpickler(io.BytesIO(data)).load(),
}


@pytest.mark.parametrize("name", LOADERS)
def test_a_loader_loads_what_is_clean_and_refuses_the_rest(name: str) -> None:
    load = LOADERS[name]
    with guard():
        assert load(GOOD) == CLEAN
        with pytest.raises(sealog.TamperError) as caught:
            load(BAD)
        assert caught.value.code == "model_not_clean" and caught.value.findings
        for undecided in (BAD[:-1], GOOD[:-1], b"\x80\x05", b"words"):
            with pytest.raises((sealog.TamperError, sealog.RefusedError)):
                load(undecided)
        with pytest.raises(EOFError):
            load(b"")
    # Without a guard it is what it was: the payload runs.
    assert load(BAD) == "ran"
    assert CALLED == ["ran"]
    CALLED.clear()


def test_subclasses_of_the_unpickler_are_guarded_and_keep_their_own_rules() -> None:
    with guard():

        class Strict(pickle.Unpickler):
            def find_class(self, module: str, name: str) -> Any:
                raise pickle.UnpicklingError(f"{module}.{name}")

        assert Strict(io.BytesIO(GOOD)).load() == CLEAN
        with pytest.raises(sealog.TamperError):
            Strict(io.BytesIO(BAD)).load()
        array = pickle.dumps(numpy.arange(3))
        with pytest.raises(pickle.UnpicklingError):
            Strict(io.BytesIO(array)).load()


def test_several_pickles_in_a_file_are_loaded_one_by_one_up_to_the_bad_one() -> None:
    stream = io.BytesIO(GOOD + pickle.dumps([1]) + BAD + GOOD)
    with guard():
        assert pickle.load(stream) == CLEAN and stream.tell() == len(GOOD)
        unpickler = pickle.Unpickler(stream)
        assert unpickler.load() == [1]
        begin = stream.tell()
        for load in (unpickler.load, lambda: pickle.load(stream)):
            with pytest.raises(sealog.TamperError):
                load()
        assert stream.tell() == begin
        assert pickle.loads(GOOD + b"what follows a pickle is not loaded") == CLEAN


def test_what_cannot_be_read_twice_is_refused() -> None:
    ends = os.pipe()
    os.write(ends[1], GOOD)
    os.close(ends[1])
    with guard(), os.fdopen(ends[0], "rb") as pipe, pytest.raises(sealog.RefusedError) as caught:
        pickle.load(pipe)
    assert caught.value.code == "model_unscannable"


def test_the_bytes_that_were_scanned_are_those_that_are_loaded(tmp_path: Path) -> None:
    class Turncoat(io.BytesIO):
        """Gives clean bytes to whoever reads it all, and others to a loader that reads in pieces."""

        def read(self, size: int | None = -1, /) -> bytes:
            return GOOD if size is None or size < 0 or size > 1_000_000 else BAD[:size]

        def readline(self, size: int | None = -1, /) -> bytes:
            return BAD

    with guard():
        assert pickle.load(Turncoat(GOOD)) == CLEAN


def test_what_is_scanned_as_something_else_is_no_pickle() -> None:
    """A reader of pickles runs what a scan finds to be a clean text, or clean tensors."""
    clean_text = b"a text of several words\n"
    tensors = __import__("safetensors.numpy").numpy.save({"w": numpy.ones(2)})
    for data in (clean_text, tensors):
        assert sealog.model.scan_bytes(data).verdict == "clean"
        with guard():
            for load in LOADERS.values():
                with pytest.raises(sealog.RefusedError) as caught:
                    load(data)
                assert caught.value.code == "model_unscannable"
            joblib = pytest.importorskip("joblib")
            for packed in (data, gzip.compress(data), zlib.compress(data)):
                with pytest.raises(sealog.RefusedError):
                    joblib.load(io.BytesIO(packed))
            with pytest.raises(sealog.RefusedError):
                numpy.load(io.BytesIO(data), allow_pickle=True)


def test_joblib_numpy_and_pandas(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    pandas = pytest.importorskip("pandas")
    good, bad = tmp_path / "good", tmp_path / "bad"
    joblib.dump({"w": numpy.arange(4.0)}, f"{good}.joblib", compress=3)
    joblib.dump(Payload(), f"{bad}.joblib")
    for number, way in enumerate(("zlib", "gzip", "bz2", "lzma", "xz")):
        joblib.dump({"w": numpy.arange(4.0)}, f"{good}{number}.joblib", compress=(way, 3))
        joblib.dump(Payload(), f"{bad}{number}.joblib", compress=(way, 3))
    numpy.save(f"{good}.npy", numpy.array([{"a": 1}], dtype=object), allow_pickle=True)
    numpy.save(f"{bad}.npy", numpy.array([Payload()], dtype=object), allow_pickle=True)
    numpy.savez(f"{good}.npz", a=numpy.arange(3), b=numpy.array([None], dtype=object))
    (tmp_path / "bad.pkl.gz").write_bytes(gzip.compress(BAD))
    (tmp_path / "good.pkl.gz").write_bytes(gzip.compress(GOOD))
    with guard() as guarded:
        assert {"joblib.load", "numpy.load", "pandas.read_pickle", "pickle.load"} <= set(guarded.guarded)
        assert joblib.load(f"{good}.joblib")["w"].tolist() == [0.0, 1.0, 2.0, 3.0]
        for number in range(5):
            assert joblib.load(f"{good}{number}.joblib")["w"].tolist() == [0.0, 1.0, 2.0, 3.0]
            with pytest.raises(sealog.TamperError):
                joblib.load(f"{bad}{number}.joblib")
        with open(f"{good}.joblib", "rb") as file:
            assert joblib.load(file)["w"].tolist() == [0.0, 1.0, 2.0, 3.0]
        assert numpy.load(f"{good}.npy", allow_pickle=True)[0] == {"a": 1}
        with numpy.load(f"{good}.npz", allow_pickle=True) as archive:
            assert archive["a"].tolist() == [0, 1, 2] and archive["b"].tolist() == [None]
        assert pandas.read_pickle(tmp_path / "good.pkl.gz") == CLEAN
        for load in (
            lambda: joblib.load(f"{bad}.joblib"),
            lambda: numpy.load(f"{bad}.npy", allow_pickle=True),
            lambda: numpy.load(f"{bad}.npy", None, True),
            lambda: pandas.read_pickle(tmp_path / "bad.pkl.gz"),
        ):
            with pytest.raises(sealog.TamperError):
                load()
        for refused in (
            lambda: joblib.load(f"{good}.joblib", mmap_mode="r"),
            lambda: joblib.load(f"{good}.joblib", "r"),
            lambda: numpy.load(f"{good}.npy", "r", True),
        ):
            with pytest.raises(sealog.RefusedError):
                refused()
        # What runs no code is left alone, memory maps too.
        numpy.save(f"{good}.npy", numpy.arange(3))
        assert numpy.load(f"{good}.npy", mmap_mode="r").tolist() == [0, 1, 2]
        with pytest.raises(FileNotFoundError):
            joblib.load(tmp_path / "absent")


def test_torch_is_given_bytes_that_were_read_as_it_reads_them(tmp_path: Path) -> None:
    """A stand-in for torch, which is too large to install: what its `load` is given, and when it is not called."""
    given: list[bytes] = []
    torch = types.ModuleType("torch")
    torch.load = lambda f, **options: given.append(f.read())  # type: ignore[attr-defined]
    archive = io.BytesIO()
    numpy.savez(archive, a=numpy.arange(3))
    sys.modules["torch"] = torch
    try:
        with guard():
            torch.load(io.BytesIO(GOOD))
            torch.load(io.BytesIO(archive.getvalue()))
            (tmp_path / "m.pt").write_bytes(GOOD)
            torch.load(tmp_path / "m.pt", map_location="cpu")
            assert given == [GOOD, archive.getvalue(), GOOD]
            for refused in (BAD, b"PK\5\6" + b"\0" * 18, b"words"):
                with pytest.raises((sealog.TamperError, sealog.RefusedError)):
                    torch.load(io.BytesIO(refused))
            with pytest.raises(sealog.RefusedError):
                torch.load(tmp_path / "m.pt", mmap=True)
            assert len(given) == 3
    finally:
        del sys.modules["torch"]


def test_modules_that_are_imported_later_join(tmp_path: Path) -> None:
    bad = tmp_path / "bad.joblib"
    joblib = pytest.importorskip("joblib")
    joblib.dump(Payload(), bad)
    program = (
        "import sys, sealog\n"
        "assert 'joblib' not in sys.modules and 'numpy' not in sys.modules\n"
        "guard = sealog.model.guard()\n"
        "import joblib, numpy\n"
        "assert {'joblib.load', 'numpy.load'} <= set(guard.guarded), guard.guarded\n"
        "try:\n    joblib.load(sys.argv[1])\nexcept sealog.TamperError as error:\n    assert error.findings\n"
        "else:\n    raise SystemExit('it was loaded')\n"
        "guard.undo()\n"
        "assert not hasattr(joblib.load, '_sealog_guards') and not hasattr(numpy.load, '_sealog_guards')\n"
        "import importlib\nassert importlib.util.find_spec('joblib').loader is not None\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program, str(bad)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_was_admitted_passes_also_where_only_a_baseline_accepts_it(places: Path) -> None:
    import hashlib

    (places / "m").mkdir()
    data = pickle.dumps(threading.TIMEOUT_MAX) + b"trailing"
    (places / "m" / "model.pkl").write_bytes(data)
    scan = sealog.model.scan_bytes(data)
    assert scan.verdict != "clean"
    digest = hashlib.sha256(data).hexdigest()
    rules = {found.rule for found in scan.findings}
    (places / "baseline").write_text("".join(f"{rule} {digest} 2099-01-01 known\n" for rule in rules))
    assert sealog._sealog.run_cli(["sealog", "model", "key", "new", str(places / "k")]) == 0
    sealog.model.sign(places / "m", key=places / "k", created_by="jo", out=places / "m.json")
    with guard():
        with pytest.raises((sealog.TamperError, sealog.RefusedError)):
            pickle.Unpickler(io.BytesIO(b"\x80\x04Nxx")).load()
        with sealog.model.admit(
            places / "m", manifest=places / "m.json", key=places / "k.pub", baseline=places / "baseline"
        ) as model:
            assert model.load_pickle() == threading.TIMEOUT_MAX
            assert pickle.loads(model.read()) == threading.TIMEOUT_MAX
    with guard(baseline=places / "baseline"):
        assert pickle.loads(data) == threading.TIMEOUT_MAX
    (places / "baseline").write_text("nonsense")
    with pytest.raises(sealog.FormatError):
        guard(baseline=places / "baseline")


def test_guards_stack_and_undo_is_exact() -> None:
    before = (pickle.load, pickle.loads, pickle.Unpickler, numpy.load, list(sys.meta_path))
    outer = guard()
    inner = guard()
    outer.undo()
    outer.undo()
    assert outer.guarded == () and inner.guarded
    with pytest.raises(sealog.TamperError):
        pickle.loads(BAD)
    kept = pickle.loads
    inner.undo()
    assert (pickle.load, pickle.loads, pickle.Unpickler, numpy.load, list(sys.meta_path)) == before
    # Whoever took the guarded function with them has the plain one now.
    assert kept(GOOD) == CLEAN
    # A loader that somebody else replaced meanwhile is left to them.
    guarded = guard()
    ours = pickle.loads

    def theirs(*args: Any) -> Any:
        return ours(*args)

    setattr(pickle, "loads", theirs)
    guarded.undo()
    left = pickle.loads
    setattr(pickle, "loads", before[1])
    assert left is theirs and theirs(GOOD) == CLEAN


def test_a_guard_holds_in_every_thread_and_a_load_in_one_opens_it_for_no_other() -> None:
    failures: list[BaseException] = []
    inside, leave = threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def __init__(self, data: bytes) -> None:
            super().__init__(data)

    def slow_find(module: str, name: str) -> Any:
        inside.set()
        assert leave.wait(20)
        return numpy.ndarray

    def load() -> None:
        try:

            class Waiting(pickle.Unpickler):
                def find_class(self, module: str, name: str) -> Any:
                    if not inside.is_set():
                        slow_find(module, name)
                    return super().find_class(module, name)

            assert Waiting(Slow(pickle.dumps(numpy.arange(3)))).load().tolist() == [0, 1, 2]
        except BaseException as error:
            failures.append(error)

    with guard():
        thread = threading.Thread(target=load)
        thread.start()
        assert inside.wait(20)
        with pytest.raises(sealog.TamperError):
            pickle.loads(BAD)
        leave.set()
        thread.join()
    assert failures == []


def test_guarded_loaders_can_be_held_by_classes_and_pickled_by_their_name() -> None:
    with guard():

        class Holder:
            loads = pickle.loads

        assert Holder().loads(GOOD) == CLEAN
        assert pickle.loads is _pickle.loads and pickle.Unpickler is _pickle.Unpickler
        named = pickle.dumps(pickle.loads)
        assert pickle.loads.__name__ == "loads" and pickle.loads.__doc__
    assert pickle.loads(named) is pickle.loads


@pytest.mark.parametrize("way", ["pickle._loads", "a reference from before"])
def test_the_ways_around_that_are_documented_are_ways_around(way: str) -> None:
    before = pickle.loads
    with guard():
        load = getattr(pickle, "_loads") if way == "pickle._loads" else before
        assert load(BAD) == "ran"
    assert CALLED == ["ran"]
    CALLED.clear()
