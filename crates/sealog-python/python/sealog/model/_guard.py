"""A guard over the usual loaders: what they are given has to have been admitted, or is scanned before it is loaded.

A guard is a net, and no wall: it replaces functions in the modules that people call. What reaches a loader by another
way is not seen; `docs/python.md` lists the ways that are known. The wall is a gate: `sealog.model.admit`.
"""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import hashlib
import importlib.abc
import importlib.machinery
import io
import lzma
import os
import pickletools
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Final

from .. import _sealog
from ..errors import RefusedError, TamperError
from ._answers import _scan
from ._look import StrPath, _baseline

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._answers import Scan

#: Bytes that a guarded loader takes at most: they are held in memory to be scanned, and loaded from there.
BYTES_MAX: Final = 2 * 1024 * 1024 * 1024

_lock = threading.RLock()
_guards: list[Guard] = []
#: SHA-256 of every file that a gate of this process admitted.
_admitted: set[str] = set()
#: Whether a loader runs over bytes that were admitted or scanned already.
_approved: ContextVar[bool] = ContextVar("sealog_approved", default=False)
#: What stands in for what, by module and name, while there is a guard.
_replaced: dict[tuple[str, str], tuple[Any, Any]] = {}


def admitted(digests: Iterable[str]) -> None:
    """A gate admitted files of these digests."""
    with _lock:
        _admitted.update(digests)


@contextlib.contextmanager
def approved() -> Iterator[None]:
    """What is loaded in here was looked at already."""
    token = _approved.set(True)
    try:
        yield
    finally:
        _approved.reset(token)


class Guard:
    """A guard that is in force until `undo`, or the end of its `with` statement."""

    def __init__(self, baseline: StrPath | None) -> None:
        self._baseline = _baseline(baseline)
        # A baseline that cannot be read is told here, not by the first thing that is loaded.
        self._looks_at(b"", "nothing")
        with _lock:
            _guards.append(self)
            if len(_guards) == 1:
                sys.meta_path.insert(0, _watch)
            for name in _LOADERS:
                if name in sys.modules:
                    _replace(sys.modules[name])

    def _looks_at(self, data: bytes, name: str) -> Scan:
        return _scan(_sealog.model_scan_bytes(name, data, {"baseline": self._baseline}))

    @property
    def guarded(self) -> Sequence[str]:
        """The loaders that are guarded now; modules that are imported later join them."""
        with _lock:
            return tuple(sorted(f"{module}.{name}" for module, name in _replaced)) if self in _guards else ()

    def undo(self) -> None:
        """Takes the guard away; with the last one the loaders are what they were. A second time does nothing.

        A loader that somebody else replaced meanwhile stays replaced, and passes on what it is given.
        """
        with _lock:
            if self not in _guards:
                return
            _guards.remove(self)
            if _guards:
                return
            sys.meta_path.remove(_watch)
            for (module, name), (before, ours) in _replaced.items():
                held = sys.modules.get(module)
                if held is not None and getattr(held, name, None) is ours:
                    setattr(held, name, before)
            _replaced.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.undo()


def guard(*, baseline: StrPath | None = None) -> Guard:
    """Makes the usual loaders of this process refuse what was not admitted and is not clean by a scan.

    Guarded are `load` and `loads` of pickle, cloudpickle and dill, `pickle.Unpickler`, `joblib.load`, `numpy.load` with
    `allow_pickle`, `torch.load`, and `pandas.read_pickle`; those of modules that are imported later too. What they are
    given is read into memory, scanned, and loaded from there. Bytes that a gate of this process admitted pass.

    Raises `TamperError` with the findings for what is not clean, and `RefusedError` for what cannot be scanned: a
    stream that cannot be read twice, memory maps, more than 2 GiB. `baseline` is as for `sealog.model.scan`. With
    several guards at once, bytes have to pass every one.

    In force until `undo`, or the end of a `with` statement; for all threads.
    """
    return Guard(baseline)


# What a loader is given.


