"""The gate: a model is admitted whole, or none of its bytes is given out."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import os
import pickle
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, Union

from .. import _sealog
from ..errors import RefusedError, SealogError, TamperError
from . import _guard
from ._answers import File, Scan, Vouched, _files, _scan, _vouched
from ._look import (
    Links,
    StrPath,
    _baseline,
    _certificates,
    _envelope,
    _openpgp,
    _sigstore,
    _walk,
)

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._ledger import Ledger

Means = Union[Literal["sealed"], Literal["sealed-memory"], Literal["held"]]
Shape = Sequence[Union[int, None]]
"""Lengths of the dimensions of an input; None is any length."""

HELD: Final = "held"


class AdmittedModel:
    """A model that the gate admitted: vouched for, a closed set, clean by the scan, and as expected.

    It gives out the bytes that were checked, for as long as it is open: `close`, the end of a `with` statement or
    that of the interpreter removes the copy.
    """

    def __init__(self, core: _sealog.AdmittedCore) -> None:
        self._core = core
        known = core.known()
        self._files: tuple[File, ...] = _files(known["files"])
        self._model_digest: str = known["model_digest"]
        self._policy_digest: str = known["policy_digest"]
        self._means: str = known["means"]
        self._protection: str = known["protection"]
        self._changed = False
        self._vouched = _vouched(known["vouched"])
        self._scan = _scan(known["scan"])
        _guard.admitted(file.digests["sha256"] for file in self._files)
        self._finalizer = weakref.finalize(self, _close_quietly, core)

    # What was checked.

    @property
    def path(self) -> Path:
        """Where the copy lies: a directory, or the one file. Gone once the model is closed."""
        return Path(self._core.path())

    @property
    def model_digest(self) -> str:
        """The digest that names the model: what a decision's `model_digest` is."""
        return self._model_digest

    @property
    def manifest(self) -> Sequence[File]:
        """The files that were admitted, by path."""
        return self._files

    @property
    def name(self) -> str | None:
        """The model's name, where it is signed."""
        return self._vouched.name

    @property
    def version(self) -> str | None:
        """The model's version, where it is signed."""
        return self._vouched.version

    @property
    def vouched(self) -> Vouched:
        """Who vouches for it, and for what."""
        return self._vouched

    @property
    def scan(self) -> Scan:
        """What the scan said, with the findings that a baseline accepts."""
        return self._scan

    @property
    def policy_digest(self) -> str:
        """SHA-256 of what was asked for: two policies of one digest admit the same models."""
        return self._policy_digest

    @property
    def means(self) -> str:
        """By what the bytes that are loaded are those that were checked: `sealed`, `sealed-memory` or `held`."""
        return self._means

    @property
    def protection(self) -> str:
        """What a record calls it: `sealed`, a private copy, or `held`, the original held open."""
        return self._protection

    @property
    def closed(self) -> bool:
        """Whether it gives nothing out any more."""
        return not self._finalizer.alive

    def record(self) -> dict[str, Any]:
        """The body of a `model.verified` record."""
        return self._core.record()

    # What it gives out.

    def open(self, name: str | None = None) -> BinaryIO:
        """Opens a file of the model for reading, by its path in it. Without a name, the only one."""
        name = self._named(name)
        if os.name != "posix":
            return open(self._place(name), "rb")
        return os.fdopen(self._core.descriptor(name), "rb")

    def read(self, name: str | None = None) -> bytes:
        """All bytes of a file of the model."""
        with self.open(name) as file:
            return file.read()

    def recheck(self) -> None:
        """Reads what is held once more: whether its bytes were, all the time, those that were checked.

        Raises `TamperError` with each file that was written to (`changes`); what was loaded of the model is then not
        what was checked, and a decision that names it is not recorded as verified. Only `held` needs it, and the
        `load_*` methods and the end of a `with` statement do it themselves. A sealed copy is not read.
        """
        try:
            self._core.recheck()
        except TamperError:
            self._changed = True
            raise

    def load_pickle(self, name: str | None = None, **options: Any) -> Any:
        """`pickle.load` of a file."""
        with self._loading(), self.open(name) as file:
            return pickle.load(file, **options)

    def load_joblib(self, name: str | None = None, **options: Any) -> Any:
        """`joblib.load` of a file, and of those beside it that it names."""
        with self._loading():
            return _module("joblib").load(self._place(self._named(name)), **options)

    def load_numpy(self, name: str | None = None, **options: Any) -> Any:
        """`numpy.load` of a file."""
        with self._loading():
            return _module("numpy").load(self._place(self._named(name)), **options)

    def load_safetensors(self, name: str | None = None, *, framework: str = "numpy") -> dict[str, Any]:
        """All tensors of a safetensors file, as arrays of `framework`: numpy, torch, tensorflow, flax, paddle, mlx."""
        with self._loading():
            loaded: dict[str, Any] = _module(f"safetensors.{framework}").load_file(self._place(self._named(name)))
        return loaded

    def load_onnx(self, name: str | None = None, **options: Any) -> Any:
        """`onnx.load` of a file, with its external data from the model."""
        with self._loading():
            return _module("onnx").load(self._place(self._named(name)), **options)

    def load_torch(self, name: str | None = None, **options: Any) -> Any:
        """`torch.load` of a file; `weights_only` is on unless it is turned off."""
        options.setdefault("weights_only", True)
        with self._loading(), self.open(name) as file:
            return _module("torch").load(file, **options)

    @contextlib.contextmanager
    def _loading(self) -> Iterator[None]:
        """A loader of this model runs: a guard lets it, and what is held is looked at once more after it."""
        with _guard.approved():
            yield
        if self._means == HELD:
            self.recheck()

    def _named(self, name: str | None) -> str:
        if name is not None:
            return name
        if len(self._files) != 1:
            raise ValueError(f"the model has {len(self._files)} files: name one of them")
        return self._files[0].path

    def _place(self, name: str) -> str:
        """Where a file lies; refuses what is not in the manifest, so that nothing leads out of the copy."""
        if all(file.path != name for file in self._files):
            raise RefusedError(f"the admitted model has no file `{name}`", code="model_no_file")
        path = self.path
        return os.fspath(path if path.is_file() else path / name)

    # How it ends.

    def close(self) -> None:
        """Removes the copy. What was loaded lives on. A second time does nothing."""
        if self._finalizer.detach() is not None:
            self._core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # What was found by now is told, unless something else went wrong already.
        try:
            if self._means == HELD and not self.closed and error is None:
                self.recheck()
        finally:
            self.close()

    def __reduce__(self) -> Any:
        raise TypeError("an admitted model is of the process that admitted it: admit it again in the other")

    def __repr__(self) -> str:
        return f"<AdmittedModel {self.name or 'without a signed name'} {self._model_digest}>"