def _is_admitted(data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() in _admitted


def _check(data: bytes, name: str, *, as_pickle: bool = True) -> None:
    """Raises unless the bytes were admitted or are clean by the baseline of every guard.

    `as_pickle`: a reader of pickles runs whatever it is given, also what a scan takes for a text or for tensors and
    finds clean as such. So the scan has to have read it as a pickle.
    """
    if _is_admitted(data) or not data:
        return
    with _lock:
        guards = tuple(_guards)
    for one in guards:
        scan = one._looks_at(data, name)
        if scan.verdict != "clean":
            what = f"{name} was not admitted, and the scan says {scan.verdict}"
            error = RefusedError if scan.verdict == "undecided" else TamperError
            raise error(what, code="model_not_clean", findings=scan.findings)
        kind = scan.files[0].kind
        if as_pickle and kind != "pickle":
            raise RefusedError(f"{name} was scanned as {kind}, and not as a pickle", code="model_unscannable")


def _refuse(why: str) -> RefusedError:
    return RefusedError(f"{why}; admit the model with sealog.model.admit", code="model_unscannable")


def _take(file: Any) -> tuple[bytes, int]:
    """All that is left in a file, and where that began. The file is left where it was."""
    try:
        start = file.tell()
        data = file.read(BYTES_MAX + 1)
        file.seek(start)
    except (AttributeError, OSError, ValueError) as error:
        raise _refuse("what is loaded cannot be read twice, so it cannot be scanned before") from error
    if not isinstance(data, (bytes, bytearray)):
        raise TypeError("a file of bytes is needed")
    return _bounded(bytes(data)), start


def _read(path: Any) -> tuple[bytes, str]:
    with open(path, "rb") as file:
        return _bounded(file.read(BYTES_MAX + 1)), os.path.basename(os.fspath(path))


def _bounded(data: bytes) -> bytes:
    if len(data) > BYTES_MAX:
        raise _refuse(f"more than {BYTES_MAX} bytes are not scanned in memory")
    return data


def _is_path(given: Any) -> bool:
    return isinstance(given, (str, bytes, os.PathLike))


def _passes() -> bool:
    """Whether a loader may go on without a look: it is part of one that was looked at, or no guard is in force."""
    return _approved.get() or not _guards


# The loaders.


class _Guarded:
    """What stands in for a function. Like a built-in, it does not become a method where a class holds it, and it is
    pickled by its name.
    """

    _sealog_guards: Final = True

    def __init__(self, before: Any, act: Callable[..., Any]) -> None:
        functools.update_wrapper(self, before)
        self._act = act

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._act(*args, **options)

    def __reduce__(self) -> str:
        name: str = self.__name__  # type: ignore[attr-defined]
        return name


def _load(before: Any, name: str) -> Any:
    """`load(file)` of pickle and its relatives: one pickle, after which the file stands behind it."""

    def load(file: Any, *args: Any, **options: Any) -> Any:
        if _passes():
            return before(file, *args, **options)
        data, start = _take(file)
        copy = io.BytesIO(_checked(data, name))
        with approved():
            loaded = before(copy, *args, **options)
        file.seek(start + copy.tell())
        return loaded

    return _Guarded(before, load)


def _checked(data: bytes, name: str) -> bytes:
    """What may be loaded: all of it, or the first of several pickles that lie one behind the other."""
    try:
        _check(data, name)
    except (RefusedError, TamperError):
        length = _first(data)
        if length is None or length == len(data):
            raise
        data = data[:length]
        _check(data, name)
    return data


def _first(data: bytes) -> int | None:
    """Where the first pickle ends; None where its opcodes cannot be followed."""
    last = None
    try:
        for opcode, _, position in pickletools.genops(data):
            last = position if opcode.name == "STOP" else None
    except Exception:  # It may raise anything over hostile bytes.
        return None
    return None if last is None else last + 1


def _loads(before: Any, name: str) -> Any:
    def loads(data: Any, /, *args: Any, **options: Any) -> Any:
        if _passes():
            return before(data, *args, **options)
        held = _checked(_bounded(bytes(data)), name)
        with approved():
            return before(held, *args, **options)

    return _Guarded(before, loads)


def _unpickler(before: Any, name: str) -> Any:
    class _Unpickler(before):  # type: ignore[misc]
        """`pickle.Unpickler` that scans what it is given before it loads it."""

        def __init__(self, file: Any, *args: Any, **options: Any) -> None:
            self._sealog_file = file
            self._sealog_copy: io.BytesIO | None = None
            if not _passes():
                data, self._sealog_start = _take(file)
                self._sealog_copy = io.BytesIO(data)
            super().__init__(self._sealog_copy or file, *args, **options)

        def load(self) -> Any:
            copy = self._sealog_copy
            if copy is None:
                return super().load()
            begin, whole = copy.tell(), copy.getvalue()
            copy.truncate(begin + len(_checked(whole[begin:], name)))
            try:
                with approved():
                    loaded = super().load()
            finally:
                end = copy.tell()
                copy.seek(0)
                copy.write(whole)
                copy.seek(end)
            self._sealog_file.seek(self._sealog_start + end)
            return loaded

    _Unpickler.__name__ = _Unpickler.__qualname__ = "Unpickler"
    _Unpickler.__module__ = before.__module__
    _Unpickler._sealog_guards = True
    return _Unpickler


def _whole(source: Any, name: str) -> tuple[bytes, str]:
    """All of a path or file, and what to call it."""
    return _read(source) if _is_path(source) else (_take(source)[0], name)


def _approved_load(before: Any, data: bytes, *args: Any, **options: Any) -> Any:
    with approved():
        return before(io.BytesIO(data), *args, **options)


def _inflated(data: bytes) -> bytes:
    """What is in a compressed stream, if it is one."""
    stream = io.BytesIO(data)
    try:
        if data.startswith(b"\x1f\x8b"):
            return _bounded(gzip.GzipFile(fileobj=stream).read(BYTES_MAX + 1))
        if data.startswith(b"BZh"):
            return _bounded(bz2.BZ2File(stream).read(BYTES_MAX + 1))
        if data.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
            return _bounded(lzma.LZMAFile(stream).read(BYTES_MAX + 1))
        if data[:1] == b"\x78" and int.from_bytes(data[:2], "big") % 31 == 0:
            return _bounded(zlib.decompressobj().decompress(data, BYTES_MAX + 1))
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise _refuse("what is compressed cannot be read") from error
    return data


def _joblib(before: Any, name: str) -> Any:
    def load(filename: Any, mmap_mode: Any = None, *args: Any, **options: Any) -> Any:
        if _passes():
            return before(filename, mmap_mode, *args, **options)
        if mmap_mode is not None:
            raise _refuse("a memory map cannot be scanned before it is loaded")
        data, shown = _whole(filename, name)
        if not _is_admitted(data):
            data = _inflated(data)
            _check(data, shown)
        return _approved_load(before, data, None, *args, **options)

    return _Guarded(before, load)


def _torch(before: Any, name: str) -> Any:
    def load(f: Any, *args: Any, **options: Any) -> Any:
        if _passes():
            return before(f, *args, **options)
        if options.get("mmap"):
            raise _refuse("a memory map cannot be scanned before it is loaded")
        data, shown = _whole(f, name)
        # As the loader does: an archive by how it begins, else pickles. An empty archive is none to it.
        _check(data, shown, as_pickle=not data.startswith(_ZIP[0]))
        return _approved_load(before, data, *args, **options)

    return _Guarded(before, load)


def _numpy(before: Any, name: str) -> Any:
    """`numpy.load` runs code only with `allow_pickle`; without, it is left alone."""

    def load(file: Any, mmap_mode: Any = None, allow_pickle: bool = False, *args: Any, **options: Any) -> Any:
        if not allow_pickle or _passes():
            return before(file, mmap_mode, allow_pickle, *args, **options)
        if mmap_mode is not None:
            raise _refuse("a memory map cannot be scanned before it is loaded")
        data, shown = _whole(file, name)
        # As the loader does: an array or an archive by how it begins, else a pickle.
        _check(data, shown, as_pickle=not data.startswith((b"\x93NUMPY", *_ZIP)))
        return _approved_load(before, data, None, allow_pickle, *args, **options)

    return _Guarded(before, load)


def _pandas(before: Any, name: str) -> Any:
    def read_pickle(filepath_or_buffer: Any, compression: Any = "infer", *args: Any, **options: Any) -> Any:
        if _passes():
            return before(filepath_or_buffer, compression, *args, **options)
        data, shown = _whole(filepath_or_buffer, name)
        if not _is_admitted(data):
            data = _inflated(data)
            _check(data, shown)
            compression = None
        return _approved_load(before, data, compression, *args, **options)

    return _Guarded(before, read_pickle)


_ZIP: Final = (b"PK\3\4", b"PK\5\6")

Wrap = Callable[[Any, str], Any]
_LOADERS: Final[dict[str, dict[str, Wrap]]] = {
    "pickle": {"load": _load, "loads": _loads, "Unpickler": _unpickler},
    "_pickle": {"load": _load, "loads": _loads, "Unpickler": _unpickler},
    "cloudpickle": {"load": _load, "loads": _loads},
    "dill": {"load": _load, "loads": _loads},
    "joblib": {"load": _joblib},
    "numpy": {"load": _numpy},
    "torch": {"load": _torch},
    "pandas": {"read_pickle": _pandas},
}


def _replace(module: ModuleType) -> None:
    """Puts the guarded loaders in place of those of a module. Called with the lock held."""
    for name, wrap in _LOADERS[module.__name__].items():
        before = getattr(module, name, None)
        if before is None or (module.__name__, name) in _replaced or getattr(before, "_sealog_guards", False):
            continue
        # One function under two names stays one.
        same = (ours for known, ours in _replaced.values() if known is before)
        ours = next(same, None) or wrap(before, f"{module.__name__}.{name}")
        setattr(module, name, ours)
        _replaced[module.__name__, name] = (before, ours)


class _Watch(importlib.abc.MetaPathFinder):
    """Sees modules that are imported while there is a guard."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in _LOADERS:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: importlib.machinery.ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is None:
                continue
            if spec.loader is not None:
                spec.loader = _Loader(spec.loader)
            return spec
        return None


class _Loader(importlib.abc.Loader):
    """The module's own loader, and then the guard."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._before.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        self._before.exec_module(module)
        with _lock:
            if _guards:
                _replace(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._before, name)


_watch = _Watch()