def admit(
    path: StrPath,
    *,
    manifest: StrPath,
    signature: StrPath | None = None,
    key: StrPath | None = None,
    trusted: str | None = None,
    roots: Sequence[StrPath] = (),
    verification_time: datetime.datetime | str | None = None,
    trusted_root: StrPath | None = None,
    identity: str | None = None,
    identity_provider: str | None = None,
    manifest_digest: str | None = None,
    openpgp_keyring: StrPath | None = None,
    fingerprint: str | None = None,
    name: str | None = None,
    version: str | None = None,
    model_digest: str | None = None,
    bytes_max: int | None = None,
    baseline: StrPath | None = None,
    strict: bool = False,
    expect_type: str | None = None,
    expect_framework: str | None = None,
    expect_shape: Shape | Mapping[str, Shape] | None = None,
    expect_features: int | None = None,
    expect_parameters: int | None = None,
    expect_bytes: int | None = None,
    means: Means = "sealed",
    copies_in: StrPath | None = None,
    ignore: Sequence[str] = (),
    default_ignores: bool = True,
    links: Links = "refuse",
    config_dir: StrPath | None = None,
    ledger: Ledger | None = None,
) -> AdmittedModel:
    """Admits a model: copies what its manifest covers to a place of its own, and holds *the copy* against the
    signature, the closed set of files, the scanner and what else is asked for. Use it in a `with` statement.

    What is trusted, and `strict`, are as for `verify`. `model_digest` and `bytes_max` (of all files) have to hold;
    `baseline` is as for `scan`. The copy is made in `copies_in`, by default the directory for temporary files.

    `expect_*` is what the files have to say of the model, without being loaded: its class or architecture, framework,
    shapes of its inputs (None is any length; a mapping names the inputs), last length of each input, numbers in all
    tensors, bytes of all files. What no file says is undecided, and refused.

    `means` is `sealed` (a copy on disk), `sealed-memory` (Linux, up to 64 MiB: a copy that nobody can write to any more
    and that ends with the process) or `held` (Linux: the original, held open; safe against replacement and **not**
    against writes into its files, which `AdmittedModel.recheck` tells after they were loaded).

    Raises `TamperError` for what is refuted (bytes, signature, policy, scan), `RefusedError` or `FormatError` for what
    could not be decided, an `OSError` for what could not be read; `changes`, `findings`, `model_digest` and `record`
    of the error say what was found. With a `ledger`, a `model.verified` record of the admission or refusal is durable
    before this returns or raises; if that fails, the ledger's error is raised and nothing is given out.
    """
    asked = _walk(ignore, default_ignores, links)
    asked.update(_envelope(manifest, signature, key, trusted, manifest_digest, config_dir))
    asked.update(_certificates(roots, verification_time))
    asked.update(_sigstore(trusted_root, identity, identity_provider))
    asked.update(_openpgp(openpgp_keyring, fingerprint))
    asked.update(name=name, version=version, model_digest=model_digest, bytes_max=bytes_max, strict=strict)
    asked.update(expect_type=expect_type, expect_framework=expect_framework, expect_features=expect_features)
    asked.update(expect_parameters=expect_parameters, expect_bytes=expect_bytes, means=means)
    asked["expect_shape"] = _shapes(expect_shape)
    asked["baseline"] = _baseline(baseline)
    asked["copies_in"] = None if copies_in is None else os.fspath(copies_in)
    try:
        model = AdmittedModel(_sealog.model_admit(os.fspath(path), asked))
    except (SealogError, OSError) as error:
        record = getattr(error, "record", None)
        if ledger is not None and record is not None:
            try:
                ledger.append("model.verified", record)
            except (SealogError, OSError) as unrecorded:
                raise unrecorded from error
        raise
    if ledger is not None:
        try:
            ledger.append("model.verified", model.record())
        except BaseException:
            model.close()
            raise
    return model


def _shapes(given: Shape | Mapping[str, Shape] | None) -> list[tuple[str | None, list[int | None]]]:
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [(name, list(shape)) for name, shape in given.items()]
    return [(None, list(given))]


def _module(name: str) -> Any:
    """Imports what loads a format, only when it is asked for."""
    return importlib.import_module(name)


def _close_quietly(core: _sealog.AdmittedCore) -> None:
    """At the end of the value or of the interpreter, where nobody can catch anything."""
    try:
        core.close()
    except Exception:
        from .._collector import _log

        _log.exception("the copy of an admitted model could not be removed")
